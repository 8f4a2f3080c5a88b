"""The directory: who holds which role here, who executes what, who stands in for whom.

Rules need it to name recipients (analysis, part d; odintsovo 1.4.b1-b4), so it belongs to the pure
side; the site's configuration fills it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import lru_cache


class Notify(StrEnum):
    """How an executor hears of new tasks: by letter, or in the tracker where he has a login."""

    MAIL = "mail"
    REDMINE = "redmine"


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """A person is away from the first to the last day, both included."""

    first: date
    last: date
    substitute: str | None = None
    """Name of the person who stands in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A person in a role. ``roles`` are ``id`` or ``id@block`` (``mcur_resp@ЖКХ``)."""

    name: str
    roles: tuple[str, ...]
    position: str = ""
    phone: str = ""
    email: str = ""
    login: str = ""
    absences: tuple[Absence, ...] = ()

    def holds(self, role: str, identity: str) -> bool:
        """Whether this person holds the role and answers to the login, address or name."""
        return self.answers_to(identity) and any(_base(r) == role for r in self.roles)

    def answers_to(self, identity: str) -> bool:
        """Whether a login, an address or a name is this person's; an empty one is nobody's."""
        wanted = fold(identity)
        return bool(wanted) and wanted in {fold(self.login), fold(self.email), fold(self.name)}

    def absence_on(self, day: date) -> Absence | None:
        """Return the absence that covers the day."""
        return next((a for a in self.absences if a.first <= day <= a.last), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Executor:
    """An organisation that removes problems. ``addresses`` are globs over normalised houses."""

    name: str
    aliases: tuple[str, ...] = ()
    kind: str = "management_company"
    email: str = ""
    phone: str = ""
    login: str = ""
    notify: Notify = Notify.MAIL
    topics: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()

    def answers_to(self, name: str) -> bool:
        """Whether an export that says ``name`` means this executor."""
        wanted = fold(name)
        return any(fold(known) == wanted for known in (self.name, *self.aliases))

    def serves(self, *, topics: Iterable[str | None], house: str | None) -> bool:
        """Whether a problem of these topics at this house is this executor's to remove."""
        if not self.topics and not self.addresses:
            return False
        asked = {fold(topic) for topic in topics if topic}
        by_topic = not self.topics or bool(asked & {fold(t) for t in self.topics})
        by_house = not self.addresses or any(
            house is not None and fnmatchcase(house, fold(pattern)) for pattern in self.addresses
        )
        return by_topic and by_house


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Somebody a letter goes to.

    ``ref`` is what the timeline prints: a role id, ``role:NAME`` where several hold the role,
    ``executor:NAME``, or an outside address.
    """

    ref: str
    name: str
    email: str
    login: str = ""
    substitute_for: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedEntry:
    """A feed of appeals that is read here: the system behind it, and for which playbooks (none: for all).

    Where a fresh export is there by ``expected_by`` each working day, the officer of the regulation
    ``asked`` is asked for it; ``pattern`` are the globs that its files fit.
    """

    id: str
    source: str
    playbooks: tuple[str, ...] = ()
    pattern: tuple[str, ...] = ()
    expected_by: time | None = None
    asked: str = ""

    def fits(self, file: str) -> bool:
        """Whether a file's name is one of this feed's."""
        return any(fnmatchcase(file.casefold(), glob.casefold()) for glob in self.pattern)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exporter:
    """Who may mail the exports of a feed: globs over addresses, and over the names of the files."""

    feed: str
    senders: tuple[str, ...]
    files: tuple[str, ...]

    def sends(self, address: str, file: str) -> bool:
        """Whether a file from this address is an export of the feed."""
        who, what = address.casefold(), file.casefold()
        from_him = any(fnmatchcase(who, glob.casefold()) for glob in self.senders)
        return from_him and any(fnmatchcase(what, glob.casefold()) for glob in self.files)


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """People, executors, who may give assignments, which feeds are read."""

    people: tuple[Person, ...] = ()
    executors: tuple[Executor, ...] = ()
    trusted: tuple[tuple[str, str], ...] = ()
    """Who may give assignments: globs over addresses, each with what the sender is (``cur``)."""
    exporters: tuple[Exporter, ...] = ()
    administrator: str = ""
    """E-mail of the administrator; empty where nobody was named."""
    feeds: tuple[FeedEntry, ...] = ()

    def feeds_of(self, playbook: str) -> list[FeedEntry]:
        """List the feeds of appeals that a playbook rests on."""
        return [feed for feed in self.feeds if not feed.playbooks or playbook in feed.playbooks]

    def holders(self, role: str) -> list[Person]:
        """List the people of a role, of its plural, or of all its blocks.

        ``mcur_resp`` finds ``mcur_resp@ЖКХ`` too; ``mcur_resp@ЖКХ`` falls back to ``mcur_resp``.
        """
        exact = [p for p in self.people if role in p.roles]
        if exact:
            return exact
        base, _, block = role.partition("@")
        if block:
            return [p for p in self.people if base in p.roles]
        singular = base.removesuffix("s")
        return [p for p in self.people if any(_base(r) in {base, singular} for r in p.roles)]

    def recipients(self, ref: str, day: date) -> list[Recipient]:
        """Resolve a recipient for a day: a role, ``executor:NAME`` or an outside address.

        The absent are replaced by their substitutes (odintsovo 1.4.b3). A role that nobody
        holds gives an empty list.
        """
        if ref.startswith("executor:"):
            return self._executor(ref)
        if "@" in ref and "." in ref.rpartition("@")[2]:
            return [Recipient(ref=ref, name="", email=ref)]
        role, _, wanted = ref.partition(":")
        holders = self.holders(role)
        refs = Counter(_held(p, role) for p in holders)
        found = [
            self._present(p, ref if wanted else _told(p, role, refs), day)
            for p in holders
            if not wanted or p.name == wanted
        ]
        if wanted and not found:  # a temporary role, whose person stands here under others
            found = [self._present(p, role, day) for p in self.people if p.name == wanted]
        return list({r.email or r.name: r for r in found}.values())

    def role_of(self, name: str) -> str | None:
        """Return how a person in a role is addressed: the role, with the name where several hold it."""
        for person in self.people:
            if person.roles and person.answers_to(name):
                role = person.roles[0]
                return role if len(self.holders(role)) == 1 else f"{role}:{person.name}"
        return None

    def executor(self, name: str | None) -> Executor | None:
        """Find an executor by the name or alias that an export uses."""
        if not name:
            return None
        return next((e for e in self.executors if e.answers_to(name)), None)

    def executor_for(self, *, topics: Iterable[str | None], house: str | None) -> Executor | None:
        """Find who serves a house and topic: the narrower entry first."""
        asked = tuple(topics)
        able = [e for e in self.executors if e.serves(topics=asked, house=house)]
        able.sort(key=lambda e: (not (e.topics and e.addresses), not e.addresses))
        return able[0] if able else None

    def trusted_as(self, address: str) -> str | None:
        """Say what a sender is among those who may give assignments; first match wins."""
        wanted = address.casefold()
        return next(
            (known for glob, known in self.trusted if fnmatchcase(wanted, glob.casefold())), None
        )

    def feed_for(self, sender: str, file: str) -> str | None:
        """Name the feed whose export a mailed file is; the first that takes it."""
        return next((e.feed for e in self.exporters if e.sends(sender, file)), None)

    def roles_of(self, identity: str) -> tuple[str, ...]:
        """List the roles (without blocks) of a login, an e-mail address or a name."""
        found = [
            _base(role)
            for person in self.people
            if person.answers_to(identity)
            for role in person.roles
        ]
        return tuple(dict.fromkeys(found))

    def executor_of(self, identity: str) -> Executor | None:
        """Find the executor behind a login or an e-mail address."""
        wanted = fold(identity)
        known = (e for e in self.executors if wanted in {fold(e.login), fold(e.email)})
        return next(known, None) if wanted else None

    def _executor(self, ref: str) -> list[Recipient]:
        found = self.executor(ref.removeprefix("executor:"))
        if found is None:
            return []
        return [Recipient(ref=ref, name=found.name, email=found.email, login=found.login)]

    def _present(self, person: Person, ref: str, day: date) -> Recipient:
        absence = person.absence_on(day)
        stand_in = absence and next((p for p in self.people if p.name == absence.substitute), None)
        if stand_in:
            return Recipient(
                ref=ref,
                name=stand_in.name,
                email=stand_in.email,
                login=stand_in.login,
                substitute_for=person.name,
            )
        return Recipient(ref=ref, name=person.name, email=person.email, login=person.login)


@lru_cache(maxsize=8192)
def fold(text: str) -> str:
    """Fold a name for comparison: case, «ё», quotation marks and runs of blanks do not count.

    Rules ask for the same few topics and municipalities thousands of times a cycle.
    """
    kept = text.casefold().replace("ё", "е").translate(_QUOTES)
    return " ".join(kept.split())


_QUOTES = str.maketrans("", "", "«»\"'“”„")


def _told(person: Person, role: str, refs: Counter[str]) -> str:
    """Return how the timeline names somebody of a role: by it, by his block of it, or by his name where several hold the same."""
    held = _held(person, role) if refs.total() > 1 else role
    return f"{held}:{person.name}" if refs[held] > 1 else held


def _held(person: Person, role: str) -> str:
    """Return the role, with its block, in which a person is one of several."""
    if role in person.roles:
        return role
    asked = {_base(role), _base(role).removesuffix("s")}
    return next((held for held in person.roles if _base(held) in asked), role)


def _base(role: str) -> str:
    return role.partition("@")[0]
