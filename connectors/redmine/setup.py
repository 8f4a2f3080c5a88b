"""Making a Redmine ready by REST, with an administrator's key: what is there already stays as it is."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from mcur.connectors.ports import Rejected
from mcur.connectors.redmine import front_page
from mcur.connectors.redmine.client import Absent, Client, Json
from mcur.connectors.redmine.wanted import ROBOT, STAFF, fields, trackers

MODULES = ("issue_tracking", "wiki")
PAGE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedProject:
    """A project: its identifier, its name, and the project that it stands under."""

    identifier: str
    name: str
    parent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Somebody who works in Redmine; ``groups`` are the titles of his roles."""

    login: str
    name: str
    email: str
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a site needs in its Redmine beside trackers, statuses and fields.

    ``robot`` is the account of the daemon; ``makes_accounts`` says whether people who have none get
    one, with a password that they must change.
    """

    projects: tuple[WantedProject, ...]
    robot: Account
    people: tuple[Account, ...] = ()
    categories: tuple[str, ...] = ()
    makes_accounts: bool = False


@dataclass(slots=True)
class Setup:
    """One pass over a Redmine. ``lacks`` gathers what it could not make, as sentences."""

    client: Client
    wanted: Wanted
    lacks: list[str] = field(default_factory=list)

    def run(self) -> Iterator[str]:
        """Make what is missing, piece by piece, and say each piece as it is made.

        Errors: :class:`Rejected` where the key is no administrator's, or where the script that
        makes trackers and fields has not run yet; :class:`Unavailable` where nobody answers.
        """
        wanted, shape = self.wanted, self.client.shape
        numbers = self._numbers("trackers", trackers(shape), "tracker")
        columns = self._numbers("custom_fields", tuple(fields(shape)), "field")
        roles = self._numbers("roles", (ROBOT, STAFF), "role")
        for project in wanted.projects:
            yield from self._project(project, numbers, columns)
        robot = yield from self._account(wanted.robot, make=True)
        users: dict[str, int] = {}
        for person in wanted.people:
            number = yield from self._account(person, make=wanted.makes_accounts)
            if number is not None:
                users[person.login] = number
        groups = yield from self._groups(users)
        members = [(robot, roles[ROBOT]), *((group, roles[STAFF]) for group in groups)]
        for project in wanted.projects:
            if not project.parent:
                yield from self._members(project.identifier, members)
            yield from self._categories(project.identifier)
        yield from self._front_page(wanted.projects[0], numbers)

    def key(self) -> str:
        """Return the API key of the daemon's account, which Redmine shows to administrators."""
        found = self._user(self.wanted.robot.login)
        if found is None:
            msg = f"read the key of {self.wanted.robot.login}: there is no such account"
            raise Rejected(msg)
        return str(self._get(f"/users/{found}.json", "user")["api_key"])

    # --- the pieces -----------------------------------------------------------------------------------

    def _project(
        self, wanted: WantedProject, numbers: Mapping[str, int], columns: Mapping[str, int]
    ) -> Iterator[str]:
        path = f"/projects/{wanted.identifier}.json"
        include = [("include", "trackers,issue_custom_fields,enabled_modules")]
        lists = {
            "tracker_ids": set(numbers.values()),
            "issue_custom_field_ids": set(columns.values()),
        }
        try:
            known = self._get(path, "project", include)
        except Absent:
            yield from self._new_project(wanted, lists)
            return
        held = {
            "tracker_ids": {one["id"] for one in known.get("trackers", ())},
            "issue_custom_field_ids": {one["id"] for one in known.get("issue_custom_fields", ())},
        }
        modules = {one["name"] for one in known.get("enabled_modules", ())}
        news: dict[str, Any] = {
            name: sorted(held[name] | ids) for name, ids in lists.items() if ids - held[name]
        }
        if set(MODULES) - modules:
            news["enabled_module_names"] = sorted(modules | set(MODULES))
        if news:
            self.client.put(f"change project {wanted.identifier}", path, {"project": news})
            yield f"project {wanted.identifier}: trackers, fields and modules that it lacked"

    def _new_project(self, wanted: WantedProject, lists: Mapping[str, set[int]]) -> Iterator[str]:
        values: dict[str, Any] = {
            "name": wanted.name,
            "identifier": wanted.identifier,
            "is_public": False,
            "enabled_module_names": list(MODULES),
            **{name: sorted(ids) for name, ids in lists.items()},
        }
        if wanted.parent:
            parent = self._get(f"/projects/{wanted.parent}.json", "project")
            values |= {"parent_id": parent["id"], "inherit_members": True}
        doing = f"make project {wanted.identifier}"
        self.client.post(doing, "/projects.json", "project", {"project": values})
        yield f"project «{wanted.name}» ({wanted.identifier})"

    def _account(self, wanted: Account, *, make: bool) -> Generator[str, None, int | None]:
        number = self._user(wanted.login)
        if number is None and make:
            last, _, first = wanted.name.partition(" ")
            values = {
                "login": wanted.login,
                "lastname": last,
                "firstname": first or last,
                "mail": wanted.email,
                "generate_password": True,
                "must_change_passwd": True,
            }
            doing = f"make account {wanted.login}"
            made = self.client.post(doing, "/users.json", "user", {"user": values})
            number = made["id"]
            yield f"account {wanted.login} ({wanted.name})"
        if number is None:
            self.lacks.append(
                f"account {wanted.login} ({wanted.name}): Redmine has none; make it there, or run"
                " this again with --accounts"
            )
        return number

    def _groups(self, users: Mapping[str, int]) -> Generator[str, None, list[int]]:
        """Make a group of each role, with everybody who holds it; return the groups' numbers."""
        known = {group["name"]: group["id"] for group in self._get("/groups.json", "groups")}
        wanted: dict[str, set[int]] = {}
        for person in self.wanted.people:
            for title in person.groups:
                held = wanted.setdefault(title, set())
                if person.login in users:
                    held.add(users[person.login])
        numbers = []
        for title, members in wanted.items():
            if title not in known:
                values = {"name": title, "user_ids": sorted(members)}
                doing = f"make group {title}"
                made = self.client.post(doing, "/groups.json", "group", {"group": values})
                known[title] = made["id"]
                yield f"group «{title}»"
            else:
                yield from self._joined(known[title], title, members)
            numbers.append(known[title])
        return numbers

    def _joined(self, number: int, title: str, members: set[int]) -> Iterator[str]:
        path = f"/groups/{number}.json"
        there = {one["id"] for one in self._get(path, "group", [("include", "users")])["users"]}
        if members - there:
            values = {"user_ids": sorted(there | members)}
            self.client.put(f"change group {title}", path, {"group": values})
            yield f"group «{title}»: {len(members - there)} who had joined it"

    def _members(self, project: str, wanted: Sequence[tuple[int | None, int]]) -> Iterator[str]:
        path = f"/projects/{project}/memberships.json"
        held = {
            ((member.get("user") or member["group"])["id"], role["id"])
            for member in self._all(path, "memberships")
            for role in member["roles"]
        }
        for who, role in wanted:
            if who is None or (who, role) in held:
                continue
            values = {"user_id": who, "role_ids": [role]}
            doing = f"make a member of {project}"
            made = self.client.post(doing, path, "membership", {"membership": values})
            name = (made.get("user") or made["group"])["name"]
            yield f"project {project}: member «{name}»"

    def _categories(self, project: str) -> Iterator[str]:
        path = f"/projects/{project}/issue_categories.json"
        held = {one["name"] for one in self._get(path, "issue_categories")}
        for name in self.wanted.categories:
            if name not in held:
                doing = f"make category {name}"
                self.client.post(doing, path, "issue_category", {"issue_category": {"name": name}})
                yield f"project {project}: category «{name}»"

    def _front_page(self, project: WantedProject, numbers: Mapping[str, int]) -> Iterator[str]:
        """Write the page that staff begin at; one that somebody has written stays as it is."""
        path = f"/projects/{project.identifier}/wiki/{quote(front_page.TITLE)}.json"
        try:
            self._get(path, "wiki_page")
        except Absent:
            shape = self.client.shape
            listed = self._get("/enumerations/issue_priorities.json", "issue_priorities")
            urgent = next((one["id"] for one in listed if one["name"] == shape.urgent), None)
            text = front_page.text(shape, project.identifier, project.name, numbers, urgent)
            self.client.put(f"write page {front_page.TITLE}", path, {"wiki_page": {"text": text}})
            yield f"project {project.identifier}: wiki page «{front_page.TITLE}»"

    # --- asking ---------------------------------------------------------------------------------------

    def _numbers(self, what: str, names: Sequence[str], noun: str) -> dict[str, int]:
        listed = self._get(f"/{what}.json", what)
        known = {one["name"]: one["id"] for one in listed}
        missing = [name for name in names if name not in known]
        if missing:
            msg = (
                f"{noun} {', '.join(f'«{name}»' for name in missing)}: Redmine has none, and REST"
                " cannot make it; run the script of `mcur redmine setup --script` first"
            )
            raise Rejected(msg)
        return {name: known[name] for name in names}

    def _user(self, login: str) -> int | None:
        """Return the number of an account, whatever its status."""
        params = [("name", login), ("status", "")]
        found = self._all("/users.json", "users", params)
        return next((u["id"] for u in found if u["login"].casefold() == login.casefold()), None)

    def _all(self, path: str, part: str, params: Sequence[tuple[str, str]] = ()) -> Iterator[Json]:
        offset, more = 0, True
        while more:
            paged = [*params, ("limit", str(PAGE)), ("offset", str(offset))]
            page = self._get(path, part, paged)
            yield from page
            offset, more = offset + PAGE, len(page) == PAGE

    def _get(self, path: str, part: str, params: Sequence[tuple[str, str]] = ()) -> Any:
        return self.client.get(f"read {path.removesuffix('.json')}", path, part, params)
