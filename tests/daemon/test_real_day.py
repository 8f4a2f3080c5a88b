"""A day at real servers: an export and letters in, tasks in Redmine, reports in the mailboxes.

One morning is played for each Redmine, ``full`` far ahead of the machine's clock and ``bare`` far
behind it; the tests look at what it left, and the last of them go on to the evening.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from docx import Document
from openpyxl import load_workbook  # type: ignore[import-untyped]

from mcur.connectors.mail.mime import parse
from mcur.connectors.ports import RawLetter
from mcur.playbooks.facts import LetterPlace
from tests.servers.letters import Blobs
from tests.servers.redmine import Golden, Staff
from tests.servers.site import (
    MOSCOW,
    PLAYBOOK,
    RealSite,
    Row,
    Servers,
    a_letter,
    ecur_workbook,
    issues,
    key_of,
    mailbox,
    parsed,
    real_site,
    rows_of_a_day,
    sent_letters,
    writes,
)

pytestmark = pytest.mark.server

ASSIGNMENT = (
    "Добрый день!\n\nАдрес: Одинцово, ул. Маршала Жукова, д. 10\n"
    "Проблема: нет освещения во дворе\nСрок: {term:%d.%m.%Y} 18:00\n"
)


@dataclass(frozen=True)
class Morning:
    """A site after ``once --at …T09:50``."""

    site: RealSite
    profile: Golden
    day: datetime
    rows: list[Row]
    issues: dict[str, dict[str, Any]]
    """By key."""

    @property
    def servers(self) -> Servers:
        """The servers of the site."""
        return self.site.servers

    def once(self, clock: str) -> str:
        """Run a cycle of this day."""
        return self.site.mcur("once", "--at", f"{self.day:%Y-%m-%d}T{clock}")

    def number(self, row: Row) -> str:
        """Return the number of a row's issue."""
        return str(self.issues[row.key]["id"])


@pytest.fixture(scope="module", params=["full", "bare"])
def morning(
    request: pytest.FixtureRequest, servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Morning]:
    """Play a morning: 300 appeals of yesterday and three letters of today."""
    profile: Golden = request.param
    day = datetime(2027 if profile == "full" else 2024, 2, 17, tzinfo=MOSCOW)
    rows = rows_of_a_day(day - timedelta(days=1))
    folder = tmp_path_factory.mktemp("site")
    with real_site(folder, servers, profile, live_from=day - timedelta(days=2)) as site:
        site.drop("ecur.xlsx", ecur_workbook(rows))
        term = day + timedelta(days=2)
        letters = [
            a_letter("duty@cur.mosreg.ru", "Задание", ASSIGNMENT.format(term=term), "one"),
            a_letter("duty@cur.mosreg.ru", "Задание", "Просим проверить вывоз мусора.", "two"),
            a_letter("somebody@elsewhere.example", "Насосы", "Купите насосы.", "three"),
        ]
        servers.dovecot.inject_many("robot", letters)
        site.mcur("once", "--at", f"{day:%Y-%m-%d}T09:50")
        made = {str(key_of(issue)): issue for issue in issues(servers.redmine)}
        yield Morning(site, profile, day, rows, made)


def test_each_appeal_stands_in_redmine_once_with_all_that_was_said(morning: Morning) -> None:
    """Key, executor, term, clause, address and number of each of the 300 are right."""
    made = morning.issues

    wrong = [complaint for row in morning.rows for complaint in _faults(morning, row)]

    assert wrong == []
    others = set(made) - {row.key for row in morning.rows}
    assert len([key for key in others if ":letter:" in key]) == 2
    assert others - {key for key in others if ":letter:" in key} == {
        f"task:{PLAYBOOK}:day:mcur_resp:{morning.day:%Y-%m-%d}"
    }
    assert len(issues(morning.servers.redmine)) == 303


def test_a_letter_of_the_centre_becomes_an_assignment_of_the_officer(morning: Morning) -> None:
    """Address, problem and term are taken from the text; without them the letter is taken whole."""
    assignments = [issue for key, issue in morning.issues.items() if ":letter:" in key]

    with_address, without = sorted(assignments, key=lambda issue: not issue.get("due_date"))

    assert with_address["due_date"] == f"{morning.day + timedelta(days=2):%Y-%m-%d}"
    assert "нет освещения во дворе — Одинцово, ул. Маршала Жукова, д. 10" in with_address["subject"]
    assert "Просим проверить вывоз мусора" in without["subject"]
    assert "адрес не указан" in without["subject"]
    assert {issue["assigned_to"]["name"] for issue in assignments} == {"Иван Иванов"}
    files = Staff(morning.servers.redmine).read(str(without["id"]))["attachments"]
    assert [file["filename"] for file in files] == ["letter.eml"]


def test_an_unknown_sender_makes_no_task_and_waits_for_a_person(morning: Morning) -> None:
    """The third letter stands in the review queue with its reason."""
    waiting = morning.site.json("letters")

    assert [one["sender"] for one in waiting] == ["somebody@elsewhere.example"]
    assert not any("насос" in issue["subject"].lower() for issue in morning.issues.values())


