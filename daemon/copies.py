"""A copy of each letter that left stands in the folder of sent ones, for couriers that keep none.

It is queued with the receipt of its letter, in one transaction, and travels by itself: a folder that
cannot be reached holds up no letter and makes none leave twice.
"""

from __future__ import annotations

from mcur.connectors.mail.compose import compose
from mcur.connectors.ports import Blobs, OutgoingLetter
from mcur.playbooks.intents import KeepCopy, SendLetter
from mcur.state.systems import COPYING

COPIES = f"courier{COPYING}"
"""The folder of sent letters as a destination."""


def copy_of(effect: SendLetter, letter: OutgoingLetter, blobs: Blobs) -> KeepCopy:
    """Keep the letter's bytes as they left and return what puts them away."""
    return KeepCopy(
        key=f"copy:{effect.key}",
        cite=effect.cite,
        message_id=letter.message_id,
        digest=blobs.put(compose(letter)),
    )
