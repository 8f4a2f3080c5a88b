"""Days of emergencies, plans and stocks, each played through the whole daemon."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mcur.daemon import expectations, log, scenario
from mcur.daemon.simulate import timeline_of
from mcur.playbooks.load import clauses_of

FOLDER = Path(__file__).parents[1] / "days"
DAYS = sorted(
    path for name in ("emergency", "plan", "stock") for path in FOLDER.glob(f"{name}-*.toml")
)


def played(
    day: Path, folder: Path, restarts: tuple[scenario.Down, ...] = ()
) -> list[dict[str, Any]]:
    """Play a day, perhaps with restarts of the daemon, and return its timeline."""
    log.configure(quiet=True)
    play = scenario.read(day)
    play = play.model_copy(update={"down": (*play.down, *restarts)})
    return timeline_of(play, folder, day.name)


@pytest.mark.parametrize("day", DAYS, ids=lambda day: day.stem)
def test_the_emergency_goes_as_the_regulation_has_it(day: Path, tmp_path: Path) -> None:
    """Every expectation is met, every clause exists, nothing but changes is told twice."""
    lines = played(day, tmp_path)

    assert expectations.check(scenario.read(day).expect, lines) == []
    assert [line for line in lines if line["clause"] not in clauses_of(line["playbook"])] == []
    once = [
        (line["event"], line["key"])
        for line in lines
        if line["event"] in {"incident.opened", "mail.sent", "draft.prepared", "slot.missed"}
    ]
    assert len(once) == len(set(once))


@pytest.mark.parametrize("name", ["emergency-declared", "plan-outage", "stock-e3"])
def test_restarts_change_nothing(name: str, tmp_path: Path) -> None:
    """However often the daemon is stopped and started, the same happens once."""
    day = FOLDER / f"{name}.toml"
    play = scenario.read(day)
    moments = [play.start + n * play.poll for n in range(1, (play.until - play.start) // play.poll)]
    restarts = tuple(scenario.Down.model_validate({"from": m, "to": m}) for m in moments)

    assert played(day, tmp_path / "b", restarts) == played(day, tmp_path / "a")
