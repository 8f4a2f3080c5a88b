"""What every rule has, whatever its kind."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from mcur.playbooks.addresses import shown
from mcur.playbooks.climbs import Climb
from mcur.playbooks.facts import Act, TaskKind
from mcur.playbooks.incidents import WHOLE, Incident
from mcur.playbooks.inquiry import Facts
from mcur.playbooks.intents import Cite, Intent
from mcur.playbooks.language import mask_personal

if TYPE_CHECKING:
    from mcur.playbooks.playbook import Playbook


class Rule(BaseModel):
    """The part that all rule tables share; each kind adds its own fields.

    ``side`` is the office that runs the rule. ``by_side`` names the clause of each office where one
    duty stands in the text once for each of them: the first that runs here is cited, the others
    beside it. ``assumption`` marks a rule whose value fills a gap
    of the text; ``assumes`` says which, for people. ``words`` overrides texts by their name.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    clause: str
    clauses: tuple[str, ...] = ()
    printed_clause: str = ""
    title: str = ""
    side: str = ""
    by_side: Mapping[str, str] = Field(default_factory=dict)
    enabled: bool = True
    assumption: bool = False
    assumes: str = ""

    def for_sides(self, sides: Collection[str]) -> Self:
        """Return the rule as it stands where only these offices run; empty means all of them."""
        running = [clause for side, clause in self.by_side.items() if not sides or side in sides]
        if not self.by_side:
            return self
        others = tuple(c for c in self.clauses if c not in self.by_side.values())
        first = running[0] if running else self.clause
        return self.model_copy(
            update={
                "clause": first,
                "clauses": (*running, *others),
                "enabled": self.enabled and bool(running),
            }
        )

    def problems(self) -> list[str]:
        """Say what is wrong between the fields; the shape itself is checked before."""
        return []


R = TypeVar("R", bound=Rule)


@dataclass(frozen=True, slots=True)
class Case:
    """What a rule is shown: the facts, its playbook and the one ``now`` of the cycle."""

    facts: Facts
    playbook: Playbook
    now: datetime

    def say(self, name: str, **values: Any) -> str:
        """Return a Russian text of the playbook by its name."""
        incident = values.get("incident")
        if isinstance(incident, Incident):
            values["incident"] = replace(incident, object=self.place(incident))
        act, climb = values.get("act"), values.get("climb")
        if isinstance(act, Act):
            values["act"] = replace(act, text=mask_personal(act.text))
            values.setdefault("who", self.doer(act))
        if isinstance(climb, Climb):
            values["climb"] = replace(climb, said=mask_personal(climb.said))
        return self.playbook.texts.say(name, zone=self.playbook.calendar.zone, **values)

    def doer(self, act: Act) -> str:
        """Name who did something as people know him: by name, else by the title of the role."""
        return act.person or self.playbook.roles.get(act.by, act.by.removeprefix("executor:"))

    def place(self, incident: Incident) -> str:
        """Name the object of an incident as people know it: a house, the territory by its own name."""
        if incident.object != WHOLE:
            return shown(incident.object) if incident.object in incident.houses else incident.object
        return self.say("incident.whole", place=self.playbook.own_municipality)

    def clause_line(self, clause: str) -> str:
        """Return the line that cites a clause in its own words."""
        known = self.playbook.clauses.get(clause)
        words = known.words if known else ""
        return self.say("clause_line", printed=self.playbook.printed(clause), words=words)

    def cite(
        self, rule: Rule, why: str, *, clause: str = "", clauses: tuple[str, ...] = ()
    ) -> Cite:
        """Name the rule, the clause and the reason."""
        return Cite(
            playbook=self.playbook.id,
            rule=rule.id,
            clause=clause or rule.clause,
            why=why,
            clauses=clauses or rule.clauses,
        )


@dataclass(frozen=True, slots=True)
class Kind(Generic[R]):
    """A rule kind: its name in TOML, the shape of its table and the function that decides.

    ``wakes`` names the next clock time at which a rule of the kind wants a cycle of its own.
    ``roles`` names the roles that must have a person for the rule to do its work, ``makes`` the
    kinds of tasks that need a project.
    """

    name: str
    shape: Callable[[dict[str, Any]], R]
    decide: Callable[[R, Case], Iterable[Intent]]
    wakes: Callable[[R, Case], datetime | None] = lambda _rule, _case: None
    roles: Callable[[R], tuple[str, ...]] = lambda _rule: ()
    makes: Callable[[R], tuple[TaskKind, ...]] = lambda _rule: ()


class WrongVariant(Exception):
    """A table does not say, or wrongly says, which of its kind's shapes it has."""


def variant(shapes: Mapping[str, type[R]], table: Mapping[str, Any], name: str) -> type[R]:
    """Return the shape that a table names under ``name``; raise :class:`WrongVariant`."""
    said = table.get(name)
    if said in shapes:
        return shapes[str(said)]
    known = ", ".join(shapes)
    fault = "is missing" if said is None else f'"{said}" is not known'
    msg = f"{name}: {fault}; write one of {known}"
    raise WrongVariant(msg)
