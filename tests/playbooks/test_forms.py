"""Forms: Report 1 with its groups, Report 2 with its verdicts, the report on the work done."""

from __future__ import annotations

from typing import Any

import pytest

from mcur.playbooks import forms
from mcur.playbooks.documents import Bullets, Pairs, Paragraph, Table
from mcur.playbooks.facts import TaskKind, TaskStatus
from mcur.playbooks.filled import Filled
from mcur.playbooks.rules.report_document import document
from mcur.playbooks.rules.report_shape import period
from tests.playbooks.facts import Known, appeal, at, case, rule, task

NOW = at("16:50")


def fill(form: str, known: Known) -> Filled:
    """Fill the form of a report at 16:50."""
    name = {"groups": "O-2", "problems": "O-3", "work": "O-4"}[form]
    shown = case(known, NOW)
    of = rule("report", name)
    return forms.FORMS[form](of, shown, *period(of.covers, shown))


def table(filled: Filled) -> Table:
    """Return the first table."""
    return next(block for block in filled.blocks if isinstance(block, Table))


# --- Report 1 -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [0, 1, 2, 5, 21, 40])
def test_the_heads_count_what_entered_a_group(count: int) -> None:
    """«Новые (+n)»: the number that entered on the day, with a plus; rows are not cut."""
    filled = fill("groups", Known(entries={"new": [appeal(str(n)) for n in range(count)]}))
    found = table(filled)

    assert [g.title for g in found.groups] == [
        f"Новые (+{count})", "Повторные (+0)", "Отложенные (+0)", "Просроченные (+0)",
    ]  # fmt: skip
    assert len(found.rows) == count
    assert filled.figures["new"] == count


def test_above_forty_rows_topics_and_houses_are_counted_and_the_list_is_a_workbook() -> None:
    """41 appeals of two topics at two houses: three lines, and an annex with each of them."""
    came = [appeal(str(n), subcategory="Снег", address="ул. Мира, д. 1") for n in range(21)]
    came += [appeal(str(n), subcategory="Снег", address="ул. Мира, д. 2") for n in range(21, 40)]
    came += [appeal("=HYPERLINK(1)", subcategory="Тепло", address="ул. Мира, д. 2")]
    filled = fill("groups", Known(entries={"new": came}))

    assert [row[:2] for row in table(filled).rows] == [
        ("Снег\nул. Мира, д. 1\n21 обращение", "меры не указаны"),
        ("Снег\nул. Мира, д. 2\n19 обращений", "меры не указаны"),
        ("Тепло\nул. Мира, д. 2\n1 обращение", "меры не указаны"),
    ]
    assert table(filled).groups[0].title == "Новые (+41)"
    assert len(filled.annex[0].rows) == 41
    assert "XLSX" in str(filled.blocks[0])


def test_places_beyond_the_room_are_one_line() -> None:
    """41 houses with an appeal each: 39 of them by name, two together."""
    came = [appeal(str(n), address=f"ул. Мира, д. {n}") for n in range(41)]
    rows = table(fill("groups", Known(entries={"new": came}))).rows

    assert len(rows) == 40
    assert [row[0].split("\n")[1] for row in rows[:3]] == [f"ул. Мира, д. {n}" for n in range(3)]
    assert rows[39][0] == "Остальные темы и адреса (2)\n2 обращения"


def test_the_table_has_eight_numbered_columns_and_the_height_of_its_longest_group() -> None:
    """Appendix 1: problem and measures of each group."""
    entries = {
        "new": [appeal("1")], "repeat": [appeal("2"), appeal("3")],
        "overdue": [appeal(str(n)) for n in range(4, 9)],
    }  # fmt: skip
    found = table(fill("groups", Known(entries=entries)))

    assert [c.number for c in found.columns] == ["1", "2", "3", "4", "5", "6", "7", "8"]
    assert [c.title for c in found.columns[:2]] == ["Проблема", "Принятые меры"]
    assert [g.span for g in found.groups] == [2, 2, 2, 2]
    assert len(found.rows) == 5
    assert found.rows[4][:6] == ("", "", "", "", "", "")
    assert "№ 8" in found.rows[4][6]


