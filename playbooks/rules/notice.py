"""Kind ``notice``: when another system must notify people of an outage, inside a day window.

That system notifies by itself; we compute the moments, say each of them once, and warn where the text
cannot be kept: published too late, a notice that is lost or shifted, a night without its mark.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from fnmatch import fnmatchcase
from typing import Any, Literal

from mcur.playbooks.directory import fold
from mcur.playbooks.durations import ClockField, DurationField, ElapsedField
from mcur.playbooks.intents import Finding, Intent, MarkDone, Outcome, RaiseFlag, Tell
from mcur.playbooks.mirrored import Outage, OutageSeen
from mcur.playbooks.rules.base import Case, Kind, Rule, variant

_SECOND = timedelta(seconds=1)
_RECENT = timedelta(days=2)
"""How long after its last hour an outage is still looked at: a notice waits no longer than a night."""


class Party(Rule):
    """Who may own an outage: the role that is warned, known by globs over the owner's name."""

    id: str = ""
    clause: str = ""
    role: str
    names: tuple[str, ...]


class Window(Rule):
    """The hours in which people are notified, as [open, close). ``night_clause``: what waits for them."""

    says: Literal["window"]
    open: ClockField
    close: ClockField
    night_clause: str = ""

    def holds(self, clock: time) -> bool:
        """Whether a clock time lies inside."""
        return self.open <= clock < self.close


class Planned(Rule):
    """Notices of a planned outage: at publication and before its start.

    ``published_before`` counts calendar days by dates. A publication notice is due if strictly more
    than ``at_publication_if_more_than`` is left. ``shift`` moves a moment outside the window.
    """

    says: Literal["planned"]
    published_before: ElapsedField
    at_publication_if_more_than: ElapsedField
    before_start: tuple[DurationField, ...]
    shift: Literal["later", "earlier"] = "later"
    warns: str
    notifies: str
    parties: tuple[Party, ...] = ()
    publication_clause: str
    timer_clause: str
    completion_clause: str = ""


class Emergency(Rule):
    """Notices of an emergency: at publication inside the window, at night only with the mark.

    ``mark_clause`` asks for the mark at night, ``urgent_clause`` for a notice at once under it.
    """

    says: Literal["emergency"]
    warns: str
    notifies: str
    parties: tuple[Party, ...] = ()
    mark_clause: str
    urgent_clause: str
    completion_clause: str = ""


