"""What a letter is: the first row that matches, and the words of decisions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mcur.playbooks.facts import Bounce
from mcur.playbooks.intents import CreateTask, RaiseFlag, SortLetter
from mcur.playbooks.rules import letters
from mcur.playbooks.rules.assignments import FromLetters
from mcur.playbooks.sorting import Row, Sight, conditions, first_match, ungreeted, word_of
from tests.playbooks.facts import Known, at, case, letter, rule

RULE: FromLetters = rule("intake", "letters")
PLAIN = letter("Адрес: Одинцово, ул. Жукова, 10")


def said(text: str) -> tuple[str, str] | None:
    """Return the decision that a text begins with, and its reason."""
    word = word_of(RULE.decisions, RULE.greetings, RULE.closings, text)
    return (word.said, word.text) if word else None


def what(**given: Any) -> str:
    """Say what a letter is."""
    values = {"letter": PLAIN, **given}
    if "text" in values:
        text = values["text"]
        values["word"] = word_of(RULE.decisions, RULE.greetings, RULE.closings, text)
    row = first_match(RULE.table, Sight(**values))
    assert row is not None
    return row.what


DECIDED = {
    "alone": ("Утверждаю", "Утверждаю", ""),
    "with a full stop": ("Утверждаю.", "Утверждаю", ""),
    "in small letters": ("утверждаю!", "утверждаю", ""),
    "after a greeting": ("Добрый день!\nУтверждаю", "Утверждаю", ""),
    "after a greeting in its line": ("Уважаемый Иван Иванович! Утверждаю", "Утверждаю", ""),
    "after a greeting with a comma": ("Коллеги, согласовано.", "согласовано", ""),
    "with a reason": ("На доработку: нет сроков", "На доработку", "нет сроков"),
    "with a long reason": ("На доработку:\nнет сроков\nи лиц", "На доработку", "нет сроков\nи лиц"),
    "with a signature": ("Закрыть\n\nС уважением,\nИванов", "Закрыть", ""),
    "from a phone": ("Принято\n\nОтправлено из мобильной Почты", "Принято", ""),
}


@pytest.mark.parametrize(("text", "word", "reason"), DECIDED.values(), ids=DECIDED.keys())
def test_a_decision_stands_alone_in_its_line(text: str, word: str, reason: str) -> None:
    """As managers write it: a word, perhaps with the reason after a colon."""
    assert said(text) == (word, reason)


@pytest.mark.parametrize(
    "text",
    [
        "Утверждаю, если будут сроки",
        "Не готов утвердить",
        "Кто утверждает план?",
        "Прошу закрыть",
        "Думаю, что можно отправить",
        "Спасибо",
        "",
        "С уважением,\nИванов",
        "Иванов просит:\nУтверждаю",
    ],
)
def test_what_only_looks_like_a_decision_is_none(text: str) -> None:
    """A condition, a question, somebody else's word: a person reads it."""
    assert said(text) is None


AUTO = [
    "Автоответ: Re: план",
    "Автоматический ответ: Задача № 12",
    "Re: Автоответ",
    "Нет на месте: Иванов И. И.",
    "Out of Office: plan",
    "Automatic reply: plan",
    "Out of the office until Monday",
    "RE: Autoreply",
]


@pytest.mark.parametrize("subject", AUTO)
def test_an_automatic_reply_is_known_by_its_subject(subject: str) -> None:
    """Old servers mark nothing in the headers; in two languages."""
    one = replace(PLAIN, subject=subject)

    assert what(letter=one, text="Утверждаю", object="plan", senders={"staff"}) == "auto"


@pytest.mark.parametrize("subject", ["Ответ автоматике", "Отпуск воды", "Outage of office"])
def test_other_subjects_are_no_automatic_replies(subject: str) -> None:
    """Only the phrase at the beginning."""
    assert what(letter=replace(PLAIN, subject=subject), senders={"giver"}) == "assignment"


