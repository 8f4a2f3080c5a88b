"""What a mail server says of a letter of ours that it could not deliver (RFC 3464, and without it).

Postfix and Exchange send the parts of RFC 3464; others only a text and, somewhere in it, the
headers of the letter. Which letter it was stands in the Message-ID of what came back.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from mcur.connectors.mail.charsets import one_line
from mcur.connectors.mail.parts import Headers, Part, split
from mcur.playbooks.facts import Bounce

_SERVERS = {"mailer-daemon", "postmaster"}
_ID = re.compile(r"<[^<>\s]{1,990}>")
_TOLD_ID = re.compile(r"^[ \t>]*Message-ID:\s*(<[^<>\s]{1,990}>)", re.IGNORECASE | re.MULTILINE)
_ADDRESS = re.compile(r"[^\s<>;\"]{1,64}@[^\s<>;\"]{1,255}")
_REASON = 500
_RETURNED = {"message/rfc822", "message/global", "text/rfc822-headers", "message/rfc822-headers"}
_STATUS = {"message/delivery-status", "message/global-delivery-status"}


def bounce_of(root: Part, sender: str, text: str) -> Bounce | None:
    """Read a bounce; ``None`` where the letter is none. ``text`` is what people see of it."""
    status = next((part for part in root.walk() if part.kind in _STATUS), None)
    if status is None:
        return _told(sender, text)
    said = list(_blocks(status.content()))
    recipients = [_recipient(block) for block in said if _recipient(block)]
    actions = {block.token("action") for block in said} - {""}
    reasons = (block.text("diagnostic-code") or block.text("status") for block in said)
    return Bounce(
        original=_original(root) or _id_in(text),
        recipients=tuple(dict.fromkeys(recipients)),
        reason=next((one_line(reason)[:_REASON] for reason in reasons if reason), ""),
        final=not actions or "failed" in actions,
    )


def _told(sender: str, text: str) -> Bounce | None:
    """Read a bounce without the parts of RFC 3464: a mail server writes, and quotes the headers."""
    original = _id_in(text)
    if original is None or sender.partition("@")[0].lower() not in _SERVERS:
        return None
    first = next((line.strip() for line in text.splitlines() if _ADDRESS.search(line)), "")
    return Bounce(original=original, reason=first[:_REASON])


def _blocks(content: bytes) -> Iterator[Headers]:
    """Yield the blocks of fields: the first is of the letter, each other one of a recipient."""
    rest = content
    while rest.strip():
        block, rest = split(rest)
        if not block:
            return
        yield Headers(block)


def _recipient(block: Headers) -> str:
    said = block.text("final-recipient") or block.text("original-recipient")
    found = _ADDRESS.search(said.partition(";")[2])
    return found[0].lower() if found else ""


def _original(root: Part) -> str | None:
    """Return the Message-ID of what came back, whole or only its headers."""
    for part in root.walk():
        if part.kind in _RETURNED:
            found = _ID.search(Headers(split(part.content())[0]).text("message-id"))
            if found:
                return found[0]
    return None


def _id_in(text: str) -> str | None:
    found = _TOLD_ID.search(text)
    return found[1] if found else None
