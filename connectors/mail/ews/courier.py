"""Letters leave through an Exchange server on the premises, a copy stays in «Отправленные»."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from exchangelib import Mailbox, Message  # type: ignore[import-untyped]

from mcur.connectors.mail.compose import address_of, compose, recipients
from mcur.connectors.mail.ews.account import ExchangeAccount
from mcur.connectors.ports import OutgoingLetter, Rejected


class EwsCourier:
    """Hands letters to the server, which remembers what it has sent."""

    def __init__(self, name: str, account: ExchangeAccount) -> None:
        self.name = name
        self._account = account
        self._who = f"courier {name}"

    def send(self, letter: OutgoingLetter) -> str:
        """Hand the letter over unless it lies among the sent ones already."""
        content, to = compose(letter), recipients(letter)
        if not to:
            msg = f"{self._who}: letter {letter.message_id} has no recipient"
            raise Rejected(msg)
        with self._account.session(self._who) as account:
            if not _copies(account, letter.message_id):
                Message(
                    account=account,
                    folder=account.sent,
                    mime_content=content,
                    to_recipients=_people(letter.to),
                    cc_recipients=_people(letter.cc),
                ).send_and_save()
        return "taken by the server"

    def sent(self, message_id: str) -> bool | None:
        """Whether a copy lies among the sent letters."""
        with self._account.session(self._who) as account:
            return _copies(account, message_id)

    def check(self) -> list[str]:
        """Log in and open the folder of sent letters."""
        try:
            with self._account.session(self._who) as account:
                account.sent.refresh()
        except Rejected as exc:
            return [str(exc)]
        return []


def _copies(account: Any, message_id: str) -> bool:
    return bool(account.sent.filter(message_id=message_id).exists())


def _people(people: Iterable[tuple[str, str]]) -> list[Any]:
    return [Mailbox(email_address=address_of(address)) for _, address in people]
