"""What a scenario's table names and its shape alone cannot judge: roles of people, values of ``[set]``.

The table is as it was written, perhaps with faults of shape; those are passed over here.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mcur.daemon import books
from mcur.playbooks.permits import CONTRACT_ROLES


def acting(table: Mapping[str, Any], folder: Path) -> frozenset[str]:
    """Return the roles that may stand in ``by``: of the regulations, the contract and the people."""
    known = books.known_needs(folder)
    named = [name for name in _list(table.get("playbooks")) if name in known]
    people = _tables(_table(table.get("site")).get("people"))
    held = {r for one in people for r in (one.get("role"), *_list(one.get("roles"))) if r}
    return CONTRACT_ROLES.union(*(known[name].roles for name in named), map(str, held))


def wrong_values(table: Mapping[str, Any], folder: Path) -> list[str]:
    """Say which values of ``[set]`` the scenario's regulations do not take."""
    known = books.known_needs(folder)
    named = [str(name) for name in _list(table.get("playbooks"))]
    if not named or any(name not in known for name in named):
        return []  # said where the site is made
    return books.wrong_values(named, _table(table.get("set")), folder)


def _table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, list | tuple) else ()


def _tables(value: Any) -> tuple[Mapping[str, Any], ...]:
    return tuple(one for one in _list(value) if isinstance(one, Mapping))
