"""The schema that an editor uses says of a playbook what the program says of it."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from mcur.playbooks.load import known_playbooks
from mcur.playbooks.rules.registry import KINDS
from mcur.playbooks.schema import schema, shapes_of
from tests.playbooks.hand_made import HEAD

ROOT = Path(__file__).parents[2]
SCHEMA = schema()
WHOLE = sorted((*(ROOT / "playbooks/library").glob("*.toml"), *ROOT.glob("tests/sixth/**/*.toml")))
PLAYBOOKS = [path for path in WHOLE if path.name != "day.toml"]
_TYPES: dict[str, tuple[type, ...]] = {
    "null": (type(None),),
    "integer": (int,),
    "number": (int, float),
}


def fits(value: Any, shape: Mapping[str, Any]) -> bool:
    """Whether a value fits the part of JSON Schema that is used here."""
    wanted = [SCHEMA["$defs"][shape["$ref"].rpartition("/")[2]]] if "$ref" in shape else []
    return (
        all(fits(value, one) for one in wanted)
        and ("anyOf" not in shape or any(fits(value, one) for one in shape["anyOf"]))
        and value in shape.get("enum", [value])
        and value == shape.get("const", value)
        and ("type" not in shape or _is_of(shape["type"], value, shape))
    )


def _is_of(kind: str, value: Any, shape: Mapping[str, Any]) -> bool:
    match value:
        case bool():
            return kind == "boolean"
        case str():
            return kind == "string" and re.search(shape.get("pattern", ""), value) is not None
        case list():
            return kind == "array" and all(fits(one, shape.get("items", {})) for one in value)
        case dict():
            return kind == "object" and _keys_fit(value, shape)
        case _:
            return isinstance(value, _TYPES.get(kind, ()))


def _keys_fit(value: Mapping[str, Any], shape: Mapping[str, Any]) -> bool:
    known, others = shape.get("properties", {}), shape.get("additionalProperties", {})
    if set(shape.get("required", ())) - set(value) or (others is False and set(value) - set(known)):
        return False
    return all(fits(one, known.get(name, others)) for name, one in value.items())


def fits_whole(text: str) -> bool:
    """Whether a file of TOML fits."""
    return fits(json.loads(json.dumps(tomllib.loads(text), default=date.isoformat)), SCHEMA)


@pytest.mark.parametrize("path", PLAYBOOKS, ids=lambda path: path.stem)
def test_every_playbook_fits(path: Path) -> None:
    """The shipped ones, and the one of the tests that has a rule of every kind."""
    assert fits_whole(path.read_text("utf-8"))


def test_the_library_is_tried() -> None:
    """Nothing is left out above."""
    assert {path.stem for path in PLAYBOOKS} > set(known_playbooks())


@pytest.mark.parametrize(
    "rule",
    [
        '[surge.T1]\nclause = "1.1"\nscope = "total"\nvalue = 5\nfloor = 3',
        '[surge.T1]\nclause = "1.1"\nscope = "street"\nvalue = 5',
        '[surge.T1]\nscope = "total"\nvalue = 5',
        '[surge.T1]\nclause = "1.1"\nscope = "total"\nvalue = "five"',
        '[control.C1]\nclause = "1.1"\nchecks = "nothing"',
        '[surges.T1]\nclause = "1.1"',
        '[calendar]\nday_starts = "8 o\'clock"',
    ],
    ids=["key", "word", "no clause", "number", "variant", "kind", "calendar"],
)
def test_what_is_wrong_does_not_fit(rule: str) -> None:
    """An editor marks what the program would refuse."""
    assert fits_whole(HEAD.format(id="x-1"))
    assert not fits_whole(HEAD.format(id="x-1") + rule)


def test_a_value_may_say_since_when_it_counts() -> None:
    """One edition or several, as the program reads them."""
    rule = HEAD.format(id="x-1") + '[surge.T1]\nclause = "1.1"\nscope = "total"\nvalue = '

    assert fits_whole(rule + "{ value = 5, effective_from = 2027-01-01 }")
    assert fits_whole(rule + "[{ value = 9 }, { value = 5, effective_from = 2027-01-01 }]")
    assert not fits_whole(rule + '[{ value = 9 }, { value = "5", effective_from = 2027-01-01 }]')


def test_hours_are_written_as_people_write_them() -> None:
    """No shape asks for seconds, as the usual format of a time does."""
    assert '"format": "time"' not in json.dumps(SCHEMA)


def test_every_kind_says_its_shapes() -> None:
    """Each shape of each kind has a key of its own in the schema."""
    assert [name for name, kind in KINDS.items() if not shapes_of(kind)] == []
    assert set(KINDS) < set(SCHEMA["properties"])
