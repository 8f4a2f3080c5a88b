"""Letters: what arrived, in the shapes that rules see, and what is known of those that left."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file of a letter or a task; its bytes lie in the blob store under ``digest``."""

    name: str
    content_type: str
    size: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterPlace:
    """Where a mailbox keeps a letter (RFC 3501, 2.3.1.1: uid is unique under uidvalidity)."""

    account: str
    folder: str
    uidvalidity: int
    uid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounce:
    """What a mail server says of a letter that it could not deliver (RFC 3464).

    ``original`` is the Message-ID of that letter, ``recipients`` whom it did not reach, ``reason``
    the server's own words. ``final`` is ``False`` where it is still trying, or did deliver.
    """

    original: str | None
    recipients: tuple[str, ...] = ()
    reason: str = ""
    final: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A letter that arrived, parsed.

    ``digest`` is its identity: sha256 of the Message-ID, or of headers and body where it has none.
    ``authenticated`` is ``None`` where the own server said nothing about the sender.
    ``auto`` marks auto-replies and bounces (RFC 3834). ``flaws`` are sentences on what could not
    be read as it should.
    """

    digest: str
    message_id: str | None
    place: LetterPlace
    sender: str
    sender_name: str
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    subject: str = ""
    text: str = ""
    received_at: datetime
    in_reply_to: str | None = None
    references: tuple[str, ...] = ()
    auto: bool = False
    authenticated: bool | None = None
    attachments: tuple[Attachment, ...] = ()
    raw: str = ""
    """Digest of the raw message in the blob store."""
    flaws: tuple[str, ...] = ()
    bounce: Bounce | None = None
    playbook: str = ""
    """The regulation that takes it where it answers nothing of ours; any where it is empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A letter that left: in whose name (a role), to whom, under which subject.

    ``service`` says that it was the daemon's own word to its administrator.
    """

    key: str
    playbook: str
    rule: str
    clause: str
    sender: str
    to: tuple[str, ...]
    subject: str
    service: bool = False
