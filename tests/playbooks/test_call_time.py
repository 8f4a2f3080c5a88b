"""When a call was made: the caller's own word counts, not the hour at which it was written down."""

from __future__ import annotations

import pytest

from mcur.playbooks import notes, ringing
from mcur.playbooks.facts import Note
from tests.playbooks.facts import PEOPLE, Known, at, case


@pytest.mark.parametrize(
    ("said", "was"),
    [("10:42", "10:42"), ("9.05", "09:05"), ("18.11.2026 10:42", "10:42"),
     ("2026-11-18T10:42:00+03:00", "10:42"), ("25:99", "11:00"), ("", "11:00")],
)  # fmt: skip
def test_the_field_of_a_call_is_its_time(said: str, was: str) -> None:
    """An hour is the last one that the clock showed; what is no time is not believed."""
    changes = {"status": "closed", "called_at": said}
    note = Note(ident="5", at=at("11:00"), author="mcur_resp", text="дозвонился", changes=changes)
    [act] = notes.from_note("call:x:8.3.1.b2:incident:y", "redmine", note, PEOPLE)

    assert act.do == "call-done"
    assert ringing.said_at(case(Known(), at("12:00")), act) == at(was)


def test_the_phrase_of_a_call_may_name_its_time() -> None:
    """Where there is no such field."""
    note = Note(
        ident="5", at=at("11:00"), author="mcur_resp", text="Звонок сделан в 10:42: дозвонился"
    )
    [act] = notes.from_note("call:x:8.3.1.b2:incident:y", "redmine", note, PEOPLE)

    assert ringing.said_at(case(Known(), at("12:00")), act) == at("10:42")
