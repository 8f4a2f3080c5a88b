"""What waits for the send window: kept over a restart, said by ``explain``, sent once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mcur.daemon.explain import explain_key, explain_rule
from mcur.playbooks.facts import Act
from tests.fakes import MORNING, Stand, an_appeal

TASK = "task:odintsovo-1204:dobrodel:1"
LETTER = f"letter:odintsovo-1204:E-2:1:{TASK}:1"
EVENING = MORNING + timedelta(hours=14, minutes=30)
OPENS = MORNING + timedelta(days=1)


@pytest.fixture
def stand(tmp_path: Path) -> Iterator[Stand]:
    """Set up a site where an executor refused at 22:30, when the window of its letters was shut."""
    window = {"odintsovo-1204.calendar.send_window": ["08:00", "21:00"]}
    stand = Stand(tmp_path, set=window)
    stand.cycle(MORNING)
    stand.take(an_appeal())
    stand.cycle(MORNING + timedelta(minutes=10))
    act = Act(ident="1", at=EVENING, by="mcur_resp", do="refuse", key=TASK, text="не наш дом")
    with stand.state.atomic():
        stand.state.add_act(act)
    stand.cycle(EVENING)
    yield stand
    stand.close()


def sent(stand: Stand) -> list[datetime]:
    """Return when the letter left, as often as it did."""
    return [event.at for event in stand.told("mail.sent") if event.key == LETTER]


def explained(stand: Stand, rule: str, now: datetime) -> dict[str, Any]:
    """Explain a ladder at a moment."""
    path = ["odintsovo-1204", "ladder", rule]
    found = explain_rule(stand.site.playbooks, stand.state, stand.settings, path, None, now)
    assert found is not None
    return found


def test_explain_says_until_when_a_letter_waits(stand: Stand) -> None:
    """By the key of the letter, and by the rule; what leaves at once says nothing of a window."""
    found = explain_key(stand.site.playbooks, stand.state, LETTER)

    assert found is not None
    assert found["deliveries"] == [
        "send_letter waiting to courier, decided 2026-11-18 22:30:00, next 2026-11-19 08:00:00: "
        "waits until the send window opens"
    ]
    until = "letters leave when send_window opens, 2026-11-19 08:00:00"
    assert explained(stand, "E-2", EVENING)["waits"] == until
    assert "waits" not in explained(stand, "E-1", EVENING)
    assert "waits" not in explained(stand, "E-2", OPENS)


def test_a_letter_waits_over_restarts_and_leaves_once(stand: Stand) -> None:
    """A new process tries whatever waits at once, but for what may not leave yet."""
    for at in (EVENING + timedelta(hours=1), OPENS - timedelta(seconds=1)):
        stand.restart()
        stand.cycle(at)

        assert sent(stand) == []

    stand.cycle(OPENS)
    stand.restart()
    stand.cycle(OPENS + timedelta(minutes=10))

    assert sent(stand) == [OPENS]
    assert [e.data["until"] for e in stand.told("mail.waits")] == [OPENS]
    row = stand.state.outbox.get(LETTER)
    assert row is not None
    assert (row["state"], row["attempts"]) == ("done", 1)


def test_a_window_that_was_slept_through_opens_again(stand: Stand) -> None:
    """The daemon starts after the next evening: nobody gets the letter at night."""
    stand.restart()
    stand.cycle(OPENS + timedelta(hours=13))
    assert sent(stand) == []

    stand.cycle(OPENS + timedelta(days=1))

    assert sent(stand) == [OPENS + timedelta(days=1)]
