"""Staff at a real Redmine: a plan, an emergency, a suspicion and a day's tasks, by REST with their own keys.

What follows is what `mcur simulate` shows of the same acts with the embedded tracker.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from mcur.daemon import scenario
from mcur.daemon.simulate import timeline_of
from mcur.playbooks.permits import VOCABULARY
from tests.daemon.staff_days import BY_HAND, DAYS, MADE, WEEKLY, Day
from tests.servers.at_work import AtRedmine, Office, answers, open_office, people_of, scenario_of
from tests.servers.redmine import Golden, RedmineServer, Staff
from tests.servers.site import key_of

Line = dict[str, Any]
APPEAL = "task:odintsovo-1204:dobrodel:4711"


def test_the_days_hold_every_act_of_the_contract() -> None:
    """Each by who may, and most by who may not."""
    steps = [step for day in DAYS.values() for step in day.steps]

    assert {step.do for step in steps if not step.refused} == VOCABULARY
    assert {step.do for step in steps if step.refused} >= {
        "approve", "call-done", "close", "confirm", "fill-plan", "refuse", "release", "solve",
        "status", "tick",
    }  # fmt: skip


@pytest.mark.server
@pytest.mark.parametrize("profile", ["full", "bare"])
@pytest.mark.parametrize("name", DAYS)
def test_what_staff_do_in_redmine_is_what_the_simulation_shows(
    name: str, profile: Golden, redmine_server: RedmineServer, tmp_path: Path
) -> None:
    """Line by line but for the moment; and who may not is told so where he did it."""
    day = DAYS[name]
    simulated, table, people = _simulated(day, tmp_path)
    office = open_office(redmine_server, profile, people, day.steps)

    seen = _played(table, tmp_path / "redmine", office)

    assert _plain(seen, redmine_server.url) == _plain(simulated, redmine_server.url)
    assert list(_unanswered(office)) == []
    if name == "plan" and profile == "full":
        [draft] = {ident for step, ident in office.did if step.key == WEEKLY}
        waits = "На согласовании"
        assert _went_through(redmine_server, draft) == [
            "Утверждено", waits, "Утверждено", waits, "Возвращено", waits, "Утверждено",
        ]  # fmt: skip


@pytest.mark.server
@pytest.mark.parametrize("profile", ["full", "bare"])
def test_what_staff_make_by_hand_is_taken(
    profile: Golden, redmine_server: RedmineServer, tmp_path: Path
) -> None:
    """With key, clause and term, beside what it resembles, and joined to that; an emergency is declared."""
    day = Day("2026-11-18", MADE, BY_HAND)
    _, table, people = _simulated(day, tmp_path)
    office = open_office(redmine_server, profile, people, day.steps)

    lines = _played(table, tmp_path / "redmine", office)

    roof, threat = (ident for step, ident in office.did if step.makes)
    known = Staff(redmine_server, "robot").read(roof)
    assert key_of(known) == f"task:odintsovo-1204:issue:embedded:{roof}"
    assert known["due_date"] == "2026-11-21"
    told, gone = answers(redmine_server, roof)
    [appeal] = [x["data"]["number"] for x in lines if x["key"] == APPEAL and "number" in x["data"]]
    assert "по п. 2.1.6. Срок: 21.11.2026 09:12" in told
    assert f"Похоже на то, что уже в работе: № {appeal} «Кровля" in told
    assert f"Повторяет задачу № {appeal}" in gone
    assert known["status"]["name"] == "Отклонена"
    [joined] = answers(redmine_server, appeal)
    assert f"Сюда присоединена задача № {roof} «Кровля" in joined
    assert Staff(redmine_server, "robot").read(appeal)["due_date"] == "2026-11-21"
    if profile == "full":
        assert [x["key"] for x in lines if x["event"] == "incident.opened"] == [
            "incident:odintsovo-1204:declared:Одинцово, ул. Садовая, д. 5:2026-11-18"
        ]
        assert Staff(redmine_server, "robot").read(threat)["status"]["name"] == "Закрыта"


def _went_through(server: RedmineServer, ident: str) -> list[str]:
    """Name the statuses that an issue was given since it was made, whoever gave them."""
    names = {str(n): str(name) for n, name in server.sql("select id, name from issue_statuses")}
    journals = Staff(server, "robot").read(ident)["journals"]
    details = (detail for journal in journals for detail in journal["details"])
    return [names[one["new_value"]] for one in details if one["name"] == "status_id"]


def _simulated(day: Day, folder: Path) -> tuple[list[Line], dict[str, Any], list[dict[str, Any]]]:
    """Play a day with the embedded tracker; return its scenario and everybody with an account, too."""
    table = tomllib.loads(day.table)
    [playbook] = table["playbooks"]
    people = people_of(playbook)
    site = table.get("site", {})
    whole = scenario_of({**table, "site": {**site, "people": people}}, day.date, day.steps)
    lines = timeline_of(scenario.parse(whole, "day", folder), folder / "simulated", "day")
    outside = [
        {"login": one["login"], "name": "Северов Роман", "email": one["email"], "role": "executor"}
        for one in site.get("executors", ())
    ]
    return lines, whole, [*people, *outside]


def _played(table: dict[str, Any], folder: Path, office: Office) -> list[Line]:
    folder.mkdir()
    play = AtRedmine(scenario.parse(table, "day", folder), folder, office)
    zones = {p.id: p.calendar.zone for p in play.site.playbooks}
    lines: list[Line] = []
    play.listen(lambda event: lines.append(event.to_dict(zones[event.cite.playbook])))
    try:
        play.play()
    finally:
        play.close()
    return lines


def _plain(lines: Iterable[Line], url: str) -> list[str]:
    """Show a timeline without moments, idents of acts that some keys hold, and addresses of tasks."""
    shown = []
    for line in lines:
        key = re.sub(r":[0-9a-f]{16}$", "", line["key"])
        key = "" if line["event"] == "flag.raised" else key
        rest = {name: value for name, value in line.items() if name != "at"} | {"key": key}
        text = json.dumps(rest, ensure_ascii=False, sort_keys=True, default=str)
        shown.append(text.replace(f"{url}/issues/", "№ "))
    return sorted(shown)


def _unanswered(office: Office) -> Iterable[str]:
    """Name the steps of the wrong roles that nobody was told about."""
    for step, ident in office.did:
        told = answers(office.server, ident)
        if step.refused and not any(step.refused in note for note in told):
            yield f"{step.at} {step.by}: {step.do} on {ident}: {told}"
