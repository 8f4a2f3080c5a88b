"""The call sheet of an incident: numbered lines in its task, and lines «10:42 дозвонился» that do calls."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from mcur.daemon import scenario
from mcur.daemon.simulate import Simulation
from mcur.playbooks.spoken import acts_in

HOUSE = "Руза, ул. Солнцева, д. 5"
INCIDENT = f"incident:ruza-679:declared:{HOUSE}:2026-11-17"


def at(clock: str) -> datetime:
    """Return a moment of the day."""
    return datetime.fromisoformat(f"2026-11-17T{clock}:00+03:00")


def played(folder: Path, notes: list[tuple[str, str, str]]) -> list[dict[str, Any]]:
    """Play a day with an emergency declared at 10:30; ``notes``: clock, login, words on its task."""
    play = scenario.parse(
        {
            "playbooks": ["ruza-679"],
            "start": at("10:00"),
            "until": at("11:30"),
            "poll": "5m",
            "act": [
                {
                    "at": at("10:30"),
                    "by": "mcur_head",
                    "do": "declare",
                    "mode": "emergency",
                    "object": HOUSE,
                }
            ],
        },
        "day.toml",
        folder,
    )
    simulation = Simulation(play, folder / "site", "day.toml")
    site, lines = simulation.site, list[dict[str, Any]]()
    simulation.listen(lambda event: lines.append(event.to_dict(site.playbooks[0].calendar.zone)))
    drop, waiting = simulation._world.drop, list(notes)

    def with_notes(at_work: Any, now: datetime) -> None:
        drop(at_work, now)
        for one in [n for n in waiting if at(n[0]) <= now]:
            waiting.remove(one)
            task = site.state.tasks.get(INCIDENT)
            tracker: Any = site.destinations["tracker:embedded"].tracker
            assert task is not None
            tracker.note(task.ident, one[1], one[2], at(one[0]))

    simulation._world.drop = with_notes  # type: ignore[method-assign,assignment]  # notes between two cycles
    simulation.play()
    simulation.close()
    return lines


def done(lines: list[dict[str, Any]]) -> list[str]:
    """Return the subjects of the calls that were closed."""
    closed = [line for line in lines if line["event"] == "task.closed"]
    return [line["data"]["subject"].partition(".")[0] for line in closed]


def refused(lines: list[dict[str, Any]]) -> list[str]:
    """Return what was flagged."""
    return [line["why"] for line in lines if line["event"] == "flag.raised"]


def test_the_task_of_an_incident_holds_the_sheet(tmp_path: Path) -> None:
    """In the order of the regulation, with the words that do a call; it is made with the task."""
    lines = played(tmp_path, [])

    [made] = [one for one in lines if one["key"] == INCIDENT and one["event"] == "task.created"]
    text = made["data"]["text"]
    assert "Лист звонков" in text
    assert "10:42 дозвонился" in text
    calls = [one for one in lines if one["event"] == "call.requested"]
    assert len(calls) == 5
    assert [one for one in lines if one["event"] == "task.updated" and one["key"] == INCIDENT] == []


def test_lines_do_calls_by_number_and_by_name_at_their_own_time(tmp_path: Path) -> None:
    """Several in one note; other words of it are news of the work as before."""
    note = "1. 10:42 дозвонился\n10:45 дозвонился до заместителя главы округа, приняли\nБригада на месте"
    lines = played(tmp_path, [("10:50", "gzhi_spec", note)])

    assert refused(lines) == []
    assert len(done(lines)) == 2
    assert "руководитель МЦУР" in done(lines)[0]
    assert any("10:42" in str(one["data"]) for one in lines if one["event"] == "task.closed")


def test_a_line_that_may_mean_several_is_asked_about(tmp_path: Path) -> None:
    """The answer names the sheet's numbers; nothing is done by it."""
    lines = played(tmp_path, [("10:50", "gzhi_spec", "10:42 дозвонился")])

    assert done(lines) == []
    [why] = refused(lines)
    assert "неясно, какой звонок сделан" in why
    assert "2. " in why


def test_talk_is_no_call(tmp_path: Path) -> None:
    """«Не дозвонился», and somebody who is on no sheet."""
    notes = [
        ("10:50", "gzhi_spec", "10:42 не дозвонился"),
        ("10:55", "gzhi_spec", "10:43 дозвонился жителям, воды нет"),
    ]
    lines = played(tmp_path, notes)

    assert (done(lines), refused(lines)) == ([], [])


def test_the_wrong_role_makes_no_call_of_others(tmp_path: Path) -> None:
    """Who is no officer and not the caller is told so."""
    lines = played(tmp_path, [("10:50", "okrug_deputy", "1. 10:42 дозвонился")])

    assert done(lines) == []
    assert len(refused(lines)) == 1


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("10:42 дозвонился", [("10:42", "")]),
        ("2. 9.05 — дозвонилась, приняли", [("9:05", "2")]),
        ("№ 3) 10:42 министру дозвонился", [("10:42", "3")]),
        ("10:42 созвонились с главой", [("10:42", "с главой")]),
        ("10:42 Не дозвонился", []),
        ("недозвонился 10:42", []),
        ("в 10:42 дозвонился", []),
        ("25:42 дозвонился", []),
    ],
)
def test_a_line_is_read(text: str, found: list[tuple[str, str]]) -> None:
    """Number, clock and who, in the ways people write them."""
    said = [one for one in acts_in(text) if one.do == "call-done"]
    assert [(one.fields["at"], one.fields["item"]) for one in said] == found
