"""Kind ``cycle``: a report every so often while a mode lasts.

Slots are counted from the entry into the mode (C7), or from the moment at which a ladder took a step
(``since = "K-L2.1"``: before it there are none). A slot that the daemon slept through is missed and
never replayed; the next report names it. With no new entry the report says since when. While the
send window is shut there are no slots, unless the cycle is ``immediate``; the next report says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Literal

from mcur.playbooks import portrait, ringing
from mcur.playbooks.calendar import PROMPT
from mcur.playbooks.documents import Bullets, Document, Heading, Pairs, Paragraph, plain
from mcur.playbooks.durations import ElapsedField
from mcur.playbooks.facts import Task, TaskKind
from mcur.playbooks.incidents import Incident
from mcur.playbooks.intents import (
    Channel,
    Intent,
    MarkDone,
    SendLetter,
    Tell,
    UpdateTask,
)
from mcur.playbooks.rules import drafting, finale
from mcur.playbooks.rules.base import Case, Kind, Rule
from mcur.playbooks.rules.finale import Finale


class Cycle(Rule):
    """Every ``every`` in ``mode``: from whom, to whom, which duty in its own words.

    What ``release = "manual"`` writes is a draft that waits for its author's word.
    ``collect_clause``: with each slot the author is asked, in the incident's task, to collect for the
    next one what everybody involved knows.
    """

    mode: Literal["emergency", "crisis"]
    since: str = "entered"
    every: ElapsedField
    release: Literal["auto", "manual"] = "auto"
    immediate: bool = False
    collect_clause: str = ""
    author: str
    to: tuple[str, ...]
    cc: tuple[str, ...] = ()


def decide(rule: Cycle | Finale, case: Case) -> Iterator[Intent]:
    """Serve the newest slot of each incident; record those that were slept through."""
    if isinstance(rule, Finale):
        yield from finale.decide(rule, case)
        return
    for incident in case.facts.incidents(case.playbook.id):
        start = incident.since(rule.since)
        if incident.mode == rule.mode and start is not None:
            yield from _serve(rule, case, incident, start)


def _serve(rule: Cycle, case: Case, incident: Incident, start: datetime) -> Iterator[Intent]:
    newest = (case.now - start) // rule.every
    first = _first_unserved(rule, case, incident, start, newest)
    unsent = _unsent_before(rule, case, incident, start, first)
    for number in range(first, newest + 1):
        slot = start + number * rule.every
        late = case.now - slot
        if _is_quiet(rule, case, slot):
            unsent.append(slot)
        elif number == newest and late <= PROMPT:
            yield from _report(rule, case, incident, slot, unsent)
            if rule.collect_clause:
                yield _collect(rule, case, incident, slot)
        else:
            unsent.append(slot)
            yield from _miss(rule, case, incident, slot)


def _collect(rule: Cycle, case: Case, incident: Incident, slot: datetime) -> UpdateTask:
    why = case.say("cycle.collect", title=rule.title, slot=slot + rule.every)
    return UpdateTask(
        key=f"update:{incident.key}:{rule.id}:{slot:%Y%m%dT%H%M}",
        cite=case.cite(rule, why, clause=rule.collect_clause),
        task=incident.key,
        note=plain(why),
        assignee=rule.author,
        not_after=slot + rule.every,
    )


def _first_unserved(
    rule: Cycle, case: Case, incident: Incident, start: datetime, newest: int
) -> int:
    """Walk back from the newest slot to the first that was neither served nor missed."""
    number = newest
    while number >= 1 and not _is_served(rule, case, incident, start + number * rule.every):
        number -= 1
    return number + 1


def _is_served(rule: Cycle, case: Case, incident: Incident, slot: datetime) -> bool:
    key = _key(rule, case, incident, slot)
    return case.facts.knows(key) or case.facts.knows(drafting.draft_key(key))


def _unsent_before(
    rule: Cycle, case: Case, incident: Incident, start: datetime, first: int
) -> list[datetime]:
    """Return the missed and the quiet slots right before this one: no report has named them yet."""
    unsent: list[datetime] = []
    for number in range(first - 1, 0, -1):
        slot = start + number * rule.every
        if not (_is_quiet(rule, case, slot) or _is_missed(rule, case, incident, slot)):
            break
        unsent.insert(0, slot)
    return unsent


def _is_quiet(rule: Cycle, case: Case, slot: datetime) -> bool:
    """Whether the send window is shut at a slot: then there is none."""
    return not rule.immediate and case.playbook.calendar.sends_at(slot) > slot


def _is_missed(rule: Cycle, case: Case, incident: Incident, slot: datetime) -> bool:
    return case.facts.knows(_missed_key(_key(rule, case, incident, slot)))


def _missed_key(key: str) -> str:
    return f"missed:{key}"


def _key(rule: Cycle, case: Case, incident: Incident, slot: datetime) -> str:
    local = case.playbook.calendar.local(slot)
    return f"report:{case.playbook.id}:{rule.id}:{incident.key}:{local:%Y-%m-%dT%H:%M}"


def _miss(rule: Cycle, case: Case, incident: Incident, slot: datetime) -> Iterator[Intent]:
    key = _key(rule, case, incident, slot)
    why = case.say("cycle.missed", title=rule.title, slot=slot)
    yield MarkDone(key=key)
    yield MarkDone(key=_missed_key(key))
    yield Tell(key=key, cite=case.cite(rule, why), event="slot.missed", to=rule.to)


def _report(
    rule: Cycle, case: Case, incident: Incident, slot: datetime, unsent: list[datetime]
) -> Iterator[Intent]:
    letter = _letter(rule, case, incident, slot, unsent)
    if rule.release == "auto":
        yield letter
    else:
        waits = letter.model_copy(update={"not_after": None})
        yield from drafting.waiting(case, waits, rule.author, incident.key)


def _letter(
    rule: Cycle, case: Case, incident: Incident, slot: datetime, unsent: list[datetime]
) -> SendLetter:
    why = case.say("cycle.why", title=rule.title, incident=incident, slot=slot)
    return SendLetter(
        key=_key(rule, case, incident, slot),
        cite=case.cite(rule, why),
        channel=Channel.REPORTS,
        urgent=True,
        sender=rule.author,
        to=incident.refs(rule.to),
        cc=incident.refs(rule.cc),
        subject=case.say("cycle.subject", title=rule.title, incident=incident, slot=slot),
        document=_document(rule, case, incident, slot, unsent),
        not_after=slot + rule.every,
    )


def _document(
    rule: Cycle, case: Case, incident: Incident, slot: datetime, unsent: list[datetime]
) -> Document:
    since = slot - rule.every * (len(unsent) + 1)
    acts = [a for a in case.facts.acts_on(incident.key) if a.text]
    fresh = [a for a in acts if since < a.at <= case.now]
    last = max((a.at for a in acts), default=incident.entered_at)
    news = (
        Bullets(items=tuple(ringing.entry(case, act) for act in fresh))
        if fresh
        else Paragraph(text=case.say("cycle.no_news", last=last, slot=slot))
    )
    measures = _measures(case, incident)
    told = case.say("cycle.measures", tasks=measures)
    done = ((case.say("label.tasks"), told),) if _has_plan(case, incident) else ()
    lines = tuple(_state(case, task) for task in measures)
    states = (Bullets(items=lines),) if lines else ()
    known = Pairs(items=(*portrait.pairs(case, incident), *_solved(case, incident), *done))
    return Document(
        title=rule.title,
        subtitle=case.say("cycle.as_of", slot=slot),
        lead=(case.say("cycle.lead", incident=incident, fresh=len(fresh)),),
        blocks=(
            *_gaps(rule, case, unsent),
            known,
            *states,
            Heading(text=case.say("cycle.news")),
            news,
        ),
        footer=(case.clause_line(rule.clause),),
    )


def _gaps(rule: Cycle, case: Case, unsent: list[datetime]) -> list[Paragraph]:
    """Say which reports were slept through, and when none left because the window was shut."""
    quiet = [slot for slot in unsent if _is_quiet(rule, case, slot)]
    missed = [slot for slot in unsent if slot not in quiet]
    named = (("cycle.slept", missed), ("window.quiet", quiet))
    return [
        Paragraph(text=case.say(text, slots=slots), tone="mark") for text, slots in named if slots
    ]


def _has_plan(case: Case, incident: Incident) -> bool:
    """Whether the regulation answers this mode with a plan of its own."""
    return any(getattr(r, "mode", "") == incident.mode for r in case.playbook.enabled("plan"))


def _measures(case: Case, incident: Incident) -> list[Task]:
    """Return the measures of the incident's plan, in the order of the plan."""
    parent = f"plan:{case.playbook.id}:operational:{incident.key}"
    tasks = case.facts.tasks(case.playbook.id, {TaskKind.MEASURE}, since=incident.detected_at)
    return sorted((t for t in tasks if t.parent == parent), key=lambda t: (len(t.key), t.key))


