"""Saying a text in every way in which it can be said: each enumeration, each thing that may be absent."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import cached_property
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import meta, nodes

from mcur.playbooks.texts import Texts
from tests.words.cast import DUE, cast
from tests.words.clerk import Forms

ZONE = ZoneInfo("Europe/Moscow")
Change = Callable[[dict[str, Any]], None]


class Word(str):
    """A word that stands for a name which the cast does not know, and for whatever it has."""

    def __getattr__(self, name: str) -> Word:
        if name.startswith("_"):
            raise AttributeError(name)
        return self

    def __call__(self, *_given: Any) -> Word:
        return self

    def __format__(self, spec: str) -> str:
        return format(DUE, spec) if "%" in spec else str(self)


_FUNCTIONS = {"moment", "short", "day", *Texts({})._environment.globals}
_GIVEN: dict[str, Callable[[int], Any]] = {
    "moment": lambda _: DUE, "short": lambda _: DUE, "day": lambda _: DUE, "counted": int,
    "plural": int, "decimal": Decimal, "growth": int,
}  # fmt: skip
"""What a name is that a function of the texts is given."""


class Template:
    """One text, read as a tree: what it chooses between and what it can do without."""

    def __init__(self, texts: Texts, name: str) -> None:
        self.name, self._texts = name, texts
        read = texts._environment.parse
        # Looking for the names folds the tables of the tree: each has a tree of its own.
        self._names = meta.find_undeclared_variables(read(texts._sources[name])) - _FUNCTIONS
        self._tree = read(texts._sources[name])

    def said(self, n: int) -> Iterator[str]:
        """Yield the text said of n things, in each of its ways."""
        for change in (lambda _: None, *self._changes):
            values = self._guessed(n) | self._known(n)
            for settle in self._settled:
                settle(values)
            change(values)
            yield self._texts.say(self.name, zone=ZONE, **values)

    @cached_property
    def counted(self) -> list[Forms]:
        """The forms of the words that the text counts itself."""
        called = (c for c in self._all(nodes.Call) if isinstance(c.node, nodes.Name))
        return [
            (one.value, few.value, many.value)
            for c in called
            if c.node.name in {"plural", "counted"}
            for _, one, few, many in [c.args]
        ]

    def _all(self, *kinds: type[nodes.Node]) -> Iterator[Any]:
        return (node for kind in kinds for node in self._tree.find_all(kind))

    def _guessed(self, n: int) -> dict[str, Any]:
        """Return a value for each name, by what the text does with it: the cast knows most of them better."""
        values: dict[str, Any] = {name: Word("слово") for name in self._names}
        for call in self._all(nodes.Call):
            said = call.args[:1] if isinstance(call.node, nodes.Name) else []
            for asked in said:
                if isinstance(asked, nodes.Name) and call.node.name in _GIVEN:
                    values[asked.name] = _GIVEN[call.node.name](n)
        for joined in (f.node for f in self._all(nodes.Filter) if f.name == "join"):
            if isinstance(joined, nodes.Name):
                values[joined.name] = [f"слово {k}" for k in range(1, n + 1)]
        for loop in self._all(nodes.For):
            if isinstance(loop.iter, nodes.Name) and isinstance(loop.target, nodes.Tuple):
                values[loop.iter.name] = [(f"слово {k}", n) for k in range(1, n + 1)]
        return values

    def _known(self, n: int) -> dict[str, Any]:
        """Return what the cast knows, but for names by which this text means something else."""
        values = cast(self.name, n)
        for part in self._all(nodes.Getattr):
            thing = values.get(part.node.name) if isinstance(part.node, nodes.Name) else None
            has = hasattr(thing, part.attr) or (isinstance(thing, dict) and part.attr in thing)
            if thing is not None and not has:
                values[part.node.name] = Word("слово")
        return values

    @cached_property
    def _settled(self) -> list[Change]:
        """What puts the first word of each table of the text at the place that is looked up in it."""
        first: dict[str, tuple[nodes.Node, Any]] = {}
        for place, value in self._enumerated(tables_only=True):
            first.setdefault(repr(place), (place, value))
        return [change for place, value in first.values() for change in _put(place, value)]

    @cached_property
    def _changes(self) -> list[Change]:
        found: list[Change] = []
        for place, value in self._enumerated():
            found += _put(place, value)
        for place in self._tested():
            found += _put(place, None)
        return found

    def _enumerated(self, *, tables_only: bool = False) -> Iterator[tuple[nodes.Node, Any]]:
        """Yield what the text looks up in a table of its own, or compares with a word, and each word."""
        for item in self._all(nodes.Getitem):
            if isinstance(item.node, nodes.Dict):
                yield from ((item.arg, pair.key.as_const()) for pair in item.node.items)
        if tables_only:
            return
        for call in self._all(nodes.Call):
            if isinstance(call.node, nodes.Getattr) and isinstance(call.node.node, nodes.Dict):
                yield from ((call.args[0], pair.key.as_const()) for pair in call.node.node.items)
        for compared in self._all(nodes.Compare):
            constants = [o.expr for o in compared.ops if isinstance(o.expr, nodes.Const)]
            yield from (
                (compared.expr, c.value)
                for c in constants
                if isinstance(c.value, str) and c.value.isalpha()
            )

    def _tested(self) -> Iterator[nodes.Node]:
        """Yield what may be absent: what stands in a condition, or before «or»."""
        tests = [node.test for node in self._all(nodes.If, nodes.CondExpr)]
        tests += [node.left for node in self._all(nodes.Or)]
        for test in tests:
            yield from _atoms(test)


def _atoms(test: nodes.Node) -> Iterator[nodes.Node]:
    if isinstance(test, nodes.Name | nodes.Getattr) or (
        isinstance(test, nodes.Call) and isinstance(test.node, nodes.Getattr)
    ):
        yield test
    elif isinstance(test, nodes.Not):
        yield from _atoms(test.node)
    elif isinstance(test, nodes.And | nodes.Or):
        yield from _atoms(test.left)
        yield from _atoms(test.right)


def _put(place: Any, value: Any) -> list[Change]:
    """Return what puts a value at a place of the cast; ``None`` means that it is absent, or turned."""
    if isinstance(place, nodes.Name):
        return [
            lambda values: values.update({place.name: _or_empty(values.get(place.name), value)})
        ]
    if isinstance(place, nodes.Getattr) and isinstance(place.node, nodes.Name):
        thing, field = place.node.name, place.attr
        return [lambda values: values.update({thing: _replaced(values.get(thing), field, value)})]
    asked: Any = place.node if isinstance(place, nodes.Call) else None
    if asked is not None and asked.attr == "get" and isinstance(asked.node, nodes.Name):
        thing, field = asked.node.name, place.args[0].as_const()
        return [lambda values: values.update({thing: values[thing] | {field: True}})]
    return []


def _replaced(thing: Any, field: str, value: Any) -> Any:
    if thing is None or isinstance(thing, Word):  # a name of a loop, or one that nobody knows
        return thing
    if isinstance(thing, dict):
        return thing | {field: _or_empty(thing[field], value)}
    changed = _or_empty(getattr(thing, field), value)
    if isinstance(thing, SimpleNamespace):
        return SimpleNamespace(**vars(thing) | {field: changed})
    if field not in {f.name for f in dataclasses.fields(thing)}:
        return thing  # computed from other fields
    return dataclasses.replace(thing, **{field: changed})


def _or_empty(old: Any, value: Any) -> Any:
    if value is not None:
        return value
    if isinstance(old, bool):
        return not old
    return type(old)() if isinstance(old, str | list | tuple | dict | int) else None
