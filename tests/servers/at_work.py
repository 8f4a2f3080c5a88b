"""A scenario at a real Redmine: the same simulation, but people act there, by REST with their own keys.

The clocks of both sides stand where the scenario stands, so that stamps agree to the second however
fast the machine is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from mcur.connectors.redmine.client import Client
from mcur.connectors.redmine.setup import Account, Setup, Wanted, WantedProject
from mcur.connectors.redmine.shape import RedmineShape
from mcur.connectors.redmine.tracker import RedmineTracker
from mcur.daemon import books, scenario as shapes
from mcur.daemon.scenario import ZONE, Scenario
from mcur.daemon.simulate import NOBODY, Simulation
from mcur.daemon.wiring import Site
from mcur.daemon.world import World
from mcur.playbooks.facts import TaskKind, TaskStatus
from mcur.state.store import State
from tests.servers.redmine import KEYS, Golden, RedmineServer, Staff

NAME = "embedded"
"""A tracker's name is part of the keys of what people make by hand: both sides have the same."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """An act of a scenario, and the gesture by which it is done in Redmine.

    ``on`` names the task of the gesture where that is not the act's own key. A gesture is a ``note``,
    a ``status``, values of ``fields``, or all at once; ``makes`` is a new issue instead.
    """

    at: str
    by: str
    do: str
    key: str | None = None
    text: str = ""
    further: Mapping[str, Any] = field(default_factory=dict)
    on: str = ""
    note: str = ""
    status: TaskStatus | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    bare_note: str | None = None
    """The note where there are neither our statuses nor our fields."""
    refused: str = ""
    """A part of the answer that the act gets, where its role may not."""
    repeats: str = ""
    """The key of the task that the one of the gesture repeats (relation «дублирует»).

    A relation alone does not touch an issue: Redmine shows it with the next change.
    """
    makes: Mapping[str, Any] = field(default_factory=dict)


def people_of(playbook: str) -> list[dict[str, Any]]:
    """Return everybody in a role of a regulation, with the login and the name of a person."""
    roles = sorted(books.known_needs()[playbook].roles - NOBODY)
    return [
        {
            "role": role,
            "name": f"Служащих {_FIRST[n % len(_FIRST)]}-{n}",
            "email": f"{role}@mosreg.ru",
            "login": role,
        }
        for n, role in enumerate(roles)
    ]


_FIRST = ("Анна", "Борис", "Вера", "Глеб", "Дарья", "Егор", "Жанна", "Зоя", "Игорь")


def scenario_of(table: Mapping[str, Any], day: str, steps: Sequence[Step]) -> dict[str, Any]:
    """Return a scenario whose acts are those of the steps."""
    acts = []
    for step in steps:
        moment = datetime.fromisoformat(f"{day}T{step.at}:00").replace(tzinfo=ZONE)
        act = {"at": moment, "by": step.by, "do": step.do, "text": step.text, **step.further}
        acts.append(act | ({"key": step.key} if step.key else {}))
    return {**table, "act": acts}


class Hands(World):
    """The world of a scenario whose people work in Redmine."""

    def __init__(self, scenario: Scenario, folder: Path, office: Office) -> None:
        super().__init__(scenario, folder)
        self._office = office

    def _do(self, index: int, act: shapes.Act, site: Site) -> None:
        self._office.server.turn_clock(act.at)
        self._office.do(index, site.state)


@dataclass
class Office:
    """People at a Redmine, each with a key of his own, and what they do there."""

    server: RedmineServer
    profile: Golden
    steps: Sequence[Step]
    keys: Mapping[str, str]
    shape: RedmineShape
    did: list[tuple[Step, str]] = field(default_factory=list)
    """Each step with the number of the issue on which it was done."""

    def do(self, index: int, state: State) -> None:
        """Do a step, as the person does it in the browser."""
        step = self.steps[index]
        staff = Staff(
            self.server, step.by, self.keys["sever" if step.by == "executor" else step.by]
        )
        if step.makes:
            self.did.append((step, self._make(step, staff)))
            return
        for ident in self._places(step, state):
            original = state.tasks.get(step.repeats)
            if original is not None:
                staff.relate(ident, "duplicates", original.ident or "")
            staff.change(ident, **self._values(step, staff, ident))
            self.did.append((step, ident))

    def _make(self, step: Step, staff: Staff) -> str:
        """Make an issue in the tracker of its kind; the form begins it today."""
        kind = step.makes.get("kind", TaskKind.ASSIGNMENT)
        ((project,),) = self.server.sql(
            "select id from projects where identifier = ?", self.shape.project
        )
        return staff.make(
            step.makes["subject"],
            project_id=project,
            tracker_id=self._number("trackers", self.shape.tracker_names[kind]),
        )

    def _places(self, step: Step, state: State) -> list[str]:
        wanted = step.on or step.key or ""
        found = [state.tasks.get(key) for key in state.keys_like(wanted)]
        idents = [task.ident for task in found if task is not None and task.ident]
        assert idents, f"{step.do} at {step.at}: no task is there under {wanted}"
        return idents

    def _values(self, step: Step, staff: Staff, ident: str) -> dict[str, Any]:
        bare = self.profile == "bare"
        values: dict[str, Any] = {}
        note = step.bare_note if bare and step.bare_note is not None else step.note
        if note:
            values["notes"] = note.format(key=step.key) if step.on else note
        if step.status and not (bare and step.bare_note is not None):
            values["status_id"] = self._number("issue_statuses", self._offered(step.status, ident))
        if step.fields and not bare:
            values["custom_fields"] = [
                {"id": self._number("custom_fields", self.shape.field_names[name]), "value": value}
                for name, value in step.fields.items()
            ]
        return values

    def _offered(self, status: TaskStatus, ident: str) -> str:
        """Return what a status is called in the form of this very issue."""
        issue = Staff(self.server, "robot").read(ident, "allowed_statuses")
        kind = self.shape.kind_of(issue["tracker"]["name"])
        names = self.shape.names_of(status, kind, None)
        offered = {one["name"] for one in issue["allowed_statuses"]}
        return next(name for name in names if name in offered)

    def _number(self, table: str, name: str) -> int:
        ((number,),) = self.server.sql(f"select id from {table} where name = ?", name)
        assert isinstance(number, int)
        return number


class AtRedmine(Simulation):
    """A simulation whose tracker is a real Redmine."""

    def __init__(self, scenario: Scenario, folder: Path, office: Office) -> None:
        self._office = office
        super().__init__(scenario, folder, "scenario.toml")
        self._world = Hands(scenario, folder, office)

    def _trackers(self, state: State) -> dict[str, Any]:
        return {NAME: RedmineTracker(self._office.shape, state.blobs)}

    def _cycle(self, now: datetime) -> None:
        self._office.server.turn_clock(now)
        super()._cycle(now)


def open_office(
    server: RedmineServer, profile: Golden, people: Sequence[Mapping[str, Any]],
    steps: Sequence[Step],
) -> Office:  # fmt: skip
    """Put a clean Redmine in place and let people in: by ``mcur redmine setup``, or as its administrator."""
    server.reset(profile)
    project = "office" if profile == "full" else "support"
    shape = RedmineShape(
        name=NAME, url=server.url, key=KEYS["robot"], project=project, zone=ZONE,
        profile=profile, people={p["login"]: p["name"] for p in people},
    )  # fmt: skip
    admin = Client(RedmineShape(**_as_admin(shape)))
    if profile == "full":
        accounts = tuple(
            Account(login=p["login"], name=p["name"], email=p["email"], groups=(p["role"],))
            for p in people
        )
        wanted = Wanted(
            projects=(WantedProject(identifier=project, name="RM: ЦУР: Управление"),),
            robot=Account(login="robot", name="Робот ЦУР", email="robot@example.test"),
            people=accounts, makes_accounts=True,
        )  # fmt: skip
        setup = Setup(admin, wanted)
        list(setup.run())
        assert setup.lacks == []
    else:
        _let_in(server, admin, people)
    return Office(server, profile, steps, _keys(admin, people), shape)


def _as_admin(shape: RedmineShape) -> dict[str, Any]:
    fields = {name: getattr(shape, name) for name in shape.__dataclass_fields__}
    return fields | {"key": KEYS["admin"]}


def _let_in(server: RedmineServer, admin: Client, people: Iterable[Mapping[str, Any]]) -> None:
    """Make accounts as the administrator of somebody else's Redmine does."""
    ((role,),) = server.sql("select id from roles where name = 'Менеджер'")
    for person in people:
        last, _, first = person["name"].partition(" ")
        values = {
            "login": person["login"], "lastname": last, "firstname": first,
            "mail": person["email"], "password": "Secret-1234",
        }  # fmt: skip
        made = admin.post("make account", "/users.json", "user", {"user": values})
        member = {"membership": {"user_id": made["id"], "role_ids": [role]}}
        admin.post("let in", "/projects/support/memberships.json", "membership", member)


def _keys(admin: Client, people: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    listed = admin.get("list users", "/users.json", "users", [("limit", "100")])
    numbers = {user["login"]: user["id"] for user in listed}
    return {
        person["login"]: admin.get("read key", f"/users/{numbers[person['login']]}.json", "user")["api_key"]
        for person in people
    }  # fmt: skip


def answers(server: RedmineServer, ident: str) -> list[str]:
    """Return the notes of the daemon's account on an issue."""
    journals = Staff(server, "robot").read(ident)["journals"]
    return [str(one["notes"]) for one in journals if one["user"]["name"].startswith("Робот")]
