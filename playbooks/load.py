"""Reading playbooks: the only place here that touches files.

A playbook is a TOML file of the library, the site's values over it by dotted path, the clause
table and the texts. Everything wrong with it is said at once, each with its path of keys.
"""

from __future__ import annotations

import csv
import difflib
import hashlib
import io
import json
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from mcur.playbooks.calendar import Calendar
from mcur.playbooks.facts import TaskKind
from mcur.playbooks.playbook import Clause, LegalAct, Playbook
from mcur.playbooks.polling import Poll
from mcur.playbooks.rules.base import Rule, WrongVariant
from mcur.playbooks.rules.registry import KINDS
from mcur.playbooks.texts import Texts
from mcur.playbooks.values import as_of, days_of_change, overlaid, set_values

_PLAIN = (
    "id", "title", "municipalities", "act", "calendar", "poll", "roles", "projects", "texts", "directory",
    "human", "clauses", "overlay",
)  # fmt: skip
_LIBRARY = files("mcur.playbooks") / "library"
_MARK = re.compile(r"\[\d+\]$")
"""The mark of a clause that was split: people read the number without it."""


class PlaybookError(Exception):
    """A playbook, or a site's value for it, cannot be used; ``problems`` holds every sentence."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


def known_playbooks(own: Path | None = None) -> list[str]:
    """List the ids of the playbooks that are shipped, and of the site's ``own`` folder."""
    return sorted(_shipped() | (_stems(own.iterdir()) if own and own.is_dir() else set()))


def load(
    playbook: str,
    values: Mapping[str, Any] | None = None,
    *,
    sides: Sequence[str] = (),
    own: Path | None = None,
    overlay: str = "letter",
) -> Playbook:
    """Load a playbook with the site's values over it (``{"<playbook>.<path>": value}``).

    ``own`` is the folder of playbooks that the site wrote itself; it cannot replace a shipped one.
    ``overlay`` names values of the playbook's own that stand under the site's.
    """
    known = known_playbooks(own)
    if playbook not in known:
        near = difflib.get_close_matches(playbook, known, n=1)
        hint = f'; did you mean "{near[0]}"' if near else ""
        msg = f'"{playbook}" is not a playbook{hint}; known: {", ".join(known)}'
        raise PlaybookError([msg])
    shelf = _LIBRARY if playbook in _shipped() or own is None else own
    try:
        text = (shelf / f"{playbook}.toml").read_text("utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        msg = f"{playbook}.toml: cannot be read: {exc}"
        raise PlaybookError([msg]) from exc
    found = parse(text, f"{playbook}.toml", values or {}, sides=sides, overlay=overlay)
    if found.id != playbook:
        msg = f'{playbook}.toml: id: is "{found.id}"; write the name of the file'
        raise PlaybookError([msg])
    return found


def _shipped() -> set[str]:
    return _stems(_LIBRARY.iterdir())


def _stems(shelf: Iterable[Traversable]) -> set[str]:
    return {f.name.removesuffix(".toml") for f in shelf if f.name.endswith(".toml")}


def parse(
    text: str,
    name: str,
    values: Mapping[str, Any],
    *,
    sides: Sequence[str] = (),
    overlay: str = "letter",
) -> Playbook:
    """Make a playbook of TOML; raise :class:`PlaybookError` with every problem of every edition."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as exc:
        raise PlaybookError([f"{name}: {exc}"]) from exc
    problems = [f"{name}: {p}" for p in set_values(table, overlaid(table, overlay))]
    problems += [f"{name}: {p}" for p in set_values(table, values)]
    try:
        days = days_of_change(table)
    except ValueError as exc:
        raise PlaybookError([*problems, f"{name}: {exc}"]) from exc
    first, *later = (
        _edition(as_of(table, day), name, sides, problems if day is date.min else [])
        for day in (date.min, *days)
    )
    return replace(first, later=tuple(zip(days, later, strict=True)))


def _edition(
    table: Mapping[str, Any], name: str, sides: Sequence[str], problems: list[str]
) -> Playbook:
    """Make the playbook that a table without dates says."""
    rules, found = _rules(table, name)
    problems += found
    own, found = _own_clauses(table)
    problems += [f"{name}: {problem}" for problem in found]
    clauses = clauses_of(str(table.get("id", ""))) | own
    problems += _unknown_clauses(rules, clauses, name)
    problems += [f"{name}: {key}: is missing" for key in ("id", "title") if key not in table]
    problems += [f"{name}: {problem}" for problem in _gaps(rules, table)]
    problems += [f"{name}: {problem}" for problem in _strange_clauses(table, clauses)]
    try:
        calendar = Calendar.model_validate(table.get("calendar", {}))
    except ValidationError as exc:
        problems += sentences(exc, f"{name}: calendar")
    try:
        poll = Poll.model_validate(table.get("poll", {}))
    except ValidationError as exc:
        problems += sentences(exc, f"{name}: poll")
    if problems:
        raise PlaybookError(problems)
    return Playbook(
        id=table["id"],
        title=table["title"],
        municipalities=tuple(table.get("municipalities", ())),
        calendar=calendar,
        poll=poll,
        roles=table.get("roles", {}),
        projects=table.get("projects", {}),
        clauses=_as_printed(clauses, rules),
        rules=_for_sides(rules, sides),
        human=table.get("human", {}),
        directory=_directory(table),
        texts=Texts(_texts() | table.get("texts", {})),
        sides=tuple(sides),
        topics=_topics(rules),
        digest=hashlib.sha256(
            json.dumps(table, sort_keys=True, default=str, ensure_ascii=False).encode()
        ).hexdigest()[:16],
        act=LegalAct(**table.get("act", {})),
    )


def _as_printed(
    clauses: Mapping[str, Clause], rules: Mapping[str, Mapping[str, Rule]]
) -> dict[str, Clause]:
    """Let a rule say the number under which its clause is printed (a misprint of the text)."""
    said = {r.clause: r.printed_clause for table in rules.values() for r in table.values()}
    return {
        ident: replace(clause, printed=said.get(ident) or clause.printed)
        for ident, clause in clauses.items()
    }


def _topics(rules: Mapping[str, Mapping[str, Rule]]) -> frozenset[str]:
    intakes = (rule for rule in rules["intake"].values() if rule.enabled)
    return frozenset(topic for rule in intakes for topic in getattr(rule, "topics", ()))


def _strange_clauses(table: Mapping[str, Any], clauses: Mapping[str, Clause]) -> list[str]:
    """Say which clauses are cited outside the rules and do not stand in the regulation."""
    act = table.get("act", {}).get("clause")
    cites = {
        "human": table.get("human", {}),
        "directory": _directory(table),
        "act": [act] if act else [],
    }
    return [
        f'{part}: clause "{clause}" does not stand in the regulation'
        for part, named in cites.items()
        for clause in named
        if clause not in clauses
    ]


def sentences(error: ValidationError, where: str) -> list[str]:
    """Turn pydantic's findings into sentences with the path of keys."""
    found = []
    for item in error.errors(include_url=False):
        path = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in item["loc"])
        found.append(f"{where}{path}: {_plain_words(item)}")
    return found


