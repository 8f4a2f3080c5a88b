"""Kind ``report``: a day of a report from its draft to its correction; late and missed."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from mcur.connectors.papers.text import to_text
from mcur.playbooks.documents import Column, Document, Table
from mcur.playbooks.facts import Act, Health, Report
from mcur.playbooks.intents import (
    Intent,
    KeepReport,
    SendLetter,
    Tell,
    UpdateTask,
)
from mcur.playbooks.rules import report as kind
from mcur.playbooks.rules.report_shape import Report as ReportRule
from tests.playbooks.facts import ID, Known, act, appeal, at, case, rule, task

KEY = f"report:{ID}:O-2:2026-11-18"
TODAY = date(2026, 11, 18)


def kept(state: str = "drafted", day: date = TODAY, **given: Any) -> Report:
    """Make a report that state keeps."""
    return Report(
        key=f"report:{ID}:O-2:{day}", playbook=ID, rule="O-2", day=day, state=state, **given
    )


def decide(known: Known, clock: str, name: str = "O-2", **values: Any) -> list[Intent]:
    """Let a report decide at a clock time of Wednesday."""
    shown = case(known, at(clock), **values)
    return list(kind.decide(rule("report", name, shown), shown))


def letters(found: list[Intent]) -> list[SendLetter]:
    """Return the letters."""
    return [f for f in found if isinstance(f, SendLetter)]


def states(found: list[Intent]) -> list[str]:
    """Return the states in which the report is kept."""
    return [f.state.value for f in found if isinstance(f, KeepReport)]


@pytest.mark.parametrize(
    ("clock", "wanted"),
    [("09:19:59", []), ("09:20", ["drafted"]), ("09:49:59", ["drafted"]), ("09:50", ["decided"]),
     ("23:59", ["decided"])],
)  # fmt: skip
def test_a_report_is_drafted_and_then_leaves(clock: str, wanted: list[str]) -> None:
    """Also without a draft, where the cycle comes too late for one."""
    assert states(decide(Known(), clock)) == wanted


def test_a_report_is_drafted_once_and_leaves_once() -> None:
    """State remembers which."""
    assert states(decide(Known(reports=[kept()]), "09:30")) == []
    assert states(decide(Known(reports=[kept("decided")]), "09:55")) == []
    assert states(decide(Known(reports=[kept("sent")]), "15:00")) == []


def test_a_slot_of_before_the_site_was_live_is_no_report() -> None:
    """Neither late nor missed."""
    assert decide(Known(live_from=at("09:50:01")), "10:30") == []
    assert states(decide(Known(live_from=at("09:50")), "10:30")) == ["decided"]


def test_a_draft_stands_on_the_authors_task_of_the_day() -> None:
    """With the list of what nobody has filled in yet, and what can be done."""
    known = Known(entries={"new": [appeal(str(n)) for n in range(45)]}, kept=[task("0")])
    [update] = [f for f in decide(known, "09:20") if isinstance(f, UpdateTask)]

    assert update.task == f"task:{ID}:day:mcur_resp:2026-11-18"
    assert update.note is not None
    text = to_text(update.note)
    assert "Не заполнено (45):" in text
    assert "задача № 0: меры не указаны" in text
    assert "обращение № 1: меры не указаны" in text
    assert "и ещё 5" in text
    assert KEY in text


def test_a_letter_carries_what_its_clause_wants() -> None:
    """Readers, sender, deadline, the day it is worth something, the paper attached."""
    [letter] = letters(decide(Known(), "09:50"))

    assert (letter.key, letter.cite.clause) == (KEY, "2.2.1.1")
    assert (letter.sender, letter.to, letter.cc) == ("mcur_resp", ("mcur_head",), ())
    assert (letter.deadline, letter.not_after) == (at("10:00"), at("00:00", 19))
    assert letter.papers == ("docx",)


HOURS = [("O-2", "09:50", "10:00"), ("O-3", "16:50", "17:00"), ("O-4", "17:50", "18:00")]


@pytest.mark.parametrize(("name", "send_at", "deadline"), HOURS)
def test_each_report_has_its_own_hours(name: str, send_at: str, deadline: str) -> None:
    """The deadlines do not mix."""
    [letter] = letters(decide(Known(), send_at, name))

    assert letter.deadline == at(deadline)


def test_who_checked_it_is_said_and_who_did_not_too() -> None:
    """It leaves on time anyway."""
    [checked] = letters(decide(Known(reports=[kept(reviewed_by="Иванова А. А.")]), "09:50"))
    [unchecked] = letters(decide(Known(), "09:50"))

    assert "Проверено: Иванова А. А." in to_text(checked.document)
    assert "ответственным не проверено" in to_text(unchecked.document)


def test_a_silent_system_and_a_missing_file_are_said() -> None:
    """«The file has not come» is said, not shown as zero."""
    down = Health(system="tracker:embedded", down_since=at("08:00"), last_success=at("07:59"))
    [letter] = letters(decide(Known(data=False, systems=[down]), "09:50"))
    text = to_text(letter.document)

    assert "Redmine не отвечает с 18.11.2026 08:00: сведения на 18.11.2026 07:59" in text
    assert "Файл выгрузки за 17.11.2026 не поступил" in text


def test_mail_that_does_not_leave_is_called_by_its_name() -> None:
    """«Источник «courier»» says nothing to a head."""
    down = Health(system="courier", down_since=at("08:00"))
    [letter] = letters(decide(Known(systems=[down]), "09:50"))

    assert "Сервер исходящей почты не отвечает с 18.11.2026 08:00." in to_text(letter.document)


def test_what_the_figures_rest_on_is_said() -> None:
    """Rows without a house or a topic."""
    rows = [appeal("1", house=None), appeal("2", house="x", subcategory=None)]
    [letter] = letters(decide(Known(entries={"new": rows}), "09:50"))
    text = to_text(letter.document)

    assert "адрес не распознан: 1" in text
    assert "без темы: 1" in text


# --- people ---------------------------------------------------------------------------------------------


def done(do: str, by: str = "mcur_resp") -> Act:
    """Make an accepted act on the report."""
    return act(do, by, KEY, person="Иванова А. А.")


ACTS = {
    "checked": ("review", "drafted", "09:30", ["drafted"], 0, ["report.reviewed"]),
    "checked while held": ("review", "held", "09:55", ["held"], 0, ["report.reviewed"]),
    "checked after it left": ("review", "sent", "10:30", [], 0, []),
    "held": ("hold", "drafted", "09:30", ["held"], 0, []),
    "held too late": ("hold", "sent", "10:30", [], 0, []),
    "released before its hour": ("release", "drafted", "09:30", ["decided"], 1, []),
    "released after it was held": ("release", "held", "10:30", ["decided"], 1, []),
    "released twice": ("release", "sent", "10:30", [], 0, []),
    "corrected": ("correct", "sent", "10:30", ["decided"], 1, ["report.corrected"]),
    "corrected before it left": ("correct", "drafted", "09:30", [], 0, []),
}


@pytest.mark.parametrize(
    ("do", "state", "clock", "kept_as", "left", "told"), ACTS.values(), ids=ACTS.keys()
)
def test_what_a_person_does_with_a_report(
    do: str, state: str, clock: str, kept_as: list[str], left: int, told: list[str]
) -> None:
    """Checked, held, released, corrected; each where it still means something."""
    known = Known(accepted=[done(do)], reports=[kept(state)])
    found = decide(known, clock)

    assert states(found) == kept_as
    assert len(letters(found)) == left
    assert [f.event for f in found if isinstance(f, Tell)] == told


def test_a_held_report_waits_for_its_release() -> None:
    """Past its hour and its deadline."""
    assert decide(Known(reports=[kept("held")]), "11:00") == []


def test_a_correction_names_what_changed() -> None:
    """``:r2`` with the rows that came and went; no deadline, an answer to the first letter."""
    columns = (Column(title="1"), Column(title="2"))
    old = Document(blocks=(Table(columns=columns, rows=(("старая строка", ""),)),))
    known = Known(
        accepted=[done("correct")],
        reports=[kept("sent", document=old)],
        entries={"new": [appeal("77")]},
    )
    found = decide(known, "11:00")
    [letter] = letters(found)
    text = to_text(letter.document)

    assert letter.key == f"{KEY}:r2"
    assert letter.answers == KEY
    assert letter.deadline is None
    assert letter.subject.startswith("Исправлено (редакция 2): Отчет 1 за 17.11")
    assert "убрано: старая строка" in text
    assert "добавлено: Снег" in text


def test_a_second_correction_is_the_third_edition() -> None:
    """Numbers follow each other."""
    known = Known(accepted=[done("correct")], reports=[kept("sent")], keys={f"{KEY}:r2"})

    assert letters(decide(known, "11:00"))[0].key == f"{KEY}:r3"


# --- missed ---------------------------------------------------------------------------------------------


def missed(found: list[Intent]) -> list[tuple[str, str]]:
    """Return the keys that are told as missed, with the reason."""
    return [
        (f.key, f.cite.why) for f in found if isinstance(f, Tell) and f.event == "report.missed"
    ]


def test_slots_that_passed_while_nothing_ran_are_missed_each_once() -> None:
    """The day of today is still to be served."""
    found = decide(
        Known(before=at("12:00", 15), reports=[kept("sent", date(2026, 11, 15))]), "08:00"
    )

    assert [key[-10:] for key, _ in missed(found)] == ["2026-11-16", "2026-11-17"]
    assert missed(found)[0][1] == "Отчет 1, срок отправки 16.11.2026: не отправлен"


def test_a_report_that_nobody_let_go_is_missed_when_its_day_is_over() -> None:
    """And the reason says who held it."""
    yesterday = date(2026, 11, 17)
    found = decide(Known(before=at("23:55", 17), reports=[kept("held", yesterday)]), "00:00")

    assert "задержан и не разрешён" in missed(found)[0][1]


def test_a_missed_report_is_named_in_the_next_one() -> None:
    """By the day it would have covered."""
    known = Known(reports=[kept("missed", date(2026, 11, 17))])
    [letter] = letters(decide(known, "09:50"))

    assert "Отчет 1 за 16.11.2026 не отправлен" in to_text(letter.document)


def test_what_was_missed_for_years_is_counted_and_not_listed() -> None:
    """A site that began with a clock of 2020 would fill a book."""
    gone = [kept("missed", TODAY - timedelta(days=n)) for n in range(60, 0, -1)]
    [letter] = letters(decide(Known(reports=gone), "09:50"))
    text = to_text(letter.document)

    assert text.count("не отправлен.") == 40
    assert "Отчет 1 за 16.11.2026 не отправлен" in text
    assert "Отчет 1: не отправлено раньше этого и ещё 20." in text


def test_a_site_that_wants_no_late_reports_has_them_missed() -> None:
    """``catch_up = "never"``: from the deadline on there is none."""
    early = decide(Known(), "09:59", calendar__catch_up="never")
    late = decide(Known(), "10:00", calendar__catch_up="never")

    assert (len(letters(early)), missed(early)) == (1, [])
    assert (len(letters(late)), len(missed(late))) == (0, 1)


def test_nothing_is_missed_before_the_first_cycle() -> None:
    """A new site begins today."""
    assert missed(decide(Known(), "08:00")) == []


def test_a_report_shows_its_assumptions_where_the_site_wants_them() -> None:
    """Silent by default; with ``show_assumptions`` each stands with its clause."""
    for wanted in (False, True):
        shown = case(Known(), at("09:50"), **{"calendar.show_assumptions": wanted})
        told = to_text(kind.preview(rule("report", "O-2", shown), shown))
        assert ("Допущения на месте пробелов регламента" in told) is wanted
        assert ("п. 2.1.2.3: признак некачественной работы" in told) is wanted


def test_an_hour_of_sending_at_the_deadline_is_refused() -> None:
    """A lead is needed: finished at the deadline is late already."""
    table = rule("report", "O-2").model_dump() | {"send_at": "10:00"}
    problems = ReportRule.model_validate(table).problems()

    assert any("is not before deadline" in problem for problem in problems)


def test_a_report_that_leaves_earlier_is_drafted_earlier() -> None:
    """Whoever moves only the hour of sending keeps half an hour to look at the draft."""
    table = rule("report", "O-2").model_dump() | {"send_at": "09:00"}
    moved = ReportRule.model_validate(table)
    known = Known()

    assert list(kind.decide(moved, case(known, at("08:29")))) == []
    assert list(kind.decide(moved, case(known, at("08:30")))) != []


def test_the_next_wake_is_the_next_hour_of_sending() -> None:
    """Today, or tomorrow once it is over."""
    wakes = kind.KIND.wakes

    assert wakes(rule("report", "O-2"), case(Known(), at("09:00"))) == at("09:50")
    assert wakes(rule("report", "O-2"), case(Known(), at("09:50"))) == at("09:50", 19)
