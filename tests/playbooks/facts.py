"""Facts made by hand: the protocol that rules ask, answered from lists in memory."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from mcur.playbooks.climbs import Climb
from mcur.playbooks.counting import Takes, Tally
from mcur.playbooks.directory import Directory, Executor, Person
from mcur.playbooks.extension import Extension
from mcur.playbooks.facts import (
    Act,
    Appeal,
    AppealChange,
    AppealStatus,
    ExportRead,
    Health,
    Letter,
    LetterPlace,
    Report,
    Task,
    TaskKind,
    TaskStatus,
    Term,
)
from mcur.playbooks.incidents import Incident, Plan
from mcur.playbooks.letters import Sent
from mcur.playbooks.load import load
from mcur.playbooks.mirrored import AppealStep, Inspection, MirrorKind, OutageSeen
from mcur.playbooks.rules.base import Case, Rule
from mcur.playbooks.waiting import DeadLetter, Draft, Unsent

ID = "odintsovo-1204"
PLAYBOOK = load(ID)


def at(clock: str, day: int = 18) -> datetime:
    """Return a moment of November 2026 in Moscow: ``at("09:50")``, ``at("09:50:01", 17)``."""
    seconds = "" if clock.count(":") == 2 else ":00"
    return datetime.fromisoformat(f"2026-11-{day:02d}T{clock}{seconds}+03:00")


LIVE = at("00:00", 1)
PEOPLE = Directory(
    people=tuple(
        Person(name=role, roles=(role,), email=f"{role}@mosreg.ru", login=role)
        for role in PLAYBOOK.roles
        if role != "executor"
    ),
    executors=(
        Executor(name="УК «Дом»", aliases=("ООО УК Дом",), email="dom@uk.ru"),
        Executor(name="Горсвет", email="svet@svet.ru", topics=("Освещение",)),
    ),
    trusted=(("*@cur.mosreg.ru", "cur"), ("*@other.ru", "other")),
    administrator="admin@odin.ru",
)


@dataclass
class Known:
    """What is known at one decision. Lists are filled by the test; answers follow from them."""

    directory: Directory = PEOPLE
    live_from: datetime = LIVE
    changes: list[AppealChange] = field(default_factory=list)
    letters: list[Letter] = field(default_factory=list)
    acts: list[Act] = field(default_factory=list)
    accepted: list[Act] = field(default_factory=list)
    terms: list[Term] = field(default_factory=list)
    breached: list[Term] = field(default_factory=list)
    kept: list[Task] = field(default_factory=list)
    fresh: list[Task] = field(default_factory=list)
    announcing: list[Task] = field(default_factory=list)
    told: dict[str, datetime] = field(default_factory=dict)
    keys: set[str] = field(default_factory=set)
    entries: dict[str, list[Appeal]] = field(default_factory=dict)
    data: bool = True
    reports: list[Report] = field(default_factory=list)
    waiting: list[Draft] = field(default_factory=list)
    dead: list[DeadLetter] = field(default_factory=list)
    letters_unsent: list[Unsent] = field(default_factory=list)
    flagged: list[str] = field(default_factory=list)
    threads: dict[str, str] = field(default_factory=dict)
    before: datetime | None = None
    systems: list[Health] = field(default_factory=list)
    sent: dict[str, int] = field(default_factory=dict)
    running: list[Incident] = field(default_factory=list)
    plans: list[Plan] = field(default_factory=list)
    index: dict[str, Decimal] = field(default_factory=dict)
    counted: list[Tally] = field(default_factory=list)
    found: dict[tuple[str, str, date], dict[str, str]] = field(default_factory=dict)
    outages: list[OutageSeen] = field(default_factory=list)
    inspected: list[Inspection] = field(default_factory=list)
    exported: datetime | None = None
    exports: dict[str, datetime] = field(default_factory=dict)
    steps: list[AppealStep] = field(default_factory=list)

    asked: list[Extension] = field(default_factory=list)
    left: list[Sent] = field(default_factory=list)
    queued: list[tuple[Letter, str]] = field(default_factory=list)

    def fresh_appeals(self) -> Sequence[AppealChange]:
        """Return what is new or changed."""
        return self.changes

    def fresh_letters(self) -> Sequence[Letter]:
        """Return letters nobody has sorted."""
        return self.letters

    def fresh_acts(self) -> Sequence[Act]:
        """Return acts nobody has judged."""
        return self.acts

    def accepted_acts(self) -> Sequence[Act]:
        """Return acts that were accepted."""
        return self.accepted

    def fresh_outages(self) -> Sequence[OutageSeen]:
        """Return outages that are new or changed."""
        return self.outages

    def outages_since(self, moment: datetime) -> Sequence[OutageSeen]:
        """Return the outages that are known."""
        return self.outages

    def inspections(self, campaign: str) -> Sequence[Inspection]:
        """Return the inspections of a campaign."""
        return [one for one in self.inspected if one.campaign == campaign]

    def last_export(self, kind: MirrorKind) -> datetime | None:
        """Return when an export of a kind was made."""
        return self.exported

    def steps_of(self, source: str, number: str) -> Sequence[AppealStep]:
        """Return what the exports changed on an appeal."""
        return self.steps

    def fresh_breaches(self, playbook: str) -> Sequence[Term]:
        """Return terms that were breached now."""
        return self.breached

    def breaches(
        self, playbook: str, clause: str, first: datetime, last: datetime
    ) -> Sequence[Term]:
        """Return breached terms of a clause whose end lies in [first, last)."""
        return [
            t
            for t in self.terms
            if t.clause == clause and t.outcome == "breached" and first <= t.due_at < last
        ]

    def fresh_tasks(self, playbook: str) -> Sequence[Task]:
        """Return tasks that were made or changed."""
        return self.fresh

    def knows(self, key: str) -> bool:
        """Whether the key was decided before."""
        return key in self.keys

    def appeal(self, source: str, number: str) -> Appeal | None:
        """Return an appeal of the changes or entries."""
        known = [c.appeal for c in self.changes] + [a for e in self.entries.values() for a in e]
        return next((a for a in known if (a.source, a.number) == (source, number)), None)

    def task(self, key: str) -> Task | None:
        """Return a task by its key."""
        return next((t for t in (*self.kept, *self.fresh) if t.key == key), None)

    def task_of(self, playbook: str, source: str, number: str) -> Task | None:
        """Return the task of an appeal."""
        return self.task(f"task:{playbook}:{source}:{number}")

    def task_at(self, playbook: str, place: str) -> Task | None:
        """Nothing is shared here."""

    def joined(self, task: str) -> Sequence[tuple[str, str]]:
        """Nothing is shared here."""
        return ()

    def untold(self, playbook: str) -> Mapping[str, Sequence[tuple[str, str]]]:
        """Nothing is shared here."""
        return {}

    def grown(self, playbook: str) -> Mapping[str, Sequence[tuple[str, str]]]:
        """Nothing is shared here."""
        return {}

    def tasks(
        self, playbook: str, kinds: Collection[TaskKind], *, since: datetime | None = None
    ) -> Sequence[Task]:
        """Return open tasks and those changed since."""
        return [
            t
            for t in self.kept
            if t.kind in kinds
            and (t.status.is_open or (since and t.changed_at and t.changed_at >= since))
        ]

    def extension(self, task: str) -> Extension | None:
        """Return what was asked for."""
        return next((e for e in self.asked if e.task == task), None)

    def extensions(self, playbook: str) -> Sequence[Extension]:
        """Return what nobody has decided."""
        return [e for e in self.asked if e.playbook == playbook and e.state == "asked"]

    def tasks_to_announce(self, playbook: str) -> Sequence[Task]:
        """Return tasks whose executor was not told."""
        return self.announcing

    def last_letter(self, playbook: str, executor: str) -> datetime | None:
        """Return when the executor last got a letter."""
        return self.told.get(executor)

    def letter_for(self, message_ids: Collection[str]) -> str | None:
        """Return the key that an answer continues."""
        return next((self.threads[m] for m in message_ids if m in self.threads), None)

    def letter(self, digest: str) -> Letter | None:
        """Return a letter by its digest."""
        return next((x for x in self.letters if x.digest == digest), None)

    def letters_before(self, letter: Letter, since: datetime) -> int:
        """Count earlier letters of a sender."""
        return sum(
            (x.received_at, x.digest) < (letter.received_at, letter.digest)
            for x in self.letters
            if x.sender == letter.sender and x.received_at >= since
        )

    def letters_to_review(self, playbook: str, since: datetime) -> Sequence[tuple[Letter, str]]:
        """Return what waits for a person."""
        return [(one, why) for one, why in self.queued if one.received_at >= since]

    def letter_sent(self, key: str) -> Sent | None:
        """Return a letter of ours."""
        return next((one for one in self.left if one.key == key), None)

    def term(self, key: str) -> Term | None:
        """Return a term by its key."""
        return next((t for t in self.terms if t.key == key), None)

    def ended_terms(self, playbook: str, rule: str, now: datetime) -> Sequence[Term]:
        """Return running terms whose end lies before now."""
        return [t for t in self.terms if t.rule == rule and t.outcome is None and t.due_at < now]

    def next_due(self, playbook: str, rule: str, after: datetime) -> datetime | None:
        """Return the next end of a running term."""
        running = [t.due_at for t in self.terms if t.rule == rule and t.outcome is None]
        return min((due for due in running if due > after), default=None)

    def next_wake(self, playbook: str, after: datetime) -> datetime | None:
        """No term wakes a cycle here."""
        return None

    def entered(self, what: str, first: datetime, last: datetime) -> Sequence[Appeal]:
        """Return what a test put into a group, whatever the span."""
        return self.entries.get(what, [])

    def count_entered(self, what: str, first: datetime, last: datetime) -> int:
        """Count what entered."""
        return len(self.entered(what, first, last))

    def tallies(self, first: datetime, last: datetime, *, by_house: bool = True) -> Sequence[Tally]:
        """Return the counts that a test gave, whatever the span."""
        return self.counted

    def indices(
        self, covers: Callable[[str | None], bool], *, fresh: bool
    ) -> Mapping[str, Decimal]:
        """Return the indices that a test gave."""
        return self.index

    def incident(self, key: str) -> Incident | None:
        """Return an incident by its key."""
        return next((i for i in self.running if i.key == key), None)

    def climbs(self, playbook: str, rule: str) -> Sequence[Climb]:
        """No ladder is on its way."""
        return ()

    def climbs_of(self, playbook: str, rule: str, object_: str) -> Sequence[Climb]:
        """No ladder was ever begun."""
        return ()

    def unheard(
        self, playbook: str, statuses: Collection[TaskStatus], after: datetime, until: datetime
    ) -> Sequence[Task]:
        """Everything was heard of."""
        return ()

    def answers(self, key: str) -> Sequence[Letter]:
        """Nobody answered."""
        return ()

    def incidents(self, playbook: str) -> Sequence[Incident]:
        """Return the incidents whose mode lasts."""
        return [i for i in self.running if i.is_open]

    def plan(self, key: str) -> Plan | None:
        """Return a plan by its key or its draft's."""
        return next((p for p in self.plans if key in {p.key, p.task}), None)

    def finding(
        self, playbook: str, rule: str, object_: str, day: date
    ) -> Mapping[str, str] | None:
        """Return the numbers that a rule found."""
        return self.found.get((rule, object_, day))

    def findings(self, playbook: str, rule: str, day: date) -> Sequence[tuple[str, str, str]]:
        """Return no finding."""
        return []

    def incidents_ended(self, playbook: str, since: datetime) -> Sequence[Incident]:
        """Return the incidents that were closed since then."""
        return [i for i in self.running if i.closed_at and i.closed_at >= since]

    def newest_exports(self) -> Mapping[str, datetime]:
        """Return when each feed gave its newest export."""
        return self.exports

    def exports_read(self, feed: str, since: datetime) -> Sequence[ExportRead]:
        """Return no export."""
        return []

    def acts_on(self, key: str) -> Sequence[Act]:
        """Return the accepted acts on something."""
        return [a for a in self.accepted if a.key == key]

    def stock(self, takes: Takes) -> dict[str, int]:
        """Count what is open."""
        return {"open": 7, "overdue": 2}

    def has_data(self, first: datetime, last: datetime) -> bool:
        """Whether the day has data."""
        return self.data

    def report(self, key: str) -> Report | None:
        """Return a report by its key."""
        return next((r for r in self.reports if r.key == key), None)

    def missed_reports(self, playbook: str, rule: str, day: date) -> Sequence[Report]:
        """Return missed reports of the rule."""
        return [r for r in self.reports if r.rule == rule and r.state == "missed" and r.day < day]

    def draft(self, key: str) -> Draft | None:
        """Return a letter that waits, or waited."""
        return next((d for d in self.waiting if d.key == key), None)

    def drafts(self, playbook: str) -> Sequence[Draft]:
        """Return the letters that wait."""
        return [d for d in self.waiting if d.playbook == playbook and d.state == "waiting"]

    def dead_letters(self, playbook: str) -> Sequence[DeadLetter]:
        """Return what cannot be delivered."""
        return self.dead

    def unsent(self, playbook: str, until: datetime) -> Sequence[Unsent]:
        """Return letters that have not left."""
        return [one for one in self.letters_unsent if one.at <= until]

    def has_to_leave(self, key: str) -> bool:
        """Whether a letter has not left."""
        return any(one.key == key for one in self.letters_unsent)

    def audited(self, playbook: str, first: datetime, last: datetime) -> Sequence[str]:
        """Return what the audit found."""
        return self.flagged

    def first_cycle(self) -> datetime | None:
        """Return the first cycle."""
        return self.before

    def last_cycle(self) -> datetime | None:
        """Return the cycle before."""
        return self.before

    def health(self) -> Sequence[Health]:
        """Return how the systems do."""
        return self.systems

    def deliveries(self, playbook: str, first: datetime, last: datetime) -> dict[str, int]:
        """Count what left."""
        return self.sent


