"""What a surge counts together and compares: a week or a month; the average that stands in for an index."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from mcur.playbooks.baselines import Period, Span, base_spans, span_of
from mcur.playbooks.calendar import Calendar
from mcur.playbooks.intents import Finding, OpenIncident, Outcome
from mcur.playbooks.load import PlaybookError
from tests.playbooks.hand_made import Known, close, decided, of, some

T6 = """
[surge.T6]
clause = "3.1[1]"
scope = "total"
op = "gt"
growth_pct = 10
period = "{period}"
"""
T4 = """
[surge.T4]
clause = "1.3[1]"
scope = "category"
op = "gt"
index = 3.00
index_decimals = {decimals}
categories = ["Отопление"]
index_fallback = "{fallback}"
"""


@pytest.mark.parametrize(
    ("period", "starts", "span", "before"),
    [
        ("day", "mon", ((11, 18), (11, 18)), ((11, 17), (11, 17))),
        ("week", "mon", ((11, 16), (11, 22)), ((11, 9), (11, 15))),
        ("week", "thu", ((11, 12), (11, 18)), ((11, 5), (11, 11))),
        ("month", "mon", ((11, 1), (11, 30)), ((10, 1), (10, 31))),
    ],
)
def test_a_period_is_compared_with_the_whole_one_before(
    period: Period, starts: Any, span: tuple[Any, Any], before: tuple[Any, Any]
) -> None:
    """A week begins where the playbook's does."""
    calendar = Calendar(week_starts=starts)
    found = span_of(period, date(2026, 11, 18), calendar)

    assert found == Span(*(date(2026, *day) for day in span))
    assert base_spans(period, "previous_day", found, calendar) == [
        Span(*(date(2026, *day) for day in before))
    ]


def khimki(known: Known, now: str, period: str = "week") -> list[Any]:
    """Run the growth of a period; return all that it wants."""
    return decided(known, "khimki-energy", T6.format(period=period), now)


def week(*counts: int, first: int) -> dict[int, list[Any]]:
    """Return the counts of some days from the first on."""
    return {first + n: [some(count)] for n, count in enumerate(counts)}


@pytest.mark.parametrize(("wednesday", "opened"), [(40, 0), (41, 1)])
def test_a_week_so_far_grows_over_the_whole_week_before(wednesday: int, opened: int) -> None:
    """100 in a week: 110 is no growth of more than 10 %, 111 is, on the Wednesday that has them."""
    known = Known(
        counts=week(20, 20, 20, 10, 10, 10, 10, first=9) | week(40, 30, wednesday, first=16)
    )
    known.fresh = {18}

    incidents = of(OpenIncident, khimki(known, "18 12:00"))

    assert [i.key for i in incidents] == ["incident:khimki-energy:T6:total:2026-11-16"] * opened


def test_a_week_is_one_incident() -> None:
    """What a person closed on Wednesday is not opened again before the next week."""
    known = Known(counts=week(*[10] * 7, first=9) | week(60, 30, first=16), fresh={17})
    [opened] = of(OpenIncident, khimki(known, "17 12:00"))
    close(known, opened.key)
    known.counts[18] = [some(90)]
    known.fresh = {18}

    assert of(OpenIncident, khimki(known, "18 12:00")) == []


def test_late_rows_judge_the_week_before_again() -> None:
    """On Monday the week that is over is judged once more, and is said to be over."""
    known = Known(counts=week(*[10] * 7, first=9) | week(*[12] * 7, first=16), fresh={22})
    [opened] = of(OpenIncident, khimki(known, "23 00:05"))

    assert opened.key.endswith(":2026-11-16")
    assert opened.cite.why == (
        "рост 20,0 % (70 -> 84) к прошлой неделе; обнаружено задним числом за 16.11.2026 – 22.11.2026"
    )


