"""Acts of people: what somebody did, who may, and what follows."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from mcur.connectors.papers.text import to_text
from mcur.playbooks import acts, notes
from mcur.playbooks.facts import Act, Note, Report, Task, TaskStatus
from mcur.playbooks.intents import (
    AnswerAct,
    Intent,
    NoteAbsence,
    RaiseFlag,
    ReleaseDraft,
    UpdateTask,
)
from mcur.playbooks.load import load
from mcur.playbooks.waiting import Draft
from tests.playbooks.facts import ID, PEOPLE, Known, act, at, case, task

REPORT = f"report:{ID}:O-2:2026-11-18"
DRAFT = f"draft:{ID}:4.4[2]:x:0"


def judge(one: Act, *there: Task, report: str = "drafted") -> list[Intent]:
    """Judge one act at noon."""
    known = Known(
        acts=[one],
        kept=list(there) or [task()],
        reports=[Report(key=REPORT, playbook=ID, rule="O-2", day=date(2026, 11, 18), state=report)],
        waiting=[
            Draft(key=DRAFT, playbook=ID, rule="letters", clause="4.4[2]", owner="mcur_resp",
                  state="waiting", at=at("11:00")),
        ],
    )  # fmt: skip
    return list(acts.decide(case(known, at("12:00"))))


def refused(one: Act, *there: Task, report: str = "drafted") -> str | None:
    """Return why an act was refused."""
    found = judge(one, *there, report=report)
    return next(i.refused for i in found if isinstance(i, AnswerAct))


TASK = f"task:{ID}:dobrodel:1"
CLOSED = {"status": "closed"}


MAY = [
    ("note", "mcur_resp", True), ("note", "deputy_head", True), ("note", "executor", True),
    ("note", "stranger", False),
    ("close", "mcur_resp", True), ("close", "mcur_head", False), ("close", "executor", False),
    ("refuse", "mcur_resp", True), ("refuse", "executor", False), ("refuse", "okrug_head", False),
    ("confirm", "mcur_resp", True), ("confirm", "mcur_head", True), ("confirm", "executor", False),
]  # fmt: skip


@pytest.mark.parametrize(("do", "by", "may"), MAY)
def test_each_act_on_a_task_has_its_people(do: str, by: str, may: bool) -> None:
    """The table of the contract."""
    assert (refused(act(do, by)) is None) is may


STATUSES = [
    ("executor", "done", True), ("executor", "refused", True), ("executor", "in_work", True),
    ("executor", "closed", False), ("mcur_resp", "closed", True), ("mcur_head", "in_work", True),
    ("mcur_head", "closed", False), ("okrug_head", "in_work", False), ("mcur_resp", "gone", False),
]  # fmt: skip


@pytest.mark.parametrize(("by", "status", "may"), STATUSES)
def test_a_status_is_set_by_who_has_the_task_or_controls_it(
    by: str, status: str, may: bool
) -> None:
    """Closing is the officer's alone."""
    assert (refused(act("status", by, fields={"status": status})) is None) is may


PAPERS = [
    ("review", REPORT, "mcur_resp", True), ("review", REPORT, "mcur_head", True),
    ("hold", REPORT, "deputy_head", False), ("correct", REPORT, "mcur_resp", True),
    ("correct", REPORT, "mcur_head", False), ("release", REPORT, "mcur_head", True),
    ("release", DRAFT, "mcur_resp", True), ("release", DRAFT, "mcur_head", True),
    ("release", DRAFT, "okrug_head", False), ("review", DRAFT, "mcur_resp", False),
    ("review", f"report:{ID}:O-99:2026-11-18", "mcur_resp", False),
]  # fmt: skip


@pytest.mark.parametrize(("do", "key", "by", "may"), PAPERS)
def test_reports_and_drafts_belong_to_their_author_and_the_head(
    do: str, key: str, by: str, may: bool
) -> None:
    """A correction is the author's alone."""
    state = "sent" if do == "correct" else "drafted"

    assert (refused(act(do, by, key), report=state) is None) is may


@pytest.mark.parametrize(
    ("do", "state", "words"),
    [
        ("hold", "sent", "уже отправлен; его автор может его исправить"),
        ("release", "decided", "уже отправлен"),
        ("review", "sent", "уже отправлен"),
        ("correct", "drafted", "ещё не отправлен, исправлять нечего"),
        ("release", "missed", "записан как не отправленный"),
        ("hold", "held", None),
        ("correct", "decided", None),
    ],
)
def test_what_comes_too_late_or_too_early_for_a_report_is_refused(
    do: str, state: str, words: str | None
) -> None:
    """It would do nothing, and whoever asked would believe that it did."""
    why = refused(act(do, "mcur_resp", REPORT), report=state)

    assert (words or "") in (why or "")
    assert (why is None) is (words is None)


