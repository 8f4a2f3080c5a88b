"""The daily task about an export: it takes the file, says what was read, reminds, and tells the head."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from mcur.connectors.embedded import EmbeddedTracker
from mcur.connectors.ports import Rejected
from mcur.daemon import scenario
from mcur.daemon.simulate import Simulation

FEED = {
    "id": "heatmap",
    "source": "heatmap",
    "path": "feeds/heatmap",
    "pattern": ["*.csv"],
    "expected_by": "09:00",
}
KEY = "task:odintsovo-1204:export:heatmap:2026-11-17"
CSV = (
    "number;received_at;municipality;category;address\n"
    "1;17.11.2026 07:10;Одинцово;МКД;Одинцово, ул. Мира, д. 1\n"
    "2;17.11.2026 07:40;Одинцово;МКД;Одинцово, ул. Мира, д. 2\n"
    "3;вчера;Одинцово;МКД;Одинцово, ул. Мира, д. 3\n"
).encode()


def at(clock: str, day: int = 17) -> datetime:
    """Return a moment of the days that are played."""
    return datetime.fromisoformat(f"2026-11-{day}T{clock}:00+03:00")


class Played:
    """A site that waits for the heat map, played from 16 November on; files on tasks are real here."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, until: datetime) -> None:
        self.files: dict[str, bytes] = {}
        self.lines: list[dict[str, Any]] = []
        monkeypatch.setattr(EmbeddedTracker, "file", lambda _self, _ident, name: self.files[name])
        play = scenario.parse(
            {
                "playbooks": ["odintsovo-1204"],
                "start": at("00:00", 16),
                "until": until,
                "poll": "5m",
                "site": {"feeds": [FEED]},
            },
            "day.toml",
            folder,
        )
        (folder / "site" / "feeds" / "heatmap").mkdir(parents=True)
        self.folder = folder / "site"
        self.simulation = Simulation(play, self.folder, "day.toml")
        zone = self.simulation.site.playbooks[0].calendar.zone
        self.simulation.listen(lambda event: self.lines.append(event.to_dict(zone)))
        self._drop = self.simulation._world.drop
        self.doings: list[tuple[datetime, Any]] = []
        self.simulation._world.drop = self._with_doings  # type: ignore[method-assign]  # deeds between cycles

    def _with_doings(self, site: Any, now: datetime) -> None:
        self._drop(site, now)
        for due, do in [one for one in self.doings if one[0] <= now]:
            self.doings.remove((due, do))
            do()

    def attach(self, moment: datetime, name: str, content: bytes) -> None:
        """Have the officer put a file on the task of the day."""

        def do() -> None:
            self.files[name] = content
            task = self.simulation.site.state.tasks.get(KEY)
            assert task is not None
            tracker = self.simulation.site.destinations["tracker:embedded"].tracker
            assert tracker is not None
            tracker.note(task.ident, "mcur_resp", "", moment, files=(name,))  # type: ignore[attr-defined]  # the embedded one

        self.doings.append((moment, do))

    def play(self) -> list[dict[str, Any]]:
        """Play to the end and return what was told of the task of 17 November, its letter with it."""
        self.simulation.play()
        self.simulation.close()
        return [one for one in self.lines if ":export:heatmap:2026-11-17" in one["key"]]


def told(lines: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Return event and time of each line."""
    return [(line["event"], line["at"][11:16]) for line in lines]


@pytest.mark.parametrize("name", ["map.csv", "Выгрузка, 17.11.csv"])
def test_the_file_on_the_task_is_read_and_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """In the cycle that sees it, or the next; then nobody is reminded any more."""
    played = Played(tmp_path, monkeypatch, at("12:00"))
    played.attach(at("08:20"), name, CSV)

    lines = played.play()

    made, *_, closed = lines
    assert told([made]) == [("task.created", "00:00")]
    assert made["data"]["subject"] == "Выгрузка тепловой карты 17.11.2026"
    assert made["data"]["assignee"] == "mcur_resp"
    assert closed["event"] == "task.closed"
    assert closed["at"] <= at("08:30").isoformat()
    assert "3 строки, новых 2, в карантине 1." in closed["data"]["text"]
    assert not [line for line in lines if line["event"] == "mail.sent"]
    assert [line["data"]["new"] for line in played.lines if line["event"] == "appeals.read"] == [2]


def test_without_an_export_the_officer_and_then_the_head_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once each: at the hour, and half an hour later."""
    lines = Played(tmp_path, monkeypatch, at("23:00")).play()

    assert told(lines) == [
        ("task.created", "00:00"),
        ("task.updated", "09:00"),
        ("mail.sent", "09:30"),
    ]
    assert lines[-1]["to"] == ["mcur_head"]
    assert "тепловой карты" in lines[-1]["subject"]


def test_a_file_that_is_no_export_is_said_and_waited_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its name, or by what it holds; the good one then closes the task."""
    played = Played(tmp_path, monkeypatch, at("12:00"))
    played.attach(at("08:10"), "map.docx", b"PK")
    played.attach(at("08:20"), "empty.csv", b"\x00\x01\x02")
    played.attach(at("08:40"), "map.csv", CSV)

    lines = played.play()

    said = [line["data"].get("text", "") for line in lines[1:]]
    assert any("не похож на выгрузку тепловой карты: нужен файл *.csv" in text for text in said)
    assert any("не прочитан" in text for text in said)
    assert lines[-1]["event"] == "task.closed"


def test_an_export_that_came_by_itself_does_the_task(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Through the folder; a second one of the day says nothing more there."""
    played = Played(tmp_path, monkeypatch, at("12:00"))
    folder = played.folder / "feeds" / "heatmap"

    def drop(name: str, content: bytes, moment: datetime) -> None:
        import os

        path = folder / name
        path.write_bytes(content)
        os.utime(path, (moment.timestamp(), moment.timestamp()))

    more = CSV + "4;17.11.2026 08:00;Одинцово;МКД;Одинцово, ул. Мира, д. 4\n".encode()
    played.doings.append((at("08:00"), lambda: drop("a.csv", CSV, at("08:00"))))
    played.doings.append((at("10:00"), lambda: drop("b.csv", more, at("10:00"))))

    lines = played.play()

    assert told(lines) == [("task.created", "00:00"), ("task.closed", "08:00")]


def test_nobody_is_asked_on_a_day_off_or_without_an_hour(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Saturday and Sunday make no task; a feed without ``expected_by`` none at all."""
    played = Played(tmp_path, monkeypatch, at("12:00", 23))
    played.play()

    asked = [line["key"][-10:] for line in played.lines if ":export:" in line["key"]]
    assert {day for day in asked if day in {"2026-11-21", "2026-11-22"}} == set()
    assert "2026-11-20" in asked


def test_the_embedded_tracker_says_that_it_keeps_no_files(tmp_path: Path) -> None:
    """Who attaches one there is told by the administrator's letter: the row is refused."""
    tracker = EmbeddedTracker(tmp_path / "t.db", "embedded")

    with pytest.raises(Rejected, match="keeps the names of files only"):
        tracker.file("1", "map.csv")
