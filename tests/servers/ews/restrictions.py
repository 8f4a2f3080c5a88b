"""Search conditions of ``FindItem`` and ``FindFolder``."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

from tests.servers.ews.mailboxes import EwsError, Folder, Item
from tests.servers.ews.shapes import Asked, extended, item_element
from tests.servers.ews.words import SPACES, Element, local

Value = str | None
"""What a field says, ``None`` where it is missing."""


def item_value(item: Item) -> Callable[[Element], Value]:
    """Give what reads a field of a letter."""

    def read(field: Element) -> Value:
        if local(field) == "ExtendedFieldURI":
            found = extended(item, field)
            return None if found is None else found.findtext("t:Value", namespaces=SPACES)
        uri = field.get("FieldURI") or ""
        shown = item_element(item, Asked("IdOnly", frozenset([uri]), ()))
        wanted = [part for part in shown if local(part) == uri.partition(":")[2]]
        return " ".join("".join(part.itertext()) for part in wanted) if wanted else None

    return read


def folder_value(folder: Folder) -> Callable[[Element], Value]:
    """Give what reads a field of a folder."""
    known = {
        "folder:DisplayName": folder.name,
        "folder:FolderClass": folder.cls,
        "0x3001": folder.name,
        "0x3613": folder.cls,
    }

    def read(field: Element) -> Value:
        return known.get(field.get("FieldURI") or (field.get("PropertyTag") or "").lower())

    return read


def matches(condition: Element, value: Callable[[Element], Value]) -> bool:
    """Whether a condition holds."""
    kind = local(condition)
    if kind in {"And", "Or"}:
        return (all if kind == "And" else any)(matches(one, value) for one in condition)
    if kind == "Not":
        return not matches(condition[0], value)
    found = value(condition[0])
    if kind == "Exists":
        return found is not None
    if kind == "Excludes":
        return not int(found or 0) & int(condition[1].get("Value") or "0", 0)
    constant = condition.find(".//t:Constant", SPACES)
    wanted = "" if constant is None else constant.get("Value") or ""
    if kind == "Contains":
        return _contains(found or "", wanted, condition)
    return _compared(kind, found, wanted)


def _contains(found: str, wanted: str, condition: Element) -> bool:
    if "IgnoreCase" in (condition.get("ContainmentComparison") or ""):
        found, wanted = found.lower(), wanted.lower()
    mode = condition.get("ContainmentMode")
    if mode == "FullString":
        return found == wanted
    return found.startswith(wanted) if mode == "Prefixed" else wanted in found


def _compared(kind: str, found: Value, wanted: str) -> bool:
    if found is None:
        return kind == "IsNotEqualTo"
    one, other = _comparable(found), _comparable(wanted)
    if type(one) is not type(other):
        one, other = found.lower(), wanted.lower()
    answers = {
        "IsEqualTo": one == other,
        "IsNotEqualTo": one != other,
        "IsGreaterThan": one > other,  # type: ignore[operator]  # of one type, see above
        "IsGreaterThanOrEqualTo": one >= other,  # type: ignore[operator]  # as above
        "IsLessThan": one < other,  # type: ignore[operator]  # as above
        "IsLessThanOrEqualTo": one <= other,  # type: ignore[operator]  # as above
    }
    if kind not in answers:
        raise EwsError("ErrorInvalidRequest", f"the condition {kind} is not known")
    return answers[kind]


def _comparable(text: str) -> int | float | str:
    if re.fullmatch(r"-?\d+", text):
        return int(text)
    if re.match(r"\d{4}-\d\d-\d\dT", text):
        return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
    return text.lower()
