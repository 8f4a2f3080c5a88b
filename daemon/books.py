"""The playbooks of a site: loaded with its values, and what each asks of the site."""

from __future__ import annotations

from functools import cache

from mcur.daemon.settings import PlaybookNeeds, Settings, SettingsError
from mcur.playbooks import load as playbook_files
from mcur.playbooks.facts import TaskKind
from mcur.playbooks.playbook import Playbook
from mcur.playbooks.rules.registry import KINDS


@cache
def known_needs() -> dict[str, PlaybookNeeds]:
    """Return what each shipped playbook asks of a site."""
    return {name: needs_of(playbook_files.load(name)) for name in playbook_files.known_playbooks()}


def titles_of(playbook: str) -> dict[str, str]:
    """Return the Russian titles of a playbook's roles; empty for one that is not shipped."""
    shipped = playbook in playbook_files.known_playbooks()
    return dict(playbook_files.load(playbook).roles) if shipped else {}


def needs_of(playbook: Playbook) -> PlaybookNeeds:
    """Return what a playbook asks of a site."""
    reports = KINDS["report"]
    roles = {role for rule in playbook.enabled("report") for role in reports.roles(rule)}
    return PlaybookNeeds(
        report_roles=frozenset(roles),
        roles=frozenset(playbook.roles),
        kinds=frozenset(kind for kind in playbook.projects if kind in set(TaskKind)),
        sides=frozenset(r.side for t in playbook.rules.values() for r in t.values() if r.side),
    )


def load_playbooks(settings: Settings, source: str = "mcur.toml") -> tuple[Playbook, ...]:
    """Load the playbooks of a site with its values; all problems at once."""
    problems: list[str] = []
    found = []
    for name in settings.playbooks:
        try:
            found.append(playbook_files.load(name, settings.values, sides=settings.sides))
        except playbook_files.PlaybookError as exc:
            problems += [f"{source}: set: {p}" for p in exc.problems]
    owners = set(settings.playbooks)
    problems += [
        f'{source}: set: "{path}" names no playbook of this site; known: {", ".join(sorted(owners))}'
        for path in settings.values
        if path.split(".")[0] not in owners
    ]
    if problems:
        raise SettingsError(problems)
    return tuple(found)
