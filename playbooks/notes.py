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
    """Turn an entry of a task's history into the acts it stands for."""
    by, person = actor(note.author, directory)
    ident = f"tracker:{tracker}:{task_key}:{note.ident}"
    found = []
    files = {"attachments": note.changes["attachment"]} if note.changes.get("attachment") else {}
    if note.text or files:
        said = {**fields_in(note.text), **files}
        found.append(_act(ident, note, by, person, task_key, "note", said))
    if note.text:
        found += _spoken(ident, note, by, person, task_key)
    said = {k: v for k, v in note.changes.items() if k in {"measures", "causes", "prevention"}}
    if said:
        found.append(_act(f"{ident}:fields", note, by, person, task_key, "note", said))
    status = note.changes.get("status")
    if status:
        fields = {"status": status, **files}
        found.append(_act(f"{ident}:status", note, by, person, task_key, "status", fields))
    return found


def _spoken(ident: str, note: Note, by: str, person: str, task_key: str) -> list[Act]:
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
            fields={**said.fields, WRITTEN_ON: task_key},
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
    ident: str, note: Note, by: str, person: str, key: str, do: str, fields: dict[str, str]
) -> Act:
    return Act(
        ident=ident,
        at=note.at,
        by=by,
        person=person,
        do=do,
        key=key,
        text=note.text,
        origin="tracker",
        fields=fields,
    )
