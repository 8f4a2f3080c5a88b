"""Which regulation of a site something belongs to that came without a key.

A site runs any number of regulations, and they may share a tracker and a feed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mcur.playbooks.addresses import house_of
from mcur.playbooks.directory import Directory
from mcur.playbooks.facts import TaskSeen
from mcur.playbooks.intents import Cite
from mcur.playbooks.notes import actor
from mcur.playbooks.playbook import Playbook
from mcur.playbooks.rules.base import Rule


def taker_of(issue: TaskSeen, playbooks: Sequence[Playbook], directory: Directory) -> Cite:
    """Name the rule under which a task that somebody made by hand is ours.

    Of the regulations that take such tasks: by project, by the roles of author and assignee, by the
    place that its text names; each only where it tells them apart. Else the first of the site.
    """
    people = {actor(one, directory)[0] for one in (issue.author, issue.assignee) if one}
    places = _places(issue)
    tests: tuple[Callable[[Playbook], bool], ...] = (
        lambda one: _intake(one, "issues") is not None,
        lambda one: issue.project in one.projects.values(),
        lambda one: bool(people & one.roles.keys()),
        lambda one: any(one.covers(place) for place in places),
    )
    left = list(playbooks)
    for test in tests:
        left = [one for one in left if test(one)] or left
    return _cite(left[0], "issues")


def reader_of(playbooks: Sequence[Playbook]) -> Cite:
    """Name the rule that reads a feed: of several regulations the first that takes appeals."""
    takers = (one for one in playbooks if _intake(one, "appeals"))
    return _cite(next(takers, playbooks[0]), "appeals")


def _intake(playbook: Playbook, takes: str) -> Rule | None:
    rules = playbook.enabled("intake")
    return next((rule for rule in rules if getattr(rule, "takes", "") == takes), None)


def _cite(playbook: Playbook, takes: str) -> Cite:
    """A regulation that has no such rule cites its first duty."""
    duties = (rule for kind in playbook.rules for rule in playbook.enabled(kind))
    rule = _intake(playbook, takes) or next(duties, None)
    if rule is None:
        return Cite(playbook=playbook.id, rule="", clause=next(iter(playbook.clauses), ""), why="")
    clause = rule.clauses[-1] if rule.clauses and takes == "appeals" else rule.clause
    return Cite(playbook=playbook.id, rule=rule.id, clause=clause, why=rule.title)


def _places(issue: TaskSeen) -> set[str]:
    """Return the settlements of the houses that a task names."""
    lines = (issue.subject, *issue.text.splitlines())
    named = (house.split(", ") for house in map(house_of, lines) if house)
    return {parts[0] for parts in named if len(parts) > 2}
