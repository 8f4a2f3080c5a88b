"""The cycle: observe, record, decide, act. All four take the same ``now``."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from mcur.playbooks import acts, fuse
from mcur.playbooks.inquiry import Facts
from mcur.playbooks.rules.base import Case
from mcur.playbooks.rules.registry import LAYERS

if TYPE_CHECKING:
    from mcur.daemon.wiring import Site
    from mcur.state.decisions import Decision


def decide(site: Site, now: datetime) -> None:
    """Ask every rule, layer by layer; what they want is committed together."""
    with site.state.deciding(site.directory, site.live_from(), site.route, now) as (facts, wishes):
        cases = [Case(facts, playbook, now) for playbook in site.playbooks]
        for case in cases:
            for intent in acts.decide(case):
                wishes.take(intent)
        for intent in acts.leftover(cases[0]):
            wishes.take(intent)
        for kind in LAYERS:
            for case in cases:
                for rule in case.playbook.enabled(kind.name):
                    for intent in kind.decide(rule, case):
                        wishes.take(intent)
        _fuse(site, cases, wishes)


def next_wake(site: Site, facts: Facts, now: datetime) -> datetime:
    """Return when the next cycle is due by the clock: a report, a control, the end of a term or day."""
    moments: list[datetime | None] = []
    for playbook in site.playbooks:
        case = Case(facts, playbook, now)
        calendar = playbook.calendar
        moments.append(calendar.day_bounds(calendar.day_of(now))[1])
        moments.append(facts.next_wake(playbook.id, now))
        moments += [
            kind.wakes(rule, case) for kind in LAYERS for rule in playbook.enabled(kind.name)
        ]
    return min(m for m in moments if m is not None and m > now)


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