Notices = Planned | Emergency
NoticeRule = Planned | Emergency | Window
_SHAPES: dict[str, type[NoticeRule]] = {
    "planned": Planned,
    "emergency": Emergency,
    "window": Window,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A notice: its key, its clauses and the moment inside the window. ``raw`` is the unshifted one."""

    key: str
    clauses: tuple[str, ...]
    raw: datetime
    moment: datetime
    urgent: bool = False


def decide(rule: NoticeRule, case: Case) -> Iterator[Intent]:
    """Warn of what is new, and say what is due now."""
    if isinstance(rule, Window):
        return
    for seen in case.facts.fresh_outages():
        if seen.outage.type == rule.says and not seen.is_over:
            yield from _judge(rule, case, seen)
    for seen in _current(rule, case):
        yield from _say(rule, case, seen)
        yield from _left_open(rule, case, seen)


def _shape(table: dict[str, Any]) -> NoticeRule:
    return variant(_SHAPES, table, "says").model_validate(table)


def _current(rule: Notices, case: Case) -> Iterator[OutageSeen]:
    for seen in case.facts.outages_since(case.now - _RECENT):
        if seen.outage.type == rule.says and not seen.is_over:
            yield seen


# --- the moments ----------------------------------------------------------------------------------------


def _dues(rule: Notices, case: Case, seen: OutageSeen) -> list[Due]:
    if seen.outage.published_at is None:
        return []
    if isinstance(rule, Emergency):
        return [_of_emergency(rule, case, seen.outage, seen.outage.published_at)]
    return _of_planned(rule, case, seen, seen.outage.published_at)


def _of_emergency(rule: Emergency, case: Case, outage: Outage, published: datetime) -> Due:
    night = not _in_window(case, published)
    urgent = night and outage.emergency_notice is True
    clause = rule.urgent_clause if urgent else rule.clause
    further = rule.clauses if night and not urgent else ()
    return Due(
        key=f"notice:{case.playbook.id}:{clause}:{outage.number}",
        clauses=(clause, *(c for c in further if c != clause)),
        raw=published,
        moment=published if urgent else _later(case, published),
        urgent=urgent,
    )


def _of_planned(rule: Planned, case: Case, seen: OutageSeen, published: datetime) -> list[Due]:
    outage, start = seen.outage, seen.outage.start_at
    if start is None:
        return []
    name = f"notice:{case.playbook.id}"
    found = []
    if published < start - rule.at_publication_if_more_than:
        moment = _later(case, published)
        window = _window(case)
        night = window.night_clause if window and moment != published else ""
        clauses = (rule.publication_clause, night) if night else (rule.publication_clause,)
        key = f"{name}:{rule.publication_clause}:{outage.number}"
        found.append(Due(key=key, clauses=clauses, raw=published, moment=moment))
    for wait in rule.before_start:
        raw = _before(case, start, wait.timedelta)
        if raw < _known_since(seen, published):
            continue
        key = f"{name}:{rule.timer_clause}:{outage.number}:{wait}"
        if case.facts.knows(f"notice.due:{key}") and "start_at" in seen.before:
            key = f"{key}:{case.playbook.calendar.local(start):%Y-%m-%dT%H:%M}"
        shifted = max(_shifted(rule, case, raw), _later(case, published))
        clauses = (rule.timer_clause,)
        found.append(Due(key=key, clauses=clauses, raw=raw, moment=shifted))
    return found


def _known_since(seen: OutageSeen, published: datetime) -> datetime:
    """A start that was moved is known since the row that moved it."""
    if "start_at" not in seen.before:
        return published
    return max(published, seen.entered.get("start_at", published))


def _before(case: Case, start: datetime, wait: timedelta) -> datetime:
    """The same clock time so many days earlier."""
    return case.playbook.calendar.local(start) - wait


def _window(case: Case) -> Window | None:
    return next((r for r in case.playbook.enabled("notice") if isinstance(r, Window)), None)


def _in_window(case: Case, moment: datetime) -> bool:
    window = _window(case)
    return window is None or window.holds(case.playbook.calendar.local(moment).time())


def _later(case: Case, moment: datetime) -> datetime:
    """Return the moment, or the next opening of the window."""
    window, calendar = _window(case), case.playbook.calendar
    if window is None or _in_window(case, moment):
        return moment
    local = calendar.local(moment)
    day = local.date() if local.time() < window.open else local.date() + timedelta(days=1)
    return calendar.at(day, window.open)


def _shifted(rule: Planned, case: Case, moment: datetime) -> datetime:
    window, calendar = _window(case), case.playbook.calendar
    if window is None or _in_window(case, moment) or rule.shift == "later":
        return _later(case, moment)
    local = calendar.local(moment)
    day = local.date() - timedelta(days=1) if local.time() < window.open else local.date()
    return calendar.at(day, window.close) - _SECOND


# --- what is due ------------------------------------------------------------------------------------------


def _say(rule: Notices, case: Case, seen: OutageSeen) -> Iterator[Intent]:
    for due in _dues(rule, case, seen):
        if not _is_ahead(case, seen.outage, due):
            continue
        if case.now < due.moment or not (due.urgent or _in_window(case, case.now)):
            continue
        outage = seen.outage
        text = "notice.before_start" if due.raw != outage.published_at else "notice.at_publication"
        why = case.say(text, outage=outage, due=due)
        yield MarkDone(key=_mark(due, outage))
        yield Tell(
            key=due.key,
            cite=case.cite(rule, why, clause=due.clauses[0], clauses=due.clauses),
            event="notice.due",
            to=(rule.notifies,),
            data={
                "number": outage.number,
                "zone": outage.zone,
                "resource": outage.resource,
                "start_at": outage.start_at or outage.occurred_at,
                "end_at": outage.end_at,
                "due_at": due.moment,
                "late": case.now > due.moment,
            },
        )


def _is_ahead(case: Case, outage: Outage, due: Due) -> bool:
    """Whether the notice still has to be given: not said yet, not history, the outage not past."""
    last = outage.start_at if outage.type == "planned" else outage.end_at
    if due.moment < case.facts.live_from or (last is not None and last <= case.now):
        return False
    said = case.facts.knows(f"notice.due:{due.key}")
    return not said and not case.facts.knows(_mark(due, outage))


def _mark(due: Due, outage: Outage) -> str:
    """One notice for one start: a start that moves makes it due again."""
    _, _, *facts = due.key.split(":")
    named = ":".join(facts[:3])
    return f"noticed:{named}:{outage.start_at.isoformat() if outage.start_at else ''}"


def _left_open(rule: Notices, case: Case, seen: OutageSeen) -> Iterator[RaiseFlag]:
    """An outage that is completed by hand and whose end has passed: its owner is reminded."""
    outage = seen.outage
    end = outage.end_at
    if not rule.completion_clause or outage.completion != "manual" or end is None:
        return
    if not case.facts.live_from <= end <= case.now:
        return
    local = case.playbook.calendar.local(end)
    yield _flag(
        rule, case, outage, "notice.left_open", rule.completion_clause, f"{local:%Y-%m-%dT%H:%M}"
    )


# --- warnings ---------------------------------------------------------------------------------------------


def _judge(rule: Notices, case: Case, seen: OutageSeen) -> Iterator[Intent]:
    outage = seen.outage
    published = outage.published_at
    if published is None or (isinstance(rule, Planned) and outage.start_at is None):
        yield _unknown(rule, case, seen)
    elif published < case.facts.live_from:
        return
    elif isinstance(rule, Planned):
        yield from _judge_planned(rule, case, seen, published)
    elif outage.emergency_notice is False and not _in_window(case, published):
        yield _flag(rule, case, outage, "notice.no_mark", rule.mark_clause)


def _judge_planned(
    rule: Planned, case: Case, seen: OutageSeen, published: datetime
) -> Iterator[Intent]:
    outage, start = seen.outage, seen.outage.start_at
    if start is None:
        return
    local = case.playbook.calendar.local
    days = (local(start).date() - local(published).date()).days
    late = days < rule.published_before.days
    party = _party(rule, outage)
    clause = (party.clause if party else "") or rule.clause
    why = case.say(
        "notice.too_late" if late else "notice.timely", days=days, rule=rule, outage=outage
    )
    yield Finding(
        cite=case.cite(rule, why, clause=clause),
        object=outage.number,
        day=case.playbook.calendar.day_of(published),
        outcome=Outcome.FIRED if late else Outcome.NOT_FIRED,
        numbers={"days": str(days)},
    )
    if late:
        yield _flag(rule, case, outage, "notice.too_late", clause, days=days)
    for wait in rule.before_start:
        raw = _before(case, start, wait.timedelta)
        key = f"notice:{case.playbook.id}:{rule.timer_clause}:{outage.number}:{wait}"
        said = case.facts.knows(f"notice.due:{key}")
        if raw < _known_since(seen, published):
            if not said:
                yield _flag(
                    rule, case, outage, "notice.lost", rule.timer_clause, str(wait), wait=wait
                )
        elif (shifted := _shifted(rule, case, raw)) != raw:
            yield _flag(
                rule, case, outage, "notice.shifted", rule.timer_clause, f"{wait}:shifted",
                wait=wait, raw=raw, shifted=shifted,
            )  # fmt: skip


def _unknown(rule: Notices, case: Case, seen: OutageSeen) -> Finding:
    why = case.say("notice.unknown", outage=seen.outage)
    return Finding(
        cite=case.cite(rule, why),
        object=seen.outage.number,
        day=case.playbook.calendar.day_of(seen.first_at),
        outcome=Outcome.NOT_COMPUTABLE,
    )


def _flag(
    rule: Notices,
    case: Case,
    outage: Outage,
    text: str,
    clause: str,
    occasion: str = "",
    **values: Any,
) -> RaiseFlag:
    why = case.say(text, outage=outage, rule=rule, **values)
    party = _party(rule, outage)
    return RaiseFlag(
        key=":".join(filter(None, ("flag", case.playbook.id, clause, outage.number, occasion))),
        cite=case.cite(rule, why, clause=clause),
        object=outage.number,
        text=why,
        to=(party.role if party else rule.warns,),
    )


def _party(rule: Notices, outage: Outage) -> Party | None:
    owner = fold(outage.owner or "")
    named = (p for p in rule.parties if any(fnmatchcase(owner, fold(n)) for n in p.names))
    return next(named, None)


def _wakes(rule: NoticeRule, case: Case) -> datetime | None:
    if isinstance(rule, Window):
        return None
    moments = []
    for seen in _current(rule, case):
        ahead = [d for d in _dues(rule, case, seen) if _is_ahead(case, seen.outage, d)]
        moments += [d.moment if d.moment > case.now else _later(case, case.now) for d in ahead]
        if rule.completion_clause and seen.outage.completion == "manual" and seen.outage.end_at:
            moments.append(seen.outage.end_at)
    return min((m for m in moments if m > case.now), default=None)


def _roles(rule: NoticeRule) -> tuple[str, ...]:
    if isinstance(rule, Window):
        return ()
    return (rule.warns, rule.notifies, *(party.role for party in rule.parties))


KIND: Kind[NoticeRule] = Kind(
    name="notice", shape=_shape, decide=decide, wakes=_wakes, roles=_roles
)