def _plain_words(item: Mapping[str, Any]) -> str:
    match item["type"]:
        case "extra_forbidden":
            return "unknown key"
        case "missing":
            return "is missing"
        case "literal_error":
            return f'"{item["input"]}" is not known; write one of {item["ctx"]["expected"]}'
        case _:
            return str(item["msg"]).removeprefix("Value error, ")


def _rules(table: Mapping[str, Any], name: str) -> tuple[dict[str, dict[str, Rule]], list[str]]:
    rules: dict[str, dict[str, Rule]] = {kind: {} for kind in KINDS}
    problems = [
        f"{name}: {key}: unknown rule kind; known: {', '.join(KINDS)}"
        for key in table
        if key not in KINDS and key not in _PLAIN
    ]
    for kind in KINDS:
        bodies = table.get(kind, {})
        if not isinstance(bodies, dict):
            problems.append(f"{name}: {kind}: is not a table of rules; write [{kind}.ID]")
            continue
        for rule_id, body in bodies.items():
            rule, found = _rule(kind, rule_id, body)
            problems += [f"{name}: {problem}" for problem in found]
            if rule is not None:
                rules[kind][rule_id] = rule
    return rules, problems


def _rule(kind: str, rule_id: str, body: Any) -> tuple[Rule | None, list[str]]:
    """Make one rule of its table, or say what is wrong with it."""
    where = f"{kind}.{rule_id}"
    if not isinstance(body, dict):
        return None, [f"{where}: is not a table; write [{where}]"]
    try:
        rule = KINDS[kind].shape(
            {"id": rule_id, **_common(kind).get(body.get("takes"), {}), **body}
        )
    except ValidationError as exc:
        return None, sentences(exc, where)
    except WrongVariant as exc:
        return None, [f"{where}.{exc}"]
    return rule, [f"{where}: {problem}" for problem in rule.problems()]


