"""How many hands a destination gets: fewer while it suffers, all while it is well."""

from __future__ import annotations

from mcur.daemon.restraint import SLOW, Restraint

POOL = 8


def test_a_sound_destination_has_all_hands() -> None:
    """Whatever it has answered."""
    held = Restraint()
    for _ in range(100):
        held.answered(0.2, POOL, POOL)

    assert held.allows(POOL) == POOL


def test_what_failed_together_is_one_failure() -> None:
    """Eight requests met one locked database: half as many go next, not one."""
    held = Restraint()
    for out in reversed(range(POOL)):
        held.strained(POOL, out)

    assert held.allows(POOL) == POOL // 2


def test_each_round_that_fails_halves_down_to_one() -> None:
    """And one stays: somebody has to find out when it is better."""
    held = Restraint()
    seen = []
    for _ in range(5):
        held.strained(POOL, 0)
        seen.append(held.allows(POOL))

    assert seen == [4, 2, 1, 1, 1]


def test_a_slow_answer_is_a_sign_of_strain() -> None:
    """People at work there wait as long."""
    held = Restraint()
    held.answered(SLOW + 1, POOL, 0)

    assert held.allows(POOL) == POOL // 2


def test_hands_come_back_one_by_one() -> None:
    """A limit of n is one higher after n good answers, until nothing limits any more."""
    held = Restraint()
    held.strained(POOL, 0)
    held.strained(POOL, 0)
    seen = []
    for _ in range(2 + 3 + 4 + 5 + 6 + 7):
        held.answered(0.1, POOL, 0)
        seen.append(held.allows(POOL))

    assert seen == [2] + [3] * 3 + [4] * 4 + [5] * 5 + [6] * 6 + [7] * 7 + [8]


def test_a_pool_of_one_is_never_nobody() -> None:
    """The courier has one hand."""
    held = Restraint()
    held.strained(1, 0)

    assert held.allows(1) == 1
    held.answered(0.1, 1, 0)
    assert held.allows(1) == 1
