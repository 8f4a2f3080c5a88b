"""Kind ``mode``: what an incident starts, owes within a term, and how it ends.

Normal mode is the absence of incidents. An incident begins by a surge or by a person's word; only a
person ends it (C13). Its own task gathers what is known; its terms wake a cycle of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Literal

from mcur.playbooks import portrait
from mcur.playbooks.acts import say_act
from mcur.playbooks.documents import Bullets, Document, Pairs, Paragraph
from mcur.playbooks.durations import ElapsedField
from mcur.playbooks.facts import Act, TaskKind, TaskStatus, Term
from mcur.playbooks.incidents import Incident
from mcur.playbooks.intents import (
    ChangeIncident,
    CreateTask,
    EndTerm,
    Intent,
    MarkDone,
    OpenIncident,
    StartTerm,
    TermOutcome,
    UpdateTask,
)
from mcur.playbooks.language import capital
from mcur.playbooks.rules.base import Case, Kind, Rule


class ModeTerm(Rule):
    """A duty within a term: from which moment, how long, what meets it.

    ``since`` is ``entered``, ``onset`` or the name of a fact that a person entered; ``met_by`` is
    the fact, or ``plan`` for the approval of the incident's plan.
    """

    id: str = ""
    since: str = "entered"
    within: ElapsedField
    met_by: str


class Mode(Rule):
    """A mode: how its incidents are declared, what they owe, when the head is asked about the end.

    ``declared_clause`` is cited by what a person declares, ``ended_clause`` by the return to normal.
    """

    mode: Literal["emergency", "crisis"]
    declared_clause: str = ""
    ended_clause: str = ""
    officer: str
    head: str
    ask_after: ElapsedField = timedelta(hours=24)
    terms: tuple[ModeTerm, ...] = ()


def decide(rule: Mode, case: Case) -> Iterator[Intent]:
    """Open what people declare, give each incident its task and terms, follow what people say."""
    for act in case.facts.accepted_acts():
        if act.do == "declare" and act.fields.get("mode", "emergency") == rule.mode:
            yield from _declared(rule, case, act)
    for incident in case.facts.incidents(case.playbook.id):
        if incident.mode == rule.mode:
            yield from _task(rule, case, incident)
            yield from _said(rule, case, incident)
            yield from _silence(rule, case, incident)


def duties(rule: Mode, case: Case) -> Iterator[Intent]:
    """Start and end what incidents owe; after the plans, for a plan may be what is owed."""
    for incident in case.facts.incidents(case.playbook.id):
        if incident.mode == rule.mode:
            yield from _terms(rule, case, incident)


def _declared(rule: Mode, case: Case, act: Act) -> Iterator[Intent]:
    name = act.fields.get("object") or act.text or rule.mode
    day = case.playbook.calendar.day_of(act.at)
    key = f"incident:{case.playbook.id}:declared:{name}:{day}"
    if case.facts.incident(key) is not None:
        return
    onset = act.fields.get("onset")
    why = case.say("mode.declared", act=act, object=name)
    yield OpenIncident(
        key=key,
        cite=case.cite(rule, why, clause=rule.declared_clause or rule.clause),
        object=name,
        mode=rule.mode,
        state="open",
        detected_at=act.at,
        onset_at=datetime.fromisoformat(onset) if onset else act.at,
        life_threat=act.fields.get("life_threat", "").casefold() in {"true", "yes", "1"},
        declared_by=act.by,
    )


def _task(rule: Mode, case: Case, incident: Incident) -> Iterator[Intent]:
    """The incident's own task; news of the count is a note there."""
    key = f"update:{incident.key}:count:{incident.count}"
    if not case.facts.knows(incident.key):
        yield CreateTask(
            key=incident.key,
            cite=case.cite(rule, incident.why, clause=incident.clause),
            kind=TaskKind.INCIDENT,
            project=case.playbook.projects["incident"],
            subject=case.say("mode.subject", incident=incident),
            body=_body(rule, case, incident),
            assignee=rule.officer,
            topic=incident.object,
            urgent=True,
        )
        yield MarkDone(key=key)
        return
    if not case.facts.knows(key):
        yield UpdateTask(
            key=key,
            cite=case.cite(rule, incident.why, clause=incident.clause),
            task=incident.key,
            note=Document(blocks=(Paragraph(text=case.say("mode.count", incident=incident)),)),
            body=_body(rule, case, incident),
        )


def _body(rule: Mode, case: Case, incident: Incident) -> Document:
    known = Pairs(items=portrait.with_shares(case, incident))
    houses = (Bullets(items=incident.houses),) if incident.houses else ()
    return Document(
        blocks=(known, *houses, Paragraph(text=case.say("mode.done_when"))),
        footer=(case.clause_line(incident.clause), case.clause_line(rule.clause)),
    )


# --- terms ------------------------------------------------------------------------------------------------


def _terms(rule: Mode, case: Case, incident: Incident) -> Iterator[Intent]:
    for part in rule.terms:
        start = _start(incident, part.since)
        if start is None:
            continue
        key = _term_key(case, part, incident)
        term = case.facts.term(key)
        if term is None:
            due = start + part.within
            why = case.say("mode.term", title=part.title, due=due)
            yield StartTerm(
                key=key, cite=case.cite(rule, why, clause=part.clause), object=incident.key,
                started_at=start, due_at=due, quiet=False,
            )  # fmt: skip
            term = case.facts.term(key)
        if term is not None and term.ended_at is None:
            yield from _end(
                rule, case, incident, part, term.due_at, breached=term.outcome is not None
            )