def case(known: Known, now: datetime, **values: Any) -> Case:
    """Show facts to rules; ``values`` are playbook values by dotted path with ``__`` for dots."""
    playbook = (
        load(ID, {f"{ID}.{k.replace('__', '.')}": v for k, v in values.items()})
        if values
        else PLAYBOOK
    )
    return Case(known, playbook, now)


def rule(kind: str, name: str, of: Case | None = None) -> Any:
    """Return a rule of the regulation by kind and id."""
    found: Rule = (of.playbook if of else PLAYBOOK).rules[kind][name]
    return found


def appeal(number: str = "1", **given: Any) -> Appeal:
    """Make an appeal of this morning."""
    values: dict[str, Any] = {
        "source": "dobrodel",
        "received_at": at("08:00"),
        "status": AppealStatus.NEW,
        "address": "Одинцово, ул. Мира, 1",
        "subcategory": "Снег",
        **given,
    }
    return Appeal(number=number, **values)


def change(
    one: Appeal, *changed: str, first: bool | None = None, history: bool = False
) -> AppealChange:
    """Say that an appeal is new, or which fields of it changed."""
    return AppealChange(
        appeal=one, first=not changed if first is None else first, history=history, changed=changed
    )


def task(number: str = "1", **given: Any) -> Task:
    """Make an executor's task of this morning."""
    values: dict[str, Any] = {
        "key": f"task:{ID}:dobrodel:{number}",
        "playbook": ID,
        "kind": TaskKind.EXECUTOR,
        "rule": "appeals",
        "clause": "2.1.1[1]",
        "project": "Задачи исполнителям",
        "subject": f"Снег: ул. Мира (№ {number})",
        "status": TaskStatus.NEW,
        "assignee": "executor:УК «Дом»",
        "executor": "УК «Дом»",
        "decided_at": at("08:05"),
        "changed_at": at("08:05"),
        "source": "dobrodel",
        "number": number,
        "address": "Одинцово, ул. Мира, 1",
        "topic": "Снег",
        "ident": number,
        **given,
    }
    return Task(**values)


def letter(text: str, **given: Any) -> Letter:
    """Make a letter of the centre."""
    values: dict[str, Any] = {
        "digest": "d1",
        "message_id": "<1@cur.mosreg.ru>",
        "place": LetterPlace(account="inbox", folder="INBOX", uidvalidity=1, uid="1"),
        "sender": "duty@cur.mosreg.ru",
        "sender_name": "Дежурный",
        "subject": "Задание",
        "received_at": at("11:00"),
        **given,
    }
    return Letter(text=text, **values)


def act(
    do: str, by: str = "mcur_resp", key: str | None = f"task:{ID}:dobrodel:1", **given: Any
) -> Act:
    """Make an act of this noon."""
    values: dict[str, Any] = {"ident": "a1", "at": at("12:00"), "origin": "scenario", **given}
    return Act(do=do, by=by, key=key, **values)
