"""Which regulation of a site something belongs to that came without a key.

A site runs any number of regulations, and they may share a tracker and a feed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from mcur.playbooks.addresses import house_of
from mcur.playbooks.directory import Directory
from mcur.playbooks.facts import Letter, TaskSeen
from mcur.playbooks.inbound import read_assignment
from mcur.playbooks.intents import Cite
from mcur.playbooks.notes import actor
from mcur.playbooks.playbook import Playbook
from mcur.playbooks.rules.base import Rule

Tests = Sequence[Callable[[Playbook], bool]]


def taker_of(issue: TaskSeen, playbooks: Sequence[Playbook], directory: Directory) -> Cite:
    """Name the rule under which a task that somebody made by hand is ours.

    Of the regulations that take such tasks: by project, by the roles of author and assignee, by the
    place that its text names; each only where it tells them apart. Else the first of the site.
    """
    people = {actor(one, directory)[0] for one in (issue.author, issue.assignee) if one}
    places = _places((issue.subject, *issue.text.splitlines()))
    tests: Tests = (
        lambda one: _intake(one, "issues") is not None,
        lambda one: issue.project in one.projects.values(),
        lambda one: bool(people & one.roles.keys()),
        lambda one: any(one.covers(place) for place in places),
    )
    return _cite(_first(playbooks, tests), "issues")


def letter_taker(
    letter: Letter,
    playbooks: Sequence[Playbook],
    directory: Directory,
    *,
    mailbox: str = "",
    recipients: Mapping[str, str],
) -> str:
    """Name the regulation that takes a letter which answers nothing of ours.

    Of those that take letters: by the regulation that the site names for the ``mailbox`` or for one
    of the ``recipients``, by the place that the letter names, by the roles of whom it is to and from,
    by who may give assignments; each only where it tells them apart. Else the first of the site.
    """
    to = [address.casefold() for address in (*letter.to, *letter.cc)]
    named = [recipients[address] for address in to if address in recipients]
    hears = {role for address in to for role in directory.roles_of(address)}
    writes = set(directory.roles_of(letter.sender))
    kind = directory.trusted_as(letter.sender)
    tests: Tests = (
        lambda one: _intake(one, "letters") is not None,
        lambda one: one.id == mailbox,
        lambda one: one.id in named,
        lambda one: _is_about(one, letter),
        lambda one: bool(hears & one.roles.keys()),
        lambda one: bool(writes & one.roles.keys()),
        lambda one: kind in getattr(_intake(one, "letters"), "senders", ()),
    )
    return _first(playbooks, tests).id


def _first(playbooks: Sequence[Playbook], tests: Tests) -> Playbook:
    """Return the first of those that pass each test which any of those left passes."""
    left = list(playbooks)
    for test in tests:
        if len(left) == 1:
            break
        left = [one for one in left if test(one)] or left
    return left[0]


def _is_about(playbook: Playbook, letter: Letter) -> bool:
    """Whether the house of a letter's assignment, or a place that it calls by name, is ours."""
    labels = getattr(_intake(playbook, "letters"), "labels", {})
    said = read_assignment(letter, labels, playbook.calendar).address
    lines = (letter.subject, *letter.text.splitlines(), said or "")
    return any(playbook.covers(place) for place in _places(lines))


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


def _places(lines: Iterable[str]) -> set[str]:
    """Return the settlements of the houses that a text names."""
    named = (house.split(", ") for house in map(house_of, lines) if house)
    return {parts[0] for parts in named if len(parts) > 2}
