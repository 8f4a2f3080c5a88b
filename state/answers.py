"""The answers to what rules ask: state's side of the protocol ``Facts``."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from mcur.playbooks.counting import Takes
from mcur.playbooks.directory import Absence, Directory
from mcur.playbooks.documents import Document
from mcur.playbooks.extension import Extension
from mcur.playbooks.facts import (
    Act,
    Appeal,
    AppealChange,
    Health,
    Letter,
    Report,
    Task,
    TaskKind,
    Term,
)
from mcur.playbooks.letters import Sent
from mcur.playbooks.waiting import DeadLetter, Draft, Unsent
from mcur.state import unsent
from mcur.state.database import StateDatabase
from mcur.state.mirrors import MirrorAnswers
from mcur.state.rows import act_of, letter_of
from mcur.state.sent import sent
from mcur.state.stamps import moment_of, moment_or_none, text_of
from mcur.state.tallies import GrowthAnswers
from mcur.state.tasks import token_of

if TYPE_CHECKING:
    from mcur.state.store import State

_TOKEN = re.compile(r"mcur\.([0-9a-f]{16})@")


class Answers(GrowthAnswers, MirrorAnswers):
    """What is known, at the moment of one decision."""

    def __init__(self, state: State, directory: Directory, live_from: datetime) -> None:
        self._state = state
        self._db: StateDatabase = state.db
        self.directory = with_absences(self._db, directory)
        self.live_from = live_from
        self._fresh: list[AppealChange] | None = None

    def fresh_appeals(self) -> Sequence[AppealChange]:
        """Return appeals that are new or changed since the last decision."""
        if self._fresh is None:
            self._fresh = self._state.appeals.fresh()
        return self._fresh

    def fresh_letters(self) -> Sequence[Letter]:
        """Return letters nobody has sorted yet, oldest first."""
        rows = self._db.query(
            "SELECT letter FROM letters WHERE state = 'new' ORDER BY received_at, digest"
        )
        return [letter_of(row["letter"]) for row in rows]

    def fresh_acts(self) -> Sequence[Act]:
        """Return acts nobody has judged yet, in the order in which they were done."""
        return self._acts("new")

    def accepted_acts(self) -> Sequence[Act]:
        """Return acts that were accepted in this decision."""
        return self._acts("accepted")

    def fresh_tasks(self, playbook: str) -> Sequence[Task]:
        """Return tasks that were made or changed since the last decision."""
        return self._state.tasks.fresh(playbook)

    def knows(self, key: str) -> bool:
        """Whether something with this key was decided before."""
        return self._db.execute("SELECT 1 FROM keys WHERE key = ?", (key,)).fetchone() is not None

    def appeal(self, source: str, number: str) -> Appeal | None:
        """Return an appeal with the corrections of people applied."""
        return self._state.appeals.get(source, number)

    def task(self, key: str) -> Task | None:
        """Return a task by its key."""
        return self._state.tasks.get(key)

    def tasks(
        self, playbook: str, kinds: Collection[TaskKind], *, since: datetime | None = None
    ) -> Sequence[Task]:
        """Return open tasks and, with ``since``, those closed or changed since then."""
        return self._state.tasks.find(playbook, kinds, since)

    def extension(self, task: str) -> Extension | None:
        """Return the newest request for another term of a task."""
        return self._state.extensions.get(task)

    def extensions(self, playbook: str) -> Sequence[Extension]:
        """Return the requests for another term that nobody has decided yet."""
        return self._state.extensions.asked(playbook)

    def task_of(self, playbook: str, source: str, number: str) -> Task | None:
        """Return the task of an appeal: its own, or the one that it shares with others."""
        return self._state.joined.task_of(playbook, source, number)

    def task_at(self, playbook: str, place: str) -> Task | None:
        """Return the open task that appeals of a place share."""
        return self._state.joined.task_at(playbook, place)

    def untold(self, playbook: str) -> Mapping[str, Sequence[tuple[str, str]]]:
        """Return by task the appeals that joined it and that it does not tell of yet."""
        return self._state.joined.untold(playbook)

    def grown(self, playbook: str) -> Mapping[str, Sequence[tuple[str, str]]]:
        """Return by task the appeals that it tells of and its executor has yet to be told of."""
        return self._state.joined.grown(playbook)

    def joined(self, task: str) -> Sequence[tuple[str, str]]:
        """Return source and number of the appeals that share a task."""
        return self._state.joined.appeals(task)

    def tasks_to_announce(self, playbook: str) -> Sequence[Task]:
        """Return open tasks whose executor was not told yet and that are not held by the fuse."""
        return self._state.tasks.to_announce(playbook)

    def last_letter(self, playbook: str, executor: str) -> datetime | None:
        """Return when the executor last got a letter about new tasks."""
        return self._state.tasks.last_letter(playbook, executor)

    def letter_for(self, message_ids: Collection[str]) -> str | None:
        """Return the key of the letter or task that an answer continues, the newest mention first."""
        for message_id in message_ids:
            for token in _TOKEN.findall(message_id):
                key = self._state.outbox.key_of_token(token) or self._waits_under(token)
                if key:
                    return key
        return None

    def _waits_under(self, token: str) -> str | None:
        """Return the plan or draft behind a token: what waits is answered too, though none of our letters has its key."""
        keys = self._db.execute("SELECT key FROM plans UNION ALL SELECT key FROM drafts")
        return next((key for (key,) in keys if token_of(key) == token), None)

    def letter(self, digest: str) -> Letter | None:
        """Return a letter by its digest."""
        row = self._db.execute("SELECT letter FROM letters WHERE digest = ?", (digest,)).fetchone()
        return letter_of(row[0]) if row else None

    def letters_before(self, letter: Letter, since: datetime) -> int:
        """Count the letters of its sender since a moment that came before a letter."""
        return self._state.letters.before(letter, since)

    def letters_to_review(self, playbook: str, since: datetime) -> Sequence[tuple[Letter, str]]:
        """Return the letters received since a moment that wait for a person, each with the reason."""
        return self._state.letters.to_review(playbook, since)

    def letter_sent(self, key: str) -> Sent | None:
        """Return a letter of ours by its key."""
        return sent(self._db, key)

    def term(self, key: str) -> Term | None:
        """Return a term by its key."""
        return next(iter(self._terms("key = ?", [key])), None)

    def ended_terms(self, playbook: str, rule: str, now: datetime) -> Sequence[Term]:
        """Return running terms whose end lies before ``now``."""
        return self._terms(
            "playbook = ? AND rule = ? AND outcome IS NULL AND due_at < ? ORDER BY due_at, key",
            [playbook, rule, text_of(now)],
        )

    def fresh_breaches(self, playbook: str) -> Sequence[Term]:
        """Return terms that were breached in this decision."""
        return self._terms(
            "fresh = 1 AND playbook = ? AND outcome = 'breached' ORDER BY due_at, key", [playbook]
        )

    def breaches(
        self, playbook: str, clause: str, first: datetime, last: datetime
    ) -> Sequence[Term]:
        """Return terms of a clause whose end lies in [first, last) and that were breached."""
        return self._terms(
            "playbook = ? AND clause = ? AND outcome = 'breached' AND due_at >= ? AND due_at < ?"
            " ORDER BY due_at, key",
            [playbook, clause, text_of(first), text_of(last)],
        )

    def next_due(self, playbook: str, rule: str, after: datetime) -> datetime | None:
        """Return the next end of a running term of a rule after a moment."""
        row = self._db.execute(
            "SELECT min(due_at) FROM terms WHERE playbook = ? AND rule = ? AND outcome IS NULL"
            " AND due_at > ?",
            (playbook, rule, text_of(after)),
        ).fetchone()
        return moment_or_none(row[0])

    def next_wake(self, playbook: str, after: datetime) -> datetime | None:
        """Return the next end of a term that wakes a cycle of its own."""
        row = self._db.execute(
            "SELECT min(due_at) FROM terms WHERE playbook = ? AND outcome IS NULL AND wakes = 1"
            " AND due_at > ?",
            (playbook, text_of(after)),
        ).fetchone()
        return moment_or_none(row[0])

    def entered(self, what: str, first: datetime, last: datetime) -> Sequence[Appeal]:
        """Return appeals that entered a group in [first, last)."""
        return self._state.appeals.entered(what, first, last)

    def count_entered(self, what: str, first: datetime, last: datetime) -> int:
        """Count entries over all municipalities; who entered twice (returned, again) counts twice."""
        return self._state.appeals.count_entered(what, first, last)

    def stock(self, takes: Takes) -> dict[str, int]:
        """Count known appeals by status, ``open`` and ``overdue`` beside the statuses."""
        return self._state.appeals.stock(takes)

    def has_data(self, first: datetime, last: datetime) -> bool:
        """Whether any source gave a row, or an empty export, for [first, last)."""
        if self._state.appeals.count_entered("new", first, last):
            return True
        return (
            self._db.execute(
                "SELECT 1 FROM exports WHERE rows = 0 AND quarantined = 0 AND made_at >= ?"
                " AND made_at < ?",
                (text_of(first), text_of(last)),
            ).fetchone()
            is not None
        )

    def report(self, key: str) -> Report | None:
        """Return a report by its key."""
        return next(iter(self._reports("key = ?", [key])), None)

    def missed_reports(self, playbook: str, rule: str, day: date) -> Sequence[Report]:
        """Return reports of this rule that were missed and not yet named in a later one.

        Where only a correction could not leave, the report of that day was sent.
        """
        return self._reports(
            "playbook = ? AND rule = ? AND state = 'missed' AND named = 0 AND day < ?"
            " AND NOT EXISTS (SELECT 1 FROM reports s WHERE s.playbook = reports.playbook"
            " AND s.rule = reports.rule AND s.day = reports.day AND s.state = 'sent') ORDER BY day",
            [playbook, rule, day.isoformat()],
        )

    def draft(self, key: str) -> Draft | None:
        """Return a letter that waits, or waited, for a person's word by its key."""
        return self._state.drafts.get(key)

    def drafts(self, playbook: str) -> Sequence[Draft]:
        """Return the letters that wait for a person's word, the oldest first."""
        return self._state.drafts.waiting(playbook)

    def dead_letters(self, playbook: str) -> Sequence[DeadLetter]:
        """Return what cannot be delivered and waits for the administrator, the oldest first.

        No clause asks for the copy of a letter that left.
        """
        rows = self._db.query(
            "SELECT key, rule, why FROM outbox WHERE state = 'dead' AND playbook = ?"
            " AND effect <> 'keep_copy' ORDER BY id",
            [playbook],
        )
        return [DeadLetter(**row) for row in rows]

    def unsent(self, playbook: str, until: datetime) -> Sequence[Unsent]:
        """Return letters decided until a moment that have not left, the oldest first; none that was told of."""
        return unsent.unsent(self._db, playbook, until)

    def has_to_leave(self, key: str) -> bool:
        """Whether a letter has yet to leave, or cannot."""
        return unsent.has_to_leave(self._db, key)

    def audited(self, playbook: str, first: datetime, last: datetime) -> Sequence[str]:
        """Return what the audit found in [first, last], the oldest first."""
        rows = self._db.execute(
            "SELECT text FROM flags WHERE key GLOB ? AND at >= ? AND at <= ? ORDER BY at, key",
            [f"flag:{playbook}:audit:*", text_of(first), text_of(last)],
        )
        return [row[0] for row in rows]

    def first_cycle(self) -> datetime | None:
        """Return the moment of the first cycle of this site."""
        return moment_or_none(self._state.meta("first_cycle"))

    def last_cycle(self) -> datetime | None:
        """Return the moment of the cycle before this one."""
        return moment_or_none(self._state.meta("last_cycle"))

    def health(self) -> Sequence[Health]:
        """Return how the outside systems do."""
        return self._state.systems()

    def deliveries(self, playbook: str, first: datetime, last: datetime) -> dict[str, int]:
        """Count letters that left in [first, last), by channel."""
        return self._state.outbox.delivered(playbook, first, last)

    def _acts(self, state: str) -> list[Act]:
        query = "SELECT * FROM acts WHERE state = ? ORDER BY seq"
        return self._db.remembered(
            ("acts", state), lambda: [act_of(row) for row in self._db.query(query, [state])]
        )

    def _terms(self, where: str, values: list[Any]) -> list[Term]:
        query = (
            "SELECT key, playbook, rule, clause, object, started_at, due_at, outcome, ended_at"
            f" FROM terms WHERE {where}"
        )
        return self._db.remembered(
            (query, *values), lambda: [_term(row) for row in self._db.query(query, values)]
        )

    def _reports(self, where: str, values: list[Any]) -> list[Report]:
        query = f"SELECT * FROM reports WHERE {where}"
        return self._db.remembered(
            (query, *values), lambda: [_report(row) for row in self._db.query(query, values)]
        )