REFUSALS = {
    "no such task": (act("close", key=f"task:{ID}:none"), "объекта «task:odintsovo-1204:none» нет"),
    "no rule for it here": (act("call-done"), "только звонок"),
    "not the officer": (act("close", "mcur_head"), "«закрытие» может выполнить только ответств"),
    "not the head": (act("absent", "mcur_resp"), "«отсутствие» может выполнить только руковод"),
    "not the report of today": (
        act("correct", key=REPORT.replace("18", "17")),
        f"только отчет сегодняшнего дня: «{REPORT}»"),
    "a revision": (act("correct", key=f"{REPORT}:r2"), "только отчет сегодняшнего дня"),
    "no such status": (act("status", fields={"status": "gone"}), "Статуса «gone» нет; известны: new"),
    "no date": (
        act("absent", "mcur_head", fields={"person": "mcur_head", "until": "завтра"}),
        "«завтра» не дата"),
    "no person": (act("absent", "mcur_head", fields={"person": "Никто"}), "«Никто»"),
    "no substitute": (
        act("absent", "mcur_head", fields={"person": "mcur_head", "substitute": "Никто"}),
        "«Никто»"),
}  # fmt: skip


@pytest.mark.parametrize(("one", "words"), REFUSALS.values(), ids=REFUSALS.keys())
def test_a_refusal_is_a_sentence_and_a_flag(one: Act, words: str) -> None:
    """In Russian, with the word that people use for the act."""
    found = judge(one)
    why = next(i.refused for i in found if isinstance(i, AnswerAct))
    [flag] = [i for i in found if isinstance(i, RaiseFlag)]

    assert why is not None
    assert words in why
    assert flag.text == flag.cite.why == why


def test_who_may_not_is_told_on_the_task_itself() -> None:
    """Staff never leave the tracker; nothing else happens."""
    found = judge(act("refuse", "okrug_head"))
    [note] = [i for i in found if isinstance(i, UpdateTask)]

    assert note.status is None
    assert note.note is not None
    assert "только ответственный" in to_text(note.note)


def test_a_close_is_written_into_the_tracker() -> None:
    """With what was said, and the measures of its lines."""
    said = "Меры: снег вывезен\nПричины: снегопад\nещё слова"
    [update] = [i for i in judge(act("close", text=said)) if isinstance(i, UpdateTask)]

    assert update.status is TaskStatus.CLOSED
    assert update.fields == {"measures": "снег вывезен", "causes": "снегопад"}
    assert update.cite.clause == "2.1.1[1]"


def test_what_was_done_in_the_tracker_is_not_written_there_again() -> None:
    """It stands there already: it is told as any other act."""
    note = Note(ident="5", at=at("11:00"), author="mcur_resp", text="готово", changes=CLOSED)
    [one] = notes.from_note(TASK, "redmine", note, PEOPLE)
    [update] = [i for i in judge(one) if isinstance(i, UpdateTask)]

    assert (update.moved, update.status, update.note) == (TaskStatus.CLOSED, None, None)
    assert update.said is not None


def test_a_status_that_a_role_may_not_give_is_put_back() -> None:
    """With the refusal as a note; what a person may not do never counts."""
    note = Note(ident="5", at=at("11:00"), author="okrug_head", changes=CLOSED)
    [one] = notes.from_note(TASK, "redmine", note, PEOPLE)
    [update] = [i for i in judge(one) if isinstance(i, UpdateTask)]

    assert (update.status, update.moved) == (TaskStatus.NEW, None)
    assert update.note is not None


def test_a_note_of_somebody_without_a_role_is_answered() -> None:
    """It is no act of the regulation."""
    note = Note(ident="5", at=at("11:00"), author="someone", text="Меры: вывезли")
    [one] = notes.from_note(TASK, "redmine", note, PEOPLE)

    assert [i.refused for i in judge(one) if isinstance(i, AnswerAct) and i.refused]
    assert not [i.fields for i in judge(one) if isinstance(i, UpdateTask) and i.fields]


@pytest.mark.parametrize("status", ["done", "refused"])
@pytest.mark.parametrize("origin", ["tracker", "scenario"])
def test_what_an_executor_says_is_a_question_to_the_officer(status: str, origin: str) -> None:
    """In the tracker, assignee = officer, never by mail."""
    one = act("status", "executor", origin=origin, fields={"status": status})
    asked = [i for i in judge(one) if isinstance(i, UpdateTask) and i.assignee]

    assert [i.assignee for i in asked] == ["mcur_resp"]


@pytest.mark.parametrize(
    ("there", "closes"), [(TaskStatus.DONE, True), (TaskStatus.REFUSED, False)]
)
def test_confirming_closes_what_was_done_and_leaves_what_was_refused(
    there: TaskStatus, closes: bool
) -> None:
    """A confirmed refusal is not solved: the ladder takes it up."""
    [update] = [i for i in judge(act("confirm"), task(status=there)) if isinstance(i, UpdateTask)]

    assert (update.status is TaskStatus.CLOSED) is closes


