"""Connectors by their tables in ``mcur.toml``; each library is imported only where a site has it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from mcur.connectors.ports import Blobs, Courier, Mailbox, Rejected, Tracker
from mcur.daemon.clock import stopwatch
from mcur.daemon.copies import COPIES
from mcur.daemon.settings import Settings
from mcur.daemon.settings_connectors import (
    CourierSettings,
    EmbeddedSettings,
    EwsCourierSettings,
    EwsMailboxSettings,
    ExchangeTable,
    FeedSettings,
    FilesSettings,
    LoginTable,
    MailboxSettings,
    MaildirSettings,
    MailSettings,
    RedmineSettings,
    SmtpSettings,
    TrackerSettings,
)

if TYPE_CHECKING:
    from mcur.connectors.embedded import EmbeddedTracker
    from mcur.connectors.feeds.folder import FileFeed
    from mcur.connectors.feeds.shape import FeedShape
    from mcur.connectors.mail.ews.account import ExchangeAccount
    from mcur.connectors.mail.imap.sent import ImapSent
    from mcur.connectors.mail.tokens import Tokens
    from mcur.connectors.redmine.shape import RedmineShape


def feed(shape: FeedSettings, municipality: str) -> FileFeed:
    """Construct a folder of exports."""
    from mcur.connectors.feeds.folder import FileFeed

    return FileFeed(feed_shape(shape, municipality), shape.path)


def feed_shape(shape: FeedSettings, municipality: str) -> FeedShape:
    """Return what the reader of exports has to know about a feed whose rows lie in a municipality."""
    from mcur.connectors.feeds.shape import FeedShape

    return FeedShape(
        id=shape.id,
        zone=shape.zone,
        source=shape.source if shape.source != shape.id else "",
        kind=shape.kind,
        pattern=" ".join(shape.pattern),
        scope=str(shape.scope or "cumulative"),
        municipality=municipality or None,
        mapping=shape.mapping,
        constants=shape.constants,
        statuses={word: status.value for word, status in shape.statuses.items()},
        date_format=shape.date_format or None,
        encoding=shape.encoding or None,
        delimiter=shape.delimiter or None,
        sheet=shape.sheet or None,
    )


def mailbox(shape: MailboxSettings, mail: MailSettings, state: Path) -> Mailbox:
    """Construct a mailbox; ``state`` is the folder of the state."""
    if isinstance(shape, MaildirSettings):
        from mcur.connectors.mail.maildir import MaildirMailbox, MaildirShape

        return MaildirMailbox(shape.id, MaildirShape(path=shape.path, size_limit=mail.max_size))
    if isinstance(shape, EwsMailboxSettings):
        from mcur.connectors.mail.ews.mailbox import EwsMailbox

        return EwsMailbox(
            shape.id,
            exchange(shape),
            folder=shape.folder,
            settle=shape.after,
            size_limit=mail.max_size,
        )
    from mcur.connectors.mail.imap.door import ImapDoor, ImapShape
    from mcur.connectors.mail.imap.mailbox import ImapMailbox

    keys = keys_of(shape, state)
    door = ImapDoor(
        shape.id,
        ImapShape(
            host=shape.host,
            port=shape.port,
            security=shape.security,
            login=keys.login,
            password=keys.password,
            tokens=keys.tokens,
            ca_file=shape.ca_file,
            folder=shape.folder,
            settle=shape.after,
            size_limit=mail.max_size,
        ),
        stopwatch,
    )
    return ImapMailbox(door)


def copies(shape: SmtpSettings, account: Mailbox) -> ImapSent:
    """Return what keeps copies of letters that left, in the account of a mailbox."""
    from mcur.connectors.mail.imap.mailbox import ImapMailbox

    if not isinstance(account, ImapMailbox):
        msg = f"{COPIES}: mailbox {shape.copies} is not of kind imap"
        raise Rejected(msg)
    return account.sent(COPIES, shape.copies_folder)


class Keys(NamedTuple):
    """What a mailbox or the courier logs in with."""

    login: str
    password: str
    tokens: Tokens | None


def keys_of(shape: LoginTable, state: Path) -> Keys:
    """Read the secrets of a login by IMAP or SMTP; ``state`` is the folder of the state."""
    secret = shape.password.read() if shape.password else ""
    if shape.auth == "password":
        return Keys(shape.user, secret, None)
    from mcur.connectors.mail.tokens import TokenShape, tokens_of

    asked = TokenShape(
        url=shape.token_url,
        client=shape.user,
        secret=secret,
        scope=shape.scope,
        refresh=shape.refresh_token.read() if shape.refresh_token else None,
        keep=state,
        ca_file=shape.ca_file,
    )
    return Keys(shape.address, "", tokens_of(asked, stopwatch))


def courier(shape: CourierSettings, state: Path) -> Courier:
    """Construct the courier; ``state`` is the folder of the state."""
    if isinstance(shape, FilesSettings):
        from mcur.connectors.mail.files import FileCourier, FilesShape

        return FileCourier(shape.id, FilesShape(folder=shape.path))
    if isinstance(shape, EwsCourierSettings):
        from mcur.connectors.mail.ews.courier import EwsCourier

        return EwsCourier(shape.id, exchange(shape))
    from mcur.connectors.mail.smtp import SmtpCourier, SmtpShape

    keys = keys_of(shape, state)
    return SmtpCourier(
        shape.id,
        SmtpShape(
            host=shape.host,
            port=shape.port,
            security=shape.security,
            login=keys.login or None,
            password=keys.password,
            tokens=keys.tokens,
            ca_file=shape.ca_file,
        ),
    )


def exchange(shape: ExchangeTable) -> ExchangeAccount:
    """Return the account of a mailbox or a courier: the same one where both name the same."""
    from mcur.connectors.mail.ews.account import ExchangeShape, account_of

    return account_of(
        ExchangeShape(
            url=shape.url,
            address=shape.address,
            login=shape.user,
            password=shape.password.read(),
            how=shape.auth,
            token_url=shape.token_url,
            scope=shape.scope,
            ca_file=shape.ca_file,
        )
    )


def tracker(shape: TrackerSettings, settings: Settings, blobs: Blobs, zone: ZoneInfo) -> Tracker:
    """Construct a tracker; ``zone`` is that of the dates in it."""
    if isinstance(shape, EmbeddedSettings):
        return embedded(shape.path, shape.id)
    return redmine(shape, settings, blobs, zone)


def embedded(path: Path, name: str) -> EmbeddedTracker:
    """Construct the embedded tracker."""
    from mcur.connectors.embedded import EmbeddedTracker

    return EmbeddedTracker(path, name)


def redmine(shape: RedmineSettings, settings: Settings, blobs: Blobs, zone: ZoneInfo) -> Tracker:
    """Construct a Redmine."""
    from mcur.connectors.redmine.tracker import RedmineTracker

    return RedmineTracker(redmine_shape(shape, settings, shape.key.read(), zone), blobs)


def redmine_shape(
    shape: RedmineSettings, settings: Settings, key: str, zone: ZoneInfo
) -> RedmineShape:
    """Describe a Redmine as its connector wants it, for the account behind a key."""
    from mcur.connectors.redmine.shape import RedmineShape

    people = {p.login: p.name for p in settings.people if p.login}
    people |= {e.login: e.name for e in settings.executors if e.login}
    return RedmineShape(
        name=shape.id,
        url=shape.url,
        key=key,
        profile=shape.profile,
        project=shape.project,
        projects={str(kind): name for kind, name in shape.projects.items()},
        blocks=shape.blocks,
        zone=zone,
        ca_file=shape.ca_file,
        trackers=shape.trackers,
        statuses=shape.statuses,
        statuses_of=shape.statuses_of,
        fields=shape.fields,
        people=people,
        markup=shape.markup,
        page=shape.page,
    )
