"""What an executor says of a task: the playbook's phrases, the parts of a notice, the materials."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from mcur.playbooks import inbound, phrases
from mcur.playbooks.calendar import Calendar
from mcur.playbooks.dues import dues_in
from mcur.playbooks.rules.base import Rule

Means = Literal["extension", "refusal", "not_ours", "report", "underway"]


class Meaning(Rule):
    """What some phrases mean, unless others stand beside them; its clause is the rule's without one.

    What is ``underway`` asks nothing of anybody: a note, and its photographs are no report.
    ``dated`` phrases mean it only where a date after the present term is named, ``alone`` ones only
    where nothing else stands beside a task's number.
    """

    id: str = ""
    clause: str = ""
    means: Means
    words: tuple[str, ...] = Field(min_length=1)
    unless: tuple[str, ...] = ()
    dated: bool = False
    alone: bool = False


class Part(BaseModel):
    """A part of a notice: the labels that stand before it, the words that give it away."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    labels: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


class Hearing(Rule):
    """How letters of executors are understood; the first meaning that matches counts.

    ``causes``, ``measures`` and ``term`` are the parts of a full notice. Files that are
    ``papers`` may hold the first two, ``photos`` alone are a report, ``ignored`` ones (what mail
    programs add) are no material.
    """

    says: tuple[Meaning, ...] = Field(min_length=1)
    causes: Part = Part()
    measures: Part = Part()
    term: Part = Part()
    papers: tuple[str, ...] = ()
    photos: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What was understood; ``means`` is empty where nothing was, ``words`` are those that said it."""

    means: Means | Literal[""]
    clause: str
    words: str = ""
    files: tuple[str, ...] = ()


def hear(
    rule: Hearing, text: str, names: Iterable[str], *, dated: bool = False, listed: bool = False
) -> Heard:
    """Say what a text with these files means.

    ``dated``: it names a date after the present term; ``listed``: it stood beside a task's number.
    """
    files = tuple(name for name in names if not _is_one_of(name, rule.ignored))
    blocked: set[Means] = set()
    for meaning in rule.says:
        said = phrases.first_of(meaning.words, text)
        alone = listed and said == text.strip(" \t\n.,!;)")
        if (meaning.dated and not dated) or (meaning.alone and not alone):
            continue
        if said and phrases.first_of(meaning.unless, text):
            blocked.add(meaning.means)
        elif said and meaning.means == "underway":
            blocked.add("report")
            break
        elif said:
            clause = meaning.clause or rule.clause
            return Heard(means=meaning.means, clause=clause, words=said, files=files)
    means = _unspoken(rule, text, files, blocked)
    named = (m.clause for m in rule.says if m.means == means and m.clause)
    return Heard(means=means, clause=next(named, rule.clause), files=files)


def _unspoken(
    rule: Hearing, text: str, files: tuple[str, ...], blocked: set[Means]
) -> Means | Literal[""]:
    """Without a phrase: the parts of a notice speak for themselves, and so do photographs."""
    labels = {"causes": rule.causes.labels, "measures": rule.measures.labels}
    parts = inbound.labelled(text, {**labels, "due": rule.term.labels})
    if parts.keys() == {"causes", "measures", "due"} and "extension" not in blocked:
        return "extension"
    shown = any(_is_one_of(name, rule.photos) for name in files)
    alone = bool(files) and not text.strip()
    return "report" if (shown or alone) and "report" not in blocked else ""


def missing(rule: Hearing, text: str, files: Iterable[str]) -> tuple[str, ...]:
    """Name the parts besides the new term that a notice lacks; papers may hold them."""
    if any(_is_one_of(name, rule.papers) for name in files):
        return ()
    parts: Mapping[str, Part] = {"causes": rule.causes, "measures": rule.measures}
    said = inbound.labelled(text, {name: part.labels for name, part in parts.items()})
    return tuple(
        name
        for name, part in parts.items()
        if name not in said and not phrases.first_of(part.words, text)
    )


def wanted(
    rule: Hearing, text: str, told_at: datetime, due: datetime | None, calendar: Calendar
) -> datetime | None:
    """Read the new term that a notice names: later than the present one."""
    leads = (*rule.term.labels, *rule.term.words)
    return phrases.date_after(leads, text, told_at, max(due or told_at, told_at), calendar)


def moment(said: str, told_at: datetime, calendar: Calendar) -> datetime | None:
    """Read the moment of an act's field: as programs write it, or as people do."""
    try:
        found = datetime.fromisoformat(said)
    except ValueError:
        return next(iter(dues_in(said, told_at, calendar)), None)
    if len(said) <= len("2026-11-25"):
        found = found.replace(hour=23, minute=59, second=59)
    return found if found.tzinfo else calendar.at(found.date(), found.time())


def _is_one_of(name: str, globs: Iterable[str]) -> bool:
    return any(fnmatchcase(name.casefold(), glob.casefold()) for glob in globs)