def _end(
    rule: Mode, case: Case, incident: Incident, part: ModeTerm, due: datetime, *, breached: bool
) -> Iterator[Intent]:
    key = _term_key(case, part, incident)
    met = _met_at(case, incident, part.met_by)
    if met is not None:
        outcome = TermOutcome.MET if met <= due else TermOutcome.BREACHED
        word = "term.met" if met <= due else "term.late"
        why = case.say(word, ended=met, due=due)
        yield EndTerm(
            key=key, cite=case.cite(rule, why, clause=part.clause), outcome=outcome, ended_at=met
        )
    elif due < case.now and not breached:
        why = case.say("mode.breached", title=part.title, due=due)
        yield EndTerm(
            key=key, cite=case.cite(rule, why, clause=part.clause),
            outcome=TermOutcome.BREACHED, ended_at=None,
        )  # fmt: skip


def _term_key(case: Case, part: ModeTerm, incident: Incident) -> str:
    return f"term:{case.playbook.id}:{part.clause}:{incident.key}"


def _start(incident: Incident, since: str) -> datetime | None:
    fixed = {"entered": incident.entered_at, "onset": incident.onset_at}
    return fixed.get(since) or incident.facts.get(since)


def _met_at(case: Case, incident: Incident, met_by: str) -> datetime | None:
    if met_by == "plan":
        plan = case.facts.plan(f"plan:{case.playbook.id}:operational:{incident.key}")
        return plan.approved_at if plan else None
    return incident.facts.get(met_by)


# --- what people say --------------------------------------------------------------------------------------


def _said(rule: Mode, case: Case, incident: Incident) -> Iterator[Intent]:
    for act in case.facts.accepted_acts():
        if act.key == incident.key:
            yield from _act(rule, case, incident, act)


def _act(rule: Mode, case: Case, incident: Incident, act: Act) -> Iterator[Intent]:
    cite = case.cite(rule, say_act("why", act, case), clause=rule.clause)
    match act.do:
        case "close":
            yield from _ended(rule, case, incident, act, "closed", TaskStatus.CLOSED)
        case "dismiss":
            yield from _ended(rule, case, incident, act, "dismissed", TaskStatus.REJECTED)
        case "confirm":
            yield ChangeIncident(key=incident.key, cite=cite, event="updated", state="open")
        case "solve" | "no-progress" | "unsolved" | "form-group" | "form-hq":
            fact = act.do.replace("-", "_")
            yield ChangeIncident(key=incident.key, cite=cite, event="updated", fact=fact, at=act.at)
        case "declare" if act.fields.get("mode", incident.mode) != incident.mode:
            yield ChangeIncident(
                key=incident.key, cite=cite, event="escalated", mode="crisis", at=act.at
            )


def _ended(
    rule: Mode,
    case: Case,
    incident: Incident,
    act: Act,
    state: Literal["closed", "dismissed"],
    status: TaskStatus,
) -> Iterator[Intent]:
    """Return to normal: the task ends with the incident, and what was still owed falls away."""
    why = say_act("why", act, case)
    cite = case.cite(rule, why, clause=rule.ended_clause or rule.clause)
    yield ChangeIncident(key=incident.key, cite=cite, event=state, state=state, at=act.at)
    yield UpdateTask(
        key=f"update:{incident.key}:{state}", cite=cite, task=incident.key, status=status
    )
    for part in rule.terms:
        term = case.facts.term(_term_key(case, part, incident))
        if term is not None and term.outcome is None:
            yield _dropped(rule, case, part, term, act)


def _dropped(rule: Mode, case: Case, part: ModeTerm, term: Term, act: Act) -> EndTerm:
    """A duty that was not due yet falls away; one that was due before the end is breached."""
    if term.due_at < act.at:
        why, outcome = case.say("mode.breached", title=part.title, due=term.due_at), "breached"
    else:
        why, outcome = say_act("why", act, case), "cancelled"
    return EndTerm(
        key=term.key, cite=case.cite(rule, why, clause=part.clause),
        outcome=TermOutcome(outcome), ended_at=None,
    )  # fmt: skip


def _silence(rule: Mode, case: Case, incident: Incident) -> Iterator[Intent]:
    """After a day without news the head is asked whether to close; nothing closes by itself."""
    acts = case.facts.acts_on(incident.key)
    last = max([incident.detected_at, *(act.at for act in acts)])
    key = f"update:{incident.key}:ask:{last:%Y%m%dT%H%M}"
    if case.now - last >= rule.ask_after and not case.facts.knows(key):
        why = case.say("mode.silence", last=last)
        yield UpdateTask(
            key=key,
            cite=case.cite(rule, why),
            task=incident.key,
            note=Document(blocks=(Paragraph(text=capital(why)),)),
            assignee=rule.head,
        )


def _wakes(rule: Mode, case: Case) -> datetime | None:
    waits = []
    for incident in case.facts.incidents(case.playbook.id):
        if incident.mode == rule.mode:
            acts = case.facts.acts_on(incident.key)
            last = max([incident.detected_at, *(act.at for act in acts)])
            waits.append(last + rule.ask_after)
    return min((w for w in waits if w > case.now), default=None)


def _shape(table: dict[str, Any]) -> Mode:
    return Mode.model_validate(table)


KIND: Kind[Mode] = Kind(name="mode", shape=_shape, decide=decide, wakes=_wakes)
DUTIES: Kind[Mode] = Kind(name="mode", shape=_shape, decide=duties)
"""The same rules once more, a layer later."""
