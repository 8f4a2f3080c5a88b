"""Whenever people speak and however often the daemon stops, a waiting letter has one end."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, strategies as st

from tests.daemon.playing import Line
from tests.daemon.test_properties import FEW, START, Day

HALF = timedelta(minutes=30)
WITHIN, EXPIRES = timedelta(hours=2), timedelta(hours=5)
LETTERS = 3
moments = st.integers(4, 46).map(lambda n: START + n * HALF)
odd = st.integers(100, 1380).map(lambda minutes: START + timedelta(minutes=minutes))


@st.composite
def waiting(draw: st.DrawFn) -> Day:
    """Draw a day on which three letters are prepared, and some of them let go, sooner or later."""
    acts: list[dict[str, Any]] = []
    for number in range(1, LETTERS + 1):
        task = f"task:odintsovo-1204:dobrodel:D-{number}"
        acts.append({"at": draw(odd), "by": "mcur_resp", "do": "unsolved", "key": task})
        letter = f"draft:odintsovo-1204:E-4:1:{task}:*"
        release = {"by": "mcur_head", "do": "release", "key": letter}
        acts += [release | {"at": at} for at in draw(st.lists(odd, max_size=2, unique=True))]
        close = {"by": "mcur_resp", "do": "close", "key": task}
        acts += [close | {"at": at} for at in draw(st.lists(odd, max_size=1))]
    appeals = {
        "source": "dobrodel", "count": LETTERS, "first": START + timedelta(minutes=10), "every": "1m",
        "number": "D-{n}", "subcategory": "Теплотрасса", "due_after": "20d",
    }  # fmt: skip
    return Day(
        {
            "playbooks": ["odintsovo-1204"],
            "start": START,
            "until": START + timedelta(hours=30),
            "poll": "30m",
            "set": {
                "odintsovo-1204.draft.letters.within": "2h",
                "odintsovo-1204.draft.letters.expires": "5h",
            },
            "appeals": [appeals],
            "act": sorted(acts, key=lambda act: act["at"]),
        }
    )


@FEW
@given(day=waiting(), restarts=st.lists(moments | odd, max_size=6))
def test_a_letter_is_reminded_of_once_and_ends_once(day: Day, restarts: list[datetime]) -> None:
    """It leaves, or it expires; what expired never leaves, and a restart doubles nothing."""
    told = day.play()
    events = {name: _keys(told, name) for name in ("prepared", "released", "expired")}
    reminded = _keys(told, "reminded", "term")

    assert max(reminded.values(), default=1) == 1
    assert not events["released"] & events["expired"]
    assert events["released"] + events["expired"] == events["prepared"]
    assert _late(told) == []
    assert day.with_restarts(restarts).play() == told


def _keys(lines: list[Line], event: str, of: str = "draft") -> Counter[str]:
    return Counter(
        line["key"] for line in lines if line["event"] == f"{of}.{event}" and line["rule"] == "E-4"
    )


def _late(lines: list[Line]) -> list[str]:
    """List the letters that were reminded of before their term, or left after their end."""
    prepared = {
        line["key"]: datetime.fromisoformat(line["at"])
        for line in lines
        if line["event"] == "draft.prepared"
    }
    found = []
    for line in lines:
        waits = datetime.fromisoformat(line["at"]) - prepared.get(line["key"], START)
        reminded = line["event"] == "term.reminded" and line["key"] in prepared
        if reminded and not WITHIN <= waits < EXPIRES:
            found.append(f"{line['key']} reminded after {waits}")
        if line["event"] == "draft.released" and waits > EXPIRES:
            found.append(f"{line['key']} left after {waits}")
    return found
