"""Decisions by reply, as somebody writes them who must not decide: the own server's word counts."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from mcur.playbooks.facts import TaskStatus
from tests.fakes import MORNING, Stand, an_appeal

TASK = "task:odintsovo-1204:dobrodel:1"
PEOPLE = [
    {"role": "mcur_resp", "name": "Иванов И. И.", "email": "ivanov@firm.test"},
    {"role": "mcur_head", "name": "Петров П. П.", "email": "petrov@firm.test"},
    {"role": "deputy_head", "name": "Зам З. З.", "email": "deputy@firm.test"},
    {"role": "okrug_head", "name": "Глава Г. Г.", "email": "head@firm.test"},
]
MAIL = {"address": "mcur@firm.test", "authserv": "mx.firm.test"}
FROM = "From: Иванов <ivanov@firm.test>"
PASS = "Authentication-Results: mx.firm.test; dmarc=pass header.from=firm.test"
FAIL = "Authentication-Results: mx.firm.test; dmarc=fail header.from=firm.test"


@pytest.fixture
def stand(tmp_path: Path) -> Iterator[Stand]:
    """A site with a task; its mail server signs what it found out about senders."""
    made = Stand(tmp_path, people=PEOPLE, mail=MAIL)
    made.cycle()
    made.take(an_appeal(1))
    made.cycle(MORNING + timedelta(minutes=1))
    yield made
    made.close()


def after(stand: Stand, *headers: str, text: str = "Закрыть", token: str = "") -> TaskStatus:
    """Post an answer to the task with these headers; return the status of the task then."""
    answered = token or stand.site.dispatcher.message_id(TASK)
    head = "\n".join([*headers, f"In-Reply-To: {answered}", "To: mcur@firm.test", "Subject: Re: x"])
    kind = "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8"
    path = stand.folder / "mail" / "in" / "new" / "answer"
    path.write_bytes(f"{head}\nMessage-ID: <1@firm.test>\n{kind}\n\n{text}\n".encode())
    moment = (MORNING + timedelta(minutes=2)).timestamp()
    os.utime(path, (moment, moment))
    stand.cycle(MORNING + timedelta(minutes=3))
    task = stand.state.tasks.get(TASK)
    assert task is not None
    return task.status


def test_a_proven_officer_closes_his_task(stand: Stand) -> None:
    """And hears that it was done, in answer to his letter."""
    assert after(stand, PASS, FROM) is TaskStatus.CLOSED
    [echo] = [e for e in stand.told("mail.sent") if ":echo:" in e.key]

    assert (echo.to, echo.subject) == (("mcur_resp",), "Re: x")
    assert echo.data["text"].startswith("Принято и выполнено: закрытие (№ 1, ")
    assert "In-Reply-To: <1@firm.test>" in stand.letters()[-1].read_text("utf-8")


FORGED = {
    "the server says nothing": (FROM,),
    "the server denies him": (FAIL, FROM),
    "another server speaks for him": (PASS.replace("mx.firm", "mx.evil"), FROM),
    "a forged word stands below the server's": (FAIL, PASS, FROM),
    "what was proved is another domain": (
        "Authentication-Results: mx.firm.test; spf=pass smtp.mailfrom=evil.test", FROM,
    ),
    "a comment says pass": (
        "Authentication-Results: mx.firm.test; dmarc=fail (dmarc=pass) header.from=firm.test", FROM,
    ),
    "two people write": (PASS, "From: ivanov@firm.test, x@evil.test"),
    "two headers say who": (PASS, "From: x@evil.test", FROM),
    "his address is only his name": (
        PASS.replace("firm.test;", "firm.test;").replace("from=firm", "from=evil"),
        'From: "ivanov@firm.test" <x@evil.test>',
    ),
    "his address stands before another": (
        PASS.replace("from=firm", "from=evil"), "From: ivanov@firm.test <x@evil.test>",
    ),
    "another address of the house": (PASS, "From: sidorov@firm.test"),
    "one letter of the address is another": (PASS, "From: ivаnov@firm.test"),
    "he sends for somebody": (FAIL, FROM, "Sender: ivanov@firm.test", PASS),
}  # fmt: skip


@pytest.mark.parametrize("headers", FORGED.values(), ids=FORGED.keys())
def test_a_forged_sender_decides_nothing(stand: Stand, headers: tuple[str, ...]) -> None:
    """The letter waits for a person, and nobody gets an answer."""
    assert after(stand, *headers) is not TaskStatus.CLOSED

    assert [e.key for e in stand.told("mail.sent") if ":echo:" in e.key] == []
    assert len(stand.told("flag.raised")) == 1


WORDS = {
    "quoted": "Посмотрю\n\n18.11.2026, 10:00, Петров <petrov@firm.test>:\n> Закрыть",
    "below an Outlook line": "Посмотрю\n________________________________\nОт: Петров\n"
    "Отправлено: 18 ноября 2026 г.\nКому: Иванов\nТема: x\n\nЗакрыть",
    "forwarded": "---------- Пересылаемое сообщение ----------\nОт: Петров\nДата: сегодня\n\nЗакрыть",
    "with a condition": "Закрыть после проверки",
    "asked": "Закрыть?\nИли подождать",
    "in the signature": "Посмотрю\n--\nЗакрыть",
    "hidden by blanks": "З а к р ы т ь",
}


@pytest.mark.parametrize("text", WORDS.values(), ids=WORDS.keys())
def test_words_that_decide_nothing(stand: Stand, text: str) -> None:
    """Only his own word, alone in its line, is a decision."""
    assert after(stand, PASS, FROM, text=text) is not TaskStatus.CLOSED


AUTOMATIC = (
    "Auto-Submitted: auto-replied",
    "X-Autoreply: yes",
    "Return-Path: <>",
    "Precedence: bulk",
)


@pytest.mark.parametrize("header", AUTOMATIC)
def test_a_machine_decides_nothing(stand: Stand, header: str) -> None:
    """Whoever it answers for."""
    assert after(stand, PASS, header, FROM) is not TaskStatus.CLOSED
    assert stand.told("flag.raised") == []


@pytest.mark.parametrize(
    "token", ["<mcur.0123456789abcdef@firm.test>", "<mcur.@firm.test>", "<x@firm.test>"]
)
def test_a_token_that_is_none_leads_nowhere(stand: Stand, token: str) -> None:
    """He is asked by a person what he meant."""
    assert after(stand, PASS, FROM, token=token) is not TaskStatus.CLOSED
    [flag] = stand.told("flag.raised")

    assert "это не ответ на наше письмо" in flag.data["text"]


def test_who_may_not_is_told_so(stand: Stand) -> None:
    """A proven address is not yet the right."""
    assert after(stand, PASS, "From: petrov@firm.test") is not TaskStatus.CLOSED
    [echo] = [e for e in stand.told("mail.sent") if ":echo:" in e.key]

    assert echo.to == ("mcur_head",)
    assert "Не выполнено: закрытие" in echo.data["text"]
    assert "только ответственный сотрудник" in echo.data["text"]


def test_a_letter_of_ours_that_comes_back_is_known(stand: Stand) -> None:
    """A loop ends here."""
    ours = stand.site.dispatcher.message_id(TASK)
    path = stand.folder / "mail" / "in" / "new" / "loop"
    path.write_bytes(f"{PASS}\n{FROM}\nMessage-ID: {ours}\n\nЗакрыть\n".encode())
    stand.cycle(MORNING + timedelta(minutes=3))
    [row] = stand.state.letters.listing(None)

    assert (row["what"], row["state"]) == ("own", "noted")
