"""What executors answer: phrases, parts of a notice, materials, and who may say what."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from mcur.playbooks.extension import Extension
from mcur.playbooks.facts import Attachment, TaskStatus
from mcur.playbooks.intents import KeepExtension, RaiseFlag, SendLetter, SortLetter, UpdateTask
from mcur.playbooks.load import load
from mcur.playbooks.rules import answers, granting, hearing, letters
from mcur.playbooks.rules.base import Case
from tests.playbooks.facts import Known, act, at, case, letter, task

RUZA = load("ruza-679")
RULE: Any = RUZA.rules["intake"]["answers"]
DUE = at("18:00", 20)


@pytest.mark.parametrize(
    ("text", "files", "means"),
    [
        ("Выполнено", (), "report"),
        ("ВЫПОЛНЕНЫ все работы.", (), "report"),
        ("Кран заменён, течь устранена", (), "report"),
        ("Не выполнено", (), ""),
        ("Работы будут выполнены завтра", ("plan.jpg",), ""),
        ("Приступили к работе", (), ""),
        ("", ("a.jpg",), "report"),
        ("Смотрите фото", ("a.JPG",), "report"),
        ("Прошу уточнить адрес", ("схема.pdf",), ""),
        ("Приступили к работе", ("image001.png",), ""),
        ("Не успеваем выполнить в срок", (), "extension"),
        ("Просим продлить до 25.11", (), "extension"),
        ("Выполнено, продление не требуется", (), "report"),
        ("Причина: нет труб. Мероприятия: закупка. Срок: 25.11", (), "extension"),
        ("Это не наш дом", (), "not_ours"),
        ("Течь устранена, авария произошла не по нашей вине", (), "report"),
        ("Отказываемся выполнять работы", (), "refusal"),
    ],
)
def test_words_mean_something(text: str, files: tuple[str, ...], means: str) -> None:
    """The first meaning whose phrase stands there counts; what is denied is not said."""
    assert hearing.hear(RULE, text, files).means == means


@pytest.mark.parametrize(
    ("text", "files", "missing"),
    [
        ("Причины: нет труб. Перечень мероприятий: закупка.", (), ()),
        ("Просим продлить в связи с морозом", (), ("measures",)),
        ("Просим продлить, работы будут выполнены бригадой", (), ("causes",)),
        ("Просим продлить", (), ("causes", "measures")),
        ("Просим продлить, обоснование во вложении", ("обоснование.pdf",), ()),
        ("Просим продлить", ("photo.jpg",), ("causes", "measures")),
    ],
)
def test_a_notice_has_its_parts(
    text: str, files: tuple[str, ...], missing: tuple[str, ...]
) -> None:
    """By label or by the words that give a part away; papers may hold them."""
    assert hearing.missing(RULE, text, files) == missing


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Новый срок: 25.11.2026", "25.11 23:59"),
        ("перенести срок с 20.11 на 25.11.2026", "25.11 23:59"),
        ("Просим продлить до 18:00 24.11.2026, материалы 22.11", "24.11 18:00"),
        ("закупка 21.11, монтаж 24.11; новый срок 25 ноября", "25.11 23:59"),
        ("срок 20.11 мал", None),
        ("просим продлить", None),
        ("новый срок 10.11.2026", None),
    ],
)
def test_the_new_term_is_later_than_the_old(text: str, wanted: str | None) -> None:
    """The date behind the words that ask for it, else the latest one."""
    told_at = at("12:00", 18)

    found = hearing.wanted(RULE, text, told_at, DUE, RUZA.calendar)

    assert (found and found.strftime("%d.%m %H:%M")) == wanted


@pytest.mark.parametrize(
    ("said", "moment"),
    [
        ("2026-11-25T18:00:00+03:00", "25.11 18:00:00"),
        ("2026-11-25", "25.11 23:59:59"),
        ("25.11.2026 18:00", "25.11 18:00:00"),
        ("завтра", None),
    ],
)
def test_a_field_is_read_as_programs_and_people_write_it(said: str, moment: str | None) -> None:
    """What is no date is none."""
    found = hearing.moment(said, at("12:00"), RUZA.calendar)

    assert (found and found.strftime("%d.%m %H:%M:%S")) == moment


def _ruza(known: Known) -> Case:
    return Case(known, RUZA, at("12:00", 18))


def _task(**given: Any) -> Any:
    key = "task:ruza-679:dobrodel:1"
    return task(**{"key": key, "playbook": "ruza-679", "due_at": DUE, **given})


def _sorted(known: Known, text: str, **given: Any) -> list[Any]:
    known.threads["<t@mcur>"] = known.kept[0].key
    known.letters = [
        letter(text, **{"sender": "dom@uk.invalid", "in_reply_to": "<t@mcur>", **given})
    ]
    rule: Any = RUZA.rules["intake"]["letters"]
    return list(letters.decide(rule, _ruza(known)))


def _executor_mail(known: Known) -> str:
    return known.directory.executors[0].email


PHOTO = Attachment(name="a.jpg", content_type="image/jpeg", size=1, digest="x")


def test_only_the_own_executor_reports() -> None:
    """A stranger who has our letter leaves a note and a question, no report."""
    known = Known(kept=[_task()])

    said = _sorted(known, "Выполнено", sender="kto@mail.invalid", attachments=(PHOTO,))

    [change] = [i for i in said if isinstance(i, UpdateTask)]
    assert (change.status, change.proof) == (None, None)
    assert [i.state for i in said if isinstance(i, SortLetter)] == ["review"]
    assert any(isinstance(i, RaiseFlag) for i in said)


def test_a_letter_that_the_server_did_not_confirm_is_no_report() -> None:
    """Whoever writes under the executor's address without proof of it is a stranger."""
    known = Known(kept=[_task()])

    said = _sorted(
        known, "Выполнено", sender=_executor_mail(known), attachments=(PHOTO,), authenticated=False
    )

    assert all(i.status is None for i in said if isinstance(i, UpdateTask))
    assert [i.state for i in said if isinstance(i, SortLetter)] == ["review"]


