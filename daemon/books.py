"""The playbooks of a site: loaded with its values, and what each asks of the site."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal, cast

from mcur.daemon.settings import PlaybookNeeds, Settings, SettingsError
from mcur.playbooks import load as playbook_files
from mcur.playbooks.facts import TaskKind
from mcur.playbooks.playbook import Playbook
from mcur.playbooks.rules.registry import KINDS

OWN = "playbooks"
"""The folder beside the configuration where a site keeps regulations that are not shipped."""


Polled = Literal["feeds", "mail", "redmine"]
"""What is asked every so often."""


class Known(Mapping[str, PlaybookNeeds]):
    """What each playbook that can be named here asks of a site; read when it is asked for."""

    def __init__(self, own: Path | None = None) -> None:
        self._own = own

    def __getitem__(self, name: str) -> PlaybookNeeds:
        """Return what a playbook asks; :class:`KeyError` where there is none of that name."""
        if name not in self:
            raise KeyError(name)
        return needs_of(playbook_files.load(name, own=self._own))

    def __contains__(self, name: object) -> bool:
        """Whether there is a playbook of that name; nothing is read."""
        return name in playbook_files.known_playbooks(self._own)

    def __iter__(self) -> Iterator[str]:
        """Yield the names, in order."""
        return iter(playbook_files.known_playbooks(self._own))

    def __len__(self) -> int:
        """Count the playbooks."""
        return len(playbook_files.known_playbooks(self._own))


def known_needs(folder: Path | None = None) -> Known:
    """Return what each shipped playbook, and each of the site in ``folder``, asks of a site."""
    return Known(folder / OWN if folder else None)


def titles_of(playbook: str, folder: Path | None = None) -> dict[str, str]:
    """Return the Russian titles of a playbook's roles; empty for one that is not known."""
    own = folder / OWN if folder else None
    known = playbook in playbook_files.known_playbooks(own)
    return dict(playbook_files.load(playbook, own=own).roles) if known else {}


def needs_of(playbook: Playbook) -> PlaybookNeeds:
    """Return what a playbook asks of a site."""
    reports = KINDS["report"]
    roles = {role for rule in playbook.enabled("report") for role in reports.roles(rule)}
    rules = [rule for table in playbook.rules.values() for rule in table.values()]
    return PlaybookNeeds(
        report_roles=frozenset(roles),
        roles=frozenset(playbook.roles),
        kinds=frozenset(kind for kind in playbook.projects if kind in set(TaskKind)),
        sides=frozenset(side for r in rules for side in (r.side, *r.by_side) if side),
    )


def pause(settings: Settings, playbooks: Sequence[Playbook], what: Polled) -> timedelta:
    """Return how often ``feeds``, ``mail`` or ``redmine`` are asked: as the site's ``[poll]`` says.

    Where it says nothing, as the most hurried of its playbooks does.
    """
    if what in settings.poll.model_fields_set:
        return cast("timedelta", getattr(settings.poll, what))
    return min(cast("timedelta", getattr(playbook.poll, what)) for playbook in playbooks)


def load_playbooks(settings: Settings, source: str = "mcur.toml") -> tuple[Playbook, ...]:
    """Load the playbooks of a site with its values; all problems at once."""
    found, problems = _loaded(
        settings.playbooks, settings.values, settings.folder, settings.sides, settings.overlay
    )
    if problems:
        raise SettingsError(f"{source}: {problem}" for problem in problems)
    return tuple(one.beside(other for other in found if other is not one) for one in found)


def wrong_values(playbooks: Sequence[str], values: Mapping[str, Any], folder: Path) -> list[str]:
    """Say which values of ``[set]`` these playbooks do not take."""
    return _loaded(playbooks, values, folder)[1] if values else []


def _loaded(
    playbooks: Sequence[str],
    values: Mapping[str, Any],
    folder: Path,
    sides: Sequence[str] = (),
    overlay: str = "letter",
) -> tuple[tuple[Playbook, ...], list[str]]:
    problems: list[str] = []
    found = []
    for name in playbooks:
        try:
            own = folder / OWN
            found.append(playbook_files.load(name, values, sides=sides, own=own, overlay=overlay))
        except playbook_files.PlaybookError as exc:
            problems += [f"set: {p}" for p in exc.problems]
    owners = set(playbooks)
    problems += [
        f'set: "{path}" names no playbook of this site; known: {", ".join(sorted(owners))}'
        for path in values
        if path.split(".")[0] not in owners
    ]
    return tuple(found), problems
