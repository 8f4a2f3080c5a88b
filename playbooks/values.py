"""Values of a playbook: those of an overlay and of the site over its own, and since when each counts.

A value may carry the day on which it comes into force, wherever it stands::

    send_at = { value = "09:40", effective_from = 2027-01-01 }
    send_at = [{ value = "09:50" }, { value = "09:40", effective_from = 2027-01-01 }]

A table as of a day holds only what counts on it; each day is judged by its own edition.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

_DATED = frozenset({"value", "effective_from"})
_PLAIN = frozenset({"calendar", "poll"})
"""Tables whose every value has a default: a playbook may leave them out."""
_FIXED = frozenset({"id", "title", "act", "clauses", "overlay"})


def set_values(table: dict[str, Any], values: Mapping[str, Any]) -> list[str]:
    """Put values by dotted path (``{"<playbook>.<path>": value}``) over a table; say what leads nowhere."""
    problems = []
    for path, value in values.items():
        owner, *keys = path.split(".")
        if owner != table.get("id"):
            continue
        if len(keys) < 2 or keys[0] in _FIXED:
            problems.append(
                f'"{path}" is no value of a playbook; write <playbook>.<kind>.<rule>.<name>'
            )
            continue
        keys = _home(table, keys)
        target: Any = table
        for key in keys[:-1]:
            target = target.setdefault(key, {}) if key in _PLAIN else target.get(key)
            if not isinstance(target, dict):
                problems.append(f'"{path}": there is no "{key}" in {owner}')
                break
        else:
            target[keys[-1]] = _over(target.get(keys[-1]), value)
    return problems


def _home(table: Mapping[str, Any], keys: list[str]) -> list[str]:
    """A report every so often is a rule of the kind ``cycle``; it is found by the name of a report too."""
    reports, cycles = (table.get(kind, {}) for kind in ("report", "cycle"))
    named = isinstance(reports, dict) and isinstance(cycles, dict)
    if named and keys[0] == "report" and keys[1] not in reports and keys[1] in cycles:
        return ["cycle", *keys[1:]]
    return keys


def overlaid(table: Mapping[str, Any], overlay: str) -> dict[str, Any]:
    """Return the values of a playbook's own overlay by dotted path; none where it has no such overlay."""
    named = table.get("overlay", {})
    found = named.get(overlay, {}) if isinstance(named, dict) else {}
    return {f"{table.get('id')}.{path}": value for path, value in found.items()}


def days_of_change(table: Mapping[str, Any]) -> list[date]:
    """List the days on which a value of the table comes into force, the first first."""
    return sorted({day for day in _days(table) if day is not None})


def as_of(value: Any, day: date) -> Any:
    """Return a table with the values that count on a day; what does not count yet is left out."""
    if isinstance(value, dict):
        resolved = ((name, _counting(one, day)) for name, one in value.items())
        return {name: as_of(one, day) for name, one in resolved if one is not _NOTHING}
    if isinstance(value, list):
        return [as_of(one, day) for one in value]
    return value


_NOTHING = object()


def _over(own: Any, value: Any) -> Any:
    """A value that counts later leaves the present one in force until then."""
    if own is None or not _is_dated(value):
        return value
    later = value if isinstance(value, list) else [value]
    if any("effective_from" not in one for one in later):
        return later
    return [*(own if _is_dated(own) and isinstance(own, list) else [{"value": own}]), *later]


def _is_dated(value: Any) -> bool:
    if isinstance(value, dict):
        return set(value) == _DATED
    if not isinstance(value, list) or not value:
        return False
    each = all(isinstance(one, dict) and "value" in one and set(one) <= _DATED for one in value)
    return each and any("effective_from" in one for one in value)


def _editions(value: Any) -> list[tuple[date, Any]]:
    parts = value if isinstance(value, list) else [value]
    return sorted(
        ((_day(one.get("effective_from")) or date.min, one["value"]) for one in parts),
        key=lambda one: one[0],
    )


def _counting(value: Any, day: date) -> Any:
    if not _is_dated(value):
        return value
    counting = [one for since, one in _editions(value) if since <= day]
    return counting[-1] if counting else _NOTHING


def _days(value: Any) -> Iterator[date | None]:
    if _is_dated(value):
        parts = value if isinstance(value, list) else [value]
        yield from (_day(one.get("effective_from")) for one in parts)
    elif isinstance(value, dict):
        for one in value.values():
            yield from _days(one)
    elif isinstance(value, list):
        for one in value:
            yield from _days(one)


def _day(value: Any) -> date | None:
    """Read a date of TOML, or one in quotes; ``ValueError`` where it is none."""
    if value is None:
        return None
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        msg = f'effective_from: "{value}" is not a date; write 2027-01-01'
        raise ValueError(msg) from None