def _solved(case: Case, incident: Incident) -> tuple[tuple[str, str], ...]:
    """Say that the problem is solved: its mode lasts until a person closes it, and so do its reports."""
    if incident.solved_at is None:
        return ()
    return ((case.say("cycle.solved"), case.say("moment", at=incident.solved_at)),)


def _state(case: Case, task: Task) -> str:
    holder = task.executor or case.playbook.roles.get(task.assignee or "", "")
    late = task.status.is_open and task.due_at is not None and task.due_at < case.now
    return case.say("cycle.measure", task=task, holder=holder, late=late)


def _wakes(rule: Cycle | Finale, case: Case) -> datetime | None:
    if isinstance(rule, Finale):
        return None
    slots = [
        slot
        for incident in case.facts.incidents(case.playbook.id)
        if incident.mode == rule.mode and (start := incident.since(rule.since)) is not None
        for slot in _coming(rule, case, start)
    ]
    return min(slots, default=None)


def _coming(rule: Cycle, case: Case, start: datetime) -> Iterator[datetime]:
    """Yield the next slot that is not quiet; none where the window holds none in a day."""
    passed = (case.now - start) // rule.every
    for number in range(passed + 1, passed + 2 + timedelta(days=1) // rule.every):
        slot = start + number * rule.every
        if slot > case.now and not _is_quiet(rule, case, slot):
            yield slot
            return


def _shape(table: dict[str, Any]) -> Cycle | Finale:
    return (Finale if table.get("at_end") else Cycle).model_validate(table)


def _roles(rule: Cycle | Finale) -> tuple[str, ...]:
    return (rule.author, *rule.to, *rule.cc)


KIND: Kind[Cycle | Finale] = Kind(
    name="cycle", shape=_shape, decide=decide, wakes=_wakes, roles=_roles
)
