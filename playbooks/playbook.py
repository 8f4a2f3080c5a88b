"""A playbook: one regulation as data, checked and frozen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property, lru_cache
from typing import Protocol

from mcur.playbooks.addresses import centre_of
from mcur.playbooks.calendar import Calendar
from mcur.playbooks.counting import is_about
from mcur.playbooks.directory import fold
from mcur.playbooks.polling import Poll
from mcur.playbooks.rules.base import Rule
from mcur.playbooks.texts import Texts


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """A clause of the regulation: its id, the number that people know, its own words."""

    id: str
    printed: str
    words: str
    automation: str


Day = date
"""The type, for a class that has a field of the same name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalAct:
    """The act behind the playbook: number and date, as people cite it, and since when it is in force.

    ``clause`` is the one that says the latter.
    """

    number: str = ""
    date: date | None = None
    title: str = ""
    effective_from: Day | None = None
    clause: str = ""


class Placed(Protocol):
    """What says where it lies and what it is about."""

    @property
    def municipality(self) -> str | None:
        """Where it lies."""
        ...

    @property
    def block(self) -> str | None:
        """The coarsest topic."""
        ...

    @property
    def category(self) -> str | None:
        """The topic below it."""
        ...


@dataclass(frozen=True, kw_only=True)
class Playbook:
    """Everything that one regulation says, in the shapes of the rule kinds.

    ``rules`` holds enabled and disabled rules by kind and id; ``roles`` the Russian titles of the
    roles; ``human`` says of clauses why they are left to people, ``directory`` which ones the people
    and executors of a site answer; ``topics`` what its appeals are about, all where it is empty; ``digest`` names this very edition, kept with each decision.
    ``elsewhere`` are the municipalities that other regulations of the site name: a regulation that names none has all but these.
    """

    id: str
    title: str
    municipalities: tuple[str, ...]
    calendar: Calendar
    poll: Poll
    roles: Mapping[str, str]
    projects: Mapping[str, str]
    clauses: Mapping[str, Clause]
    rules: Mapping[str, Mapping[str, Rule]]
    texts: Texts = field(repr=False)
    human: Mapping[str, str] = field(default_factory=dict)
    directory: tuple[str, ...] = ()
    sides: tuple[str, ...] = ()
    topics: frozenset[str] = frozenset()
    elsewhere: tuple[str, ...] = ()
    digest: str = ""
    act: LegalAct = LegalAct()
    later: tuple[tuple[date, Playbook], ...] = field(default=(), repr=False)
    """Later editions, by the day on which each comes into force."""

    def on(self, day: date) -> Playbook:
        """Return the edition that counts on a day; before the act is in force it has no rules."""
        counting = [edition for since, edition in self.later if since <= day]
        edition = replace(counting[-1], later=self.later) if counting else self
        since = edition.act.effective_from
        if since is not None and day < since:
            return replace(edition, rules={kind: {} for kind in edition.rules})
        return edition

    def enabled(self, kind: str) -> Sequence[Rule]:
        """Return the rules of a kind that run here, in the order of the file."""
        return self._enabled.get(kind, ())

    @cached_property
    def _enabled(self) -> Mapping[str, tuple[Rule, ...]]:
        return {
            kind: tuple(r for r in rules.values() if r.enabled and self.has_side(r))
            for kind, rules in self.rules.items()
        }

    def has_side(self, rule: Rule) -> bool:
        """Whether the office that a rule belongs to is one of those that run here."""
        return not self.sides or not rule.side or rule.side in self.sides

    def owns(self, row: Placed) -> bool:
        """Whether an appeal, or a count of them, belongs here by municipality and topic; without one it does."""
        return self.takes(row.municipality, row.block, row.category)

    def takes(self, municipality: str | None, block: str | None, category: str | None) -> bool:
        """Whether appeals of a place and a topic belong here."""
        on_topic = not self.topics or is_about(block, category, self.topics)
        return on_topic and self.covers(municipality)

    @property
    def own_municipality(self) -> str:
        """Where the rows lie that do not say it; empty where the regulation is for several places."""
        centres = {centre_of(name) for name in self.municipalities}
        return self.municipalities[0] if len(centres) == 1 else ""

    def covers(self, municipality: str | None) -> bool:
        """Whether a municipality, as an export writes it, is one of ours."""
        if municipality is None:
            return True
        if not self.municipalities:
            return not _is_one_of(municipality, self.elsewhere)
        return _is_one_of(municipality, self.municipalities)

    def lies_elsewhere(self, text: str) -> bool:
        """Whether a text names a place of other regulations of the site and none of ours."""
        ours = any(_names(text, one) for one in self.municipalities)
        return not ours and any(_names(text, one) for one in self.elsewhere)

    def beside(self, others: Iterable[Playbook]) -> Playbook:
        """Return the regulation as it counts at a site that runs these others too."""
        elsewhere = tuple(dict.fromkeys(name for one in others for name in one.municipalities))
        later = tuple((since, replace(one, elsewhere=elsewhere)) for since, one in self.later)
        return replace(self, elsewhere=elsewhere, later=later)

    def printed(self, clause: str) -> str:
        """Return the number of a clause as people know it."""
        known = self.clauses.get(clause)
        return known.printed if known else clause


@lru_cache(maxsize=4096)
def _is_one_of(municipality: str, known: tuple[str, ...]) -> bool:
    return _stem(municipality) in {_stem(name) for name in known}


def _names(text: str, municipality: str) -> bool:
    """Whether a text holds every word of a municipality, whatever their endings."""
    wanted = set(_stem(municipality).split())
    return bool(wanted) and wanted <= set(_stem(text).split())


@lru_cache(maxsize=4096)
def _stem(municipality: str) -> str:
    words = [w.strip(".,") for w in fold(municipality).split()]
    kept = [w for w in words if w not in _MUNICIPAL]
    return " ".join(w[:-2] if len(w) > 5 else w for w in kept)


_MUNICIPAL = frozenset(
    [
        "г",
        "о",
        "го",
        "г.о",
        "городской",
        "городского",
        "округ",
        "округа",
        "муниципальный",
        "муниципального",
        "район",
        "района",
        "область",
        "область",
        "московская",
        "московской",
    ]
)
