"""What people edited since a task was last looked at stands, whatever was decided meanwhile. Pure."""

from __future__ import annotations

from dataclasses import replace

from mcur.connectors.ports import TaskChange
from mcur.playbooks.facts import TaskSeen


def beside(change: TaskChange, seen: TaskSeen) -> tuple[TaskChange, frozenset[str]]:
    """Return a change without what somebody has edited in between, and the names of that.

    Nobody has read such an edit yet: the next look does, and the rules decide on it.
    """
    wanted = {name: getattr(change, name) for name in ("status", "assignee", "due_at")}
    wanted |= change.fields
    unread = change.last_look.edited(seen) if change.last_look else frozenset[str]()
    edited = frozenset(name for name in unread if wanted.get(name) != getattr(seen, name))
    mine = replace(
        change,
        status=None if "status" in edited else change.status,
        assignee=None if "assignee" in edited else change.assignee,
        due_at=None if "due_at" in edited else change.due_at,
        fields={name: value for name, value in change.fields.items() if name not in edited},
    )
    return mine, edited