def test_a_repeat_is_not_new_and_a_double_stands_in_both_groups() -> None:
    """One appeal is both repeat and overdue."""
    double = appeal("1", repeat_of="0")
    filled = fill(
        "groups", Known(entries={"new": [double], "repeat": [double], "overdue": [double]})
    )

    assert filled.figures == {"new": 0, "repeat": 1, "deferred": 0, "overdue": 1}
    assert sum("№ 1" in cell for row in table(filled).rows for cell in row) == 2


@pytest.mark.parametrize(
    ("data", "words"),
    [(True, "обращений за сутки не поступило"), (False, "выгрузка за сутки не поступила")],
)
def test_no_appeals_and_no_file_are_two_different_things(data: bool, words: str) -> None:
    """«The file has not come» is said, not shown as zero."""
    filled = fill("groups", Known(data=data))

    assert table(filled).empty == words
    assert ("Новых 0" in filled.lead[0]) is data
    assert ("no_data" in filled.figures) is not data


def test_what_fell_due_is_counted_without_a_file_too() -> None:
    """Terms run out by themselves."""
    filled = fill("groups", Known(data=False, entries={"overdue": [appeal()]}))

    assert "просроченных 1" in filled.lead[0]


def test_spam_and_other_municipalities_do_not_count() -> None:
    """They leave every figure."""
    rows = [appeal("1", spam=True), appeal("2", municipality="Рузский г.о."), appeal("3")]

    assert fill("groups", Known(entries={"new": rows})).figures["new"] == 1


MEASURES: dict[str, tuple[dict[str, Any] | None, str]] = {
    "no task": (None, "меры не указаны"),
    "measures of a person": ({"measures": "Снег вывезен"}, "Снег вывезен"),
    "a phone in the measures": (
        {"measures": "Позвонили +7 916 123-45-67"}, "Позвонили [телефон скрыт]"),
    "nothing written": (
        {"decided_at": at("10:02", 17), "accepted_at": at("12:30", 17), "due_at": at("18:00", 20)},
        "меры не указаны; задача № 1 направлена исполнителю 17.11 10:02 (УК «Дом»), принята 17.11 12:30, "
        "срок 20.11 18:00"),
    "nobody to do it": (
        {"executor": None, "assignee": "mcur_resp"},
        "меры не указаны; задача № 1 поставлена 18.11 08:05 (ответственный сотрудник МЦУР), "
        "срок не определён"),
    "no number yet": (
        {"ident": None},
        "меры не указаны; задача для УК «Дом» записана 18.11 08:05 и ждёт Redmine, "
        "срок не определён"),
}  # fmt: skip


@pytest.mark.parametrize(("given", "words"), MEASURES.values(), ids=MEASURES.keys())
def test_where_nobody_wrote_measures_it_says_so_and_what_is_known(
    given: dict[str, Any] | None, words: str
) -> None:
    """It invents nothing, and passes no phone on."""
    tasks = [] if given is None else [task(**given)]
    filled = fill("groups", Known(entries={"new": [appeal()]}, kept=tasks))

    assert table(filled).rows[0][1] == words
    assert bool(filled.gaps) is (given is None or "measures" not in given)


PROBLEMS = {
    "topic, text, address, number": (
        {"text": "Не убран снег"}, "Снег: Не убран снег\nОдинцово, ул. Мира, 1\n№ 1"),
    "nothing but a number": (
        {"subcategory": None, "address": None}, "тема не указана\nадрес не указан\n№ 1"),
    "a phone in the text": (
        {"text": "Звоните 8 (916) 123-45-67"},
        "Снег: Звоните [телефон скрыт]\nОдинцово, ул. Мира, 1\n№ 1"),
}  # fmt: skip


