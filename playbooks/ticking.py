"""Checklists: which item a person ticks, what is left, when all was done. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from mcur.playbooks import ringing
from mcur.playbooks.directory import fold
from mcur.playbooks.facts import Act, Task, TaskKind
from mcur.playbooks.rules.base import Case


def item_of(act: Act, items: Sequence[str]) -> int | None:
    """Return the place of the item that a tick means; ``None`` where it means none, or several.

    An item is named by its words, by its number, or by a part of its words that no other has; the
    only item of a list needs no name.
    """
    said = fold(act.fields.get("item", "")) or fold(act.text)
    if len(items) == 1 and not said:
        return 0
    if said.isdigit():
        return int(said) - 1 if 0 < int(said) <= len(items) else None
    folded = [fold(item) for item in items]
    if said in folded:
        return folded.index(said)
    near = [n for n, item in enumerate(folded) if said and said in item]
    return near[0] if len(near) == 1 else None


def ticked(case: Case, key: str, items: Sequence[str]) -> dict[int, datetime]:
    """Return when each item was first ticked, by its place in the list."""
    found: dict[int, datetime] = {}
    for act in case.facts.acts_on(key):
        place = item_of(act, items) if act.do == "tick" else None
        if place is not None:
            found.setdefault(place, ringing.said_at(case, act))
    return found


def done_at(case: Case, key: str, items: Sequence[str]) -> datetime | None:
    """Return when the last item was ticked, or when a person closed the list; ``None`` until then."""
    closed = [ringing.said_at(case, a) for a in case.facts.acts_on(key) if _closes(a)]
    marks = ticked(case, key, items)
    full = [max(marks.values())] if len(marks) == len(items) else []
    return min([*closed, *full], default=None)


def _closes(act: Act) -> bool:
    return act.do == "close" or (act.do == "status" and act.fields.get("status") == "closed")


def named(act: Act, case: Case, task: Task) -> Act:
    """Return a tick with the item in the words of the list, whichever way it was named."""
    items = getattr(case.playbook.rules["checklist"].get(task.rule), "texts", ())
    place = item_of(act, items) if act.do == "tick" else None
    return act if place is None else replace(act, fields=act.fields | {"item": items[place]})


def refusal(act: Act, case: Case, task: Task) -> str | None:
    """Say why a tick means nothing: the task has no items, or none of that name."""
    rule = case.playbook.rules["checklist"].get(task.rule)
    items = getattr(rule, "texts", ())
    if task.kind is not TaskKind.CHECKLIST or not items:
        return case.say("act.no_checklist")
    if item_of(act, items) is None:
        said = act.fields.get("item") or act.text
        return case.say("act.no_item", said=said, items=items)
    return None
