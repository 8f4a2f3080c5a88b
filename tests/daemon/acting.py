"""A site in which people act: prepared by a scenario, then worked by command and by tracker."""

from __future__ import annotations

import json
import sqlite3
import tomllib
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from mcur.connectors.embedded import ROBOT, EmbeddedTracker
from mcur.daemon import books, scenario, settings
from mcur.daemon.cli import main
from mcur.daemon.simulate import NOBODY, Simulation
from mcur.playbooks.facts import TaskSeen, TaskStatus
from mcur.state.store import State

Line = dict[str, Any]

_SITE = """
name = "МЦУР"
playbooks = ["{playbook}"]
administrator = "administrator@mosreg.ru"
live = {{ from = {start} }}
mail = {{ address = "mcur@mosreg.ru", name = "МЦУР" }}
courier = {{ kind = "files", path = "mail/out" }}
state = {{ path = "state/mcur.db" }}
[[mailboxes]]
id = "inbox"
kind = "maildir"
path = "mail/in"
[[tracker]]
id = "embedded"
kind = "embedded"
path = "state/tracker.db"
[[feeds]]
id = "dobrodel"
path = "feeds/dobrodel"
[[executors]]
name = "УК Север"
email = "sever@uk.invalid"
login = "sever"
"""
_PERSON = """
[[people]]
role = "{role}"
name = "{role}"
email = "{role}@mosreg.ru"
login = "{role}"
"""


def a_site(folder: Path, prelude: str) -> None:
    """Make a site of a whole cast and play a scenario in it up to its end."""
    table = tomllib.loads(prelude)
    [playbook] = table["playbooks"]
    roles = sorted(books.known_needs()[playbook].roles - NOBODY)
    people = "".join(_PERSON.format(role=role) for role in roles)
    start = table["start"].isoformat()
    for name in (
        "feeds/dobrodel",
        "mail/in/new",
        "mail/in/cur",
        "mail/in/tmp",
        "mail/out",
        "state",
    ):
        (folder / name).mkdir(parents=True)
    config = folder / settings.FILE_NAME
    config.write_text(_SITE.format(playbook=playbook, start=start) + people, "utf-8")
    play = Simulation(
        scenario.parse(table, "prelude", folder), folder, config.name,
        settings.load(config, books.known_needs()),
    )  # fmt: skip
    try:
        play.play()
    finally:
        play.close()


class Worked:
    """A site at one moment, in the hands of the command line and of people in its tracker."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._folder = folder
        self._capsys = capsys
        self._before = len(self._journal())

    def mcur(self, *arguments: str) -> tuple[int, str]:
        """Run a command; return its exit status and what it printed."""
        self._capsys.readouterr()
        status = 0
        try:
            main(["-c", str(self._folder / settings.FILE_NAME), *arguments])
        except SystemExit as exc:
            status = int(str(exc.code or 0))
        out, err = self._capsys.readouterr()
        return status, out + err

    def write(self, on: str, author: str, at: datetime, text: str, status: str | None) -> None:
        """Change a task in the tracker as a person does, and let the daemon see it."""
        tracker = EmbeddedTracker(self._folder / "state" / "tracker.db")
        try:
            moved = TaskStatus(status) if status else None
            tracker.change(self._on(tracker, on).ident, author, at, text=text, status=moved)
        finally:
            tracker.close()
        status_, said = self.mcur("once")
        assert status_ == 0, said

    def notes(self, on: str) -> list[str]:
        """Return the notes on a task."""
        tracker = EmbeddedTracker(self._folder / "state" / "tracker.db")
        try:
            return [note.text for note in self._on(tracker, on).notes]
        finally:
            tracker.close()

    def answers(self, on: str) -> list[str]:
        """Return what the daemon noted on a task, the oldest first."""
        path = self._folder / "state" / "tracker.db"
        tracker = EmbeddedTracker(path)
        try:
            ident = self._on(tracker, on).ident
        finally:
            tracker.close()
        question = "select text from notes where task = ? and author = ? and text <> '' order by id"
        with closing(sqlite3.connect(path)) as file:
            return [text for (text,) in file.execute(question, [ident, ROBOT])]

    def key(self, glob: str) -> str:
        """Return the first key that the state has under a glob."""
        state = State(self._folder / "state" / "mcur.db", writing=False)
        try:
            return [*state.keys_like(glob), glob][0]
        finally:
            state.close()

    def told(self) -> list[Line]:
        """Return what the journal says that happened since the site was opened."""
        return self._journal()[self._before :]

    def _journal(self) -> list[Line]:
        _, said = self.mcur("journal", "--limit", "100000", "--json")
        found: list[Line] = json.loads(said)
        return found

    @staticmethod
    def _on(tracker: EmbeddedTracker, key: str) -> TaskSeen:
        return next(t for t in tracker.listing() if t.key and t.key == key)
