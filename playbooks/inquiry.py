"""What rules may ask: the protocol that state answers from indexes and counters, never by a scan."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol

from mcur.playbooks.climbs import Climb
from mcur.playbooks.counting import Takes, Tally
from mcur.playbooks.directory import Directory
from mcur.playbooks.extension import Extension
from mcur.playbooks.facts import (
    Act,
    Appeal,
    AppealChange,
    ExportRead,
    Health,
    Letter,
    Report,
    Task,
    TaskKind,
    TaskStatus,
    Term,
)
from mcur.playbooks.incidents import Incident, Plan
from mcur.playbooks.letters import Sent
from mcur.playbooks.mirrored import AppealStep, Inspection, MirrorKind, OutageSeen
from mcur.playbooks.waiting import DeadLetter, Draft, Unsent


class Facts(Protocol):
    """What rules may ask. Answers come from indexes and counters, never from a scan."""

    directory: Directory
    live_from: datetime

    def fresh_appeals(self) -> Sequence[AppealChange]:
        """Return appeals that are new or changed since the last decision."""
        ...

    def fresh_letters(self) -> Sequence[Letter]:
        """Return letters nobody has sorted yet, oldest first."""
        ...

    def fresh_acts(self) -> Sequence[Act]:
        """Return acts nobody has judged yet, in the order in which they were done."""
        ...

    def accepted_acts(self) -> Sequence[Act]:
        """Return acts that were accepted in this decision."""
        ...

    def fresh_breaches(self, playbook: str) -> Sequence[Term]:
        """Return terms that were breached in this decision."""
        ...

    def breaches(
        self, playbook: str, clause: str, first: datetime, last: datetime
    ) -> Sequence[Term]:
        """Return terms of a clause whose end lies in [first, last) and that were breached."""
        ...

    def fresh_tasks(self, playbook: str) -> Sequence[Task]:
        """Return tasks that were made or changed since the last decision."""
        ...

    def knows(self, key: str) -> bool:
        """Whether something with this key was decided before."""
        ...

    def appeal(self, source: str, number: str) -> Appeal | None:
        """Return an appeal with the corrections of people applied."""
        ...

    def task(self, key: str) -> Task | None:
        """Return a task by its key."""
        ...

    def tasks(
        self, playbook: str, kinds: Collection[TaskKind], *, since: datetime | None = None
    ) -> Sequence[Task]:
        """Return open tasks and, with ``since``, those closed or changed since then."""
        ...

    def extension(self, task: str) -> Extension | None:
        """Return the newest request for another term of a task."""
        ...

    def extensions(self, playbook: str) -> Sequence[Extension]:
        """Return the requests for another term that nobody has decided yet."""
        ...

    def task_of(self, playbook: str, source: str, number: str) -> Task | None:
        """Return the task of an appeal: its own, or the one that it shares with others."""
        ...

    def task_at(self, playbook: str, place: str) -> Task | None:
        """Return the open task that appeals of a place share."""
        ...

    def untold(self, playbook: str) -> Mapping[str, Sequence[tuple[str, str]]]:
        """Return by task the appeals that joined it and that it does not tell of yet."""
        ...

    def grown(self, playbook: str) -> Mapping[str, Sequence[tuple[str, str]]]:
        """Return by task the appeals that it tells of and its executor has yet to be told of."""
        ...

    def joined(self, task: str) -> Sequence[tuple[str, str]]:
        """Return source and number of the appeals that share a task."""
        ...

    def tasks_to_announce(self, playbook: str) -> Sequence[Task]:
        """Return open tasks whose executor was not told yet and that are not held by the fuse."""
        ...

    def last_letter(self, playbook: str, executor: str) -> datetime | None:
        """Return when the executor last got a letter about new tasks."""
        ...

    def letter_for(self, message_ids: Collection[str]) -> str | None:
        """Return the key of the letter or task that an answer continues."""
        ...

    def letter(self, digest: str) -> Letter | None:
        """Return a letter by its digest."""
        ...

    def letters_before(self, letter: Letter, since: datetime) -> int:
        """Count the letters of its sender since a moment that came before a letter."""
        ...

    def letters_to_review(self, playbook: str, since: datetime) -> Sequence[tuple[Letter, str]]:
        """Return the letters received since a moment that wait for a person, each with the reason."""
        ...

    def letter_sent(self, key: str) -> Sent | None:
        """Return a letter of ours by its key."""
        ...

    def term(self, key: str) -> Term | None:
        """Return a term by its key."""
        ...

    def ended_terms(self, playbook: str, rule: str, now: datetime) -> Sequence[Term]:
        """Return running terms whose end lies before ``now`` (the end itself is in time)."""
        ...

    def next_due(self, playbook: str, rule: str, after: datetime) -> datetime | None:
        """Return the next end of a running term of a rule after a moment."""
        ...

    def next_wake(self, playbook: str, after: datetime) -> datetime | None:
        """Return the next end of a term that wakes a cycle of its own."""
        ...

    def entered(self, what: str, first: datetime, last: datetime) -> Sequence[Appeal]:
        """Return appeals that entered a group (``new``, ``overdue`` …) in [first, last), each once."""
        ...

    def count_entered(self, what: str, first: datetime, last: datetime) -> int:
        """Count entries over all municipalities; who entered twice (returned, again) counts twice."""
        ...

    def stock(self, takes: Takes) -> dict[str, int]:
        """Count known appeals by status (``open`` and ``overdue`` beside the statuses)."""
        ...

    def has_data(self, first: datetime, last: datetime) -> bool:
        """Whether any source gave a row, or an empty export, for [first, last)."""
        ...

    def newest_exports(self) -> Mapping[str, datetime]:
        """Return by feed of appeals when its newest export was made; a feed that never gave one is not there."""
        ...

    def exports_read(self, feed: str, since: datetime) -> Sequence[ExportRead]:
        """Return what was read of a feed and made since a moment, files that are no export too; the oldest first."""
        ...

    def report(self, key: str) -> Report | None:
        """Return a report by its key."""
        ...

    def missed_reports(self, playbook: str, rule: str, day: date) -> Sequence[Report]:
        """Return reports of this rule that were missed and not yet named in a later one."""
        ...

    def tallies(self, first: datetime, last: datetime, *, by_house: bool = True) -> Sequence[Tally]:
        """Return the counts of [first, last) by municipality, topic, house, source and origin.

        Not ``by_house`` there are far fewer of them, and none names its house.
        """
        ...

    def indices(
        self, covers: Callable[[str | None], bool], *, fresh: bool
    ) -> Mapping[str, Decimal]:
        """Return the newest index of each category in the municipalities that are covered, folded.

        ``fresh``: only what just came.
        """
        ...

    def incident(self, key: str) -> Incident | None:
        """Return an incident by its key."""
        ...

    def incidents(self, playbook: str) -> Sequence[Incident]:
        """Return the incidents whose mode lasts, the oldest first."""
        ...

    def climbs(self, playbook: str, rule: str) -> Sequence[Climb]:
        """Return the climbs of a ladder that have not ended, the oldest first."""
        ...

    def climbs_of(self, playbook: str, rule: str, object_: str) -> Sequence[Climb]:
        """Return every climb of a ladder on an object, the oldest first."""
        ...

    def unheard(
        self, playbook: str, statuses: Collection[TaskStatus], after: datetime, until: datetime
    ) -> Sequence[Task]:
        """Return executors' tasks in these states whose last news came in (after, until]."""
        ...

    def answers(self, key: str) -> Sequence[Letter]:
        """Return the letters that answered a task, or a letter about it, the oldest first."""
        ...

    def incidents_ended(self, playbook: str, since: datetime) -> Sequence[Incident]:
        """Return the incidents that a person closed at or after a moment, the oldest first."""
        ...

    def plan(self, key: str) -> Plan | None:
        """Return a plan by its key, or by the key of its draft task."""
        ...

    def finding(
        self, playbook: str, rule: str, object_: str, day: date
    ) -> Mapping[str, str] | None:
        """Return the numbers that a rule found for an object on a day; ``None`` where it did not look."""
        ...

    def findings(self, playbook: str, rule: str, day: date) -> Sequence[tuple[str, str, str]]:
        """Return what a rule found on a day: object, outcome and reason, by object."""
        ...

    def acts_on(self, key: str) -> Sequence[Act]:
        """Return the accepted acts on something, in their order."""
        ...

    def draft(self, key: str) -> Draft | None:
        """Return a letter that waits, or waited, for a person's word by its key."""
        ...

    def drafts(self, playbook: str) -> Sequence[Draft]:
        """Return the letters that wait for a person's word, the oldest first."""
        ...

    def dead_letters(self, playbook: str) -> Sequence[DeadLetter]:
        """Return what cannot be delivered and waits for the administrator, the oldest first."""
        ...

    def unsent(self, playbook: str, until: datetime) -> Sequence[Unsent]:
        """Return letters decided until a moment that have not left, the oldest first; none that was told of."""
        ...

    def has_to_leave(self, key: str) -> bool:
        """Whether a letter has yet to leave, or cannot."""
        ...

    def audited(self, playbook: str, first: datetime, last: datetime) -> Sequence[str]:
        """Return what the audit found in [first, last], the oldest first."""
        ...

    def first_cycle(self) -> datetime | None:
        """Return the moment of the first cycle of this site, ``None`` in the first."""
        ...

    def last_cycle(self) -> datetime | None:
        """Return the moment of the cycle before this one."""
        ...

    def health(self) -> Sequence[Health]:
        """Return how the outside systems do."""
        ...

    def deliveries(self, playbook: str, first: datetime, last: datetime) -> dict[str, int]:
        """Count what was delivered in [first, last), by event name."""
        ...

    def fresh_outages(self) -> Sequence[OutageSeen]:
        """Return outages that are new or changed since the last decision."""
        ...

    def outages_since(self, moment: datetime) -> Sequence[OutageSeen]:
        """Return outages that begin or end at a moment or later."""
        ...

    def inspections(self, campaign: str) -> Sequence[Inspection]:
        """Return the inspections of a campaign."""
        ...

    def last_export(self, kind: MirrorKind) -> datetime | None:
        """Return when the newest export of outages or inspections was made; ``None`` without one."""
        ...

    def steps_of(self, source: str, number: str) -> Sequence[AppealStep]:
        """Return what the exports changed on an appeal, step by step; the first is its first row."""
        ...
