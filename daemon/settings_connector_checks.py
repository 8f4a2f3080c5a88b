"""What the feeds, mail and trackers of ``mcur.toml`` say against each other and against the disk.

No network. The checks have the form of those in ``settings_checks``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import fields
from fnmatch import fnmatchcase
from pathlib import Path
from urllib.parse import urlsplit

from mcur.connectors.feeds.shape import FIELDS
from mcur.connectors.redmine.shape import trackers_by_kind
from mcur.daemon.settings_checks import Check
from mcur.daemon.settings_connectors import (
    FeedSettings,
    FilesSettings,
    ImapSettings,
    MaildirSettings,
    RedmineSettings,
    SmtpSettings,
)
from mcur.daemon.settings_errors import Finding, Loc, not_known, path_text
from mcur.daemon.settings_site import Settings
from mcur.playbooks.facts import Appeal, TaskKind

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
# Domains that nobody owns (RFC 2606), and the one that examples in Russian use.
_EXAMPLES = ("*.example", "example.com", "example.org", "example.net", "example.ru")
_NOT_READ = frozenset({"house", "extra"})
_APPEAL_FIELDS = tuple(f.name for f in fields(Appeal) if f.name not in _NOT_READ)
_BESIDE = re.compile(r"extra\.\w+")
"""A column that is kept beside the fields, under a name of the site's own."""


def _idents(settings: Settings) -> Iterator[Finding]:
    places: list[tuple[Loc, str]] = [
        *((("feeds", n), feed.id) for n, feed in enumerate(settings.feeds)),
        *((("mailboxes", n), mailbox.id) for n, mailbox in enumerate(settings.mailboxes)),
        *((("tracker", n), tracker.id) for n, tracker in enumerate(settings.trackers)),
        (("courier",), settings.courier.id),
    ]
    seen: dict[str, Loc] = {}
    for loc, ident in places:
        first = seen.setdefault(ident, loc)
        if first != loc:
            yield Finding((*loc, "id"), f'"{ident}" is already the id of {path_text(first)}')


def _feeds(settings: Settings) -> Iterator[Finding]:
    for place, feed in enumerate(settings.feeds):
        for turn, ident in enumerate(feed.playbooks):
            if ident not in settings.playbooks:
                text = not_known(ident, "playbook of this site", settings.playbooks)
                yield Finding(("feeds", place, "playbooks", turn), text)


def _takers(settings: Settings) -> Iterator[Finding]:
    named: list[tuple[Loc, str]] = [
        (("mailboxes", n, "playbook"), box.playbook) for n, box in enumerate(settings.mailboxes)
    ]
    named += [
        (("mail", "recipients", address), ident)
        for address, ident in settings.mail.recipients.items()
    ]
    for loc, ident in named:
        if ident and ident not in settings.playbooks:
            yield Finding(loc, not_known(ident, "playbook of this site", settings.playbooks))


def _copies(settings: Settings) -> Iterator[Finding]:
    accounts = [one.id for one in settings.mailboxes if isinstance(one, ImapSettings)]
    if settings.copying and settings.copying.copies not in accounts:
        text = not_known(settings.copying.copies, "mailbox of kind imap", accounts)
        yield Finding(("courier", "copies"), text)


def _shared_folders(settings: Settings) -> Iterator[Finding]:
    for place, feed in enumerate(settings.feeds):
        for first, other in enumerate(settings.feeds[:place]):
            shared = sorted(set(feed.pattern) & set(other.pattern))
            if feed.path == other.path and shared:
                text = f'"{shared[0]}" in this folder is already read by feeds[{first}]'
                yield Finding(("feeds", place, "pattern"), text)


def _mappings(settings: Settings) -> Iterator[Finding]:
    for place, feed in enumerate(settings.feeds):
        if feed.kind == "appeals":
            yield from _mapping(("feeds", place), feed)
        else:
            yield from _mirror_mapping(("feeds", place), feed)


