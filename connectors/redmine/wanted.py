"""What a Redmine must have for a site: named once, for the script, the REST setup and the check."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files

from mcur.connectors.redmine.shape import RedmineShape
from mcur.playbooks.facts import TaskKind, TaskStatus

ROBOT = "Робот ЦУР"
"""The role of the daemon's account."""
STAFF = "Сотрудник ЦУР"
"""The role of the people who work in our projects."""

PERMISSIONS: Mapping[str, tuple[str, ...]] = {
    ROBOT: (
        "view_issues", "add_issues", "edit_issues", "add_issue_notes", "manage_subtasks",
        "view_private_notes", "manage_issue_relations", "view_wiki_pages", "view_wiki_edits",
        "edit_wiki_pages", "delete_wiki_pages_attachments",
    ),
    STAFF: (
        "view_issues", "add_issues", "edit_issues", "add_issue_notes", "manage_subtasks",
        "manage_issue_relations", "save_queries", "add_issue_watchers", "view_issue_watchers",
        "view_wiki_pages", "view_wiki_edits", "edit_wiki_pages", "view_files",
    ),
}  # fmt: skip
"""What each role may, by Redmine's names for it."""

_APPEALS = (TaskKind.EXECUTOR, TaskKind.ASSIGNMENT)
_PLANNED = (TaskKind.PLAN, TaskKind.MEASURE)
_BELONGS: Mapping[str, tuple[TaskKind, ...]] = {
    **dict.fromkeys(("source", "number", "category", "subcategory"), _APPEALS),
    **dict.fromkeys(("indicator", "result", "rating"), _PLANNED),
}
"""Fields that say nothing of other tasks, and would stand empty there."""
_LONG = frozenset({"measures", "causes", "prevention"})
"""Fields in which people write more than a line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedQuery:
    """A list that everybody finds in the margin: filters as Redmine keeps them, operator and values."""

    name: str
    filters: Mapping[str, tuple[str, tuple[str, ...]]]
    kinds: tuple[TaskKind, ...] = ()
    status: TaskStatus | None = None
    """Of the open ones only those in this status, where the kinds have a name of their own for it."""


_OPEN = ("o", ("",))
QUERIES = (
    SavedQuery(
        name="Моё на сегодня",
        filters={"status_id": _OPEN, "assigned_to_id": ("=", ("me",)), "due_date": ("<t+", ("0",))},
    ),
    SavedQuery(name="Просрочено", filters={"status_id": _OPEN, "due_date": ("<t-", ("1",))}),
    SavedQuery(
        name="На согласовании",
        filters={"status_id": _OPEN},
        kinds=(TaskKind.PLAN,),
        status=TaskStatus.NEW,
    ),
    SavedQuery(name="Звонки", filters={"status_id": _OPEN}, kinds=(TaskKind.CALL,)),
    SavedQuery(name="Инциденты", filters={"status_id": _OPEN}, kinds=(TaskKind.INCIDENT,)),
)
"""«Overdue» is what was due yesterday or before: a date has no hour (Redmine's operator ``<t-``)."""


def trackers(shape: RedmineShape) -> tuple[str, ...]:
    """Return the trackers that tasks of ours stand in, each once."""
    return tuple(_each(shape.tracker_names.values()))


def fields(shape: RedmineShape) -> dict[str, str]:
    """Return the custom fields by name with their format; those given by number are there already."""
    return {
        name: "text" if ours in _LONG else "string"
        for ours, name in shape.field_names.items()
        if not name.isdecimal()
    }


def trackers_of(shape: RedmineShape) -> dict[str, list[str]]:
    """Return by field the trackers that it belongs to."""
    names = shape.tracker_names
    return {
        name: _each(names[kind] for kind in _BELONGS.get(ours, tuple(TaskKind)))
        for ours, name in shape.field_names.items()
        if not name.isdecimal()
    }


def statuses(shape: RedmineShape) -> Iterator[tuple[str, bool]]:
    """Yield each status once, and whether an issue in it is closed."""
    named: dict[str, bool] = {}
    for names in (shape.status_names, *(shape.own_statuses(kind) for kind in TaskKind)):
        for ours, name in names.items():
            named.setdefault(name, not ours.is_open)
    yield from named.items()


def moves(shape: RedmineShape) -> dict[str, list[list[str]]]:
    """Return by tracker the statuses among which its issues move; no move leads from list to list.

    A plan that waits for approval moves among names of its own, a published one among the common.
    """
    common = shape.status_names
    among = {name: [_each(common.values())] for name in trackers(shape)}
    for kind, name in shape.tracker_names.items():
        if own := shape.own_statuses(kind):
            among[name].append(_each({**common, **own}.values()))
    return among


def _each(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))


def script(shape: RedmineShape, projects: Sequence[str]) -> str:
    """Return the Ruby script that makes what REST cannot, for ``rails runner``.

    ``projects`` are the identifiers of the projects that get trackers and fields where they exist.
    """
    names = shape.tracker_names
    wish = {
        "statuses": list(statuses(shape)),
        "trackers": trackers(shape),
        "moves": moves(shape),
        "roles": PERMISSIONS,
        "fields": fields(shape),
        "fields_of": trackers_of(shape),
        "due": shape.field_names["due_at"],
        "urgent": shape.urgent,
        "projects": list(projects),
        "queries": [
            {
                "name": query.name,
                "filters": query.filters,
                "trackers": _each(names[kind] for kind in query.kinds),
                "statuses": _each(
                    own[query.status]
                    for kind in query.kinds
                    if query.status in (own := shape.own_statuses(kind))
                ),
            }
            for query in QUERIES
        ],
    }
    text = json.dumps(wish, ensure_ascii=False, indent=2)
    body = files("mcur.connectors.redmine").joinpath("setup.rb").read_text(encoding="utf-8")
    return f"require 'json'\nWISH = JSON.parse(<<~'END_OF_WISH')\n{text}\nEND_OF_WISH\n\n{body}"
