"""What a letter is: the first row that matches, and the words of decisions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mcur.playbooks.facts import Bounce
from mcur.playbooks.intents import CreateTask, RaiseFlag, SortLetter
from mcur.playbooks.quotes import strip_quoted
from mcur.playbooks.rules import letters
from mcur.playbooks.rules.assignments import FromLetters
from mcur.playbooks.sorting import Object, Row, Sight, conditions, first_match, ungreeted, word_of
from tests.playbooks.facts import Known, at, case, letter, rule

RULE: FromLetters = rule("intake", "letters")
PLAIN = letter("Адрес: Одинцово, ул. Жукова, 10")


def said(text: str) -> tuple[str, str] | None:
    """Return the decision that a text begins with, and its reason."""
    word = word_of(RULE.decisions, RULE.greetings, RULE.closings, text)
    return (word.said, word.text) if word else None


def heard(text: str, kind: Object, author: str = "") -> tuple[str, str] | None:
    """Return the act that an answer to a thing of ours is, and its reason."""
    word = word_of(RULE.decisions, RULE.greetings, RULE.closings, text, author)
    sight = Sight(letter=PLAIN, text=text, object=kind, word=word)
    return (word.decision.act_on(kind), word.text) if word and sight.decides else None


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


APPROVED = [
    "ок", "Ok.", "ОК!", "Окей", "да", "Да.", "+", "👍", "хорошо", "Добро", "не возражаю", "Замечаний нет.", "утв", "Утв.", "утверждено",
    "Утверждён", "УТВЕРЖДАЮ!!!", "Утвержаю", "утверждаб", "Утверждпю", "утвреждаю", "Утверждаюю", "соглсовано", "да, утверждаю", "Ок. Утверждаю",
    "Утверждаю, спасибо", "утверждаю. Спасибо!", "Утверждаю Отправлено с iPhone", "Утверждаю. Отправлено с моего iPhone", "Утверждаю, Петров П.П.",
    "Утверждаю Петров", "Согласовано. П. П. Петров", "Утверждаю.\n\n--\nОтправлено из Mail.ru для Android", "Иван Иванович, добрый день!\nУтверждаю.\nПетров",
    "С планом согласен", "План утверждаю.", "– Утверждаю", "Добрый день, коллеги! Утверждаю",
]  # fmt: skip


@pytest.mark.parametrize("text", APPROVED)
def test_a_plan_is_approved_as_people_write_on_a_phone(text: str) -> None:
    """A word, a sign, a slip of the thumb, the name and the phone's advertisement in the same line."""
    own = strip_quoted(text)[0]

    assert heard(own, "plan", "Петров Пётр Петрович") in {("approve", ""), ("approve", "Петров")}


RETURNED = {
    "На доработку, нет сроков": "нет сроков",
    "На доработку нет сроков": "нет сроков",
    "на доработку - сроки сдвинуть на неделю": "сроки сдвинуть на неделю",
    "Не согласен. Где ответственные?\nИ сроки": "Где ответственные?\nИ сроки",
    "Доработать! Нет исполнителя": "Нет исполнителя",
    "Неутверждаю": "",
    "Не утвержаю": "",
    "не утверждаю": "",
    "На дорабоку": "",
    "верните на доработку, срок 5 дней мало": "срок 5 дней мало",
}


@pytest.mark.parametrize(("text", "reason"), RETURNED.items())
def test_a_plan_is_returned_with_what_is_wrong(text: str, reason: str) -> None:
    """Nothing is let go by such words, so the reason needs no colon."""
    assert heard(text, "plan") == ("return", reason)


@pytest.mark.parametrize(
    "text",
    [
        "Утверждаю?", "Утверждаю Частично", "Утверждаю кроме п. 2", "Ок, но сроки сдвинуть", "ок?", "да нет", "На доработку не надо", "Нет",
        "Утверждает кто", "Ага", "Спасибо", "Согласен с Ивановым, нужно переделать", "Утверждаю Иванов", "Да, но позже", "Согласия нет", "ут",
    ],
)  # fmt: skip
def test_half_a_word_decides_nothing_of_a_plan(text: str) -> None:
    """A condition, a question, a name that is not the author's."""
    assert heard(text, "plan", "Петров Пётр") is None


@pytest.mark.parametrize("kind", ["task", "report", "incident", "draft", "letter"])
def test_what_is_written_loosely_counts_only_where_it_can_do_no_harm(kind: Object) -> None:
    """«Ок» lets no letter go and closes nothing; «Не согласен, почему …?» to a report is a question."""
    loose = [heard(text, kind) for text in ("ок", "+", "Утвержаю", "Закрыт", "Отправить, но позже")]

    assert loose == [None] * 5
    assert heard("Не согласен, почему выросло?", "report") is None
    assert heard("Отправте", "draft") == ("release", "")


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
    "a word that nobody understands": (
        {"letter": PROVEN, "text": "Ага", "object": "plan", "senders": {"staff"}},
        "unclear",
    ),
    "a comment on a plan": (
        {
            "letter": PROVEN,
            "text": "Иван Иванович, посмотрите",
            "object": "plan",
            "senders": {"staff"},
        },
        "answer",
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
        {"letter": PROVEN, "text": "Прошу это закрыть", "object": "draft", "senders": {"staff"}},
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
