"""Mailboxes of a firm in memory: folders, letters as MIME, what happened to them in its order."""

from __future__ import annotations

import base64
import itertools
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import getaddresses
from functools import cached_property
from typing import Any, cast

from tests.servers.ews.words import Element

WELL_KNOWN = {
    "root": ("Root", None, ""),
    "msgfolderroot": ("Корневой уровень", "root", "IPF"),
    "inbox": ("Входящие", "msgfolderroot", "IPF.Note"),
    "sentitems": ("Отправленные", "msgfolderroot", "IPF.Note"),
    "drafts": ("Черновики", "msgfolderroot", "IPF.Note"),
    "deleteditems": ("Удаленные", "msgfolderroot", "IPF.Note"),
    "junkemail": ("Нежелательная почта", "msgfolderroot", "IPF.Note"),
    "outbox": ("Исходящие", "msgfolderroot", "IPF.Note"),
    "calendar": ("Календарь", "msgfolderroot", "IPF.Appointment"),
    "contacts": ("Контакты", "msgfolderroot", "IPF.Contact"),
    "tasks": ("Задачи", "msgfolderroot", "IPF.Task"),
}
"""Folders that every mailbox has: name, parent, class."""

_numbers = itertools.count(1)


class EwsError(Exception):
    """One call of a batch went wrong: EWS's own code for it."""

    def __init__(self, code: str, text: str = "") -> None:
        super().__init__(text or code)
        self.code = code


def _ident(kind: str, number: int) -> str:
    return base64.b64encode(f"{kind}:{number:010d}".encode()).decode()


@dataclass(eq=False, kw_only=True)
class Folder:
    """A folder; ``log`` is what ``SyncFolderItems`` tells of it: (number, kind, item)."""

    box: Box
    name: str
    parent: Folder | None
    well_known: str | None = None
    cls: str = "IPF.Note"
    number: int = field(default_factory=lambda: next(_numbers))
    log: list[tuple[int, str, str]] = field(default_factory=list)

    @property
    def ident(self) -> str:
        """Its EWS id."""
        return _ident("F", self.number)

    @property
    def items(self) -> list[Item]:
        """Its letters, oldest first."""
        with self.box.changed:
            return [item for item in self.box.items.values() if item.folder is self]

    @property
    def folders(self) -> list[Folder]:
        """The folders right below it."""
        return [one for one in self.box.folders.values() if one.parent is self]


@dataclass(eq=False, kw_only=True)
class Item:
    """A letter. Its id changes when it is moved, as on a real server."""

    folder: Folder
    raw: bytes
    received: datetime
    is_read: bool = False
    is_draft: bool = False
    categories: list[str] = field(default_factory=list)
    kept: dict[tuple[str | None, ...], Element] = field(default_factory=dict)
    """Extended properties that a client has stored, by their address."""
    number: int = field(default_factory=lambda: next(_numbers))
    revision: int = 1

    @property
    def ident(self) -> str:
        """Its EWS id."""
        return _ident("I", self.number)

    @property
    def change_key(self) -> str:
        """Another one after each change."""
        return _ident("C", self.revision)

    @cached_property
    def message(self) -> EmailMessage:
        """The letter as the standard library reads it."""
        return cast(EmailMessage, message_from_bytes(self.raw, policy=cast(Any, policy.default)))

    def header(self, name: str) -> str | None:
        """Return a header, ``None`` where it is missing or unreadable."""
        try:
            value = self.message[name]
        except (ValueError, IndexError):
            return None
        return None if value is None else str(value)

    def people(self, name: str) -> list[tuple[str, str]]:
        """Return names and addresses of a header."""
        return [pair for pair in getaddresses([self.header(name) or ""]) if pair[1]]


