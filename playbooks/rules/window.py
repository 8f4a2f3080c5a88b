"""The send window: letters of ladders that nobody has to get at once leave inside it (``calendar.send_window``)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from mcur.playbooks.intents import Cite, Intent, SendLetter, Tell
from mcur.playbooks.rules.base import Case


def leaving(case: Case, letter: SendLetter, *, immediate: bool = False) -> Iterator[Intent]:
    """Let a letter leave in the window, and say until when it waits; ``immediate`` waits for none."""
    yield letter if immediate else letter.model_copy(update={"windowed": True})
    opens = case.playbook.calendar.sends_at(case.now)
    if opens > case.now and not immediate:
        yield waits(case, letter.cite, letter.key, letter.to, opens)


def waits(case: Case, cite: Cite, key: str, to: tuple[str, ...], opens: datetime) -> Tell:
    """Say that a letter waits until the window opens; once for each letter."""
    why = case.say("window.waits", opens=opens)
    cite = cite.model_copy(update={"why": why})
    return Tell(key=key, cite=cite, event="mail.waits", to=to, data={"until": opens})