PROVEN = replace(PLAIN, authenticated=True)
DENIED = replace(PLAIN, authenticated=False)
ROWS = {
    "old": ({"early": True, "own": True}, "history"),
    "our own": ({"own": True}, "own"),
    "returned": ({"letter": replace(PLAIN, bounce=Bounce(original=None), auto=True)}, "bounce"),
    "automatic": ({"letter": replace(PROVEN, auto=True), "senders": {"giver"}}, "auto"),
    "one too many": ({"flood": True, "senders": {"giver"}}, "flood"),
    "a decision": (
        {"letter": PROVEN, "text": "Утверждаю", "object": "plan", "senders": {"staff"}},
        "decision",
    ),
    "nobody proved it": ({"text": "Утверждаю", "object": "plan", "senders": {"staff"}}, "unproven"),
    "denied": (
        {"letter": DENIED, "text": "Утверждаю", "object": "plan", "senders": {"staff"}},
        "unproven",
    ),
    "a wrong address": (
        {"letter": PROVEN, "text": "Утверждаю", "object": "plan", "senders": {"stranger"}},
        "outsider",
    ),
    "an executor": (
        {"letter": PROVEN, "text": "Согласовано", "object": "task", "senders": {"executor"}},
        "answer",
    ),
    "no letter of ours": ({"letter": PROVEN, "text": "Утверждаю", "senders": {"staff"}}, "adrift"),
    "a word that decides nothing here": (
        {"letter": PROVEN, "text": "Прошу закрыть", "object": "draft", "senders": {"staff"}},
        "ours",
    ),
    "thanks": (
        {"letter": PROVEN, "text": "Спасибо!\nИванов", "object": "report", "senders": {"staff"}},
        "thanks",
    ),
    "a question": (
        {"text": "Почему нет мер?", "object": "report", "senders": {"staff"}},
        "question",
    ),
    "a question of a stranger": (
        {"text": "Почему?", "object": "report", "senders": {"stranger"}},
        "ours",
    ),
    "an order": ({"senders": {"giver"}}, "assignment"),
    "a denied order": ({"letter": DENIED, "senders": {"giver"}}, "spoofed"),
    "the report of a day": ({"report": True, "senders": {"staff", "giver"}}, "report"),
    "one of ours": ({"senders": {"staff"}}, "staff"),
    "a stranger": ({"senders": {"stranger"}}, "unknown"),
}


@pytest.mark.parametrize(("given", "is_"), ROWS.values(), ids=ROWS.keys())
def test_the_first_row_that_matches_decides(given: dict[str, Any], is_: str) -> None:
    """The rows stand in the order in which they are read."""
    assert what(**given) == is_


def test_the_last_row_takes_whatever_is_left() -> None:
    """So that every letter is something."""
    assert RULE.table[-1] == Row(what="unknown")


def test_conditions_are_named_for_who_asks() -> None:
    """What the row required, and how the letter met it."""
    sight = Sight(letter=PROVEN, object="plan", senders=frozenset({"staff"}))
    row = Row(what="decision", answers=("plan",), sender=("staff",), proven=("yes",))

    assert conditions(row, sight) == ("answers plan", "sender staff", "proven yes")


def test_one_letter_too_many_waits_for_a_person() -> None:
    """The officer is told once, the rest stands in the queue."""
    sent = [replace(PLAIN, digest=f"d{n}", received_at=at(f"10:0{n}")) for n in range(5)]
    asked = case(Known(letters=sent), at("11:30"), intake__letters__per_sender=2)
    found = list(letters.decide(rule("intake", "letters", asked), asked))

    assert len([x for x in found if isinstance(x, CreateTask)]) == 2
    assert [x.what for x in found if isinstance(x, SortLetter)].count("flood") == 3
    flags = {x.key: x.text for x in found if isinstance(x, RaiseFlag) if ":flood:" in x.key}
    assert list(flags.values()) == [
        "duty@cur.mosreg.ru прислал за сутки больше 2 писем: остальные ждут разбора вручную"
    ]


AWAY = [
    "Здравствуйте!\nЯ в отпуске до 30.11, по срочным вопросам: Петров",
    "Добрый день! Меня нет на рабочем месте.",
    "Это автоматический ответ. Ваше письмо прочтут.",
    "Ваше обращение зарегистрировано под № 4711",
    "I am out of the office until Monday.",
    "This is an automated message",
]


@pytest.mark.parametrize("text", AWAY)
def test_an_automatic_reply_is_known_by_its_first_words(text: str) -> None:
    """Where neither headers nor subject say it; the second line says nothing."""
    own = ungreeted(RULE.greetings, text)
    late = ungreeted(RULE.greetings, f"Крышу починили.\n{text}")

    assert what(text=own, object="task", senders={"executor"}) == "auto"
    assert what(text=late, object="task", senders={"executor"}) == "answer"