@pytest.mark.parametrize(("given", "words"), PROBLEMS.values(), ids=PROBLEMS.keys())
def test_a_problem_names_topic_text_address_and_number(given: dict[str, Any], words: str) -> None:
    """In a few lines of a narrow column."""
    assert table(fill("groups", Known(entries={"new": [appeal(**given)]}))).rows[0][0] == words


# --- Report 2 -------------------------------------------------------------------------------------------

VERDICTS = {
    "closed": ({"status": TaskStatus.CLOSED, "closed_at": at("12:00")}, "решена"),
    "closed late": (
        {"status": TaskStatus.CLOSED, "closed_at": at("12:00"), "due_at": at("09:00")}, "решена"),
    "refused": ({"status": TaskStatus.REFUSED}, "не решена"),
    "rejected": ({"status": TaskStatus.REJECTED, "closed_at": at("12:00")}, "не решена"),
    "overdue": ({"status": TaskStatus.IN_WORK, "due_at": at("16:49:59")}, "не решена"),
    "at its due": ({"status": TaskStatus.IN_WORK, "due_at": at("16:50")}, "в работе"),
    "open": ({}, "в работе"),
    "reported, waits for the officer": (
        {"status": TaskStatus.DONE, "done_at": at("12:00"), "due_at": at("13:00")}, "в работе"),
    "returned": ({"status": TaskStatus.RETURNED}, "в работе"),
}  # fmt: skip


@pytest.mark.parametrize(("given", "verdict"), VERDICTS.values(), ids=VERDICTS.keys())
def test_a_task_is_solved_unsolved_or_in_work(given: dict[str, Any], verdict: str) -> None:
    """Closed and confirmed; refused or overdue; everything else that is open."""
    found = table(fill("problems", Known(kept=[task(changed_at=at("12:00"), **given)])))

    assert [row[4] for row in found.rows] == [verdict]
    assert [c.number for c in found.columns] == ["1", "2", "3", "4", "5"]


def test_the_words_of_a_row_are_those_of_the_fields() -> None:
    """Causes, measures, prevention as a person wrote them; phones are masked."""
    one = task(
        measures="вывезен, тел. 8 916 123-45-67", causes="снегопад", prevention="обходы",
        address=None,
    )  # fmt: skip
    [row] = table(fill("problems", Known(kept=[one]))).rows

    assert row[0] == "г.о. Одинцово, Снег\nадрес не указан\nзадача № 1"
    assert row[1:4] == ("снегопад", "вывезен, тел. [телефон скрыт]", "обходы")


def test_with_no_tasks_the_form_says_that_there_are_no_problems() -> None:
    """The form stays, with its words."""
    filled = fill("problems", Known())

    assert table(filled).rows == ()
    assert table(filled).empty == "проблемных вопросов нет"
    assert filled.lead == ("Проблемных вопросов нет.",)


def test_the_unsolved_stand_first() -> None:
    """Then the solved, then what is in work."""
    tasks = [
        task("1"), task("2", status=TaskStatus.CLOSED), task("3", status=TaskStatus.REFUSED),
    ]  # fmt: skip
    rows = table(fill("problems", Known(kept=tasks))).rows

    assert [row[4] for row in rows] == ["не решена", "решена", "в работе"]


def test_tasks_without_news_are_counted_where_the_table_has_no_room() -> None:
    """By executor; the verdict figures hold them all."""
    old = {"decided_at": at("08:00", 10), "changed_at": at("08:00", 10)}
    silent = [task(f"с{n}", **old) for n in range(39)]
    told = task("1", measures="вывезен")
    filled = fill("problems", Known(kept=[told, task("2", status=TaskStatus.IN_WORK), *silent]))
    whole = fill("problems", Known(kept=[told, *silent]))

    assert (len(table(filled).rows), len(table(whole).rows)) == (2, 40)
    assert filled.figures["total"] == 41
    assert Paragraph(text="В работе без новых сведений за день: 39 задач.") in filled.blocks
    assert Bullets(items=("УК «Дом»: 39",)) in filled.blocks


