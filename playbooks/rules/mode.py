"""Kind ``mode``: what an incident starts, owes within a term, and how it ends.

Normal mode is the absence of incidents. An incident begins by a surge or by a person's word; only a
person ends it (C13). Its own task gathers what is known; its terms wake a cycle of their own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal, Self

from pydantic import Field

from mcur.playbooks import portrait
from mcur.playbooks.acts import concerns, say_act
from mcur.playbooks.addresses import house_of
from mcur.playbooks.directory import fold
from mcur.playbooks.documents import Document, Pairs, Paragraph
from mcur.playbooks.durations import ElapsedField
from mcur.playbooks.facts import Act, TaskKind, TaskStatus
from mcur.playbooks.incidents import Incident
from mcur.playbooks.intents import (
    ChangeIncident,
    Cite,
    CreateTask,
    Intent,
    MarkDone,
    OpenIncident,
    RaiseFlag,
    UpdateTask,
)
from mcur.playbooks.language import capital
from mcur.playbooks.permits import threatens
from mcur.playbooks.rules import call_sheet, handing, owed, worsening
from mcur.playbooks.rules.base import Case, Kind, Rule


class Mode(Rule):
    """A mode: how its incidents are declared, what they owe, when the head is asked about the end.

    ``declared_clause`` is cited by what a person declares, ``ended_clause`` by the return to normal.
    Where ``declared_by`` names roles only they may declare it, but for a threat to life, which is
    anybody's to say and cites ``threat_clause``.
    ``executor``: the duty to hand the problem to its executor as a task. ``life_threat = "ask"``: the
    head chooses between this mode and ``crisis``; without his word it becomes one after
    ``immediately_max`` of the calendar (G11). ``names``: the temporary roles that an act with the
    field ``head`` gives to a person.
    """

    mode: Literal["emergency", "crisis"]
    declared_clause: str = ""
    declared_by: tuple[str, ...] = ()
    ended_clause: str = ""
    officer: str
    head: str
    ask_after: ElapsedField = timedelta(hours=24)
    life_threat: Literal["same", "ask"] = "same"
    threat_clause: str = ""
    executor: handing.Handing | None = None
    terms: tuple[owed.ModeTerm, ...] = ()
    names: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)

    def for_sides(self, sides: Collection[str]) -> Self:
        """Leave out what the other offices owe."""

        def runs(part: Rule) -> bool:
            return not sides or not part.side or part.side in sides

        here = {
            "terms": tuple(filter(runs, self.terms)),
            "executor": self.executor if self.executor and runs(self.executor) else None,
        }
        return super().for_sides(sides).model_copy(update=here)


def decide(rule: Mode, case: Case) -> Iterator[Intent]:
    """Open what people declare, give each incident its task and terms, follow what people say."""
    for act in case.facts.accepted_acts():
        if act.do == "declare" and act.fields.get("mode", "emergency") == rule.mode:
            yield from _declared(rule, case, act)
    for incident in case.facts.incidents(case.playbook.id):
        if incident.mode == rule.mode:
            yield from _task(rule, case, incident)
            if rule.executor is not None:
                yield from handing.task(rule.executor, rule, rule.officer, case, incident)
            yield from _said(rule, case, incident)
            yield from _silence(rule, case, incident)
            if rule.life_threat == "ask":
                yield from worsening.ask(rule, rule.threat_clause, rule.head, case, incident)


def duties(rule: Mode, case: Case) -> Iterator[Intent]:
    """Start and end what incidents owe; after plans and ladders, for a plan may be what is owed."""
    for incident in case.facts.incidents(case.playbook.id):
        if incident.mode == rule.mode:
            yield from owed.run(rule, rule.terms, case, incident)
        else:
            yield from owed.run_on(rule, rule.terms, case, incident)


def _declared(rule: Mode, case: Case, act: Act) -> Iterator[Intent]:
    name = act.fields.get("object") or act.text or rule.mode
    if case.facts.incident(act.key or ""):
        return  # on an incident it worsens that one
    if act.key and case.facts.task(act.key) is None:
        return  # on a task it is declared where somebody stood; on anything else it is not for us
    if not act.key and not concerns(act, case):
        return
    why = case.say("mode.declared", act=act, object=name)
    known = _same(case, name)
    if known is not None:
        if known.mode != rule.mode == "crisis":
            why = case.say("mode.declared", act=act, object=case.place(known))
            yield from worsening.said(rule, case, known, act, why)
        elif known.mode == rule.mode and threatens(act):
            yield from worsening.threatened(case.cite(rule, why), known, act)
        return
    onset = act.fields.get("onset")
    threat = threatens(act)
    clause = rule.threat_clause if threat and rule.life_threat == "same" else ""
    yield OpenIncident(
        key=_declared_key(case, name, act),
        cite=case.cite(rule, why, clause=clause or rule.declared_clause or rule.clause),
        object=name,
        mode=rule.mode,
        state="open",
        detected_at=act.at,
        onset_at=datetime.fromisoformat(onset) if onset else act.at,
        life_threat=threat,
        declared_by=act.by,
    )


def _declared_key(case: Case, name: str, act: Act) -> str:
    """Name what is declared by object and day; after its end the next of that day is another."""
    day = case.playbook.calendar.day_of(act.at)
    key = first = f"incident:{case.playbook.id}:declared:{name}:{day}"
    number = 1
    while case.facts.incident(key) is not None:
        number += 1
        key = f"{first}:{number}"
    return key


def _same(case: Case, name: str) -> Incident | None:
    """Find the incident that lasts for the same object, whoever or whatever opened it."""
    house = house_of(name)
    for incident in case.facts.incidents(case.playbook.id):
        if fold(incident.object) == fold(name) or (
            house and house in {incident.object, house_of(incident.object)}
        ):
            return incident
    return None


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
            topic=case.place(incident),
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
    return Document(
        blocks=(
            known,
            *portrait.houses(case, incident),
            *call_sheet.blocks(case, incident),
            Paragraph(text=case.say("mode.done_when")),
        ),
        footer=tuple(
            case.clause_line(clause) for clause in dict.fromkeys((incident.clause, rule.clause))
        ),
    )


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
        case "confirm" if incident.state == "suspected":
            yield ChangeIncident(key=incident.key, cite=cite, event="updated", state="open")
        case "solve" | "no-progress" | "unsolved" | "form-group" | "form-hq":
            yield from _fact(rule, case, incident, act, cite)
        case "declare" if act.fields.get("mode") == "crisis" != incident.mode:
            why = case.say("mode.declared", act=act, object=case.place(incident))
            yield from worsening.said(rule, case, incident, act, why)
        case "declare" if act.by == rule.head:
            yield ChangeIncident(
                key=incident.key, cite=cite, event="updated", fact=worsening.CHOSEN, at=act.at
            )
            yield from worsening.answered(case, incident, cite.why)
        case "declare" if threatens(act):
            yield from worsening.threatened(cite, incident, act)


def _fact(rule: Mode, case: Case, incident: Incident, act: Act, cite: Cite) -> Iterator[Intent]:
    """Enter what a person said: the first word counts, and whoever is named last."""
    fact, head, named = act.do.replace("-", "_"), act.fields.get("head"), _named(rule, case, act)
    if fact not in incident.facts or named:
        yield ChangeIncident(
            key=incident.key, cite=cite, event="updated", fact=fact, at=act.at, named=named
        )
    if head and not named:
        why = case.say("mode.no_head", head=head)
        yield RaiseFlag(
            key=f"flag:{act.ident}:head", cite=case.cite(rule, why), object=incident.key, text=why
        )


def _named(rule: Mode, case: Case, act: Act) -> dict[str, str] | None:
    """Say who holds the temporary roles now: a person by name, address or role."""
    head = act.fields.get("head", "")
    directory = case.facts.directory
    found = [*directory.holders(head), *(p for p in directory.people if p.answers_to(head))]
    roles = rule.names.get(act.do, ())
    return dict.fromkeys(roles, found[0].name) if head and roles and found else None


def _ended(
    rule: Mode,
    case: Case,
    incident: Incident,
    act: Act,
    state: Literal["closed", "dismissed"],
    status: TaskStatus,
) -> Iterator[Intent]:
    """Return to normal: the task ends with the incident, and what was still owed falls away."""
    why = case.say("mode.ended", act=act, why=say_act("why", act, case))
    cite = case.cite(rule, why, clause=rule.ended_clause or rule.clause)
    yield ChangeIncident(key=incident.key, cite=cite, event=state, state=state, at=act.at)
    yield UpdateTask(
        key=f"update:{incident.key}:{state}", cite=cite, task=incident.key, status=status
    )
    for other in case.playbook.enabled("mode"):
        if isinstance(other, Mode):
            yield from owed.drop(other, other.terms, case, incident, act.at, why)


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
            if rule.life_threat == "ask":
                waits.append(worsening.decided_at(case, incident))
    return min((w for w in waits if w > case.now), default=None)


def _shape(table: dict[str, Any]) -> Mode:
    return Mode.model_validate(table)


KIND: Kind[Mode] = Kind(name="mode", shape=_shape, decide=decide, wakes=_wakes)
DUTIES: Kind[Mode] = Kind(name="mode", shape=_shape, decide=duties)
"""The same rules once more, a layer later."""
