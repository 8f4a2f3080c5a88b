"""Scenario files that cannot be played are refused with a sentence; small liberties are taken."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from mcur.daemon import scenario
from tests.connectors.feeds.making import xlsx
from tests.daemon.playing import Player

HEAD = """
playbooks = ["odintsovo-1204"]
start = 2026-11-18T08:00:00+03:00
until = 2026-11-18T08:30:00+03:00
"""
ROW = """
[[appeal]]
source = "dobrodel"
received_at = 2026-11-18T08:10:00+03:00
"""
WRONG = {
    "an unknown playbook": (
        HEAD.replace("odintsovo-1204", "odintsovo-1205"),
        ["odintsovo-1205", "odintsovo-1204"],
    ),
    "an unknown key at the top": (HEAD + "pol = '5m'", ["pol", "unknown key"]),
    "an unknown key of a table": (
        HEAD + "[[down]]\nfrom = 2026-11-18T08:00:00+03:00\nuntil = 2026-11-18T08:10:00+03:00",
        ["down[0].until", "down[0].to"],
    ),
    "an unknown act": (
        HEAD + '[[act]]\nat = 2026-11-18T08:10:00+03:00\nby = "mcur_head"\ndo = "clos"',
        ["act[0].do", '"clos" is not an act', "close"],
    ),
    "an act of a role that there is not": (
        HEAD
        + '[[act]]\nat = 2026-11-18T08:10:00+03:00\nby = "mcur_heed"\ndo = "note"\nkey = "task:*"',
        ["day.toml: act[0].by", '"mcur_heed" is not a role', "mcur_head", "executor"],
    ),
    "an incident about nothing": (
        HEAD + '[[act]]\nat = 2026-11-18T08:10:00+03:00\nby = "mcur_head"\ndo = "declare"\n'
        'mode = "emergency"',
        ["day.toml: act[0]", "declare needs object"],
    ),
    "an absence without an end": (
        HEAD + '[[act]]\nat = 2026-11-18T08:10:00+03:00\nby = "mcur_head"\ndo = "absent"\n'
        'person = "mcur_resp"',
        ["day.toml: act[0]", "absent needs until"],
    ),
    "an unknown field of an appeal": (ROW.join([HEAD, 'adress = "x"']), ["appeal[0]", "adress"]),
    "an appeal without its stamp": (
        HEAD + '[[appeal]]\nsource = "mp"\nnumber = "1"',
        ["appeal[0].received_at", "is missing"],
    ),
    "a stamp that is none": (
        HEAD + '[[appeal]]\nsource = "mp"\nreceived_at = "завтра"',
        ["appeal[0].received_at", "завтра"],
    ),
    "an unknown system": (
        HEAD + '[[outage]]\nsystem = "fax"\nfrom = 2026-11-18T08:00:00+03:00\n'
        "to = 2026-11-18T09:00:00+03:00",
        ["outage[0].system", "redmine"],
    ),
    "an outage that ends before it begins": (
        HEAD + '[[outage]]\nsystem = "feed"\nfrom = 2026-11-18T09:00:00+03:00\n'
        "to = 2026-11-18T08:00:00+03:00",
        ["is after"],
    ),
    "an end before the start": (HEAD.replace("T08:30", "T07:30"), ["is before start"]),
    "polls that stand still": (HEAD + 'poll = "0m"', ["poll"]),
    "a poll that is no duration": (HEAD + 'poll = "often"', ["poll", "5m"]),
    "an export with two contents": (
        HEAD + '[[feed]]\nat = 2026-11-18T08:00:00+03:00\nsource = "x"\nempty = true\nrows = []',
        ["feed[0]", "exactly one of"],
    ),
    "a file that is not there": (
        HEAD + '[[feed]]\nat = 2026-11-18T08:00:00+03:00\nsource = "x"\nfile = "no.csv"',
        ["no.csv", "no such file"],
    ),
    "an unknown key of the site": (HEAD + '[site]\nfeds = "x"', ["feds"]),
    "an unknown role of the site": (
        HEAD + '[[site.people]]\nrole = "mayor"\nname = "А"\nemail = "a@b.ru"',
        ["mayor"],
    ),
    "a value of the regulation that is none": (
        HEAD + '[set]\n"odintsovo-1204.report.O-2.send_at" = "25:00"',
        ["report.O-2.send_at"],
    ),
    "a path that leads nowhere": (
        HEAD + '[set]\n"odintsovo-1204.report.O-22.send_at" = "09:00"',
        ["day.toml: set: ", "O-22"],
    ),
    "a value of another regulation": (
        HEAD + '[set]\n"ruza-679.surge.T1.op" = "gt"',
        ["day.toml: set: ", "ruza-679"],
    ),
    "no TOML": ("playbooks = [", ["day.toml"]),
}


@pytest.mark.parametrize(("text", "words"), WRONG.values(), ids=WRONG.keys())
def test_a_scenario_that_cannot_be_played_is_refused(
    text: str, words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit status 2 and a sentence that names the place; no traceback, no timeline."""
    played = Player(tmp_path, capsys).text(text)

    assert played.status == 2, played.said
    assert all(word in played.said for word in words), played.said
    assert "Traceback" not in played.said
    assert played.lines == []