def test_stamps_of_the_servers_come_out_in_the_time_of_the_cycle(morning: Morning) -> None:
    """Redmine and the mail server live in the machine's time; the daemon translates theirs."""
    explained = morning.site.mcur("explain", f"#{morning.number(morning.rows[0])}")
    (letter,) = morning.site.json("letters")

    assert f"created_at: {morning.day:%Y-%m-%d} 09:5" in explained
    before = morning.day.replace(hour=9, minute=50) - datetime.fromisoformat(letter["received_at"])
    assert timedelta(0) <= before < timedelta(minutes=2)


def test_staff_read_the_task_in_the_browser(morning: Morning) -> None:
    """The page of an issue shows what the citizen wrote, the executor, the term, the clause."""
    staff = Staff(morning.servers.redmine)

    for row in (morning.rows[0], morning.rows[5], morning.rows[7]):
        page = staff.description(morning.number(row))
        assert row.address in page
        assert row.number in page
        assert f"{row.topic.lower()} который день" in page
        assert f"{row.due:%d.%m.%Y %H:%M}" in page
        assert "Основание: п. 2.1.1" in page
        assert (row.executor or row.said_executor or "исполнитель не указан") in page


def test_report_1_lies_in_the_heads_mailbox(morning: Morning) -> None:
    """HTML, plain text and a DOCX count 300 rows by topic and house; a workbook names each."""
    letters = [parsed(raw) for raw in mailbox(morning.servers.dovecot, "head")]
    report = next(one for one in letters if str(one["Subject"]).startswith("Отчет 1"))

    text, html = _body(report, "plain"), _body(report, "html")
    paper, workbook = report.iter_attachments()
    table = max(_docx(paper).tables, key=lambda t: len(t.rows))
    listed = {str(cell.value) for line in _sheet(workbook) for cell in line}

    assert report["Subject"] == (
        f"Отчет 1 за {morning.day - timedelta(days=1):%d.%m}: новых 300, повторных 0, "
        "отложенных 0, просроченных 0"
    )
    sent = parsedate_to_datetime(str(report["Date"]))
    assert f"{sent:%Y-%m-%dT%H:%M%z}" == f"{morning.day:%Y-%m-%d}T09:50+0300"
    for topic in {row.topic for row in morning.rows}:
        assert topic in text
        assert topic in html
    assert "ответственным не проверено" in text
    assert paper.get_filename() == f"Отчет 1 за {morning.day - timedelta(days=1):%d.%m.%Y}.docx"
    assert workbook.get_filename() == f"{str(paper.get_filename())[:-5]}.xlsx"
    assert 40 <= len(table.rows) < 60
    assert all(any(row.number in cell for cell in listed) for row in morning.rows)


def test_our_own_parser_reads_what_we_sent(morning: Morning) -> None:
    """A report that comes back (forwarded, answered) reads like any letter."""
    raw = mailbox(morning.servers.dovecot, "head")[0]
    place = LetterPlace(account="head", folder="INBOX", uidvalidity=1, uid="1")

    letter = parse(
        RawLetter(place=place, received_at=morning.day, size=len(raw), raw=raw),
        Blobs(),
        trusted_authserv=None,
    )

    assert letter.auto
    assert letter.flaws == ()
    assert letter.subject.startswith("Отчет 1 за")
    assert "Новых 300" in letter.text
    assert [file.name.rpartition(".")[2] for file in letter.attachments] == ["docx", "xlsx"]


@pytest.mark.parametrize(("user", "executor"), [("garant", "УК «Гарант»"), ("uyut", "УК «Уют»")])
def test_each_executor_gets_one_letter_with_all_his_tasks(
    morning: Morning, user: str, executor: str
) -> None:
    """The table names number, address, problem and term of each, and the number in Redmine."""
    own = [row for row in morning.rows if row.executor == executor]

    (letter,) = [parsed(raw) for raw in mailbox(morning.servers.dovecot, user)]

    text = _body(letter, "plain")
    assert f"{len(own)} новых задач" in str(letter["Subject"]) or len(own) % 10 in {1, 2, 3, 4}
    for row in own:
        assert f"Задача: № {morning.number(row)}\nОбращение: {row.number}\n" in text
    assert text.count("Обращение: ") == len(own)


def test_a_second_cycle_at_the_same_stamp_does_nothing(morning: Morning) -> None:
    """No request that writes, no letter, and hardly a request that reads."""
    server, before = morning.servers.redmine, sent_letters(morning.servers.dovecot)
    server.forget_requests()

    morning.once("09:50")

    assert writes(server) == []
    assert len(server.requests()) < 40
    assert sent_letters(morning.servers.dovecot) == before
    assert set(before.values()) == {1}