def test_a_week_with_a_day_without_data_is_not_computable() -> None:
    """Neither as the base, nor, where it has not grown, as the one that is judged."""
    base = week(*[10] * 7, first=9)
    lacking = {day: rows for day, rows in base.items() if day != 12}
    for counts, day in (
        (lacking | week(90, first=16), "12.11.2026"),
        (base | week(5, first=17), "16.11.2026"),
    ):
        known = Known(counts=counts, fresh={16, 17})
        found = khimki(known, "17 12:00")

        assert of(OpenIncident, found) == []
        [finding] = [f for f in of(Finding, found) if f.day == date(2026, 11, 16)]
        assert (finding.outcome, day in finding.cite.why) == (Outcome.NOT_COMPUTABLE, True)


@pytest.mark.parametrize(
    "values",
    [{"surge__T6__versus": "same_weekday"}, {"surge__T6__period": "decade"}],
)
def test_a_period_that_means_nothing_is_refused(values: dict[str, str]) -> None:
    """A week has no weekday to be compared with."""
    with pytest.raises(PlaybookError, match=r"versus|period"):
        decided(Known(), "khimki-energy", T6.format(period="week"), "17 12:00", **values)


# --- the average of 28 days -----------------------------------------------------------------------------


def index(
    known: Known, fallback: str = "avg_28d", decimals: int = 2, now: str = "29 12:00"
) -> list[Any]:
    """Run the rule of the index; return all that it wants."""
    return decided(known, "odintsovo-1204", T4.format(fallback=fallback, decimals=decimals), now)


def heating(*counts: int, today: int) -> Known:
    """Know the days 1–28 with these counts, repeated, and the 29th so far."""
    days = {n: [some(counts[(n - 1) % len(counts)], category="Отопление")] for n in range(1, 29)}
    return Known(counts=days | {29: [some(today, category="отопление", house="д. 5")]}, fresh={29})


@pytest.mark.parametrize(
    ("known", "decimals", "opened"),
    [
        (heating(100, today=300), 2, 0),  # 3,00
        (heating(1000, today=3004), 2, 0),  # 3,004 is 3,00
        (heating(1000, today=3005), 2, 1),  # 3,005 is 3,01
        (heating(1000, today=3004), -1, 1),
        (heating(1, 3, today=7), 2, 1),  # 56 in 28 days: 3,50
    ],
)
def test_the_average_of_four_weeks_stands_in_for_the_index(
    known: Known, decimals: int, opened: int
) -> None:
    """Count of the day by the daily average of the 28 days before it, rounded as the index is."""
    assert len(of(OpenIncident, index(known, decimals=decimals))) == opened


def test_the_letter_has_no_average() -> None:
    """Without an index nothing can be said, however many came."""
    found = index(heating(1, today=90), fallback="none")

    assert of(OpenIncident, found) == []
    assert {f.outcome for f in of(Finding, found)} == {Outcome.NOT_COMPUTABLE}


def test_what_is_computed_says_so() -> None:
    """People see that it is no index of the heat map, and from what it was made."""
    [opened] = of(OpenIncident, index(heating(2, today=9)))

    assert opened.cite.why == (
        "индекс категории «Отопление» 4,50 (порог: более 3,00), рассчитан: 9 за сутки при 56 за 28 дней до них"
    )
    assert opened.count == 9


def test_the_index_of_an_export_wins_over_the_average() -> None:
    """The heat map says 1,20: the average of our own is not asked."""
    known = heating(2, today=90)
    known.index = {"отопление": "1.20"}

    assert of(OpenIncident, index(known)) == []


@pytest.mark.parametrize("lacking", [{1}, set(range(1, 29))])
def test_less_than_four_weeks_are_no_average(lacking: set[int]) -> None:
    """Absent is not zero: neither a part of the history, nor none."""
    known = heating(2, today=90)
    known.counts = {day: rows for day, rows in known.counts.items() if day not in lacking}

    found = index(known)

    assert of(OpenIncident, found) == []
    assert {f.outcome for f in of(Finding, found)} == {Outcome.NOT_COMPUTABLE}