def test_all_faults_are_said_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Who mends a file wants the whole list."""
    acts = '[[act]]\ndo = "x"\n[[act]]\nat = 2026-11-18T08:10:00+03:00\nby = "x"\ndo = "absent"'
    values = '[set]\n"odintsovo-1204.report.O-22.send_at" = "09:00"'
    played = Player(tmp_path, capsys).text(HEAD, 'pol = "5m"', acts, values)

    named = ("pol:", "act[0].do", "act[0].at", "act[0].by", "act[1].by", "set:")
    assert all(f"day.toml: {word}" in played.said for word in named), played.said


def test_people_of_the_scenario_and_executors_by_name_may_act() -> None:
    """A role of the contract that a regulation lacks is no fault of the file: what it does is flagged."""
    site = {"people": [{"role": "cur_officer@ЖКХ", "name": "А", "email": "a@b.ru"}]}
    wanted = ["cur_officer@ЖКХ", "executor:УК Дом", "mcur_resp@ЖКХ", "gzhi_spec"]
    acts = [{"at": "2026-11-18T08:07:00+03:00", "by": by, "do": "note"} for by in wanted]

    assert [act.by for act in _play(site=site, act=acts).act] == wanted


def test_a_stamp_without_an_offset_is_in_the_zone_of_the_regulation() -> None:
    """As on the command line."""
    play = scenario.parse(
        {"playbooks": ["x"], "start": "2026-11-18 08:00", "until": "2026-11-18T09:00:00+03:00"},
        "day.toml",
        Path(),
    )

    assert play.start.utcoffset() == timedelta(hours=3)


def test_rows_made_by_rule_get_numbers_of_their_own() -> None:
    """A number without ``{n}`` would make one appeal of many."""
    table = {
        "source": "mp",
        "count": 2,
        "first": "2026-11-18T08:00:00+03:00",
        "every": "51m",
        "address": "ул. Мира, д. {n}",
        "due_after": "8d",
    }
    play = _play(appeals=[table, {**table, "number": "R"}])

    rows = play.rows()

    assert [row["number"] for row in rows] == ["G1-1", "G1-2", "R-1", "R-2"]
    assert rows[1]["address"] == "ул. Мира, д. 2"
    assert rows[1]["received_at"] - rows[0]["received_at"] == timedelta(minutes=51)
    assert rows[0]["due_at"] - rows[0]["received_at"] == timedelta(days=8)


def test_the_moments_of_a_scenario_are_those_that_its_tables_name() -> None:
    """Rows of appeals are seen by polls; what lies outside of the scenario is no moment of it."""
    play = _play(
        letter=[{"at": "2026-11-18T08:07:00+03:00"}, {"at": "2026-11-19T08:00:00+03:00"}],
        down=[{"from": "2026-11-18T08:10:00+03:00", "to": "2026-11-18T08:10:00+03:00"}],
        outage=[
            {
                "system": "feed",
                "from": "2026-11-18T08:20:00+03:00",
                "to": "2026-11-18T08:25:00+03:00",
            }
        ],
        appeal=[{"source": "mp", "received_at": "2026-11-18T08:11:00+03:00"}],
    )

    assert sorted(f"{m:%H:%M}" for m in play.moments()) == ["08:07", "08:10", "08:20", "08:25"]
    assert not play.is_down(datetime.fromisoformat("2026-11-18T08:10:00+03:00"))


def test_a_workbook_is_an_export_like_any_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """S28 by XLSX: dates as Excel keeps them, executors of the file are in the directory."""
    _workbook(tmp_path / "export.xlsx")
    played = Player(tmp_path, capsys).text(
        'playbooks = ["odintsovo-1204"]',
        "start = 2026-11-17T00:00:00+03:00",
        "until = 2026-11-18T10:00:00+03:00",
        'poll = "1h"',
        "[[feed]]",
        "at = 2026-11-17T18:00:00+03:00",
        'source = "dobrodel"',
        'file = "export.xlsx"',
    )

    report = played.one("mail.sent", at="2026-11-18T09:50:00+03:00")
    tasks = played.of("task.created", rule="appeals")

    assert report["subject"].startswith(
        "Отчет 1 за 17.11: новых 4, повторных 1, отложенных 1, просроченных 0"
    )
    assert {task["data"]["assignee"] for task in tasks} == {"executor:УК «Дом»"}


def test_an_expectation_that_is_not_met_is_shown_with_what_was_got(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit status 1, expected and got; the timeline is written all the same."""
    played = Player(tmp_path, capsys).text(
        HEAD, ROW, '[[expect]]\nevent = "task.created"\ncount = 2\nnote = "две задачи"'
    )

    assert played.status == 1
    assert "две задачи): 2, got 1" in played.said
    assert "task:odintsovo-1204:dobrodel:A-1" in played.said
    assert len(played.of("task.created")) == 1


