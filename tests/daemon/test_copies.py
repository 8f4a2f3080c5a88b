"""Copies of what left: one a letter, by themselves, whatever happens to the folder of sent letters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from mcur.connectors.ports import Rejected, Unavailable
from mcur.daemon.copies import COPIES
from tests.daemon.test_dispatch import a_letter, states, want
from tests.fakes import SentFolder, Stand


@pytest.fixture
def copying(tmp_path: Path) -> Iterator[Stand]:
    """Open a site that keeps copies."""
    stand = Stand(tmp_path, copies=SentFolder())
    yield stand
    stand.close()


def folder_of(stand: Stand) -> SentFolder:
    """Return the folder of sent letters."""
    assert stand.copies is not None
    return stand.copies


def blobs(stand: Stand) -> list[Path]:
    """List what is kept for later."""
    return [path for path in (stand.folder / "state").glob("blobs/*/*") if path.is_file()]


def test_each_letter_has_one_copy_that_is_the_letter(copying: Stand) -> None:
    """Nothing is told of copies, and nothing of them stays behind."""
    want(copying, a_letter("letter:1"), a_letter("letter:2"))
    copying.deliver()

    left = sorted(path.read_bytes() for path in copying.letters())
    assert sorted(folder_of(copying).letters.values()) == left
    assert len(left) == 2
    assert states(copying)["copy:letter:1"] == "done"
    assert Counter(one.event for one in copying.events) == {"mail.sent": 2}
    assert blobs(copying) == []


def test_a_folder_that_is_silent_holds_up_no_letter(copying: Stand) -> None:
    """The copies follow when it answers; no letter leaves again, no report says that mail is down."""
    folder = folder_of(copying)
    folder.switch.fail(Unavailable("append: did not answer"))
    want(copying, *(a_letter(f"letter:{n}") for n in range(5)))
    copying.deliver()

    assert len(copying.letters()) == 5
    assert folder.letters == {}
    [silent] = [one for one in copying.state.health() if one.down_since]
    assert silent.system == COPIES
    assert all(one.down_since is None for one in copying.state.systems())

    folder.switch.mend()
    copying.pass_time(minutes=10)
    copying.deliver()

    assert len(folder.letters) == len(copying.courier.sent_ids) == 5


def test_a_folder_that_refuses_is_told_to_the_administrator(copying: Stand) -> None:
    """Once a day; the letter has left."""
    folder_of(copying).switch.fail(Rejected("append: the account is over its quota"))
    want(copying, a_letter("letter:1"), a_letter("letter:2"))
    copying.deliver()

    assert states(copying)["letter:1"] == "done"
    assert states(copying)["copy:letter:1"] == "dead"
    told = [one for one in copying.events if one.to == ("admin@firm.test",)]
    assert len(told) == 1
    assert "over its quota" in str(told[0].data["text"])


@pytest.mark.parametrize("late", [False, True])
def test_a_restart_makes_no_second_copy_and_no_second_letter(copying: Stand, late: bool) -> None:
    """Whether the power went before the copy or right after it."""

    class PowerCut(BaseException):
        """The machine stops."""

    folder_of(copying).switch.fail(PowerCut(), late=late)
    want(copying, a_letter())
    with pytest.raises(PowerCut):
        copying.deliver()
    folder_of(copying).switch.mend()

    copying.restart()
    copying.deliver()

    assert copying.courier.sent_ids == [next(iter(folder_of(copying).letters))]
    assert folder_of(copying).appended == 1
    assert states(copying) == {"letter:1": "done", "copy:letter:1": "done"}


def test_what_is_only_shown_has_no_copy(tmp_path: Path) -> None:
    """A channel in the shadow sends nothing."""
    stand = Stand(tmp_path, copies=SentFolder(), live={"reports": "shadow"})
    want(stand, a_letter())
    stand.deliver()

    assert states(stand) == {"letter:1": "shadow"}
    stand.close()
