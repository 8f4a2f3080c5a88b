"""A storm of letters is paced by the domain that takes it; when mail is back, one notice says so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from mcur.connectors.ports import Unavailable
from mcur.daemon.pace import MINUTE, Pace
from tests.daemon.test_dispatch import SILENT, a_letter, want
from tests.fakes import EXECUTOR, MORNING, Stand

MAIL = {"address": "mcur@mcur.example", "pace": 5}


@pytest.fixture
def stand(tmp_path: Path) -> Iterator[Stand]:
    """Open a site that sends five letters a minute to a domain."""
    opened = Stand(tmp_path, mail=MAIL)
    yield opened
    opened.close()


def departures(stand: Stand) -> list[tuple[str, datetime]]:
    """Return the domain and the moment of each letter that left."""
    letters = [message_from_bytes(p.read_bytes(), policy=policy.default) for p in stand.letters()]
    return [
        (str(one["To"]).rpartition("@")[2].rstrip(">"), one["Date"].datetime) for one in letters
    ]


def play(stand: Stand, minutes: int) -> None:
    """Let time pass in small steps, delivering."""
    for _ in range(minutes * 6):
        stand.deliver()
        stand.pass_time(seconds=10)


def test_a_storm_is_spread_and_holds_up_no_other_domain(stand: Stand) -> None:
    """Twelve letters to the head take three minutes; the executor's own leaves in the first."""
    head = [a_letter(f"letter:{n}") for n in range(12)]
    other = a_letter("letter:other", to=(f"executor:{EXECUTOR['name']}",))
    want(stand, *head, other)

    stand.deliver()
    first = Counter(domain for domain, _ in departures(stand))
    play(stand, 3)

    assert first == {"mcur.example": 5, "firm.test": 1}
    assert Counter(domain for domain, _ in departures(stand)) == {
        "mcur.example": 12,
        "firm.test": 1,
    }
    assert {row["attempts"] for row in stand.state.outbox.listing(["done"])} == {1}


def test_what_is_urgent_does_not_wait(stand: Stand) -> None:
    """It leaves first, over the limit too, and counts for those that follow."""
    calm = [a_letter(f"letter:{n}") for n in range(3)]
    urgent = [a_letter(f"letter:u{n}", urgent=True) for n in range(7)]
    want(stand, *calm, *urgent)

    stand.deliver()

    assert [r["key"] for r in stand.state.outbox.listing(["waiting"])] == [one.key for one in calm]
    assert all(
        row["why"].startswith("waits until") for row in stand.state.outbox.listing(["waiting"])
    )
    play(stand, 2)
    assert len(stand.letters()) == 10


def test_a_clock_that_was_set_back_holds_nothing(stand: Stand) -> None:
    """Moments of another clock are forgotten."""
    want(stand, *(a_letter(f"letter:{n}") for n in range(8)))
    stand.deliver()
    stand.clock.moment -= timedelta(hours=3)

    stand.site.dispatcher.forget_backoff(stand.now)
    stand.deliver()

    assert len(stand.letters()) == 8


def test_one_notice_says_that_mail_is_back_and_the_storm_is_paced(stand: Stand) -> None:
    """Since when it was silent and how many wait; nothing for a silence that nobody noticed."""
    stand.courier.switch.fail(SILENT)
    want(stand, *(a_letter(f"letter:{n}") for n in range(12)))
    play(stand, 30)
    assert stand.letters() == []

    stand.courier.switch.mend()
    play(stand, 10)
    stand.courier.switch.fail(Unavailable("send: busy"))
    want(stand, a_letter("letter:later"))
    play(stand, 5)
    stand.courier.switch.mend()
    play(stand, 10)

    notices = [e for e in stand.events if e.subject == "mcur: почта снова уходит"]
    assert len(notices) == 1
    assert notices[0].to == ("admin@firm.test",)
    assert str(notices[0].data["text"]).count("18.11.2026 08:00") == 1
    assert "11 писем: они уходят сейчас, не больше 5 в минуту" in str(notices[0].data["text"])
    assert len(stand.letters()) == 14
    times = sorted(at for domain, at in departures(stand) if domain == "mcur.example")
    assert all(b - a >= MINUTE for a, b in zip(times, times[5:], strict=False))


def test_a_restart_in_the_outage_changes_nothing(stand: Stand) -> None:
    """The notice names the beginning of the silence, and comes once."""
    stand.courier.switch.fail(SILENT)
    want(stand, a_letter())
    play(stand, 10)
    stand.restart()
    play(stand, 10)
    stand.courier.switch.mend()
    stand.restart()
    play(stand, 10)

    [notice] = [e for e in stand.events if e.subject == "mcur: почта снова уходит"]
    assert "с 18.11.2026 08:00 до 18.11.2026 08:20. Больше ничего не ждёт." in str(
        notice.data["text"]
    )


@given(
    most=st.integers(1, 4),
    pauses=st.lists(
        st.tuples(st.integers(0, 90), st.sets(st.sampled_from("abc"), min_size=1)), max_size=40
    ),
)
def test_no_domain_gets_more_than_its_number_in_a_minute(
    most: int, pauses: list[tuple[int, set[str]]]
) -> None:
    """Whatever the order, whoever comes a little late to his moment; and all leave in the end."""
    pace, now, asking = Pace(most), MORNING, list[tuple[datetime, int, set[str]]]()
    for number, (pause, domains) in enumerate(pauses):
        now += timedelta(seconds=pause)
        asking.append((now, number, domains))
    left = dict[str, list[datetime]]()
    now = MORNING
    while asking:
        asking.sort()
        moment, number, domains = asking.pop(0)
        now = max(now, moment) + timedelta(seconds=number % 7)
        at = pace.leaves_at(domains, now)
        if at > now:
            asking.append((at, number, domains))
            continue
        for domain in domains:
            left.setdefault(domain, []).append(now)

    assert sum(map(len, left.values())) == sum(len(domains) for _, domains in pauses)
    for moments in left.values():
        assert all(b - a >= MINUTE for a, b in zip(moments, moments[most:], strict=False))