def _mapping(loc: Loc, feed: FeedSettings) -> Iterator[Finding]:
    for table, keys in (("mapping", feed.mapping), ("constants", feed.constants)):
        for key in keys:
            if key not in _APPEAL_FIELDS and not _BESIDE.fullmatch(key):
                text = not_known(key, "field of an appeal", _APPEAL_FIELDS)
                yield Finding((*loc, table, key), text)
    for needed in ("number", "received_at"):
        if feed.mapping and needed not in {*feed.mapping, *feed.constants}:
            text = f"names no heading for {needed}, without which no row can be taken"
            yield Finding((*loc, "mapping"), text)


def _mirror_mapping(loc: Loc, feed: FeedSettings) -> Iterator[Finding]:
    known = tuple(sorted(FIELDS[feed.kind]))
    for table, keys in (("mapping", feed.mapping), ("constants", feed.constants)):
        for key in keys:
            if key not in known:
                yield Finding((*loc, table, key), not_known(key, f"field of {feed.kind}", known))


def _routes(settings: Settings) -> Iterator[Finding]:
    seen: dict[str, int] = {}
    for place, tracker in enumerate(settings.trackers):
        for kind in tracker.kinds or ("",):
            first = seen.setdefault(kind, place)
            if first != place:
                text = f'"{kind}" is' if kind else "is empty, and all that nobody names is"
                yield Finding(
                    ("tracker", place, "kinds"), f"{text} already kept by tracker[{first}]"
                )


def _shared_trackers(settings: Settings) -> Iterator[Finding]:
    """Where kinds share a tracker, a status of one would be offered on all, and mean nothing there."""
    for place, tracker in enumerate(settings.trackers):
        if not isinstance(tracker, RedmineSettings):
            continue
        names = trackers_by_kind(tracker.profile, tracker.trackers)
        for kind in tracker.statuses_of:
            others = [one for one in TaskKind if one != kind and names[one] == names[kind]]
            if others:
                text = (
                    f"tasks of kind {others[0]} stand in tracker «{names[kind]}» too; name a "
                    f"tracker of its own: trackers.{kind}"
                )
                yield Finding(("tracker", place, "statuses_of", kind), text)


def _mail(settings: Settings) -> Iterator[Finding]:
    if not settings.mail.address:
        text = 'is missing; letters need a sender, for example "mcur@example.ru"'
        yield Finding(("mail", "address"), text)
    if not settings.administrator:
        text = "is empty; nobody is told when something cannot be delivered"
        yield Finding(("administrator",), text, warning=True)


def _forgeries(settings: Settings) -> Iterator[Finding]:
    reads_real_mail = any(not isinstance(m, MaildirSettings) for m in settings.mailboxes)
    if reads_real_mail and settings.mail.trusted and not settings.mail.authserv:
        text = "is empty; whoever writes under a trusted address is believed without proof"
        yield Finding(("mail", "authserv"), text, warning=True)


def _examples(settings: Settings) -> Iterator[Finding]:
    if isinstance(settings.courier, FilesSettings):
        return
    addresses: list[tuple[Loc, str]] = [
        (("administrator",), settings.administrator),
        (("mail", "address"), settings.mail.address),
        *((("people", n, "email"), person.email) for n, person in enumerate(settings.people)),
        *((("executors", n, "email"), e.email) for n, e in enumerate(settings.executors)),
    ]
    for loc, address in addresses:
        domain = address.rpartition("@")[2].casefold()
        if any(fnmatchcase(domain, example) for example in _EXAMPLES):
            yield Finding(loc, f'"{address}" is an example; put a real address', warning=True)


def _clear_passwords(settings: Settings) -> Iterator[Finding]:
    parts: list[tuple[Loc, object]] = [
        *((("mailboxes", n), mailbox) for n, mailbox in enumerate(settings.mailboxes)),
        (("courier",), settings.courier),
    ]
    for loc, part in parts:
        if isinstance(part, ImapSettings | SmtpSettings) and _is_said_aloud(part):
            text = '"none" sends the password in clear; use "tls" or "starttls"'
            yield Finding((*loc, "security"), text, warning=True)
        for key in ("url", "token_url"):
            if _is_open_to_all(getattr(part, key, "")):
                text = "sends the password in clear; use https"
                yield Finding((*loc, key), text, warning=True)


