"""Letters about one thing stand together; those that are about nothing else stand alone."""

from __future__ import annotations

import pytest

from mcur.playbooks.threads import thread_of

INCIDENT = "incident:odintsovo-1204:T4:Отопление:2026-11-19"
TASK = "task:ruza-679:issue:embedded:5"


@pytest.mark.parametrize(
    ("thread", "keys"),
    [
        (
            INCIDENT,
            [
                f"letter:odintsovo-1204:E-1:1:{INCIDENT}:1",
                f"letter:odintsovo-1204:E-1:2a:{INCIDENT}:2",
                f"report:odintsovo-1204:O-6:{INCIDENT}:2026-11-19T14:05",
                f"report:odintsovo-1204:O-6:{INCIDENT}:2026-11-19T15:05",
                f"report:ruza-679:R-11:{INCIDENT}",
            ],
        ),
        (TASK, [f"letter:ruza-679:L-1:1:{TASK}:1", f"letter:ruza-679:L-1:2:{TASK}:12"]),
        (
            "day:ruza-679:2026-11-18",
            ["report:ruza-679:R-5:2026-11-18", "report:ruza-679:R-6:2026-11-18", "report:ruza-679:R-5:2026-11-18:r2"],
        ),
        (
            "plan:odintsovo-1204:weekly:2026-11-16",
            [f"letter:odintsovo-1204:O-P1:{n}:plan:odintsovo-1204:weekly:2026-11-16:{n}" for n in (1, 2)],
        ),
        ("", ["letter:ruza-679:executor:УК «Дом»:0123456789abcdef", "letter:ruza-679:service:dead:courier:2026-11-18"]),
    ],
)  # fmt: skip
def test_letters_about_one_thing_are_of_one_thread(thread: str, keys: list[str]) -> None:
    """Steps, slots and revisions do not count."""
    assert {thread_of(key) for key in keys} == {thread}
