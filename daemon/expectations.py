"""Comparing a timeline with what a scenario expects of it."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from mcur.daemon.scenario import ZONE, Expect

_PLAIN = ("event", "rule", "playbook", "clause", "key", "subject", "why", "late")


def check(expected: Sequence[Expect], timeline: Sequence[dict[str, Any]]) -> list[str]:
    """Return what is not as expected, each as a paragraph with expected and got."""
    found = []
    for number, expect in enumerate(expected, start=1):
        hits = [line for line in timeline if matches(expect, line)]
        wanted = expect.count
        if (wanted is None and not hits) or (wanted is not None and len(hits) != wanted):
            found.append(_difference(number, expect, hits, timeline))
    return found


def matches(expect: Expect, line: dict[str, Any]) -> bool:
    """Whether a line of the timeline has everything that was given."""
    for name in _PLAIN:
        wanted = getattr(expect, name)
        if wanted is not None and not same(wanted, line.get(name)):
            return False
    at = datetime.fromisoformat(line["at"])
    if expect.at is not None and at != expect.at:
        return False
    if expect.between is not None and not expect.between[0] <= at <= expect.between[1]:
        return False
    for name in ("to", "cc"):
        wanted = getattr(expect, name)
        if wanted is not None and not same(list(wanted), line.get(name, [])):
            return False
    data = line.get("data", {})
    return all(same(value, data.get(key)) for key, value in expect.data.items())


def same(wanted: Any, got: Any) -> bool:
    """Compare a given value: globs for strings, sets for lists, given keys for tables, days for dates."""
    if isinstance(wanted, str) and isinstance(got, str):
        return glob(wanted).fullmatch(got) is not None
    if isinstance(wanted, datetime) and isinstance(got, str):
        meant = wanted if wanted.tzinfo else wanted.replace(tzinfo=ZONE)
        return _is_moment(got) and datetime.fromisoformat(got) == meant
    if isinstance(wanted, date) and isinstance(got, str):
        return _is_moment(got) and datetime.fromisoformat(got).date() == wanted
    if isinstance(wanted, list | tuple) and isinstance(got, list | tuple):
        every = all(any(same(w, g) for g in got) for w in wanted)
        return every and all(any(same(w, g) for w in wanted) for g in got)
    if isinstance(wanted, dict) and isinstance(got, dict):
        return all(same(value, got.get(key)) for key, value in wanted.items())
    return bool(wanted == got)


def glob(pattern: str) -> re.Pattern[str]:
    """Compile a glob in which only ``*`` and ``?`` are special and case does not count."""
    escaped = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.compile(escaped, re.IGNORECASE | re.DOTALL)


def _difference(
    number: int, expect: Expect, hits: list[dict[str, Any]], timeline: Sequence[dict[str, Any]]
) -> str:
    given = expect.model_dump(exclude_defaults=True, exclude={"count", "note"}, mode="json")
    wanted = "at least one" if expect.count is None else str(expect.count)
    lines = [
        f"expect {number}{f' ({expect.note})' if expect.note else ''}: {wanted}, got {len(hits)}"
    ]
    lines.append(f"  expected {json.dumps(given, ensure_ascii=False)}")
    near = hits or [e for e in timeline if glob(expect.event).fullmatch(e["event"])]
    lines += [f"  got      {_short(line)}" for line in near[:8]]
    if len(near) > 8:
        lines.append(f"  … and {len(near) - 8} more")
    if not near:
        lines.append(f"  got      no {expect.event} at all")
    return "\n".join(lines)


def _short(line: dict[str, Any]) -> str:
    shown = {k: v for k, v in line.items() if k not in {"why", "data"}}
    text = json.dumps(shown, ensure_ascii=False)
    return text if len(text) <= 400 else f"{text[:399]}…"


def _is_moment(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
