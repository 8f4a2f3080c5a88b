"""The world of a scenario: it drops exports, letters, issues and acts where a real one would.

Everything goes through the site's own folders and the connectors of a real site; files carry the
virtual time as their own. Outages stand between the daemon and its connectors.
"""

from __future__ import annotations

import heapq
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

from mcur.connectors.embedded import EmbeddedTracker
from mcur.connectors.ports import Unavailable
from mcur.daemon import scenario as shapes
from mcur.daemon.doing import acts_for
from mcur.daemon.scenario import AUTHSERV, Scenario
from mcur.daemon.wiring import Site

UNBROKEN = default.clone(max_line_length=998)
"""The standard library loses a blank where it breaks a long Russian name into encoded words."""

_LATER = ("accepted_at", "returned_at", "closed_at", "status_changed_at", "withdrawn_at")
_DERIVED = {"accepted_at": "accepted", "returned_at": "returned", "closed_at": "closed"}
_OWN_STAMP = {status: stamp for stamp, status in _DERIVED.items()}
WRITES = frozenset({"create", "update", "send"})


def visible(row: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Show a row as its export shows it at ``now``: later stamps are not there yet."""
    shown = {k: v for k, v in row.items() if not (k in _LATER and v is not None and v > now)}
    status = row.get("status")
    own = row.get(_OWN_STAMP.get(str(status), "status_changed_at")) or row.get("status_changed_at")
    if status not in (None, "rejected") and own is None and shown.get("closed_at"):
        shown["status"] = "closed"
        return shown
    if status is not None and (own is None or own <= now):
        return shown
    shown.pop("status", None)
    passed = sorted((shown[s], word) for s, word in _DERIVED.items() if shown.get(s))
    if passed:
        shown["status"] = passed[-1][1]
    elif status is not None or any(row.get(s) for s in _DERIVED):
        shown["status"] = "new"
    return shown


@dataclass(slots=True)
class Outages:
    """Says whether a system answers now; counts writes for ``after_writes``."""

    scenario: Scenario
    now: Callable[[], datetime]
    written: dict[int, int] = field(default_factory=dict)

    def check(self, system: str, operation: str) -> None:
        """Raise :class:`Unavailable` where the system does not answer."""
        for number, outage in enumerate(self.scenario.outage):
            if outage.system != system or not outage.start <= self.now() < outage.end:
                continue
            written = self.written.get(number, 0)
            if written < outage.after_writes:
                self.written[number] = written + (operation in WRITES)
                continue
            msg = f"{operation}: {system} did not answer"
            raise Unavailable(msg, reached=False)


class Behind:
    """A connector behind its outages: every call of a method asks first."""

    def __init__(self, inner: Any, system: str, outages: Outages) -> None:
        self._inner = inner
        self._system = system
        self._outages = outages

    def __getattr__(self, name: str) -> Any:
        """Return what the connector has, with the outage before each call."""
        value = getattr(self._inner, name)
        if not callable(value):
            return value

        def call(*args: Any, **kwargs: Any) -> Any:
            self._outages.check(self._system, name)
            return value(*args, **kwargs)

        return call


class World:
    """Drops what the scenario says, each thing once, as soon as its moment has come."""

    def __init__(self, scenario: Scenario, folder: Path) -> None:
        self._scenario = scenario
        self._folder = folder
        self._rows = scenario.rows()
        self._changing = [(row["received_at"], n) for n, row in enumerate(self._rows)]
        heapq.heapify(self._changing)
        self._shown: dict[int, dict[str, Any]] = {}
        self._dropped: set[tuple[str, int]] = set()
        self._files = 0
        self._late: list[tuple[int, shapes.Act]] = []

    def drop(self, site: Site, now: datetime) -> None:
        """Drop everything whose moment has come."""
        self._generated(now)
        for index, item in self._due("feed", self._scenario.feed, now):
            self._feed(index, item)
        for index, item in self._due("issue", self._scenario.issue, now):
            self._issue(index, item, site)
        for index, item in self._due("letter", self._scenario.letter, now):
            self._letter(index, item, site)
        for index, item in self._due("act", self._scenario.act, now):
            self._act(index, item, site)

    def _due(self, kind: str, items: Any, now: datetime) -> Iterator[tuple[int, Any]]:
        for index, item in sorted(enumerate(items), key=lambda pair: pair[1].at):
            if item.at <= now and (kind, index) not in self._dropped:
                self._dropped.add((kind, index))
                yield index, item

    # --- appeals --------------------------------------------------------------------------------------

    def _generated(self, now: datetime) -> None:
        """Write what is new in the rows made by rule, an export a source."""
        news: dict[str, list[dict[str, Any]]] = {}
        due = []
        while self._changing and self._changing[0][0] <= now:
            due.append(heapq.heappop(self._changing)[1])
        for index in sorted(due):
            row = self._rows[index]
            shown = visible(row, now)
            later = [row[name] for name in _LATER if row.get(name) and row[name] > now]
            if later:
                heapq.heappush(self._changing, (min(later), index))
            if self._shown.get(index) != shown:
                self._shown[index] = shown
                news.setdefault(str(row["source"]), []).append(shown)
        for source, rows in news.items():
            self._write_rows(source, rows, now)

    def _feed(self, index: int, feed: shapes.Feed) -> None:
        name = feed_id(feed.source, feed.scope, feed.kind)
        folder = self._folder / "feeds" / name
        if feed.file is None:
            self._write_rows(name, list(feed.rows or ()), feed.at)
            return
        origin = self._scenario.folder / feed.file
        target = folder / f"{index + 1:03d}-{origin.name}"
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(origin, target)
        _stamp(target, feed.at)

    def _write_rows(self, feed: str, rows: list[dict[str, Any]], at: datetime) -> None:
        self._files += 1
        folder = self._folder / "feeds" / feed
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{feed}-{at:%Y%m%d-%H%M%S}-{self._files}.json"
        path.write_text(json.dumps(rows, ensure_ascii=False, default=_plain), "utf-8")
        _stamp(path, at)

    # --- letters and issues ---------------------------------------------------------------------------

    def _letter(self, index: int, letter: shapes.Letter, site: Site) -> None:
        inbox = self._folder / "mail" / "in" / "new"
        inbox.mkdir(parents=True, exist_ok=True)
        path = inbox / f"{index + 1:04d}.{letter.at:%Y%m%dT%H%M%S}"
        if letter.file is not None:
            raw = (self._scenario.folder / letter.file).read_bytes()
            path.write_bytes(_delivered(raw, site.settings.mail.authserv))
        elif letter.bounce_of is not None:
            original = site.dispatcher.message_id(self._key(letter.bounce_of, site))
            to = site.settings.mail.address
            told = BOUNCE.format(number=index + 1, to=to, text=letter.text, original=original)
            path.write_text(told, "utf-8")
        else:
            path.write_bytes(bytes(self._compose(index, letter, site)))
        _stamp(path, letter.at)

    def _compose(self, index: int, letter: shapes.Letter, site: Site) -> EmailMessage:
        message = EmailMessage(policy=UNBROKEN)
        answered = self._key(letter.reply_to_key, site) if letter.reply_to_key else None
        message["From"] = _sender(letter, answered, site)
        held = site.directory.holders(letter.to) if letter.to else []
        message["To"] = held[0].email if held else letter.to or site.settings.mail.address
        message["Subject"] = letter.subject
        message["Date"] = letter.at
        message["Message-ID"] = letter.message_id or f"<scenario-{index + 1}@sender.invalid>"
        if answered:
            message["In-Reply-To"] = site.dispatcher.message_id(answered)
        elif letter.in_reply_to:
            message["In-Reply-To"] = letter.in_reply_to
        if letter.auto:
            message["Auto-Submitted"] = "auto-replied"
        if not letter.authenticated:
            denied = "spf=fail smtp.mailfrom=sender.invalid; dmarc=fail header.from=sender.invalid"
            message["Authentication-Results"] = f"{site.settings.mail.authserv}; {denied}"
        message.set_content(letter.text)
        for name in letter.attachments:
            content = f"{name}, {letter.at.isoformat()}".encode()
            message.add_attachment(
                content, maintype="application", subtype="octet-stream", filename=name
            )
        return message

    def _issue(self, index: int, issue: shapes.Issue, site: Site) -> None:  # noqa: ARG002
        tracker = next(d.tracker for d in site.destinations.values() if d.tracker is not None)
        author = _login(issue.author, site)
        inner = tracker._inner if isinstance(tracker, Behind) else tracker  # noqa: SLF001
        if isinstance(inner, EmbeddedTracker):
            projects = {p.projects.get("assignment", "") for p in site.playbooks}
            project = projects.pop() if len(projects) == 1 else ""
            inner.make(
                author, issue.subject, issue.at, text=issue.text, project=project,
                due_at=issue.due_at,
            )  # fmt: skip

    # --- acts -----------------------------------------------------------------------------------------

    def drop_late(self, site: Site) -> bool:
        """Drop acts on what only this cycle has made; return whether there were any."""
        late, self._late = self._late, []
        for index, act in late:
            self._do(index, act, site)
        return bool(late)

    def _act(self, index: int, act: shapes.Act, site: Site) -> None:
        if act.key is None or site.state.keys_like(act.key):
            self._do(index, act, site)
        else:
            self._late.append((index, act))

    def _do(self, index: int, act: shapes.Act, site: Site) -> None:
        further = {k: _text(v) for k, v in (act.model_extra or {}).items()}
        with site.state.atomic():
            for done in acts_for(
                site.state, site.directory, f"scenario:{index + 1}", at=act.at, by=act.by, do=act.do, key=act.key,
                text=act.text, fields=further, origin="scenario",
            ):  # fmt: skip
                site.state.add_act(done)

    def _key(self, glob: str, site: Site) -> str:
        found = site.state.keys_like(glob)
        return found[-1] if found else glob


def feed_id(source: str, scope: str | None, kind: str = "appeals") -> str:
    """Name the feed of a scenario's export; exports of another scope or kind are another feed."""
    name = source if kind == "appeals" else f"{source}-{kind}"
    return f"{name}-{scope.replace(':', '-')}" if scope else name


BOUNCE = """\
Return-Path: <>
From: MAILER-DAEMON@sender.invalid
To: {to}
Subject: Undelivered Mail Returned to Sender
Message-ID: <scenario-{number}@sender.invalid>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="returned"

--returned
Content-Type: text/plain; charset=utf-8

{text}
--returned
Content-Type: message/delivery-status

Reporting-MTA: dns; sender.invalid

Final-Recipient: rfc822; gone@sender.invalid
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 User unknown

--returned
Content-Type: text/rfc822-headers

Message-ID: {original}

--returned--
"""
"""What a mail server says of a letter that it could not deliver (RFC 3464)."""


_RESULTS = re.compile(rb"^(Authentication-Results:\s*)[^\s;]+", re.IGNORECASE | re.MULTILINE)


def _delivered(raw: bytes, server: str) -> bytes:
    """Return a letter of a file as the own server hands it over: what it says of the sender, that one says."""
    head = re.split(rb"\r?\n\r?\n", raw, maxsplit=1)[0]
    if server != AUTHSERV:  # the scenario names its server, and its files may speak for others
        return raw
    return _RESULTS.sub(rb"\g<1>" + server.encode(), head) + raw[len(head) :]


def _stamp(path: Path, moment: datetime) -> None:
    os.utime(path, (moment.timestamp(), moment.timestamp()))


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Decimal) else value.isoformat()


def _text(value: Any) -> str:
    if isinstance(value, date):  # and a stamp, which is a date with an hour
        return value.isoformat()
    return (
        value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=_plain)
    )


def _sender(letter: shapes.Letter, answered: str | None, site: Site) -> str:
    is_address = "." in letter.sender.rpartition("@")[2] and "@" in letter.sender
    held = [] if is_address else site.directory.holders(letter.sender)
    if held:
        return f'"{held[0].name}" <{held[0].email}>'
    if letter.sender and site.directory.roles_of(letter.sender):
        return letter.sender
    executor = site.directory.executor(_executor_of(answered, site)) if answered else None
    return executor.email if executor else letter.sender


def _executor_of(key: str, site: Site) -> str | None:
    """Name the executor of a task, or the one a letter went to."""
    task = site.state.tasks.get(key)
    if task is not None:
        return task.executor
    row = site.state.outbox.get(key)
    to = json.loads(row["payload"]).get("to", ()) if row else ()
    return next((r.removeprefix("executor:") for r in to if r.startswith("executor:")), None)


def _login(author: str, site: Site) -> str:
    held = site.directory.holders(author)
    return held[0].login if held and held[0].login else author
