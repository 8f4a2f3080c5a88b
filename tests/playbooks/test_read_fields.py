"""Every value that an administrator can write is read somewhere: none without effect."""

from __future__ import annotations

import ast
import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from mcur.playbooks import rules
from mcur.playbooks.calendar import Calendar
from mcur.playbooks.polling import Poll
from mcur.playbooks.rules.base import Rule

TREE = Path(__file__).parents[2]
ONLY_SAID = {"at_end", "checks", "refers_to"}
"""Names that choose the shape of a table by being there, or are only shown to people."""


def shapes() -> Iterator[type[Calendar | Poll | Rule]]:
    """Yield the shapes of all tables of a playbook."""
    for module in pkgutil.iter_modules(rules.__path__):
        importlib.import_module(f"{rules.__name__}.{module.name}")
    yield from (Calendar, Poll)
    known: list[type[Rule]] = [Rule]
    while known:
        shape = known.pop()
        yield shape
        known += shape.__subclasses__()


def names_read() -> set[str]:
    """Collect the attributes that the product reads, by name or through ``getattr``."""
    found: set[str] = set()
    for folder in ("playbooks", "state", "daemon"):
        for path in (TREE / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
                    found.add(node.attr)
                elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "getattr":
                    found |= {str(a.value) for a in node.args[1:2] if isinstance(a, ast.Constant)}
    return found


def test_every_field_of_a_table_is_read() -> None:
    """A field that nothing reads is a promise that nothing keeps."""
    read = names_read() | ONLY_SAID | set(Poll.model_fields)

    unread = {
        f"{shape.__name__}.{name}"
        for shape in shapes()
        for name in shape.model_fields
        if name not in read
    }

    assert unread == set()


@pytest.mark.parametrize("name", ["holidays", "send_window", "wait", "feed_max_age", "send_at"])
def test_the_search_sees_what_is_read(name: str) -> None:
    """And would not pass over everything."""
    assert name in names_read()
    assert "no_such_field" not in names_read()
