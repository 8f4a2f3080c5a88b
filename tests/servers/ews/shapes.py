"""Letters and folders as EWS writes them: properties in the order of the schema, those asked for."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime

from lxml import etree  # type: ignore[import-untyped]

from tests.servers.ews.mailboxes import Folder, Item
from tests.servers.ews.words import SPACES, Element, local, said, stamp, t

_NOT_IN_LISTS = {
    "item:MimeContent", "item:Body", "item:InternetMessageHeaders",
    "message:ToRecipients", "message:CcRecipients",
}  # fmt: skip
_DEFAULT = {
    "item:Subject", "item:DateTimeReceived", "item:Size", "item:Importance", "item:IsDraft",
    "item:DateTimeSent", "item:HasAttachments", "message:From", "message:InternetMessageId",
    "message:IsRead",
}  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """What a call wants to know of each letter or folder."""

    base: str
    fields: frozenset[str]
    extended: tuple[Element, ...]

    @classmethod
    def of(cls, call: Element, name: str = "ItemShape") -> Asked:
        """Read the shape of a call."""
        shape = call.find(f"m:{name}", SPACES)
        more = [] if shape is None else shape.findall("t:AdditionalProperties/*", SPACES)
        fields = {one.get("FieldURI") for one in more if local(one) == "FieldURI"}
        if said(shape, "t:IncludeMimeContent") == "true":
            fields.add("item:MimeContent")
        return cls(
            said(shape, "t:BaseShape") or "Default",
            frozenset(field for field in fields if field),
            tuple(one for one in more if local(one) == "ExtendedFieldURI"),
        )

    def wants(self, field: str) -> bool:
        """Whether the field was asked for."""
        return field in self.fields or (
            self.base == "AllProperties" or (self.base == "Default" and field in _DEFAULT)
        )


def item_id(item: Item) -> Element:
    """Name a letter."""
    return t("ItemId", Id=item.ident, ChangeKey=item.change_key)


def folder_id(folder: Folder, tag: str = "FolderId") -> Element:
    """Name a folder."""
    return t(tag, Id=folder.ident, ChangeKey="AQAAAA==")


def item_element(item: Item, asked: Asked, *, listed: bool = False) -> Element:
    """Write a letter; lists know less than single letters."""
    element = t("Message")
    for field, write in _FIELDS:
        if field == _EXTENDED:
            for address in asked.extended:
                value = extended(item, address)
                if value is not None:
                    element.append(value)
        elif field == "item:ItemId" or asked.wants(field):
            value = None if listed and field in _NOT_IN_LISTS else write(item)
            if value is not None:
                element.append(value)
    return element


def mailbox_element(name: str, address: str) -> Element:
    """Write a person."""
    return t(
        "Mailbox",
        t("Name", name or address),
        t("EmailAddress", address),
        t("RoutingType", "SMTP"),
        t("MailboxType", "Mailbox"),
    )


def address_of(extended_field: Element) -> tuple[str | None, ...]:
    """Return what tells an extended property from others."""
    names = (
        "PropertyTag",
        "DistinguishedPropertySetId",
        "PropertySetId",
        "PropertyName",
        "PropertyId",
    )
    return tuple((extended_field.get(name) or "").lower() or None for name in names)


def extended(item: Item, asked: Element) -> Element | None:
    """Write a MAPI property: what a client has stored there, else what the letter says."""
    stored = item.kept.get(address_of(asked))
    if stored is not None:
        return stored
    tag = int(asked.get("PropertyTag") or "0", 0)
    value = _MAPI[tag](item) if tag in _MAPI else None
    if asked.get("DistinguishedPropertySetId") == "InternetHeaders":
        value = item.header(asked.get("PropertyName") or "")
    return None if value is None else _property(asked, value)


def folder_element(folder: Folder, asked: Asked) -> Element:
    """Write a folder."""
    kinds = {"IPF.Appointment": "Calendar", "IPF.Contact": "Contacts", "IPF.Task": "Tasks"}
    element = t(f"{kinds.get(folder.cls, '')}Folder", folder_id(folder))
    items = folder.items
    known: dict[str, Callable[[], Element]] = {
        "folder:ParentFolderId": lambda: folder_id(folder.parent or folder, "ParentFolderId"),
        "folder:FolderClass": lambda: t("FolderClass", folder.cls),
        "folder:DisplayName": lambda: t("DisplayName", folder.name),
        "folder:TotalCount": lambda: t("TotalCount", len(items)),
        "folder:ChildFolderCount": lambda: t("ChildFolderCount", len(folder.folders)),
    }
    for field, write in known.items():
        if asked.base != "IdOnly" or field in asked.fields:
            element.append(write())
    for address in asked.extended:
        value = _FOLDER_MAPI.get(int(address.get("PropertyTag") or "0", 0))
        if value is not None:
            element.append(_property(address, value(folder)))
    if asked.base != "IdOnly" or "folder:UnreadCount" in asked.fields:
        element.append(t("UnreadCount", sum(not item.is_read for item in items)))
    return element


def attachments(item: Item) -> Iterator[tuple[str, str, bytes]]:
    """Yield name, type and content of the files in a letter."""
    for part in item.message.iter_attachments():
        content = part.get_payload(decode=True)
        if isinstance(content, bytes):
            yield part.get_filename() or "", part.get_content_type(), content


def _property(asked: Element, value: object) -> Element:
    uri = t("ExtendedFieldURI", **{str(name): str(text) for name, text in asked.attrib.items()})
    return t("ExtendedProperty", uri, t("Value", str(value)))


def _sent(item: Item) -> datetime:
    try:
        moment = parsedate_to_datetime(item.header("Date") or "")
    except ValueError:
        return item.received
    return moment if moment.tzinfo else item.received


def _people(tag: str, header: str) -> Callable[[Item], Element | None]:
    def write(item: Item) -> Element | None:
        people = item.people(header)
        return t(tag, *(mailbox_element(*one) for one in people)) if people else None

    return write


def _from(item: Item) -> Element | None:
    people = item.people("From")
    return t("From", mailbox_element(*people[0])) if people else None


def _body(item: Item) -> Element:
    part = item.message.get_body(("plain", "html"))
    return t("Body", "" if part is None else part.get_content(), BodyType="Text")


def _headers(item: Item) -> Element:
    lines = item.raw.replace(b"\r\n", b"\n").partition(b"\n\n")[0].split(b"\n")
    pairs = (line.decode("utf-8", "replace").partition(":") for line in lines if b":" in line)
    return t(
        "InternetMessageHeaders",
        *(t("InternetMessageHeader", value.strip(), HeaderName=name) for name, _, value in pairs),
    )


def _mime(item: Item) -> Element:
    return t("MimeContent", base64.b64encode(item.raw).decode(), CharacterSet="UTF-8")


_EXTENDED = "item:ExtendedProperty"

_FIELDS: list[tuple[str, Callable[[Item], Element | None]]] = [
    ("item:MimeContent", _mime),
    ("item:ItemId", item_id),
    ("item:ParentFolderId", lambda item: folder_id(item.folder, "ParentFolderId")),
    ("item:ItemClass", lambda _: t("ItemClass", "IPM.Note")),
    ("item:Subject", lambda item: t("Subject", item.header("Subject"))),
    ("item:Body", _body),
    ("item:DateTimeReceived", lambda item: t("DateTimeReceived", stamp(item.received))),
    ("item:Size", lambda item: t("Size", len(item.raw))),
    ("item:Categories", lambda item: t("Categories", *(t("String", c) for c in item.categories))
        if item.categories else None),
    ("item:Importance", lambda _: t("Importance", "Normal")),
    ("item:IsDraft", lambda item: t("IsDraft", item.is_draft)),
    ("item:InternetMessageHeaders", _headers),
    ("item:DateTimeSent", lambda item: t("DateTimeSent", stamp(_sent(item)))),
    ("item:HasAttachments", lambda item: t("HasAttachments", any(attachments(item)))),
    (_EXTENDED, lambda _: None),
    ("message:ToRecipients", _people("ToRecipients", "To")),
    ("message:CcRecipients", _people("CcRecipients", "Cc")),
    ("message:From", _from),
    ("message:InternetMessageId", lambda item: t("InternetMessageId", item.header("Message-ID"))),
    ("message:IsRead", lambda item: t("IsRead", item.is_read)),
]  # fmt: skip
"""Fields of a letter in the order of the schema."""

_MAPI: dict[int, Callable[[Item], object]] = {
    0x0E07: lambda item: (1 if item.is_read else 0) | (8 if item.is_draft else 0),
    0x0E08: lambda item: len(item.raw),
    0x0E23: lambda item: item.number,
    0x1035: lambda item: item.header("Message-ID"),
    0x0E06: lambda item: stamp(item.received),
    0x0039: lambda item: stamp(_sent(item)),
    0x3008: lambda item: stamp(item.received),
    0x0037: lambda item: item.header("Subject"),
    0x007D: lambda item: item.raw.partition(b"\r\n\r\n")[0].decode("latin-1") + "\r\n\r\n",
    0x300B: lambda item: base64.b64encode(f"K{item.number:06}".encode()).decode(),
}
"""MAPI properties that DavMail reads: flags, size, number of IMAP, headers, search key."""

_FOLDER_MAPI: dict[int, Callable[[Folder], object]] = {
    0x0E08: lambda folder: sum(len(item.raw) for item in folder.items),
    0x3613: lambda folder: folder.cls,
    0x3602: lambda folder: len(folder.items),
    0x670A: lambda folder: stamp(datetime.now().astimezone()),
    0x67A4: lambda folder: folder.box.sequence,
    0x6751: lambda folder: max((item.number for item in folder.items), default=0) + 1,
}


def parsed(raw: bytes) -> Element:
    """Read a call; entities and the network stay out."""
    return etree.fromstring(raw, etree.XMLParser(resolve_entities=False, no_network=True))
