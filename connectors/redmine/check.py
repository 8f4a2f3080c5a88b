"""What a Redmine lacks for the daemon, in sentences for the administrator."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from mcur.connectors.ports import Rejected
from mcur.connectors.redmine.catalog import Catalog
from mcur.connectors.redmine.changes import query
from mcur.connectors.redmine.client import Client
from mcur.playbooks.facts import TaskKind, TaskStatus

RIGHTS = {
    "view_issues": "see issues",
    "add_issues": "add issues",
    "edit_issues": "edit issues",
    "add_issue_notes": "add notes",
    "manage_subtasks": "manage subtasks",
}
"""Permissions of the daemon's role by Redmine's name for them."""


WIKI_RIGHTS = {"view_wiki_pages": "read the wiki", "edit_wiki_pages": "write the wiki"}
"""What the page for managers needs beside them."""


def complaints(client: Client, catalog: Catalog) -> list[str]:
    """List what is wrong; empty when all is well.

    A Redmine that cannot be reached raises :class:`~mcur.connectors.ports.Unavailable`.
    """
    first = _refused(catalog.me)
    if first:
        return first
    said: list[str] = []
    for identifier in client.shape.identifiers:
        said += _refused(catalog.project, identifier) or [
            *_about_project(client, catalog, identifier)
        ]
    for name in dict.fromkeys(client.shape.status_names.values()):
        said += _refused(catalog.status, name)
    if catalog.priority(client.shape.urgent) is None:
        said.append(f"use priority «{client.shape.urgent}»: Redmine «{client.shape.name}» has none")
    if not said:
        said += _about_own_statuses(client, catalog)
        said += _about_fields(client, catalog) if client.shape.has_fields else ()
    return list(dict.fromkeys(said))


def _refused(ask: Callable[..., object], *names: str) -> list[str]:
    try:
        ask(*names)
    except Rejected as exc:
        return [str(exc)]
    return []


def _about_project(client: Client, catalog: Catalog, identifier: str) -> Iterator[str]:
    shape = client.shape
    project = catalog.project(identifier)
    if not project.tracking:
        yield f"project {identifier}: the module «Issue tracking» is switched off"
    for name in dict.fromkeys(shape.tracker_names[kind] for kind in shape.kinds_in(identifier)):
        yield from _refused(catalog.tracker, identifier, name)
    held = _rights(client, catalog, identifier)
    has_page = bool(shape.page) and identifier == shape.project
    if has_page and not project.wiki:
        yield f"project {identifier}: the module «Wiki» is switched off: page «{shape.page}» cannot stand there"
    for right, words in (RIGHTS | WIKI_RIGHTS if has_page else RIGHTS).items():
        if held is not None and right not in held:
            yield f"project {identifier}: the daemon's account has no right to {words} ({right})"


def _about_own_statuses(client: Client, catalog: Catalog) -> Iterator[str]:
    """Name the lacks that stop nobody: such a task goes on under the names of all the others."""
    shape = client.shape
    cure = (
        "run the script of `mcur redmine setup --script` once more"
        if shape.has_fields
        else "make it there, or take it out of statuses_of"
    )
    for kind in TaskKind:
        lacking: dict[str, TaskStatus] = {}
        for ours, name in shape.own_statuses(kind).items():
            if not catalog.has_status(name):
                lacking.setdefault(name, ours)
        for name, ours in lacking.items():
            yield (
                f"status «{name}» of tracker «{shape.tracker_names[kind]}»: Redmine «{shape.name}» "
                f"does not have it, and «{shape.status_names[ours]}» stands for it; {cure}"
            )


def _rights(client: Client, catalog: Catalog, identifier: str) -> set[str] | None:
    """Collect the permissions of the daemon's account; ``None`` where that cannot be seen."""
    me = catalog.me()
    roles = {
        role["id"]
        for member in catalog.members(identifier)
        if member.get("user", {}).get("id") == me
        for role in member["roles"]
    }
    held: set[str] = set()
    for role in roles:
        try:
            held |= set(client.get("read roles", f"/roles/{role}.json", "role")["permissions"])
        except Rejected:
            return None
    return held if roles else None


def _about_fields(client: Client, catalog: Catalog) -> Iterator[str]:
    names = client.shape.field_names
    for ours in names:
        yield from _refused(catalog.field, ours)
    key = catalog.fields().get("key")
    if key is None:
        return
    params = [*query([(f"cf_{key}", "=", "no such key"), ("status_id", "*", [])]), ("limit", "1")]
    if client.get("search by key", "/issues.json", "issues", params):
        yield f"field «{names['key']}» is not searched: mark it «Used as a filter»"