def test_history_and_other_kinds_are_not_in_the_reports_of_tasks() -> None:
    """What stood there before counts in stocks only."""
    tasks = [task("1", history=True), task("2", kind=TaskKind.PLAN)]

    assert fill("problems", Known(kept=tasks)).figures["total"] == 0
    assert fill("work", Known(kept=tasks)).figures["tasks"] == 0


# --- the work done --------------------------------------------------------------------------------------


def test_the_report_on_the_work_counts_the_day() -> None:
    """Appeals, tasks, letters; then executors, the latest first."""
    tasks = [
        task("1", status=TaskStatus.CLOSED, closed_at=at("12:00")),
        task("2", due_at=at("12:00"), executor="Горсвет", assignee="executor:Горсвет"),
        task("3", kind=TaskKind.ASSIGNMENT, executor=None, assignee="mcur_resp"),
        task("4", decided_at=at("08:00", 17), changed_at=at("09:00")),
    ]
    filled = fill(
        "work",
        Known(kept=tasks, entries={"new": [appeal()]}, sent={"executor_mail": 4, "escalations": 1}),
    )
    pairs = next(block for block in filled.blocks if isinstance(block, Pairs))

    assert dict(pairs.items) == {
        "Поступило обращений": "1", "Из них повторных": "0", "Отложено обращений": "0",
        "Стало просроченными": "0", "Возвращено на доработку": "0", "Закрыто обращений": "0",
        "Поставлено задач": "3", "Закрыто задач": "1", "Просрочено задач на этот час": "1",
        "Получено заданий ЦУР": "1", "Направлено писем по эскалации": "1",
        "Направлено писем исполнителям": "4",
    }  # fmt: skip
    assert table(filled).rows == (
        ("Горсвет", "1", "0", "1"), ("УК «Дом»", "1", "1", "0"),
        ("ответственный сотрудник МЦУР", "1", "0", "0"),
    )  # fmt: skip


def test_lists_that_are_too_long_are_counted_and_go_whole_into_the_workbook() -> None:
    """42 late tasks of two houses and 41 solved ones: counts in the letter, every line on a sheet of its own."""
    late = [
        task(str(n), due_at=at("12:00"), address=f"ул. Мира, д. {n % 2}, кв. {n}")
        for n in range(42)
    ]
    shown = case(Known(kept=late), NOW)
    made = document(rule("report", "O-4"), shown, None)[0]
    counted = [
        b for b in made.blocks if isinstance(b, Table) and b.columns[-1].title == "Количество"
    ]

    assert [t.rows for t in counted] == [
        (("Снег", "ул. Мира, д. 0", "21"), ("Снег", "ул. Мира, д. 1", "21")),
    ]
    assert "В списке 42 строки" in str(made.blocks)
    assert [(t.caption, len(t.rows)) for t in made.annex] == [("Просроченные задачи", 42)]
    assert not any(getattr(block, "summary", None) for block in made.blocks)


def test_a_list_of_forty_stands_as_it_is() -> None:
    """The limit itself is still read."""
    late = [task(str(n), due_at=at("12:00")) for n in range(40)]
    made = document(rule("report", "O-4"), case(Known(kept=late), NOW), None)[0]

    assert made.annex == ()
    assert max(len(b.items) for b in made.blocks if isinstance(b, Bullets)) == 40


def test_a_phone_in_the_measures_never_leaves() -> None:
    """What staff write for themselves is read by others in the list of what is late."""
    late = task("1", due_at=at("12:00"), measures="Бригада вышла, звонить +7 916 123-45-67")
    said = str(fill("work", Known(kept=[late])).blocks)

    assert "Бригада вышла" in said
    assert "123-45-67" not in said