def test_without_expectations_and_file_the_events_are_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """To look at a day one only names it."""
    path = tmp_path / "day.toml"
    path.write_text(HEAD + ROW, "utf-8")
    from mcur.daemon.cli import main

    main(["simulate", str(path)])
    out, _ = capsys.readouterr()

    assert '"event": "task.created"' in out


def test_the_site_of_a_scenario_can_be_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """``--out`` names a new folder; one with something in it is left alone."""
    path, out = tmp_path / "day.toml", tmp_path / "site"
    path.write_text(HEAD + ROW, "utf-8")
    from mcur.daemon.cli import main

    main(["simulate", str(path), "--out", str(out)])
    with pytest.raises(SystemExit) as again:
        main(["simulate", str(path), "--out", str(out)])

    assert (out / "state" / "mcur.db").exists()
    assert again.value.code == 2
    assert "not empty" in capsys.readouterr().err


def _play(**tables: object) -> scenario.Scenario:
    """Make a scenario of half an hour."""
    span = {"start": "2026-11-18T08:00:00+03:00", "until": "2026-11-18T08:30:00+03:00"}
    return scenario.parse({"playbooks": ["odintsovo-1204"], **span, **tables}, "day.toml", Path())


def _workbook(path: Path) -> None:
    rows: list[list[str | float]] = [
        ["Номер обращения", "Дата поступления", "Адрес", "Тема", "Статус", "Повтор", "Исполнитель"],
        ["1", 46343.40, "Одинцово, ул. Мира, 1", "Снег", "Новая", "", "УК «Дом»"],
        ["2", 46343.45, "Одинцово, ул. Мира, 2", "Снег", "Новая", "", "УК «Дом»"],
        ["3", 46343.50, "Одинцово, ул. Мира, 3", "Снег", "Новая", "да", "УК «Дом»"],
        ["4", "17.11.2026 10:00", "Одинцово, ул. Мира, 4", "Снег", "Отложена", "", "УК «Дом»"],
        ["5", 46343.55, "Одинцово, ул. Мира, 4", "Снег", "Отклонено", "", "УК «Дом»"],
    ]
    path.write_bytes(xlsx(rows))