def test_what_people_did_comes_back_and_stands_in_report_2(morning: Morning) -> None:
    """What was done is named; an untouched task is counted, whatever note stands on it."""
    solved, worked, noted = morning.rows[0], morning.rows[1], morning.rows[2]
    _work(morning, solved, worked, noted)

    morning.once("16:50")

    tasks = {one["key"]: one for one in morning.site.json("tasks", "--all")}
    assert [tasks[row.key]["status"] for row in (solved, worked, noted)] == [
        "closed", "in_work", "new",
    ]  # fmt: skip
    text = _report_2(morning)
    said = _entry(text, morning.number(solved))
    assert all(words in said for words in ("порыв теплотрассы", "Запущен насос", "решена"))
    said = _entry(text, morning.number(worked))
    assert "Бригада на месте" in said
    assert said.endswith("в работе")
    assert "302 проблемных вопроса" in text  # 300 of the export and two assignments
    assert "В работе без новых сведений за день: 300 задач" in text
    assert _entry(text, morning.number(noted)) == ""
    assert "не отвечает на звонки" not in text


def test_the_evening_is_over_once_it_was_served(morning: Morning) -> None:
    """A second cycle at the hour of Отчет 2 does nothing either."""
    morning.once("16:50")
    before = sent_letters(morning.servers.dovecot)
    morning.servers.redmine.forget_requests()

    morning.once("16:50")

    assert writes(morning.servers.redmine) == []
    assert sent_letters(morning.servers.dovecot) == before
    assert set(before.values()) == {1}


# --- how the tests look -------------------------------------------------------------------------


def _faults(morning: Morning, row: Row) -> Iterator[str]:
    """Name what is wrong with the issue of a row."""
    issue = morning.issues.get(row.key)
    if issue is None:
        yield f"{row.key}: no issue"
        return
    fields = {f["name"]: f.get("value") for f in issue.get("custom_fields", ())}
    text = issue["description"].replace("\r\n", "\n")
    executor = row.executor or row.said_executor or "исполнитель не указан"
    wanted = {
        "due date": (issue["due_date"], f"{row.due:%Y-%m-%d}"),
        "assignee": (issue["assigned_to"]["name"], "Иван Иванов"),
        "start": (issue["start_date"], min(f"{morning.day:%Y-%m-%d}", f"{row.due:%Y-%m-%d}")),
        "executor": (f"*Исполнитель:* {executor}" in text, True),
        "number": (f"*Номер обращения:* {row.number} (" in text, True),
        "address": (f"*Адрес:* {row.address}" in text, True),
        "received": (f"*Поступило:* {row.received:%d.%m.%Y %H:%M}" in text, True),
        "clause": ("Основание: п. 2.1.1 " in text, True),
    }
    if morning.profile == "full":
        hour = row.due.astimezone(ZoneInfo("Europe/Moscow"))
        wanted |= {
            "field address": (fields["Адрес"], row.address),
            "field number": (fields["Номер обращения"], row.number),
            "field clause": (fields["Пункт регламента"], "2.1.1"),
            "field source": (fields["Источник"], row.source),
            "field term": (
                fields["Срок (дата и время)"],
                hour.strftime("%d.%m.%Y %H:%M:%S" if hour.second else "%d.%m.%Y %H:%M"),
            ),
            "tracker": (issue["tracker"]["name"], "Задача исполнителю"),
        }
    yield from (
        f"{row.key}: {name} {is_} is not {shall}"
        for name, (is_, shall) in wanted.items()
        if is_ != shall
    )


def _work(morning: Morning, solved: Row, worked: Row, noted: Row) -> None:
    """Do what an officer does in Redmine."""
    server = morning.servers.redmine
    staff = Staff(server, "ivanov")
    status = {
        str(name): number for number, name in server.sql("select id, name from issue_statuses")
    }
    staff.change(morning.number(solved), notes="Меры: Запущен насос\nПричина: порыв теплотрассы")
    staff.change(morning.number(solved), status_id=status["Закрыта"])
    if morning.profile == "full":
        ((field,),) = server.sql("select id from custom_fields where name = 'Меры'")
        staff.change(
            morning.number(worked),
            status_id=status["В работе"],
            custom_fields=[{"id": field, "value": "Бригада на месте"}],
        )
    else:
        staff.change(
            morning.number(worked), status_id=status["В работе"], notes="Меры: Бригада на месте"
        )
    staff.change(morning.number(noted), notes="Житель не отвечает на звонки")


def _body(letter: EmailMessage, kind: str) -> str:
    part = letter.get_body((kind,))
    assert part is not None
    text = part.get_content()
    assert isinstance(text, str)
    return text.replace("\r\n", "\n")


def _sheet(part: EmailMessage) -> Any:
    """Read the workbook of a letter."""
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    return load_workbook(io.BytesIO(content)).active


def _docx(part: Any) -> Any:
    return Document(io.BytesIO(part.get_content()))


def _report_2(morning: Morning) -> str:
    letters = [parsed(raw) for raw in mailbox(morning.servers.dovecot, "head")]
    (report,) = [one for one in letters if str(one["Subject"]).startswith("Отчет 2")]
    assert "решено 1, не решено 0, в работе 301" in str(report["Subject"])
    return _body(report, "plain")


def _entry(text: str, number: str) -> str:
    """Return what a report says of one task."""
    entries = text.split("\n\n")
    return next((entry for entry in entries if f"задача № {number}\n" in entry), "")
