"""Copies of what left stand in the folder of sent letters of an IMAP account, each once.

A server may put one there itself (Gmail, Yandex), and a connection may break after the last byte: so
the letter's Message-ID is looked for before it is appended.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from imapclient.imapclient import SEEN, SENT  # type: ignore[import-untyped]

from mcur.connectors.mail.imap.door import ImapDoor, leave
from mcur.connectors.ports import Rejected

_USUAL = "Отправленные"
"""The folder that is made where the server names none (RFC 6154) and none is configured."""


class ImapSent:
    """Keeps copies by a connection of its own for each; refused logins count with the mailbox's."""

    def __init__(self, name: str, door: ImapDoor, folder: str = "") -> None:
        self.name = name
        self._door = door
        self._folder = folder

    def put(self, name: str, content: bytes) -> str:
        """Append the letter whose Message-ID is ``name`` unless it is there; return the folder."""
        with self._session() as client:
            folder = self._there(client)
            client.select_folder(folder, readonly=True)
            if not client.search(["HEADER", "Message-ID", name]):
                client.append(folder, content, flags=(SEEN,))
        return folder

    def check(self) -> list[str]:
        """Log in and open the folder, which is made where it is missing."""
        try:
            with self._session() as client:
                client.select_folder(self._there(client), readonly=True)
        except Rejected as exc:
            return [str(exc)]
        return []

    def _there(self, client: Any) -> str:
        """Return the name of the folder; one that is missing is made."""
        if not self._folder:
            self._folder = client.find_special_folder(SENT) or _USUAL
        if not client.folder_exists(self._folder):
            client.create_folder(self._folder)
        return self._folder

    @contextmanager
    def _session(self) -> Iterator[Any]:
        with self._door.translating():
            client = self._door.enter()
            try:
                yield client
                client.logout()
            finally:
                leave(client)