def test_a_report_with_photographs_is_done_when_it_arrived() -> None:
    """Not when the cycle saw it: a term is met by the arrival."""
    known = Known(kept=[_task()])
    sent = at("11:00", 18)

    said = _sorted(
        known, "Сделано", sender=_executor_mail(known), attachments=(PHOTO,), received_at=sent
    )

    [change] = [i for i in said if isinstance(i, UpdateTask)]
    assert (change.status, change.at, change.proof) == (TaskStatus.DONE, sent, True)
    assert (change.assignee, change.cite.clause) == ("mcur_resp", "6.1.4")
    [kept] = [i for i in said if isinstance(i, SortLetter)]
    assert "Сделано" in kept.why


def test_a_second_notice_brings_what_the_first_lacked() -> None:
    """Parts of one request may come in two letters; the latest moment counts."""
    first = Extension(
        task="task:ruza-679:dobrodel:1", playbook="ruza-679", asked_at=at("10:00", 18), due_at=DUE,
        wanted=at("18:00", 25), lacks=("causes", "measures"),
    )  # fmt: skip
    known = Known(kept=[_task(status=TaskStatus.EXTENSION_REQUESTED)], asked=[first])

    said = _sorted(
        known,
        "Не успеваем. Причина: мороз. Мероприятия: подвоз материалов.",
        sender=_executor_mail(known),
    )

    [kept] = [i.extension for i in said if isinstance(i, KeepExtension)]
    assert (kept.lacks, kept.wanted) == ((), at("18:00", 25))
    assert not [i for i in said if isinstance(i, SendLetter)]


def test_a_term_that_was_moved_in_the_tracker_ends_the_request() -> None:
    """The officer need not say it twice; the executor hears of it by letter."""
    asked = Extension(
        task="task:ruza-679:dobrodel:1", playbook="ruza-679", asked_at=at("10:00", 18), due_at=DUE,
        wanted=at("18:00", 25),
    )  # fmt: skip
    moved = _task(status=TaskStatus.IN_WORK, due_at=DUE + timedelta(days=3))
    known = Known(kept=[moved], asked=[asked])

    said = list(granting.decide(RULE, _ruza(known)))

    [kept] = [i.extension for i in said if isinstance(i, KeepExtension)]
    assert (kept.state, kept.wanted) == ("granted", DUE + timedelta(days=3))
    assert [i.to for i in said if isinstance(i, SendLetter)] == [("executor:УК «Дом»",)]


def test_a_report_overtakes_a_request_for_another_term() -> None:
    """What is done needs no other term, and nobody is told of one."""
    asked = Extension(
        task="task:ruza-679:dobrodel:1", playbook="ruza-679", asked_at=at("10:00", 18), due_at=DUE,
        wanted=at("18:00", 25),
    )  # fmt: skip
    known = Known(kept=[_task(status=TaskStatus.DONE)], asked=[asked])

    said = list(granting.decide(RULE, _ruza(known)))

    assert [i.extension.state for i in said if isinstance(i, KeepExtension)] == ["over"]
    assert not [i for i in said if isinstance(i, SendLetter)]


def test_files_that_come_after_done_are_its_materials() -> None:
    """An executor in the tracker may add them in a note of their own."""
    key = "task:ruza-679:dobrodel:1"
    added = act("note", by="executor:УК «Дом»", key=key, fields={"attachments": "a.jpg"})
    known = Known(kept=[_task(status=TaskStatus.DONE)], accepted=[added])

    [change] = granting.decide(RULE, _ruza(known))

    assert isinstance(change, UpdateTask)
    assert (change.proof, change.at) == (True, added.at)


def test_where_the_text_asks_for_no_materials_a_word_is_a_report() -> None:
    """Одинцово does not name them."""
    known = Known(kept=[task()])
    heard: Any = case(known, at("12:00"))
    rule = answers.rule_of(heard)
    assert rule is not None

    said = list(
        answers.from_letter(
            rule, heard, letter("Выполнено", sender=_executor_mail(known)), task(), ""
        )
    )

    [change] = [i for i in said if isinstance(i, UpdateTask)]
    assert (change.status, change.proof) == (TaskStatus.DONE, True)
