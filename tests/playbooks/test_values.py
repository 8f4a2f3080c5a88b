"""Values over a playbook: overlays, the site's own, and the day since when each counts."""

from __future__ import annotations

from datetime import date, time

import pytest

from mcur.playbooks.load import PlaybookError, known_playbooks, load, parse
from mcur.playbooks.rules.report_shape import Report
from mcur.playbooks.rules.surge_shape import Surge
from tests.playbooks.hand_made import HEAD

EVE, DAY = date(2026, 12, 31), date(2027, 1, 1)
O_2 = "odintsovo-1204.report.O-2.send_at"


def send_at(day: date, value: object) -> time:
    """Return the hour of Отчет 1 on a day, with a value of the site."""
    rule = load("odintsovo-1204", {O_2: value}).on(day).rules["report"]["O-2"]
    assert isinstance(rule, Report)
    return rule.clock


@pytest.mark.parametrize(
    ("value", "before", "after"),
    [
        ("09:40", time(9, 40), time(9, 40)),
        ({"value": "09:40", "effective_from": DAY}, time(9, 50), time(9, 40)),
        ({"value": "09:40", "effective_from": "2027-01-01"}, time(9, 50), time(9, 40)),
        (
            [{"value": "09:45"}, {"value": "09:40", "effective_from": DAY}],
            time(9, 45), time(9, 40),
        ),
        (
            [{"value": "09:40", "effective_from": DAY}, {"value": "09:45", "effective_from": EVE}],
            time(9, 45), time(9, 40),
        ),
    ],
)  # fmt: skip
def test_a_day_is_judged_by_its_own_edition(value: object, before: time, after: time) -> None:
    """What comes into force later leaves the present value in force until then."""
    assert (send_at(EVE, value), send_at(DAY, value)) == (before, after)


def test_each_edition_has_its_own_digest() -> None:
    """A decision says by which edition it was made."""
    book = load("odintsovo-1204", {O_2: {"value": "09:40", "effective_from": DAY}})

    assert book.on(EVE).digest == load("odintsovo-1204").digest
    assert book.on(DAY).digest == load("odintsovo-1204", {O_2: "09:40"}).digest


def test_before_the_act_is_in_force_it_asks_for_nothing() -> None:
    """Одинцово: from the day of signing."""
    book = load("odintsovo-1204")

    assert list(book.on(date(2020, 5, 12)).enabled("report")) == []
    assert list(book.on(date(2020, 5, 13)).enabled("report")) != []


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"value": "09:40", "effective_from": "с нового года"}, "is not a date; write 2027-01-01"),
        ({"value": "25:00", "effective_from": DAY}, "report.O-2.send_at"),
    ],
)
def test_what_is_wrong_with_a_later_value_is_said_at_once(value: object, said: str) -> None:
    """Nobody wants to learn of it on the first of January."""
    with pytest.raises(PlaybookError) as refused:
        load("odintsovo-1204", {O_2: value})
    assert said in str(refused.value)


@pytest.mark.parametrize("playbook", known_playbooks())
def test_every_value_of_the_practical_overlay_leads_somewhere(playbook: str) -> None:
    """The overlay is part of the file and checked like the rest of it."""
    assert load(playbook, overlay="practical").id == playbook


def test_the_practical_overlay_stands_under_the_values_of_the_site() -> None:
    """Letter, overlay, site: the later wins."""
    path = "ruza-679.surge.T1.min_current"

    def floor(overlay: str, **values: object) -> int:
        rule = load("ruza-679", values, overlay=overlay).rules["surge"]["T1"]
        assert isinstance(rule, Surge)
        return rule.min_current

    assert (floor("letter"), floor("practical")) == (0, 20)
    assert floor("practical", **{path: 5}) == 5


def test_an_overlay_that_leads_nowhere_is_refused() -> None:
    """A typing mistake in the playbook's own overlay is a sentence too."""
    text = HEAD.format(id="ruza-679") + '[overlay.practical]\n"surge.T9.op" = "gt"\n'

    assert parse(text, "test.toml", {}).id == "ruza-679"
    with pytest.raises(PlaybookError, match='there is no "surge" in ruza-679'):
        parse(text, "test.toml", {}, overlay="practical")
