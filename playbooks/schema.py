"""The JSON Schema of a playbook file, by which an editor completes keys and marks errors.

It is made of the shapes of the rule kinds themselves, so it knows every kind that there is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Self, get_args, get_type_hints

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from mcur.playbooks.calendar import Calendar
from mcur.playbooks.facts import TaskKind
from mcur.playbooks.polling import Poll
from mcur.playbooks.rules.base import Kind
from mcur.playbooks.rules.registry import KINDS

DRAFT = "https://json-schema.org/draft/2020-12/schema"
_TEXT = {"type": "string"}
_DAY = {"type": "string", "format": "date"}
_TEXTS = {"type": "object", "additionalProperties": _TEXT}
_LIST = {"type": "array", "items": _TEXT}


def schema() -> dict[str, Any]:
    """Return the schema of a playbook with all kinds and variants."""
    shapes = {name: shapes_of(kind) for name, kind in KINDS.items()}
    all_shapes = [shape for named in shapes.values() for shape in named]
    asked: dict[type[BaseModel], None] = dict.fromkeys([Calendar, Poll, *all_shapes])
    refs, made = models_json_schema([(shape, "validation") for shape in asked], by_alias=False)
    rules = {
        name: {
            "type": "object",
            "description": (shapes[name][0].__doc__ or "").partition("\n")[0],
            "additionalProperties": {
                "anyOf": [refs[shape, "validation"] for shape in shapes[name]]
            },
        }
        for name in KINDS
    }
    properties = _plain(refs[Calendar, "validation"], refs[Poll, "validation"]) | rules
    named = json.dumps([made, properties])
    return {
        "$schema": DRAFT,
        "title": "A playbook of mcur: one regulation as data",
        "type": "object",
        "required": ["id", "title"],
        "additionalProperties": False,
        "properties": properties,
        "$defs": {
            name: _as_written(one)
            for name, one in made["$defs"].items()
            if f'"#/$defs/{name}"' in named
        },
    }


def shapes_of(kind: Kind[Any]) -> tuple[type[BaseModel], ...]:
    """Return the shapes of a kind's tables: what ``shape`` says that it returns, or whose method it is."""
    owner = getattr(kind.shape, "__self__", None)
    if isinstance(owner, type) and issubclass(owner, BaseModel):
        return (owner,)
    said = get_type_hints(kind.shape)["return"]
    if said is Self:  # a kind with one shape may give its ``model_validate`` itself
        said = getattr(kind.shape, "__self__", said)
    return get_args(said) or (said,)


def _plain(calendar: Mapping[str, Any], poll: Mapping[str, Any]) -> dict[str, Any]:
    """What stands in a playbook beside its rules."""
    act = {"number": _TEXT, "date": _DAY, "title": _TEXT, "effective_from": _DAY, "clause": _TEXT}
    kinds = {kind.value: _TEXT for kind in TaskKind}
    return {
        "id": _TEXT | {"description": "The name of the file without .toml."},
        "title": _TEXT,
        "municipalities": _LIST,
        "act": _table(act),
        "calendar": calendar,
        "poll": poll,
        "roles": _TEXTS | {"description": "The title of each role."},
        "projects": _table(kinds) | {"description": "The project for each kind of task."},
        "texts": {"type": "object"},
        "directory": _table({"clauses": _LIST}),
        "human": _TEXTS | {"description": "Clauses left to people, each with the reason."},
        "clauses": _TEXTS
        | {"description": "The words of each clause of a regulation of one's own."},
        "overlay": {"type": "object", "additionalProperties": {"type": "object"}},
    }


def _table(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "properties": dict(properties)}


def _as_written(shape: dict[str, Any]) -> dict[str, Any]:
    """The id of a rule is the key of its table, and each value may say since when it counts."""
    if shape.get("type") != "object":
        return shape
    said = {name: one for name, one in shape.get("properties", {}).items() if name != "id"}
    required = [name for name in shape.get("required", ()) if name != "id"]
    return shape | {
        "properties": {name: _with_editions(one) for name, one in said.items()},
        "required": required,
    }


def _with_editions(value: dict[str, Any]) -> dict[str, Any]:
    """A value, one that counts since a day, or several of them; what names a variant stays."""
    if "const" in value:
        return value
    told = {name: value[name] for name in ("description", "default") if name in value}
    bare = {name: said for name, said in value.items() if name not in {*told, "title"}}
    edition = _table({"value": bare, "effective_from": _DAY})
    return told | {
        "anyOf": [
            bare,
            edition | {"required": ["value", "effective_from"]},
            {"type": "array", "items": edition | {"required": ["value"]}},
        ]
    }