def test_a_draft_is_released_by_its_owner() -> None:
    """And only then does the letter leave."""
    found = judge(act("release", key=DRAFT))

    assert [i.released for i in found if isinstance(i, ReleaseDraft)] == [True]


@pytest.mark.parametrize(
    ("until", "last"), [("2026-11-20", 20), ("2026-11-20T18:00:00+03:00", 20), ("", 18)]
)
def test_an_absence_lasts_to_the_end_of_its_last_day(until: str, last: int) -> None:
    """From the day of the act on."""
    fields = {"person": "mcur_head", "substitute": "mcur_resp", "until": until}
    [noted] = [
        i for i in judge(act("absent", "mcur_head", fields=fields)) if isinstance(i, NoteAbsence)
    ]

    assert (noted.first, noted.last) == (date(2026, 11, 18), date(2026, 11, last))


def test_an_act_on_a_key_of_no_regulation_is_answered_all_the_same() -> None:
    """None waits for ever."""
    known = Known(acts=[act("close", key="task:nowhere:1")])

    assert list(acts.decide(case(known, at("12:00")))) == []
    assert [i.refused for i in acts.leftover(case(known, at("12:00"))) if isinstance(i, AnswerAct)]


# --- what a note says -----------------------------------------------------------------------------------

NOTES = {
    "Меры: вывезено": {"measures": "вывезено"},
    "принятые меры : вывезено ": {"measures": "вывезено"},
    "*Причина:* снегопад": {"causes": "снегопад"},
    "**Упреждение**: обходы": {"prevention": "обходы"},
    "Меры: одно\nМеры: другое": {"measures": "одно\nдругое"},
    "Были приняты меры: ничего": {},
    "Меры:": {},
    "Принимаются меры": {},
    "": {},
}


@pytest.mark.parametrize(("text", "fields"), NOTES.items(), ids=[repr(k) for k in NOTES])
def test_only_lines_with_a_mark_feed_reports(text: str, fields: dict[str, str]) -> None:
    """At the beginning of a line; never other text of a note."""
    assert notes.fields_in(text) == fields


CHANGED: dict[str, tuple[dict[str, Any], list[tuple[str, str]]]] = {
    "a note": ({"text": "звонил"}, [("note", "")]),
    "a status": ({"changes": {"status": "done"}}, [("status", "done")]),
    "both": ({"text": "готово", "changes": {"status": "done"}}, [("status", "done")]),
    "an order": ({"text": "Подтверждаю"}, [("confirm", "")]),
    "a field": ({"changes": {"measures": "вывезено"}}, [("note", "")]),
    "a due": ({"changes": {"due_at": "2026-11-20"}}, []),
}


@pytest.mark.parametrize(("given", "wanted"), CHANGED.values(), ids=CHANGED.keys())
def test_an_entry_of_a_tracker_is_understood_as_acts(
    given: dict[str, Any], wanted: list[tuple[str, str]]
) -> None:
    """Each with an ident of its own, so that the same entry seen twice is one act."""
    note = Note(ident="5", at=at("12:00"), author="mcur_resp", **given)
    found = notes.from_note("task:x", "redmine", note, PEOPLE)

    assert [(a.do, a.fields.get("status", "")) for a in found] == wanted
    assert len({a.ident for a in found}) == len(found)
    assert {a.by for a in found} <= {"mcur_resp"}


@pytest.mark.parametrize(
    ("identity", "by"),
    [("mcur_head", "mcur_head"), ("MCUR_HEAD@mosreg.ru", "mcur_head"), ("dom@uk.ru", "executor:УК «Дом»"),
     ("ivan", "?ivan")],
)  # fmt: skip
def test_who_acted_is_known_by_login_or_address(identity: str, by: str) -> None:
    """A stranger keeps his login."""
    assert notes.actor(identity, PEOPLE)[0] == by


@pytest.mark.parametrize(
    ("place", "concerns"),
    [
        ("Руза, ул. Солнцева, 5", False),
        ("Рузский г.о., д. Нестерово", False),
        ("Одинцово, ул. Мира, 5", True),
        ("от Рузы до Одинцово", True),
        ("ул. Мира, 5", True),
    ],
)
def test_what_is_declared_belongs_to_the_regulation_of_its_place(
    place: str, concerns: bool
) -> None:
    """A word that names no regulation is for all of them, but where it names another's place."""
    one = act("declare", key=None, fields={"object": place})
    here = case(Known(acts=[one]), at("12:00"))
    beside = replace(here, playbook=here.playbook.beside([load("ruza-679")]))

    assert bool(list(acts.decide(beside))) is concerns
