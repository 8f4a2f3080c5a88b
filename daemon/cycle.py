"""The cycle: observe, record, decide, act. All four take the same ``now``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

import structlog

from mcur.playbooks import acts, adopting, board, fuse
from mcur.playbooks.faults import told
from mcur.playbooks.inquiry import Facts
from mcur.playbooks.playbook import Playbook
from mcur.playbooks.rules import letters
from mcur.playbooks.rules.base import Case, Kind, Rule
from mcur.playbooks.rules.registry import BEFORE_ACTS, LAYERS
from mcur.state.opening import is_unusable

if TYPE_CHECKING:
    from mcur.daemon.wiring import Site
    from mcur.state.decisions import Decision

log = structlog.get_logger()


class RuleFault(Exception):
    """A fault of the program itself in one rule; the cause stands behind it."""

    def __init__(self, rule: Rule, case: Case, cause: Exception) -> None:
        super().__init__(f"rule {case.playbook.id}/{rule.id}: {type(cause).__name__}: {cause}")
        self.name = (case.playbook.id, rule.id)
        self.cause = f"{type(cause).__name__}: {cause}"


Faults = dict[tuple[str, str], RuleFault]
"""What failed, by playbook and rule."""


def decide(site: Site, now: datetime) -> Faults:
    """Ask every rule, layer by layer; what they want is committed together.

    A rule that fails is set aside and the others are asked anew: a fault in one must not cost the
    report of another. The news of the cycle then stay news, so that the rule misses nothing once
    it is mended.
    """
    faults: Faults = {}
    while True:
        try:
            decide_without(site, now, faults)
        except RuleFault as fault:
            log.exception("fault", rule="/".join(fault.name))
            faults[fault.name] = fault
        else:
            return faults


def decide_without(site: Site, now: datetime, faults: Faults) -> None:
    """Decide without the rules that failed; raise ``RuleFault`` at the first that fails."""
    with site.state.deciding(site.directory, site.live_from(), site.route, now) as (facts, wishes):
        cases = [_case(facts, playbook, now) for playbook in site.playbooks]
        _ask_all(BEFORE_ACTS, cases, wishes, faults)
        for case in cases:
            for intent in adopting.decide(case):
                wishes.take(intent)
            for intent in acts.decide(case):
                wishes.take(intent)
        for intent in acts.leftover(cases[0]):
            wishes.take(intent)
        _ask_all(LAYERS, cases, wishes, faults)
        _keep_pages(site, cases, wishes)
        _end(cases[0], wishes, faults)
        _fuse(site, cases, wishes)


def _end(case: Case, wishes: Decision, faults: Faults) -> None:
    """Leave nothing behind that no regulation took, unless a rule has yet to look at it."""
    wishes.keeps_fresh = bool(faults)
    if not faults:
        for intent in letters.leftover(case):
            wishes.take(intent)


def _keep_pages(site: Site, cases: list[Case], wishes: Decision) -> None:
    """Keep the pages for managers, one of each regulation, in the trackers that have one."""
    for tracker, title in site.settings.pages().items():
        has_wiki = site.destinations[f"tracker:{tracker}"].wiki is not None
        for case in cases if has_wiki else ():
            name = title if len(cases) == 1 else f"{title} {case.playbook.id}"
            for intent in board.kept(case, tracker, name):
                wishes.take(intent)


def _case(facts: Facts, playbook: Playbook, now: datetime) -> Case:
    """Show a rule the edition that counts today."""
    return Case(facts, playbook.on(playbook.calendar.day_of(now)), now)


def _ask_all(
    kinds: Iterable[Kind[Any]], cases: list[Case], wishes: Decision, faults: Faults
) -> None:
    for kind in kinds:
        for case in cases:
            for rule in case.playbook.enabled(kind.name):
                _ask(kind, rule, case, wishes, faults.get((case.playbook.id, rule.id)))


def _ask(
    kind: Kind[Any], rule: Rule, case: Case, wishes: Decision, fault: RuleFault | None
) -> None:
    if fault is not None:
        for intent in told(case, rule, fault.cause):
            wishes.take(intent)
        return
    with _faults_of(rule, case):
        for intent in kind.decide(rule, case):
            wishes.take(intent)


@contextmanager
def _faults_of(rule: Rule, case: Case) -> Iterator[None]:
    """Name the rule that failed. A state that cannot be read or written is no fault of a rule."""
    try:
        yield
    except Exception as exc:  # whatever a rule trips over: it is named and goes on as ``RuleFault``
        if is_unusable(exc):
            raise
        raise RuleFault(rule, case, exc) from exc


def next_wake(site: Site, now: datetime) -> datetime:
    """Return when the next cycle is due by the clock: a report, a control, the end of a term or day.

    Errors: ``RuleFault``, where a rule cannot say when it is due.
    """
    with site.state.looking(site.directory, site.live_from()) as facts:
        cases = [_case(facts, playbook, now) for playbook in site.playbooks]
        moments = [moment for case in cases for moment in _moments(case)]
    return min(m for m in moments if m is not None and m > now)


def _moments(case: Case) -> Iterator[datetime | None]:
    calendar = case.playbook.calendar
    yield calendar.day_bounds(calendar.day_of(case.now))[1]
    yield case.facts.next_wake(case.playbook.id, case.now)
    yield calendar.sends_at(case.now)
    for kind in LAYERS:
        for rule in case.playbook.enabled(kind.name):
            with _faults_of(rule, case):
                moment = kind.wakes(rule, case)
            yield moment


def _fuse(site: Site, cases: list[Case], wishes: Decision) -> None:
    """Hold the tasks of a cycle that asks for too many of them."""
    asked = list(wishes.new_tasks)
    if len(asked) <= site.settings.live.fuse:
        return
    wishes.hold(asked)
    for case in cases:
        held = [task for task in asked if task.cite.playbook == case.playbook.id]
        if held:
            for intent in fuse.blown(case, held, site.settings.live.fuse):
                wishes.take(intent)
