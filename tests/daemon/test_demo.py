"""The demo: the week is played whole, tells itself, and leaves a site that every command works on."""

from __future__ import annotations

import json
import re
from collections import Counter
from contextlib import redirect_stdout
from email import message_from_bytes
from email.policy import default
from io import StringIO
from pathlib import Path

import pytest

from mcur.daemon.cli import main

REPORTS = ("Отчет 1 за", "Отчет 2 за", "Отчет о проделанной работе за")


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """Play the week once; return the site that it left and the lines that it told."""
    out = tmp_path_factory.mktemp("demo") / "demo-site"
    with redirect_stdout(StringIO()) as said:
        main(["demo", "--out", str(out)])
    return out, said.getvalue().splitlines()


def ask(site: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Run a command on the site and return what it printed."""
    capsys.readouterr()
    main(["-c", str(site / "mcur.toml"), *arguments])
    return capsys.readouterr().out


def told(lines: list[str], label: str) -> list[str]:
    """Return the lines of the story with a label."""
    return [line for line in lines if re.match(rf"\w\w \d\d\.11 \d\d:\d\d  {label}\b", line)]


def test_fifteen_reports_leave_and_none_is_late(week: tuple[Path, list[str]]) -> None:
    """Each of the five days has its three reports, ten minutes before their hours."""
    site, lines = week
    letters = [
        message_from_bytes(path.read_bytes(), policy=default)
        for path in (site / "mail" / "out").glob("*.eml")
    ]
    reports = [m for m in letters if str(m["Subject"]).startswith(REPORTS)]
    hours = Counter(re.findall(r"\d\d:\d\d", line)[0] for line in told(lines, "отчет"))

    assert len(reports) == 15
    assert all("опоздан" not in str(m.get_body(("plain",))) for m in reports)
    assert hours == {"09:50": 5, "16:50": 5, "17:50": 5}


def test_the_story_has_what_a_week_brings(week: tuple[Path, list[str]]) -> None:
    """A refusal climbs, a missed term becomes a plan, a server is silent, a person checks a report."""
    _, lines = week
    escalations = told(lines, "эскалация")

    assert [re.search(r"\(п\. (.+)\)$", line)[1] for line in escalations] == ["4.1.4", "2.1.2.3"]  # type: ignore[index]
    assert "(п. 4.3.1)" in told(lines, "план")[0]
    assert len(told(lines, "связь")) == 2
    assert len(told(lines, "программа")) == 2
    assert len(told(lines, "карантин")) == 1
    assert len(told(lines, "ответ")) == 2
    assert any("Отчет 1: проверен, Образцова О. О." in line for line in lines)


def test_the_story_is_short_and_speaks_of_people(week: tuple[Path, list[str]]) -> None:
    """It can be read in a few minutes; no role id, key or empty value shows."""
    _, lines = week
    story = [line for line in lines if re.match(r"\w\w \d\d\.11", line)]

    assert 80 <= len(story) <= 125
    assert max(map(len, story)) <= 190
    assert not [line for line in story if re.search(r"mcur_|_head|None|task:|\{|  \(п\. \)", line)]


def test_reports_say_that_redmine_was_silent_and_who_checked(week: tuple[Path, list[str]]) -> None:
    """Wednesday's first report left in the outage and says so; Thursday's was checked."""
    site, _ = week
    text = {}
    for path in (site / "mail" / "out").glob("*Отчет-1-за-1[78]*.eml"):
        message = message_from_bytes(path.read_bytes(), policy=default)
        body = message.get_body(("plain",))
        text[str(message["Subject"])[:16]] = body.get_content() if body else ""

    assert "Redmine не отвечает с 18.11.2026 08:15" in text["Отчет 1 за 17.11"]
    assert "Проверено: Образцова О. О." in text["Отчет 1 за 18.11"]


def test_the_site_that_is_left_answers(
    week: tuple[Path, list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    """Status, tasks, explain, report, quarantine, letters and journal work on it as on any site."""
    site, _ = week
    quarantine = json.loads(ask(site, capsys, "quarantine", "--json"))
    letters = json.loads(ask(site, capsys, "letters", "--json"))

    assert "МЦУР Одинцово (демонстрация)" in ask(site, capsys, "status")
    assert "odintsovo-1204" in ask(site, capsys, "tasks")
    assert "clause: 2.1.1: «Ответственный ставит задачу" in ask(site, capsys, "explain", "#1")
    assert "Новые (+" in ask(site, capsys, "report", "O-2", "--date", "2026-11-18")
    assert "the journal holds" in ask(site, capsys, "journal", "--verify")
    assert [row["kind"] for row in quarantine] == ["row"]
    assert [row["sender"].partition("@")[0] for row in letters] == ["zhitel", "zayavki"]


@pytest.mark.parametrize("name", ["README.md", "README.ru.md"])
def test_the_readme_shows_lines_that_the_demo_prints(
    week: tuple[Path, list[str]], name: str
) -> None:
    """What people are shown before they try it is what they get."""
    _, lines = week
    text = (Path(__file__).parents[2] / name).read_text("utf-8")
    shown = re.findall(r"^(?:Пн|Вт|Ср|Чт|Пт) .+$", text, re.MULTILINE)

    assert len(shown) >= 3
    assert [line for line in shown if line not in lines] == []


def test_an_older_demo_is_replaced(tmp_path: Path) -> None:
    """A second run into the same folder starts from nothing; days can be fewer."""
    out = tmp_path / "demo-site"
    main(["demo", "--out", str(out), "--days", "1"])
    first = {path.name for path in (out / "mail" / "out").iterdir()}
    main(["demo", "--out", str(out), "--days", "1"])

    assert {path.name for path in (out / "mail" / "out").iterdir()} == first
    assert len([name for name in first if "Отчет" in name]) == 3


def test_a_folder_that_no_demo_made_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Somebody's files are not deleted; the sentence names the folder."""
    (tmp_path / "letters.txt").write_text("mine", "utf-8")

    with pytest.raises(SystemExit) as caught:
        main(["demo", "--out", str(tmp_path)])

    assert caught.value.code == 2
    assert "holds something that no demo made" in capsys.readouterr().err
    assert (tmp_path / "letters.txt").read_text("utf-8") == "mine"