def _for_sides(
    rules: Mapping[str, Mapping[str, Rule]], sides: Sequence[str]
) -> dict[str, dict[str, Rule]]:
    """Let each rule cite the clause of the office that runs here."""
    return {k: {n: r.for_sides(sides) for n, r in named.items()} for k, named in rules.items()}


def _gaps(rules: Mapping[str, Mapping[str, Rule]], table: Mapping[str, Any]) -> list[str]:
    """Say which roles and projects the rules need and the playbook does not name."""
    roles, projects = table.get("roles", {}), table.get("projects", {})
    known = ", ".join(TaskKind)
    found = [
        f"projects.{k}: is no kind of task; known: {known}"
        for k in projects
        if k not in set(TaskKind)
    ]
    for kind, rule in ((k, r) for k, named in rules.items() for r in named.values()):
        where = f"{kind}.{rule.id}"
        asked = dict.fromkeys(role.partition("@")[0] for role in KINDS[kind].roles(rule))
        found += [f'{where}: role "{r}" does not stand in [roles]' for r in asked if r not in roles]
        found += [
            f"{where}: makes tasks of the kind {made}, for which [projects] names no project"
            for made in KINDS[kind].makes(rule)
            if made not in projects
        ]
    return found


def _unknown_clauses(
    rules: Mapping[str, Mapping[str, Rule]], clauses: Mapping[str, Clause], name: str
) -> list[str]:
    return [
        f'{name}: {kind}.{rule.id}: clause "{clause}" does not stand in the regulation'
        for kind, table in rules.items()
        for rule in table.values()
        for clause in cited(rule)
        if clause not in clauses
    ]


def _directory(table: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the clauses that people and executors of a site answer, without any rule."""
    return tuple(table.get("directory", {}).get("clauses", ()))


def cited(rule: Any) -> list[str]:
    """List every clause that a rule, its steps, sections, groups and columns cite."""
    own = [v for name, v in rule if name.endswith("_clause") and name != "printed_clause"]
    found = [c for c in (rule.clause, *rule.clauses, *rule.by_side.values(), *own) if c]
    for name in type(rule).model_fields:
        value = getattr(rule, name)
        parts = value if isinstance(value, tuple) else (value,)
        for part in parts:
            if isinstance(part, Rule):
                found += cited(part)
    found += getattr(rule, "columns", ())
    return found


def _own_clauses(table: Mapping[str, Any]) -> tuple[dict[str, Clause], list[str]]:
    """Read the clauses that a regulation of one's own brings along: ``"1.1" = "its words"``."""
    said = table.get("clauses", {})
    if not isinstance(said, dict):
        return {}, ['clauses: is not a table; write [clauses] and "1.1" = "words of the clause"']
    wrong = [
        f'clauses.{c}: write "{c}" = "words of the clause"'
        for c, words in said.items()
        if not isinstance(words, str) or not words.strip()
    ]
    human = table.get("human", {})
    found = {
        clause: Clause(
            id=clause,
            printed=_MARK.sub("", clause),
            words=words,
            automation="human" if clause in human else "auto",
        )
        for clause, words in said.items()
        if isinstance(words, str)
    }
    return found, wrong


@cache
def _all_clauses() -> dict[str, dict[str, Clause]]:
    source = _LIBRARY / "clauses.csv"
    found: dict[str, dict[str, Clause]] = {}
    for row in csv.DictReader(io.StringIO(source.read_text("utf-8"))):
        found.setdefault(row["regulation"], {})[row["clause"]] = Clause(
            id=row["clause"],
            printed=row["printed"],
            words=row["words"],
            automation=row["automation"],
        )
    return found


def clauses_of(playbook: str) -> dict[str, Clause]:
    """Return the clauses of a regulation by their ids, in the order of the text."""
    return _all_clauses().get(playbook, {})


@cache
def _common(kind: str) -> dict[Any, dict[str, Any]]:
    """Read the values that stand under those of every playbook, by what a rule of the kind takes."""
    source = files("mcur.playbooks") / "common" / f"{kind}.toml"
    return tomllib.loads(source.read_text("utf-8")) if source.is_file() else {}


@cache
def _texts() -> dict[str, str]:
    """Read every file of ``words/``; a name stands in one of them only (a test says so)."""
    words = files("mcur.playbooks") / "words"
    sources = sorted((f for f in words.iterdir() if f.name.endswith(".toml")), key=lambda f: f.name)
    tables = (tomllib.loads(source.read_text("utf-8")) for source in sources)
    return {name: text for table in tables for name, text in _flat(table, "")}


def _flat(table: Mapping[str, Any], prefix: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for key, value in table.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict):
            found += _flat(value, f"{name}.")
        else:
            found.append((name, value))
    return found