class Box:
    """A person's mailbox. ``changed`` guards all of it and wakes the streams."""

    def __init__(self, address: str, name: str) -> None:
        self.address, self.name = address, name
        self.changed = threading.Condition(threading.RLock())
        self.folders: dict[str, Folder] = {}
        self.items: dict[str, Item] = {}
        self.events: list[tuple[str, Item]] = []
        self.sequence = 0
        self.well_known: dict[str, Folder] = {}
        for key, (folder, parent, cls) in WELL_KNOWN.items():
            over = self.well_known[parent] if parent else None
            self.well_known[key] = self.add_folder(folder, over, well_known=key, cls=cls)

    def add_folder(self, name: str, parent: Folder | None, **about: Any) -> Folder:
        """Make a folder; its name is new there."""
        if parent is not None and any(one.name == name for one in parent.folders):
            raise EwsError("ErrorFolderExists", "A folder with the specified name already exists.")
        folder = Folder(box=self, name=name, parent=parent, **about)
        self.folders[folder.ident] = folder
        return folder

    def add(self, folder: Folder, raw: bytes, **about: Any) -> Item:
        """Put a letter there."""
        about.setdefault("received", datetime.now(UTC))
        with self.changed:
            item = Item(folder=folder, raw=raw, **about)
            self.items[item.ident] = item
            self._note(folder, "create", item)
            return item

    def move(self, item: Item, target: Folder) -> Item:
        """Move a letter, which gets a new id by it."""
        with self.changed:
            self.remove(item)
            item.folder, item.number, item.revision = target, next(_numbers), item.revision + 1
            self.items[item.ident] = item
            self._note(target, "create", item)
            return item

    def touch(self, item: Item, kind: str = "update") -> None:
        """Note that a letter was changed."""
        with self.changed:
            item.revision += 1
            self._note(item.folder, kind, item)

    def remove(self, item: Item) -> None:
        """Take a letter away."""
        with self.changed:
            self._note(item.folder, "delete", item)
            del self.items[item.ident]

    def _note(self, folder: Folder, kind: str, item: Item) -> None:
        self.sequence += 1
        folder.log.append((self.sequence, kind, item.ident))
        if kind == "create":
            self.events.append((folder.ident, item))
        self.changed.notify_all()


class Firm:
    """All mailboxes of a server, and the letters that left it for the world outside."""

    def __init__(self, people: Iterable[tuple[str, str]]) -> None:
        self._people = list(people)
        self.boxes: dict[str, Box] = {}
        self.outside: list[tuple[str, bytes]] = []
        self.forget()

    def forget(self) -> None:
        """Begin anew: all mailboxes empty, no folder but the well-known ones."""
        self.boxes = {address: Box(address, name) for address, name in self._people}
        self.outside = []

    def box(self, address: str) -> Box:
        """Return the mailbox of an address."""
        found = self.boxes.get(address.lower())
        if found is None:
            text = "The SMTP address has no mailbox associated with it."
            raise EwsError("ErrorNonExistentMailbox", text)
        return found

    def folder(self, ident: str) -> Folder:
        """Return the folder of an id."""
        for box in self.boxes.values():
            if ident in box.folders:
                return box.folders[ident]
        raise EwsError(
            "ErrorFolderNotFound", "The specified folder could not be found in the store."
        )

    def item(self, ident: str) -> Item:
        """Return the letter of an id."""
        for box in self.boxes.values():
            if ident in box.items:
                return box.items[ident]
        raise EwsError("ErrorItemNotFound", "The specified object was not found in the store.")

    def deliver(self, raw: bytes) -> None:
        """Bring a letter to everybody whom it names."""
        message = message_from_bytes(raw)
        headers = [
            str(value) for name in ("To", "Cc", "Bcc") for value in message.get_all(name, [])
        ]
        addresses = [address.lower() for _, address in getaddresses(headers) if address]
        if not addresses:
            raise EwsError("ErrorInvalidRecipients", "At least one recipient is not valid.")
        for address in addresses:
            box = self.boxes.get(address)
            if box is None:
                self.outside.append((address, raw))
            else:
                box.add(box.well_known["inbox"], raw)