def _is_said_aloud(part: ImapSettings | SmtpSettings) -> bool:
    return part.security == "none" and bool(part.user) and part.host not in _LOOPBACK


def _clear_keys(settings: Settings) -> Iterator[Finding]:
    for place, tracker in enumerate(settings.trackers):
        if isinstance(tracker, RedmineSettings) and _is_open_to_all(tracker.url):
            text = "sends the key in clear; use https"
            yield Finding(("tracker", place, "url"), text, warning=True)


def _is_open_to_all(url: str) -> bool:
    """Whether what is sent there can be read on its way."""
    parts = urlsplit(url)
    return parts.scheme == "http" and parts.hostname not in _LOOPBACK


def _folders(settings: Settings) -> Iterator[Finding]:
    places: list[tuple[Loc, Path]] = [
        *((("feeds", n), feed.path) for n, feed in enumerate(settings.feeds)),
        *(
            (("mailboxes", n), m.path)
            for n, m in enumerate(settings.mailboxes)
            if m.kind == "maildir"
        ),
    ]
    for loc, path in places:
        missing = f"there is no folder {path}; make it, or correct the path"
        if fault := _fault(path, Path.is_dir, missing):
            yield Finding((*loc, "path"), fault)


def _authorities(settings: Settings) -> Iterator[Finding]:
    parts: list[tuple[Loc, object]] = [
        *((("mailboxes", n), mailbox) for n, mailbox in enumerate(settings.mailboxes)),
        (("courier",), settings.courier),
        *((("tracker", n), tracker) for n, tracker in enumerate(settings.trackers)),
    ]
    for loc, part in parts:
        path = getattr(part, "ca_file", None)
        missing = f"there is no file {path}; put the certificate of your authority there (PEM)"
        if path is not None and (fault := _fault(path, Path.is_file, missing)):
            yield Finding((*loc, "ca_file"), fault)


def _open_secrets(settings: Settings) -> Iterator[Finding]:
    for secret in settings.secrets():
        if secret.open_to_all():
            text = f"everybody here may read {secret.file}; chmod o-r it"
            yield Finding((secret.owner,), text, warning=True)


def _fault(path: Path, is_there: Callable[[Path], bool], missing: str) -> str | None:
    try:
        return None if is_there(path) else missing
    except OSError as exc:
        # The folder above may be closed to this user, who then cannot even ask.
        return f"{path} cannot be looked at: {exc.strerror}"


CONNECTOR_CHECKS: tuple[tuple[frozenset[str], Check], ...] = (
    (frozenset({"feeds", "mailboxes", "tracker", "courier"}), _idents),
    (frozenset({"feeds", "playbooks"}), _feeds),
    (frozenset({"mail", "mailboxes", "playbooks"}), _takers),
    (frozenset({"mailboxes", "courier"}), _copies),
    (frozenset({"feeds"}), _shared_folders),
    (frozenset({"feeds"}), _mappings),
    (frozenset({"tracker"}), _routes),
    (frozenset({"tracker"}), _shared_trackers),
    (frozenset({"mail", "administrator"}), _mail),
    (frozenset({"mail", "mailboxes"}), _forgeries),
    (frozenset({"administrator", "mail", "people", "executors", "courier"}), _examples),
    (frozenset({"mailboxes", "courier"}), _clear_passwords),
    (frozenset({"tracker"}), _clear_keys),
)
"""Each check with the tables that it reads."""

DISK_CHECKS: tuple[tuple[frozenset[str], Check], ...] = (
    (frozenset({"feeds", "mailboxes"}), _folders),
    (frozenset({"mailboxes", "courier", "tracker"}), _authorities),
    (frozenset({"mailboxes", "courier", "tracker"}), _open_secrets),
)
"""Those that look at the disk; a scenario has no site folder and leaves them out."""
