"""Letters of the daemon to its administrator: once a day about each thing, never gated."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from mcur.playbooks.documents import plain
from mcur.playbooks.intents import Channel, Cite, SendLetter
from mcur.playbooks.owning import reader_of
from mcur.playbooks.playbook import Playbook


def letter(
    to: str, playbook: Playbook, cite: Cite, what: str, about: str, now: datetime, **values: object
) -> SendLetter:
    """Write the words ``service.WHAT`` about a connector; a second one on this day is the same."""
    calendar, say = playbook.calendar, playbook.texts.say
    subject = say(f"service.{what}_subject", zone=calendar.zone, **values)
    text = say(f"service.{what}", zone=calendar.zone, **values)
    return SendLetter(
        key=f"letter:{playbook.id}:service:{what}:{about}:{calendar.day_of(now)}",
        cite=cite.model_copy(update={"why": text, "playbook": playbook.id}),
        channel=Channel.SERVICE,
        sender="",
        to=(to,),
        subject=subject,
        document=plain(text).model_copy(update={"title": subject}),
    )


def of_shut_door(
    to: str,
    playbooks: Sequence[Playbook],
    source: str,
    why: str,
    now: datetime,
    *,
    is_written_to: bool,
) -> SendLetter:
    """Write that a source lets nobody in: nothing is read there until a person mends it.

    Of a tracker, which is written to as well, it is the same letter as that of the dispatcher.
    """
    cite = reader_of(playbooks)
    playbook = next(one for one in playbooks if one.id == cite.playbook)
    values = {"source": source, "destination": source, "why": why}
    what = "barred" if is_written_to else "shut"
    return letter(to, playbook, cite, what, source, now, **values)
