"""What people write and change on a task, read as the acts that it stands for. Pure."""

from __future__ import annotations

import re

from mcur.playbooks import spoken
from mcur.playbooks.directory import Directory
from mcur.playbooks.facts import Act, Note

FIELDS = {
    "меры": "measures",
    "принятые меры": "measures",
    "причина": "causes",
    "причины": "causes",
    "упреждение": "prevention",
}
_FIELD = re.compile(
    rf"^\s*[*_]*({'|'.join(sorted(FIELDS, key=len, reverse=True))})[*_]*\s*:[*_]*\s*(.+?)\s*$",
    re.IGNORECASE | re.MULTILINE,
)

WRITTEN_ON = "written_on"
"""The field of an act that names the task on which it was written, whatever it is about."""

MOVED = "moved"
"""The field of an act that a person did by changing the status of its task."""

MEANS = {
    ("incident", "in_work"): "confirm",
    ("incident", "done"): "solve",
    ("incident", "closed"): "close",
    ("incident", "rejected"): "dismiss",
    ("call", "done"): "call-done",
    ("call", "closed"): "call-done",
    ("checklist", "done"): "close",
    ("checklist", "closed"): "close",
    ("draft", "closed"): "approve",
    ("draft", "returned"): "return",
}
"""What a status says of a thing that is more than a task, by the kind in its key."""

CORRECTIONS = {"адрес": "address", "категория": "category", "подкатегория": "subcategory"}
_CORRECTION = re.compile(
    rf"^\s*[*_]*({'|'.join(CORRECTIONS)})[*_]*\s*:[*_]*\s*(.+?)\s*$", re.IGNORECASE | re.MULTILINE
)


def fields_in(text: str) -> dict[str, str]:
    """Read the lines «Меры: …», «Причины: …», «Упреждение: …» of a note; nothing else counts."""
    found: dict[str, str] = {}
    for mark, value in _FIELD.findall(text):
        name = FIELDS[mark.casefold()]
        found[name] = f"{found[name]}\n{value}" if name in found else value
    return found


def corrections_in(note: Note) -> dict[str, str]:
    """Read what a person corrected of the appeal: changed fields, or lines «Адрес: …» of a note."""
    found = {CORRECTIONS[mark.casefold()]: value for mark, value in _CORRECTION.findall(note.text)}
    changed = {name: note.changes[name] for name in CORRECTIONS.values() if note.changes.get(name)}
    return found | changed


def from_note(task_key: str, tracker: str, note: Note, directory: Directory) -> list[Act]:
    """Turn an entry of a task's history into the acts it stands for: one, or each that it orders."""
    by, person = actor(note.author, directory)
    ident = f"tracker:{tracker}:{task_key}:{note.ident}"
    said = {k: v for k, v in note.changes.items() if k in FIELDS.values()}
    fields = {**fields_in(note.text), **said}
    if note.changes.get("attachment"):
        fields["attachments"] = note.changes["attachment"]
    rung = {"at": note.changes["called_at"]} if note.changes.get("called_at") else {}
    orders = _spoken(ident, note, by, person, task_key, fields | rung)
    if note.changes.get("duplicates"):
        of = {"of": note.changes["duplicates"]}
        orders.append(_act(f"{ident}:of", note, by, person, task_key, "duplicate", of, ""))
    status = note.changes.get("status")
    if status:
        moved = {MOVED: status, "status": status, **rung}
        do = MEANS.get((task_key.partition(":")[0], status), "status")
        text = "" if orders else note.text
        return [
            *orders,
            _act(f"{ident}:status", note, by, person, task_key, do, fields | moved, text),
        ]
    if orders or not (note.text or fields):
        return orders
    return [_act(ident, note, by, person, task_key, "note", fields, note.text)]


def _spoken(
    ident: str, note: Note, by: str, person: str, task_key: str, fields: dict[str, str]
) -> list[Act]:
    """A phrase is an order: the tracker has not carried it out, so it is one like any other."""
    return [
        Act(
            ident=f"{ident}:said:{n}",
            at=note.at,
            by=by,
            person=person,
            do=said.do,
            key=said.key or task_key,
            text=said.text,
            origin="note",
            fields={**fields, **said.fields, WRITTEN_ON: task_key},
        )
        for n, said in enumerate(spoken.acts_in(note.text), start=1)
    ]


def actor(identity: str, directory: Directory) -> tuple[str, str]:
    """Say in which role somebody acts, by login, address or name; ``?login`` for a stranger."""
    roles = directory.roles_of(identity)
    if roles:
        holder = next((p.name for p in directory.people if p.holds(roles[0], identity)), "")
        return roles[0], holder
    executor = directory.executor_of(identity)
    return (f"executor:{executor.name}", executor.name) if executor else (f"?{identity}", identity)


def _act(
    ident: str,
    note: Note,
    by: str,
    person: str,
    key: str,
    do: str,
    fields: dict[str, str],
    text: str,
) -> Act:
    return Act(
        ident=ident,
        at=note.at,
        by=by,
        person=person,
        do=do,
        key=key,
        text=text,
        origin="tracker",
        fields=fields,
    )
