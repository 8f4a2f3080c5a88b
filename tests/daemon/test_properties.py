"""Whatever happens on a day and however often the daemon stops, the same things are done once."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings, strategies as st

from mcur.daemon import scenario
from mcur.daemon.simulate import Simulation
from mcur.playbooks.directory import Directory
from mcur.playbooks.load import clauses_of, known_playbooks, load
from mcur.playbooks.permits import HEADS, OFFICERS
from mcur.state.answers import Answers
from mcur.state.store import State
from tests.daemon.playing import Line, faults

MOSCOW = scenario.ZONE
START = datetime(2026, 11, 16, tzinfo=MOSCOW)
POLL = timedelta(minutes=30)
POLLS = 2 * 48
PLAYBOOKS = known_playbooks()
FEW = settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

moments = st.integers(1, POLLS - 1).map(lambda n: START + n * POLL)
inexact = st.integers(10, POLLS * 30 - 10).map(lambda minutes: START + timedelta(minutes=minutes))
streets = st.sampled_from(["ул. Солнцева, д. 5", "ул. Маршала Жукова, 10", "ул. Новая", None])
topics = st.sampled_from([("МКД", "Отопление"), ("МКД", "Уборка"), ("Благоустройство", "Двор")])


@dataclass(frozen=True)
class Day:
    """A random scenario, as the table that a file would hold."""

    table: dict[str, Any]

    def with_restarts(self, restarts: Sequence[datetime]) -> Day:
        """Stop and start the daemon at these moments; nothing happens between."""
        return Day(self.table | {"down": [{"from": at, "to": at} for at in sorted(set(restarts))]})

    def play(self) -> list[Line]:
        """Play the day in a folder of its own and return its timeline."""
        with tempfile.TemporaryDirectory() as folder:
            parsed = scenario.parse(self.table, "random", Path(folder))
            simulation = Simulation(parsed, Path(folder), "random")
            zones = {p.id: p.calendar.zone for p in simulation.site.playbooks}
            lines: list[Line] = []
            simulation.listen(lambda event: lines.append(event.to_dict(zones[event.cite.playbook])))
            try:
                simulation.play()
                assert _never_ended(lines, simulation.site.state) == []
            finally:
                simulation.close()
        return lines


@st.composite
def appeals(draw: st.DrawFn) -> dict[str, Any]:
    """Draw an appeal with what may happen to it later."""
    block, topic = draw(topics)
    received = draw(inexact)
    row: dict[str, Any] = {
        "source": draw(st.sampled_from(["dobrodel", "eds", "mp", "ecur"])),
        "received_at": received,
        "block": block,
        "category": block,
        "subcategory": topic,
        "address": draw(streets),
        "executor": draw(st.sampled_from(["УК Альфа", None])),
        "due_at": received + timedelta(hours=draw(st.integers(2, 60))),
        "accepted_at": draw(st.none() | st.just(received + timedelta(hours=5))),
        "closed_at": draw(st.none() | st.just(received + timedelta(hours=20))),
    }
    return {name: value for name, value in row.items() if value is not None}


@st.composite
def acts(draw: st.DrawFn, playbook: str) -> dict[str, Any]:
    """Draw something that a person does to whatever is there, allowed or not."""
    roles = load(playbook).roles
    people = sorted((OFFICERS | HEADS) & set(roles))
    do = draw(
        st.sampled_from(
            ["note", "status", "close", "refuse", "unsolved", "solve", "declare", "release"]
        )
    )
    act: dict[str, Any] = {
        "at": draw(inexact),
        "by": draw(st.sampled_from(people or sorted(roles))),
        "do": do,
        "text": draw(st.sampled_from(["", "Меры: заменён стояк", "едем"])),
    }
    if do == "release":
        return act | {"key": f"draft:{playbook}:*"}
    if do == "declare":
        return act | {"mode": "emergency", "object": "Отопление"}
    kind = draw(st.sampled_from(["task", "incident"]))
    key = f"{kind}:{playbook}:*"
    status = {"status": draw(st.sampled_from(["in_work", "done", "returned"]))}
    return act | {"key": key} | (status if do == "status" else {})


@st.composite
def days(draw: st.DrawFn) -> Day:
    """Draw two days of one regulation, or of two at once."""
    playbooks = draw(st.lists(st.sampled_from(PLAYBOOKS), min_size=1, max_size=2, unique=True))
    burst = {
        "source": "dobrodel", "count": draw(st.integers(1, 14)), "first": draw(moments),
        "every": "3m", "address": "ул. Солнцева, д. 5, кв. {n}", "category": "МКД",
        "subcategory": "Отопление",
    }  # fmt: skip
    table: dict[str, Any] = {
        "playbooks": playbooks,
        "start": START,
        "until": START + POLLS * POLL,
        "poll": "30m",
        "appeals": [burst],
        "appeal": draw(st.lists(appeals(), max_size=5)),
        "act": draw(st.lists(st.sampled_from(playbooks).flatmap(acts), max_size=5)),
    }
    return Day(table)


@FEW
@given(day=days(), restarts=st.lists(moments, max_size=6))
def test_a_restart_between_events_changes_nothing(day: Day, restarts: list[datetime]) -> None:
    """The timeline is the same line by line, whether the daemon was stopped and started or not."""
    told = day.play()

    assert told
    assert _wrong(told, day) == []
    assert day.with_restarts(restarts).play() == told


@FEW
@given(day=days(), start=st.integers(1, POLLS - 12), length=st.integers(1, 8))
def test_a_downtime_delays_and_loses_nothing(day: Day, start: int, length: int) -> None:
    """After it each task and term is there that would be there without it, once."""
    down = {"from": START + start * POLL, "to": START + (start + length) * POLL}
    whole = day.play()
    broken = Day(day.table | {"down": [down]}).play()

    assert _wrong(broken, day) == []
    assert _lasting(broken) == _lasting(whole)


def _lasting(lines: list[Line]) -> Counter[tuple[str, str]]:
    """What must come out the same after a delay: tasks of appeals, and their terms."""
    return Counter(
        (line["event"], line["key"])
        for line in lines
        if line["event"] in {"task.created", "term.started"} and ":day:" not in line["key"]
        if line["data"].get("kind", "executor") == "executor" and ":incident:" not in line["key"]
    )


def _wrong(lines: list[Line], day: Day) -> list[str]:
    """No key twice, each clause stands in its regulation, and the audit finds nothing."""
    strange = [
        f"clause {line['clause']} is not in {line['playbook']}"
        for line in lines
        if line["clause"] not in clauses_of(line["playbook"])
    ]
    others = [line["playbook"] for line in lines if line["playbook"] not in day.table["playbooks"]]
    audited = [line["why"] for line in lines if ":audit:" in line["key"]]
    return strange + others + audited + faults(lines)


def _never_ended(lines: list[Line], state: State) -> list[str]:
    """List the terms that were started, whose due has passed, and of which nobody said the end."""
    started = {line["key"]: line for line in lines if line["event"] == "term.started"}
    ended = {line["key"] for line in lines if line["event"] in {"term.met", "term.breached"}}
    last = max((datetime.fromisoformat(line["at"]) for line in lines), default=START)
    terms = Answers(state, Directory(), START)
    found = [f"{key} ended and never began" for key in ended - started.keys()]
    for key in started.keys() - ended:
        term = terms.term(key)
        if term is None or (term.outcome is None and term.due_at < last - POLL):
            found.append(f"{key} runs on after its due")
    return found
