"""What a person does by command or scenario, as acts: globs resolved, the person named."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from mcur.connectors.feeds.words import STATUSES
from mcur.playbooks import notes
from mcur.playbooks.directory import Directory, fold
from mcur.playbooks.facts import Act, TaskStatus
from mcur.playbooks.rules.workflow import OF_TASK
from mcur.state.store import State


def acts_for(
    state: State,
    directory: Directory,
    ident: str,
    *,
    at: datetime,
    by: str,
    do: str,
    key: str | None,
    text: str,
    fields: Mapping[str, str],
    origin: str,
) -> list[Act]:
    """Return one act for each thing that the key, or its glob, names; one for the key itself where nothing does.

    ``by`` is a role, ``role@block`` or ``role:NAME``, ``executor`` or ``executor:NAME``.
    """
    keys: list[str | None] = list(state.keys_like(key)) if key else []
    role = by if by.startswith("executor") else re.split("[@:]", by)[0]
    return [
        Act(
            ident=f"{ident}:{one or ''}",
            at=at,
            by=role,
            do=do,
            key=one,
            text=text,
            person=_person(state, directory, by, one),
            origin=origin,
            fields={**fields, **_said(fields), **notes.fields_in(text)},
        )
        for one in (keys or [key])
    ]


def _said(fields: Mapping[str, str]) -> dict[str, str]:
    """A status may be named by the word of the exports, «В работе», as whoever acts knows it."""
    word = fields.get("status", "")
    meant = None if word in set(TaskStatus) else STATUSES.get(fold(word))
    return {"status": OF_TASK[meant]} if meant else {}


def _person(state: State, directory: Directory, by: str, key: str | None) -> str:
    if by == "executor":
        task = state.tasks.get(key or "")
        return (task.executor or "") if task else ""
    role, _, name = by.partition(":")
    held = [p.name for p in directory.holders(role) if name in {"", p.name}]
    return next(iter(held), name)
