"""Facts as JSON rows and back, by the fields of their dataclasses."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from datetime import datetime
from decimal import Decimal
from enum import Enum
from operator import attrgetter
from typing import Any

from mcur.playbooks.facts import (
    Act,
    Appeal,
    AppealStatus,
    Attachment,
    Bounce,
    LastLook,
    Letter,
    LetterPlace,
    MessageType,
    TaskSeen,
    TaskStatus,
)
from mcur.state.stamps import moment_of, moment_or_none, text_of

_APPEAL_NAMES = tuple(f.name for f in fields(Appeal))
_APPEAL_VALUES = attrgetter(*_APPEAL_NAMES)
_SAID_BY_SILENCE = {"spam": False, "message_type": MessageType.PROBLEM, "extra": {}}
_APPEAL_DEFAULTS = tuple(_SAID_BY_SILENCE.get(name) for name in _APPEAL_NAMES)
APPEAL_STAMPS = frozenset(f.name for f in fields(Appeal) if "datetime" in str(f.type))


# Made once: json.dumps makes a new one for each call that asks for anything but its defaults.
_WRITER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def plain_value(value: Any) -> Any:
    """Make a value of a fact fit for JSON."""
    if type(value) is str:  # most values are; a StrEnum is not meant
        return value
    if isinstance(value, datetime):
        return text_of(value)
    if isinstance(value, Decimal):
        return str(value)
    return value.value if isinstance(value, Enum) else value


def appeal_to_dict(appeal: Appeal) -> dict[str, Any]:
    """Return the fields of an appeal that say something."""
    values = zip(_APPEAL_NAMES, _APPEAL_VALUES(appeal), _APPEAL_DEFAULTS, strict=True)
    return {
        name: plain_value(value)
        for name, value, default in values
        if value is not None and value != default
    }


def appeal_of(row: dict[str, Any]) -> Appeal:
    """Make an appeal of its row."""
    values = dict(row)
    for name in APPEAL_STAMPS & values.keys():
        values[name] = moment_of(values[name])
    if "status" in values:
        values["status"] = AppealStatus(values["status"])
    if "message_type" in values:
        values["message_type"] = MessageType(values["message_type"])
    if "category_index" in values:
        values["category_index"] = Decimal(values["category_index"])
    return Appeal(**values)


def dump(value: Any) -> str:
    """Write JSON, the same text for the same value."""
    return _WRITER.encode(value)


def look_of(seen: TaskSeen) -> str:
    """Write what a look at a task showed, as far as people change it."""
    found = {item.name: plain_value(getattr(seen, item.name)) for item in fields(LastLook)}
    return dump(found)


def last_look_of(found: dict[str, Any]) -> LastLook:
    """Read it back; what was written long ago may name less."""
    values: dict[str, Any] = {item.name: found.get(item.name) for item in fields(LastLook)}
    values["status"] = TaskStatus(found["status"])
    values["due_at"] = moment_or_none(found["due_at"])
    return LastLook(**values)


def letter_to_json(letter: Letter) -> str:
    """Write a letter as JSON."""
    found: dict[str, Any] = {}
    for item in fields(Letter):
        value = getattr(letter, item.name)
        if item.name == "attachments":
            value = [{f.name: getattr(a, f.name) for f in fields(Attachment)} for a in value]
        elif item.name in {"place", "bounce"} and value is not None:
            value = asdict(value)
        found[item.name] = plain_value(value)
    return dump(found)


def letter_of(text: str) -> Letter:
    """Read a letter back."""
    values = json.loads(text)
    values["received_at"] = moment_of(values["received_at"])
    values["place"] = LetterPlace(**values["place"])
    values["attachments"] = tuple(Attachment(**a) for a in values["attachments"])
    for name in ("to", "cc", "references", "flaws"):
        values[name] = tuple(values[name])
    if values.get("bounce"):
        told = values["bounce"]
        values["bounce"] = Bounce(**told | {"recipients": tuple(told["recipients"])})
    return Letter(**values)


def act_of(row: dict[str, Any]) -> Act:
    """Make an act of its row."""
    return Act(
        ident=row["ident"],
        at=moment_of(row["at"]),
        by=row["by"],
        person=row["person"],
        do=row["do"],
        key=row["key"],
        text=row["text"],
        origin=row["origin"],
        fields=json.loads(row["fields"]),
    )
