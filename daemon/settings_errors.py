"""What is wrong with a configuration, as sentences.

Each sentence names the file, the path of keys, what is wrong and what would be right (style,
rule 9). The values of unknown keys are never repeated: one of them may be a password.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from mcur.daemon.secrets import Secret
from mcur.playbooks.durations import shown

Loc = tuple[str | int, ...]

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_NOUNS = {
    "kinds": "task kind",
    "projects": "task kind",
    "trackers": "task kind",
    "statuses": "status",
    "statuses_of": "task kind",
    "as": "giver of assignments",
    "notify": "way to hear of tasks",
    "security": "kind of security",
}
_UNDER = {"statuses_of": "status"}
"""What the keys of a table are that stands under a key of another."""
_WANTED = {
    "string_type": "text in quotes",
    "int_type": "a whole number",
    "bool_type": "true or false",
    "tuple_type": "a list in square brackets",
    "dict_type": "a table",
    "model_type": "a table",
    "model_attributes_type": "a table",
}


class SettingsError(Exception):
    """A configuration that cannot be used: every reason at once, a sentence each."""

    def __init__(self, messages: Iterable[str]) -> None:
        self.messages = tuple(messages)
        super().__init__("\n".join(self.messages))


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong at a path of keys; a warning where the site works all the same."""

    loc: Loc
    text: str
    warning: bool = False

    def sentence(self, source: str, prefix: str = "") -> str:
        """Write it with the file's name; ``prefix`` is the table that holds the whole site."""
        where = path_text((prefix, *self.loc) if prefix else self.loc)
        return f"{source}: {where}: {self.text}" if where else f"{source}: {self.text}"


def path_text(loc: Loc) -> str:
    """Write a path of keys as ``tracker[0].profile``, odd keys in quotes."""
    text = ""
    for step in loc:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f".{step}" if _BARE_KEY.fullmatch(step) else f'."{step}"'
    return text.removeprefix(".")


def near(value: str, known: Iterable[str]) -> str:
    """List what is known, with the nearest of it: the end of a sentence."""
    names = list(dict.fromkeys(known))
    text = f"; known: {', '.join(names) or 'none'}"
    close = get_close_matches(value, names, n=1)
    return f'{text}; did you mean "{close[0]}"?' if close else text


def not_known(value: str, noun: str, known: Iterable[str]) -> str:
    """Say that a value is none of those that are known here."""
    article = "an" if noun[0] in "aeio" else "a"
    return f'"{value}" is not {article} {noun}{near(value, known)}'


def shape_findings(
    error: ValidationError, model: type[BaseModel], data: Mapping[str, Any]
) -> Iterator[Finding]:
    """Turn what pydantic found in ``data`` into findings; no value of an unknown key is told."""
    for found in error.errors(include_url=False):
        loc = _without_marks(found["loc"], data)
        yield _finding(found, loc, _models_at(model, found["loc"]), data)


def _finding(
    found: Mapping[str, Any], loc: Loc, models: list[type[BaseModel]], data: Mapping[str, Any]
) -> Finding:
    context = found.get("ctx", {})
    match found["type"]:
        case "missing":
            return Finding(loc, "is missing and has no default")
        case "extra_forbidden":
            return Finding(loc, _unknown_key(loc, models, data))
        case "literal_error" | "enum":
            known = re.findall(r"'([^']*)'", context["expected"])
            return Finding(loc, _unknown_value(found["input"], loc, known))
        case "union_tag_invalid" | "union_tag_not_found":
            return _unknown_tag(found, loc, models)
        case "value_error":
            return Finding(loc, str(context["error"]))
        case kind if kind in _WANTED:
            return Finding(loc, _wrong_type(_WANTED[kind], loc, found["input"]))
        case _:
            return Finding(loc, found["msg"].replace("Input should", "must"))


def _unknown_value(value: object, loc: Loc, known: list[str]) -> str:
    keys = [step for step in loc if isinstance(step, str)]
    under = _UNDER.get(keys[-3]) if len(keys) > 2 else None
    noun = under or next((_NOUNS[key] for key in reversed(keys) if key in _NOUNS), keys[-1])
    if isinstance(value, str):
        return not_known(value, noun, known)
    return f"{shown(value)} is not text; write one of {', '.join(known)} in quotes"


def _unknown_key(loc: Loc, models: list[type[BaseModel]], data: Mapping[str, Any]) -> str:
    key = str(loc[-1])
    known = [name for model in models for name in _fields(model)]
    if f"{key}_file" in known:
        table = _at(data, loc[:-1])
        secret = Secret(str(table.get("id", loc[0])), key)
        return f"a secret never stands in the configuration; {secret.ways}"
    return f"unknown key{near(key, known)}"


def _unknown_tag(found: Mapping[str, Any], loc: Loc, models: list[type[BaseModel]]) -> Finding:
    known = [tag for model in models for tag in _tags(model)]
    given = found["input"].get("kind") if isinstance(found["input"], dict) else None
    if given is None:
        return Finding((*loc, "kind"), f"is missing; known: {', '.join(known)}")
    return Finding((*loc, "kind"), _unknown_value(given, (*loc, "kind"), known))


def _wrong_type(wanted: str, loc: Loc, given: object) -> str:
    if wanted == "a table" and isinstance(given, list):
        return f"stands here once; write [{path_text(loc)}] in single brackets"
    if wanted.startswith("a list") and isinstance(given, dict):
        return f"may stand here several times; write [[{path_text(loc)}]] in double brackets"
    return f"must be {wanted}, not {_type_name(given)}"


def _type_name(value: object) -> str:
    names = {str: "text", bool: "a truth value", dict: "a table", list: "a list"}
    return names.get(
        type(value), "a number" if isinstance(value, int | float) else "a date or time"
    )


def _without_marks(loc: Loc, data: object) -> Loc:
    """Drop what pydantic puts between the keys: the kind of a chosen table, ``[key]``."""
    kept: list[str | int] = []
    for place, step in enumerate(loc):
        last = place == len(loc) - 1
        is_kind = isinstance(data, dict) and step not in data and step == data.get("kind")
        if step == "[key]" or is_kind:
            continue
        kept.append(step)
        data = None if last else _step(data, step)
    return tuple(kept)


def _at(data: object, loc: Loc) -> dict[str, Any]:
    for step in loc:
        data = _step(data, step)
    return data if isinstance(data, dict) else {}


def _step(data: object, step: str | int) -> object:
    if isinstance(data, dict):
        return data.get(step)
    if isinstance(data, list) and isinstance(step, int):
        return data[step]
    return None


def _models_at(model: type[BaseModel], loc: Loc) -> list[type[BaseModel]]:
    """Find the shapes that could stand where pydantic points to, or hold the key that it names."""
    models = [model]
    for step in loc:
        if isinstance(step, int):
            continue
        chosen = [m for m in models if step in _tags(m)]
        inner = [i for m in models if step in _fields(m) for i in _models_in(_fields(m)[step])]
        models = chosen or inner or models
    return models


def _models_in(annotation: object) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in _models_in(part)]


def _fields(model: type[BaseModel]) -> dict[str, object]:
    return {f.alias or name: f.annotation for name, f in model.model_fields.items()}


def _tags(model: type[BaseModel]) -> tuple[str, ...]:
    kind = model.model_fields.get("kind")
    return get_args(kind.annotation) if kind is not None else ()
