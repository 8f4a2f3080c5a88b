"""The shape of ``mcur.toml`` as a whole: the site, its people, its gates.

Strict and frozen: unknown keys are refused. Names of attributes differ from the keys only where
Python forbids them or a plural reads better: ``from`` is ``since`` or ``first``, ``to`` is
``last``, ``set`` is ``values``, ``[[tracker]]`` is ``trackers``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, PrivateAttr, StrictInt, model_validator

from mcur.daemon.secrets import Secret
from mcur.daemon.settings_connectors import (
    CourierSettings,
    EmbeddedSettings,
    FeedSettings,
    FilesSettings,
    LoginTable,
    MailboxSettings,
    MaildirSettings,
    MailSettings,
    RedmineSettings,
    SmtpSettings,
    Table,
    TrackerSettings,
)
from mcur.daemon.settings_values import (
    Day,
    EmailOrEmpty,
    Gate,
    GateField,
    GateMode,
    Glob,
    Ident,
    Named,
    Pause,
    SitePath,
    Stamp,
)
from mcur.playbooks.directory import Absence, Directory, Executor, Exporter, Notify, Person
from mcur.playbooks.facts import TaskKind

CHANNELS = ("reports", "executor_mail", "tasks", "escalations", "calls")
"""The channels that ``[live]`` gates, by their keys."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaybookNeeds:
    """What a playbook asks of a site.

    ``report_roles`` get reports; ``roles`` are all that it knows. ``kinds`` are the task kinds that
    it makes. ``sides`` are the offices that its rules name; where it is empty they are not checked.
    """

    report_roles: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    sides: frozenset[str] = frozenset()


Needs = Mapping[str, PlaybookNeeds]
"""What the playbooks that are known here ask, by their ids."""


class LiveSettings(Table):
    """``[live]``: since when the site is live, the gates, the fuse.

    A gate is ``None`` where nobody wrote it; ``Settings.gate`` knows the default.
    """

    since: Stamp | None = Field(default=None, alias="from")
    reports: GateField | None = None
    executor_mail: GateField | None = None
    tasks: GateField | None = None
    escalations: GateField | None = None
    calls: GateField | None = None
    fuse: Annotated[StrictInt, Field(ge=1)] = 500
    """Tasks that one export or cycle may ask for before all of them are held."""

    def written(self, channel: str) -> Gate | None:
        """Return the gate that somebody wrote for a channel of :data:`CHANNELS`."""
        gate: Gate | None = getattr(self, channel)
        return gate


class AbsenceSettings(Table):
    """A person is away from the first to the last day, both included."""

    first: Day = Field(alias="from")
    last: Day = Field(alias="to")
    substitute: str = ""

    @model_validator(mode="after")
    def _in_order(self) -> AbsenceSettings:
        if self.last < self.first:
            msg = f"ends on {self.last}, before it begins on {self.first}"
            raise ValueError(msg)
        return self

    def absence(self) -> Absence:
        """Return it as rules see it."""
        return Absence(first=self.first, last=self.last, substitute=self.substitute or None)


class PersonSettings(Table):
    """``[[people]]``: a person with ``role`` or ``roles``; a mere substitute needs neither."""

    role: str = ""
    roles: tuple[str, ...] = ()
    name: Named
    position: str = ""
    phone: str = ""
    email: EmailOrEmpty = ""
    login: str = ""
    absences: tuple[AbsenceSettings, ...] = ()

    @property
    def held(self) -> tuple[str, ...]:
        """All roles of the person, each once."""
        return tuple(dict.fromkeys(role for role in (self.role, *self.roles) if role))

    def person(self) -> Person:
        """Return the person as rules see him."""
        return Person(
            name=self.name,
            roles=self.held,
            position=self.position,
            phone=self.phone,
            email=self.email,
            login=self.login,
            absences=tuple(absence.absence() for absence in self.absences),
        )


class ExecutorSettings(Table):
    """``[[executors]]``: an organisation, what it serves and how it hears of tasks."""

    name: Named
    aliases: tuple[Named, ...] = ()
    kind: Ident = "management_company"
    email: EmailOrEmpty = ""
    phone: str = ""
    login: str = ""
    notify: Notify = Notify.MAIL
    topics: tuple[Named, ...] = ()
    addresses: tuple[Glob, ...] = ()

    def executor(self) -> Executor:
        """Return the executor as rules see it."""
        return Executor(
            name=self.name,
            aliases=self.aliases,
            kind=self.kind,
            email=self.email,
            phone=self.phone,
            login=self.login,
            notify=self.notify,
            topics=self.topics,
            addresses=self.addresses,
        )


