"""Letters: assignments of the centre, answers to what we wrote, the rest for a person."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mcur.connectors.papers.text import to_text
from mcur.playbooks.facts import Letter, TaskKind, TaskStatus
from mcur.playbooks.intents import (
    CreateTask,
    Intent,
    PrepareDraft,
    RaiseFlag,
    SortLetter,
    UpdateTask,
)
from mcur.playbooks.rules import letters as kind
from tests.playbooks.facts import ID, Known, at, case, letter, rule, task

ORDER = letter("Адрес: Одинцово, ул. Маршала Жукова, 10. Проблема: нет освещения", raw="r1")
KEY = f"task:{ID}:letter:d1"


def decide(known: Known) -> list[Intent]:
    """Let the rule of letters decide at half past eleven."""
    return list(kind.decide(rule("intake", "letters"), case(known, at("11:30"))))


def of(found: list[Intent], shape: type[Any]) -> list[Any]:
    """Return the intents of a shape."""
    return [f for f in found if isinstance(f, shape)]


def test_a_letter_of_the_centre_becomes_an_assignment() -> None:
    """S32: address, problem, source, the original; the officer has it at once."""
    found = decide(Known(letters=[ORDER]))
    [made], [sorted_] = of(found, CreateTask), of(found, SortLetter)

    assert (made.key, made.kind, made.assignee) == (KEY, TaskKind.ASSIGNMENT, "mcur_resp")
    assert (made.project, made.urgent) == ("RM: ЦУР: Управление", True)
    assert made.cite.clause == "2.2"
    assert set(made.cite.clauses) >= {"2.2", "4.4[1]"}
    assert made.subject == "Задание ЦУР: нет освещения — Одинцово, ул. Маршала Жукова, 10"
    assert made.fields == {
        "source": "duty@cur.mosreg.ru", "address": "Одинцово, ул. Маршала Жукова, 10",
    }  # fmt: skip
    assert [a.name for a in made.attachments] == ["letter.eml"]
    assert (sorted_.state, sorted_.task) == ("task", KEY)
    assert of(found, RaiseFlag) == []


def test_the_text_of_an_assignment_holds_the_letter() -> None:
    """From whom, when, what was read from it, and the whole of it."""
    order = replace(ORDER, flaws=("вложение повреждено",))
    [made] = of(decide(Known(letters=[order])), CreateTask)

    text = to_text(made.body)
    wanted = ["Дежурный <duty@cur.mosreg.ru>", "18.11.2026 11:00", "нет освещения",
              "вложение повреждено", "срок не определён", "п. 2.2"]  # fmt: skip
    assert [word for word in wanted if word not in text] == []


def test_without_a_house_the_officer_is_asked() -> None:
    """The issue is made with «адрес не указан» and stands in the manual queue."""
    found = decide(Known(letters=[letter("Запах газа в подъезде")]))
    [made], [flag] = of(found, CreateTask), of(found, RaiseFlag)

    assert made.subject == "Задание ЦУР: Запах газа в подъезде — адрес не указан"
    assert flag.object == KEY
    assert flag.text == "В задании от duty@cur.mosreg.ru адрес не указан: уточните адрес."


REVIEWED = {
    "nobody we know": (replace(ORDER, sender="x@example.org"), "неизвестного отправителя"),
    "known, but not for orders": (replace(ORDER, sender="x@other.ru"), "неизвестного отправителя"),
    "a sender that the server denies": (replace(ORDER, authenticated=False), "не подтвердил"),
    "one of our own": (replace(ORDER, sender="mcur_head@mosreg.ru"), "не отвечает ни на одну"),
}


@pytest.mark.parametrize(("one", "words"), REVIEWED.values(), ids=REVIEWED.keys())
def test_what_nobody_may_order_waits_for_a_person(one: Letter, words: str) -> None:
    """No issue; once the other regulations have looked it is listed for review with the reason."""
    known = Known(letters=[one])
    last = kind.decide_last(rule("intake", "letters"), case(known, at("11:30")))
    found = decide(known) or list(last)

    assert of(found, CreateTask) == []
    assert [s.state for s in of(found, SortLetter)] == ["review"]
    assert words in of(found, RaiseFlag)[0].text


def test_an_automatic_reply_is_no_assignment() -> None:
    """It waits for review without a flag."""
    found = decide(Known(letters=[replace(ORDER, auto=True)]))

    assert [type(f) for f in found] == [SortLetter]


def test_what_came_before_the_site_was_live_is_history() -> None:
    """An INBOX of two thousand old letters makes nothing."""
    [sorted_] = decide(Known(letters=[ORDER], live_from=at("11:00:01")))

    assert isinstance(sorted_, SortLetter)
    assert sorted_.state == "history"


# --- answers to what we wrote ---------------------------------------------------------------------------

REPLY = letter("Снег вывозим\n> Ваша задача", sender="dom@uk.ru", in_reply_to="<ours>")
ANSWERED = {
    "a task": f"task:{ID}:dobrodel:1",
    "a letter about it": f"letter:{ID}:E-2:1:task:{ID}:dobrodel:1:1",
}


@pytest.mark.parametrize("key", ANSWERED.values(), ids=ANSWERED.keys())
def test_an_answer_joins_its_task(key: str) -> None:
    """As a note, without what it quotes; the status stays what it is."""
    found = decide(Known(letters=[REPLY], kept=[task()], threads={"<ours>": key}))
    [update], [sorted_] = of(found, UpdateTask), of(found, SortLetter)

    assert update.task == f"task:{ID}:dobrodel:1"
    assert update.status is None
    text = to_text(update.note)
    assert "Снег вывозим" in text
    assert "Ваша задача" not in text
    assert sorted_.state == "answer"


SAID = {
    "the task's own executor": ("dom@uk.ru", None, {"measures": "снег вывезен"}),
    "the officer": ("mcur_resp@mosreg.ru", None, {"measures": "снег вывезен"}),
    "another executor": ("svet@svet.ru", None, {}),
    "somebody else": ("x@example.org", None, {}),
    "a sender that the server denies": ("dom@uk.ru", False, {}),
}


@pytest.mark.parametrize(("sender", "authenticated", "fields"), SAID.values(), ids=SAID.keys())
def test_measures_in_an_answer_count_when_he_may_say_them(
    sender: str, authenticated: bool | None, fields: dict[str, str]
) -> None:
    """Reports quote what they say; so not everybody may."""
    one = replace(
        REPLY, text="Добрый день\nМеры: снег вывезен", sender=sender, authenticated=authenticated
    )
    known = Known(letters=[one], kept=[task()], threads={"<ours>": f"task:{ID}:dobrodel:1"})

    assert of(decide(known), UpdateTask)[0].fields == fields


def test_an_answer_to_a_closed_task_is_read_by_a_person() -> None:
    """«Снег не убран» must not vanish in a task that nobody looks at any more."""
    known = Known(
        letters=[REPLY],
        kept=[task(status=TaskStatus.CLOSED, ident="812")],
        threads={"<ours>": f"task:{ID}:dobrodel:1"},
    )
    found = decide(known)

    assert len(of(found, UpdateTask)) == 1
    assert [s.state for s in of(found, SortLetter)] == ["review"]
    assert "о закрытой задаче № 812" in of(found, RaiseFlag)[0].text


def test_an_automatic_reply_to_a_task_is_no_reaction() -> None:
    """«Я в отпуске» is not written into the task."""
    known = Known(
        letters=[replace(REPLY, auto=True)],
        kept=[task()],
        threads={"<ours>": f"task:{ID}:dobrodel:1"},
    )

    assert [type(f) for f in decide(known)] == [SortLetter]


# --- the answer that the centre is owed -------------------------------------------------------------------

CLOSED = task(
    key=KEY, kind=TaskKind.ASSIGNMENT, status=TaskStatus.CLOSED, letter="d1",
    closed_at=at("15:00"), topic="нет освещения", address="Одинцово, ул. Маршала Жукова, 10",
    measures="лампы заменены",
)  # fmt: skip


def closing(**given: Any) -> list[PrepareDraft]:
    """Return the drafts that the closing of an assignment prepares."""
    known = Known(
        fresh=[replace(CLOSED, **given)], letters=[replace(ORDER, received_at=at("09:00"))]
    )
    known.live_from = at("10:00")  # the letter itself is history: only its answer matters here
    return of(decide(known), PrepareDraft)


def test_a_closed_assignment_owes_an_answer() -> None:
    """4.4[2]: exhaustive information on the solution, drafted for the officer to release."""
    [draft] = closing()

    assert draft.key == f"draft:{ID}:4.4[2]:{KEY}:0"
    assert (draft.owner, draft.cite.clause) == ("mcur_resp", "4.4[2]")
    assert draft.letter.to == ("duty@cur.mosreg.ru",)
    assert draft.letter.subject == "Re: Задание"
    assert draft.letter.answers == "<1@cur.mosreg.ru>"
    text = to_text(draft.letter.document)
    wanted = ["нет освещения", "лампы заменены", "Причины: не указано", "18.11.2026 15:00"]
    assert [word for word in wanted if word not in text] == []


def test_the_officer_sees_the_answer_where_he_works() -> None:
    """On the task, with the key under which it is let go."""
    known = Known(fresh=[CLOSED], letters=[replace(ORDER, received_at=at("09:00"))])
    known.live_from = at("10:00")
    [note] = of(decide(known), UpdateTask)
    text = to_text(note.note)

    assert (note.task, note.status) == (KEY, None)
    assert f"draft:{ID}:4.4[2]:{KEY}:0" in text
    assert "лампы заменены" in text


def test_closed_again_it_owes_another_one() -> None:
    """A second occasion, a second letter."""
    [draft] = closing(reopen_count=1)

    assert draft.key.endswith(":1")
    assert draft.letter.key.endswith(":2")


@pytest.mark.parametrize(
    "given",
    [{"status": TaskStatus.REJECTED}, {"status": TaskStatus.DONE}, {"letter": None},
     {"kind": TaskKind.EXECUTOR}],
)  # fmt: skip
def test_nothing_is_owed_for_what_is_not_solved_or_came_otherwise(given: dict[str, Any]) -> None:
    """Only a closed assignment that came by letter."""
    assert closing(**given) == []
