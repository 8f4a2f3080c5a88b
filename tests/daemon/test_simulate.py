"""Random days: restarts change nothing, nothing is told twice, every term ends or is open."""

from __future__ import annotations

import itertools
import tempfile
from collections import defaultdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings, strategies as st

from mcur.daemon import log, scenario
from mcur.daemon.simulate import Simulation
from mcur.state.journal import Event, verify
from tests.daemon.playing import Line, faults

START = datetime.fromisoformat("2026-11-17T00:00:00+03:00")
UNTIL = START + timedelta(days=1, hours=18)
KEYS = ("task:*:mp:*", "task:*:dobrodel:1", "task:*:letter:*", "task:*:issue:*", "draft:*",
        "report:*:O-2:*", "report:*:O-3:*", "task:*:nobody")  # fmt: skip
ROLES = ("mcur_resp", "mcur_head", "executor", "deputy_head", "gzhi_spec")


def moment(minutes: int) -> datetime:
    """Return a moment of the two days."""
    return START + timedelta(minutes=minutes)


minutes = st.integers(0, 40 * 60)
moments = minutes.map(moment)
later = st.none() | moments


@st.composite
def appeals(draw: st.DrawFn) -> dict[str, Any]:
    """Make a row with stamps in any order, some of them before the site was live."""
    received = moment(draw(st.integers(-24 * 60, 40 * 60)))
    row = {
        "source": draw(st.sampled_from(["mp", "dobrodel"])),
        "number": draw(st.sampled_from("1234567")),
        "received_at": received,
        "address": draw(st.sampled_from(["Одинцово, ул. Мира, 5", "где-то"])),
        "executor": draw(st.sampled_from([None, "УК «Дом»", "Горсвет"])),
        "repeat_of": draw(st.sampled_from([None, "77"])),
        "status": draw(st.sampled_from([None, "new", "in_work", "deferred", "closed"])),
    }
    for name in ("accepted_at", "returned_at", "closed_at", "withdrawn_at", "due_at"):
        after = draw(st.none() | st.integers(0, 2000))
        row[name] = None if after is None else received + timedelta(minutes=after)
    return {name: value for name, value in row.items() if value is not None}


letters = st.builds(
    lambda at, who, text: {"at": at, "from": who, "subject": "Задание", "text": text},
    moments,
    st.sampled_from(["duty@cur.mosreg.ru", "x@y.ru", "mcur_head@mosreg.ru"]),
    st.sampled_from(
        ["Адрес: Одинцово, ул. Мира, 5. Проблема: снег. Срок: 17.11 15:00", "Снег", ""]
    ),
)
issues = st.builds(
    lambda at, due: (
        {"at": at, "author": "cur", "subject": "Отчитаться"} | ({"due_at": due} if due else {})
    ),
    moments,
    later,
)
deeds = st.sampled_from(
    [("note", None), ("close", None), ("refuse", None), ("confirm", None), ("review", None),
     ("hold", None), ("release", None), ("correct", None), ("status", "done"),
     ("status", "refused"), ("status", "in_work"), ("status", "returned"), ("declare", None)]
)  # fmt: skip
acts = st.builds(
    lambda at, by, deed, key: (
        {"at": at, "by": by, "do": deed[0], "key": key, "text": "Меры: так"}
        | ({"status": deed[1]} if deed[1] else {})
    ),
    moments,
    st.sampled_from(ROLES),
    deeds,
    st.sampled_from(KEYS),
)
spans = st.tuples(moments, st.integers(1, 300)).map(
    lambda pair: {"from": pair[0], "to": pair[0] + timedelta(minutes=pair[1])}
)
outages = st.builds(
    lambda span, system: {**span, "system": system},
    spans,
    st.sampled_from(["redmine", "mail_in", "mail_out", "feed"]),
)
days = st.fixed_dictionaries(
    {
        "appeal": st.lists(appeals(), max_size=6, unique_by=lambda r: (r["source"], r["number"])),
        "letter": st.lists(letters, max_size=3),
        "issue": st.lists(issues, max_size=2),
        "act": st.lists(acts, max_size=5),
        "down": st.lists(spans, max_size=1),
        "outage": st.lists(outages, max_size=2),
    }
)


def play(day: dict[str, Any]) -> list[Line]:
    """Play a day and return its timeline; the journal must hold."""
    log.configure(quiet=True)
    table = {
        "playbooks": ["odintsovo-1204"], "start": START, "until": UNTIL, "poll": "30m", **day,
    }  # fmt: skip
    told: list[Event] = []
    with tempfile.TemporaryDirectory() as folder:
        simulation = Simulation(scenario.parse(table, "day.toml", Path()), Path(folder), "day.toml")
        simulation.listen(told.append)
        try:
            simulation.play()
            zone = simulation.site.playbooks[0].calendar.zone
            sealed, broken = verify(simulation.site.state.db)
            # What people did stands in the journal only: the timeline tells what followed.
            assert (broken, sealed >= len(told)) == (None, True)
        finally:
            simulation.close()
    return [event.to_dict(zone) for event in told]


def unended(lines: list[Line]) -> list[str]:
    """Name terms whose story makes no sense: started, then met or breached; late, then met.

    What is reminded of is a letter that waits for a word: its end is a story of its own.
    """
    stories: dict[str, list[str]] = defaultdict(list)
    for line in lines:
        if line["event"].startswith("term.") and line["event"] != "term.reminded":
            stories[line["key"]].append(line["event"].removeprefix("term."))
    after = {"started": {"met", "breached"}, "breached": {"met", "breached"}, "met": {"started"}}
    return [
        f"{key}: {story}"
        for key, story in stories.items()
        if story[0] != "started" or any(b not in after[a] for a, b in itertools.pairwise(story))
    ]


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(days, st.lists(moments, max_size=4))
def test_restarts_change_nothing(day: dict[str, Any], stops: list[datetime]) -> None:
    """The same lines, stop or no stop; each as the contract has it, each thing once."""
    named = [{"from": at, "to": at} for at in stops]
    # A restart is a cycle of its own: the day without it has a cycle at the same moment.
    awake = [{"system": "redmine", "from": at, "to": at} for at in stops]
    plain = play({**day, "outage": [*day["outage"], *awake]})
    stopped = play({**day, "outage": [*day["outage"], *awake], "down": [*day["down"], *named]})

    assert stopped == plain
    assert faults(plain, frozenset({"administrator@mcur.invalid"})) == []
    assert unended(plain) == []