class PollSettings(Table):
    """``[poll]``: how often the outside is asked.

    ``roll_call``: how often a tracker is asked whether all tasks are still there.
    """

    feeds: Pause = timedelta(minutes=10)
    mail: Pause = timedelta(minutes=2)
    redmine: Pause = timedelta(minutes=1)
    roll_call: Pause = timedelta(hours=1)


class StateSettings(Table):
    """``[state]``: where the daemon keeps what it knows."""

    path: SitePath = Path("state/mcur.db")


def _as_written(value: object, alias: str | None = None) -> Any:
    """Give a default as if it stood in the file, so that its paths are the site's too."""
    return Field(default_factory=lambda: value, alias=alias)


_FILES = (MaildirSettings, FilesSettings, EmbeddedSettings)
"""Connectors that touch nothing but files of the site."""


class Settings(Table):
    """The whole file. Every table has a default, so that a scenario writes only what differs."""

    name: str = ""
    municipality: str = ""
    playbooks: tuple[str, ...] = ()
    overlay: Literal["letter", "practical"] = "letter"
    sides: tuple[str, ...] = ()
    """Offices whose rules run here; empty: all."""
    administrator: EmailOrEmpty = ""
    live: LiveSettings = _as_written({})
    values: dict[str, Any] = Field(default_factory=dict, alias="set")
    """Values of playbooks by dotted path, as written."""
    people: tuple[PersonSettings, ...] = ()
    executors: tuple[ExecutorSettings, ...] = ()
    feeds: tuple[FeedSettings, ...] = ()
    mail: MailSettings = _as_written({})
    mailboxes: tuple[MailboxSettings, ...] = ()
    courier: CourierSettings = _as_written({"kind": "files"})
    trackers: tuple[TrackerSettings, ...] = _as_written(
        [{"id": "embedded", "kind": "embedded"}], alias="tracker"
    )
    poll: PollSettings = _as_written({})
    state: StateSettings = _as_written({})

    _folder: Path = PrivateAttr(default=Path())

    def model_post_init(self, context: Any, /) -> None:
        """Remember the folder that paths are relative to."""
        self._folder = Path((context or {}).get("folder", "."))

    @property
    def folder(self) -> Path:
        """The folder of the configuration: the site."""
        return self._folder

    @property
    def has_real_connectors(self) -> bool:
        """Whether anything here reaches outside this machine's files."""
        parts = (*self.mailboxes, self.courier, *self.trackers)
        return not all(isinstance(p, _FILES) for p in parts)

    @property
    def copying(self) -> SmtpSettings | None:
        """The courier where copies of what it sends are kept in the account of a mailbox."""
        one = self.courier
        return one if isinstance(one, SmtpSettings) and one.copies else None

    def gate(self, channel: str) -> Gate:
        """Return the gate of a channel of :data:`CHANNELS`.

        Where nobody wrote it, a site with real connectors starts in ``shadow`` (contract,
        "Site folder").
        """
        default = GateMode.SHADOW if self.has_real_connectors else GateMode.ON
        return self.live.written(channel) or Gate(default)

    def tracker_for(self, kind: TaskKind) -> TrackerSettings | None:
        """Return the tracker that keeps tasks of a kind: the one that names it comes first."""
        named = next((t for t in self.trackers if kind in t.kinds), None)
        return named or next((t for t in self.trackers if not t.kinds), None)

    def pages(self) -> dict[str, str]:
        """Return the titles of the pages for managers by tracker."""
        held = {t.id: t.page for t in self.trackers if isinstance(t, RedmineSettings)}
        return {tracker: title for tracker, title in held.items() if title}

    def needs(self, known: Needs) -> list[PlaybookNeeds]:
        """List what the playbooks of this site ask; unknown ones ask nothing."""
        return [known[ident] for ident in self.playbooks if ident in known]

    def directory(self) -> Directory:
        """Return people, executors and trusted senders as rules see them."""
        return Directory(
            people=tuple(entry.person() for entry in self.people),
            executors=tuple(entry.executor() for entry in self.executors),
            trusted=tuple((entry.sender, entry.side) for entry in self.mail.trusted),
            exporters=tuple(
                Exporter(feed=feed.id, senders=feed.mailed_from, files=feed.pattern)
                for feed in self.feeds
                if feed.mailed_from
            ),
            administrator=self.administrator,
            feeds=tuple(
                feed.entry(self.playbooks) for feed in self.feeds if feed.kind == "appeals"
            ),
        )

    def secrets(self) -> tuple[Secret, ...]:
        """List the passwords and keys that this site needs, unread."""
        found: list[Secret | None] = []
        for part in (*self.mailboxes, self.courier):
            if not isinstance(part, MaildirSettings | FilesSettings):
                found.append(part.password)
            if isinstance(part, LoginTable):
                found.append(part.refresh_token)
        found += [t.key for t in self.trackers if isinstance(t, RedmineSettings)]
        return tuple(secret for secret in found if secret is not None)
