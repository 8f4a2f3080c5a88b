"""What Redmine's numbers mean: projects, trackers, statuses, fields, people. Asked once, kept.

An account that is no administrator may read trackers, statuses, priorities, its projects and their
members; logins come one by one from ``/users/N.json``. The list of custom fields is closed to it:
numbers of fields come from the project (fields attached to it by name) or from any issue of it
(fields «for all projects»), else they have to be configured.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from mcur.connectors.ports import Barred, Rejected
from mcur.connectors.redmine.client import Absent, Client, Json
from mcur.connectors.redmine.shape import RedmineShape


@dataclass(frozen=True, slots=True)
class Project:
    """A project: its numbers for trackers, by name."""

    id: int
    identifier: str
    trackers: dict[str, int]
    tracking: bool
    """Whether the module of issues is switched on."""
    wiki: bool


class Catalog:
    """Numbers and names of one Redmine, read when first needed and kept until :meth:`forget`."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._shape: RedmineShape = client.shape
        self._lock = threading.RLock()
        self._projects: dict[str, Project] = {}
        self._names: dict[str, dict[str, int]] = {}
        self._fields: dict[str, int] = {}
        self._asked = False
        self._logins: dict[int, str] = {}
        self._people: dict[tuple[str, str], int] = {}
        self._me: Json = {}

    def forget(self) -> None:
        """Ask everything anew: somebody has changed Redmine's settings."""
        with self._lock:
            self._asked = False
            self._me = {}
            self._people.clear()
            for kept in (self._projects, self._names, self._fields, self._logins):
                kept.clear()

    def me(self) -> int:
        """Return the number of the daemon's own account."""
        with self._lock:
            if not self._me:
                user = self._client.get("log in", "/users/current.json", "user")
                self._me.update(user)
                self._logins[user["id"]] = user["login"]
            number: int = self._me["id"]
            return number

    def project(self, identifier: str) -> Project:
        """Look a project up; :class:`Barred` where there is none for this account."""
        with self._lock:
            if identifier not in self._projects:
                self._projects[identifier] = self._read_project(identifier)
            return self._projects[identifier]

    def projects(self) -> dict[int, str]:
        """Return the identifiers of all configured projects by number."""
        return {self.project(name).id: name for name in self._shape.identifiers}

    def tracker(self, project: str, name: str) -> int:
        """Return a tracker's number; Redmine would take its default tracker for a wrong one."""
        found = self.project(project).trackers.get(name)
        if found is None:
            msg = f"use tracker «{name}»: project {project} of {self._who} does not have it"
            raise Barred(msg)
        return found

    def status(self, name: str) -> int:
        """Return a status's number."""
        return self._number("issue_statuses", "/issue_statuses.json", name, "status")

    def has_status(self, name: str) -> bool:
        """Whether there is a status of this name; for one that is missing Redmine is asked anew."""
        with self._lock:
            if name not in self._listed("issue_statuses", "/issue_statuses.json"):
                del self._names["issue_statuses"]  # somebody may make it any moment
            return name in self._listed("issue_statuses", "/issue_statuses.json")

    def status_name(self, number: str) -> str | None:
        """Return a status's name by its number as journals write it."""
        known = self._listed("issue_statuses", "/issue_statuses.json")
        return next((name for name, held in known.items() if str(held) == number), None)

    def priority(self, name: str) -> int | None:
        """Return a priority's number, ``None`` where it is called something else here."""
        return self._listed("issue_priorities", "/enumerations/issue_priorities.json").get(name)

    def field(self, ours: str) -> int:
        """Return the number of the custom field that holds a value of ours."""
        found = self.fields().get(ours)
        if found is None:
            self._asked = False  # somebody may attach it any moment
            name = self._shape.field_names[ours]
            msg = (
                f"use field «{name}»: {self._who} does not show it in project "
                f"{self._shape.project}; attach the field to the project and to our trackers, "
                f'or write its number: fields.{ours} = "12"'
            )
            raise Barred(msg)
        return found

    def fields(self) -> dict[str, int]:
        """Return the numbers of our custom fields, as far as this account can learn them."""
        with self._lock:
            if not self._asked and self._shape.has_fields:
                self._read_fields(self._shape.field_names)
                self._asked = True
            return dict(self._fields)

    def login(self, user: Json) -> str:
        """Name a person of an answer: the login, else the directory's login, else the name."""
        with self._lock:
            number = user["id"]
            if number not in self._logins:
                self._logins[number] = self._read_login(user)
            return self._logins[number]

    def login_of_number(self, number: str) -> str:
        """Name a person by the number that journals write; empty for nobody."""
        return self.login({"id": int(number), "name": f"#{number}"}) if number else ""

    def person(self, project: str, login: str) -> int | None:
        """Return the number of a member of a project, ``None`` where nobody there has the login.

        Who was found is kept: if he leaves, Redmine refuses him by itself.
        """
        wanted = (project, login.casefold())
        with self._lock:
            if wanted not in self._people:
                for member in self.members(project):
                    user = member.get("user")
                    if user:
                        self._people[project, self.login(user).casefold()] = user["id"]
            return self._people.get(wanted)

    def members(self, project: str) -> Iterator[Json]:
        """Walk the memberships of a project; none where this account may not see them."""
        path = f"/projects/{project}/memberships.json"
        offset, size, more = 0, 100, True
        while more:
            params = [("limit", str(size)), ("offset", str(offset))]
            try:
                page = self._client.get(f"read members of {project}", path, "memberships", params)
            except Rejected:
                return
            yield from page
            offset, more = offset + size, len(page) == size

    @cached_property
    def _who(self) -> str:
        return f"Redmine «{self._shape.name}»"

    def _number(self, container: str, path: str, name: str, noun: str) -> int:
        found = self._listed(container, path).get(name)
        if found is None:
            msg = f"use {noun} «{name}»: {self._who} does not have it"
            raise Barred(msg)
        return found

    def _listed(self, container: str, path: str) -> dict[str, int]:
        with self._lock:
            if container not in self._names:
                listed = self._client.get(f"read {container}", path, container)
                self._names[container] = {entry["name"]: entry["id"] for entry in listed}
            return self._names[container]

    def _read_project(self, identifier: str) -> Project:
        params = [("include", "trackers,issue_custom_fields,enabled_modules")]
        try:
            read = self._client.get(
                f"read project {identifier}", f"/projects/{identifier}.json", "project", params
            )
        except Absent as exc:
            msg = (
                f"read project {identifier}: {self._who} has no such project, or this account is "
                "no member of it"
            )
            raise Barred(msg) from exc
        self._take_fields(read.get("issue_custom_fields", []))
        modules = {module["name"] for module in read.get("enabled_modules", [])}
        return Project(
            id=read["id"],
            identifier=read["identifier"],
            trackers={tracker["name"]: tracker["id"] for tracker in read.get("trackers", [])},
            tracking="issue_tracking" in modules,
            wiki="wiki" in modules,
        )

    def _read_fields(self, wanted: dict[str, str]) -> None:
        """Ask for fields that no project named: an issue of ours shows those of all projects."""
        for identifier in self._shape.identifiers:
            self.project(identifier)
        given = {ours: int(name) for ours, name in wanted.items() if name.isdecimal()}
        self._fields.update(given)
        if set(wanted) - set(self._fields):
            for identifier in self._shape.identifiers:
                self._take_fields(self._fields_of_an_issue(identifier))

    def _fields_of_an_issue(self, identifier: str) -> list[Json]:
        project = self.project(identifier)
        ours = set(self._shape.tracker_names.values())
        trackers = [str(number) for name, number in project.trackers.items() if name in ours]
        params = [("project_id", identifier), ("status_id", "*"), ("limit", "1")]
        params += [("tracker_id", "|".join(trackers))] if trackers else []
        issues = self._client.get("look for custom fields", "/issues.json", "issues", params)
        return list(issues[0].get("custom_fields", ())) if issues else []

    def _take_fields(self, listed: list[Json]) -> None:
        names = {name: ours for ours, name in self._shape.field_names.items()}
        for entry in listed:
            if entry["name"] in names:
                self._fields[names[entry["name"]]] = entry["id"]

    def _read_login(self, user: Json) -> str:
        name: str = user["name"]
        try:
            read = self._client.get(f"read user {name}", f"/users/{user['id']}.json", "user")
        except Rejected:
            read = {}
        if "login" in read:
            return str(read["login"])
        parts = _words(f"{read.get('firstname', '')} {read.get('lastname', '')}") or _words(name)
        known = [login for login, full in self._shape.people.items() if parts <= _words(full)]
        return known[0] if len(known) == 1 else name


def _words(name: str) -> frozenset[str]:
    return frozenset(name.casefold().replace("ё", "е").split())