def _term(row: dict[str, Any]) -> Term:
    stamps = {name: moment_of(row[name]) for name in ("started_at", "due_at")}
    return Term(**row | stamps | {"ended_at": moment_or_none(row["ended_at"])})


@lru_cache(maxsize=64)
def _document(text: str) -> Document:
    """Read a report's document; each cycle asks for those of the day."""
    return Document.model_validate_json(text)


def _report(row: dict[str, Any]) -> Report:
    return Report(
        key=row["key"],
        playbook=row["playbook"],
        rule=row["rule"],
        day=date.fromisoformat(row["day"]),
        state=row["state"],
        document=_document(row["document"]) if row["document"] else None,
        decided_at=moment_of(row["decided_at"]),
        reviewed_by=row["reviewed_by"],
    )


def with_absences(db: StateDatabase, directory: Directory) -> Directory:
    """Return the directory with the absences that people told the program beside the site's own."""
    told = db.remembered("absences", lambda: list(db.query("SELECT * FROM absences")))
    if not told:
        return directory
    people = []
    for person in directory.people:
        more = tuple(
            Absence(
                first=date.fromisoformat(row["first"]),
                last=date.fromisoformat(row["last"]),
                substitute=_name_of(directory, row["substitute"]),
            )
            for row in told
            if row["person"] in {person.name, *person.roles}
        )
        people.append(replace(person, absences=person.absences + more))
    return replace(directory, people=tuple(people))


def _name_of(directory: Directory, substitute: str | None) -> str | None:
    """A substitute may be named, or given as a role."""
    holders = directory.holders(substitute) if substitute else []
    return holders[0].name if holders else substitute
