"""The calls of EWS: a table from the name of a call to what answers it.

Each takes the call's XML and the mailbox of whoever is logged in, and returns the response's XML.
A call may ask for many things at once; each has an answer of its own, good or bad (MS-OXWSCORE).
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable
from functools import partial
from typing import TypeVar

from tests.servers.ews.mailboxes import Box, EwsError, Firm, Folder, Item
from tests.servers.ews.restrictions import folder_value, item_value, matches
from tests.servers.ews.shapes import (
    Asked,
    address_of,
    folder_element,
    item_element,
    item_id,
    mailbox_element,
)
from tests.servers.ews.words import SPACES, Element, local, m, said, t

Thing = TypeVar("Thing")


class Operations:
    """What the server can do for one who is logged in."""

    def __init__(self, firm: Firm, box: Box) -> None:
        self._firm = firm
        self._box = box

    def answer(self, call: Element) -> Element:
        """Answer a call; one that is not known is refused as EWS refuses it."""
        name = local(call)
        known = {
            "GetFolder": self._get_folder,
            "FindFolder": self._find_folder,
            "CreateFolder": self._create_folder,
            "DeleteFolder": self._delete_folder,
            "FindItem": self._find_item,
            "GetItem": self._get_item,
            "CreateItem": self._create_item,
            "SendItem": self._send_item,
            "UpdateItem": self._update_item,
            "MoveItem": self._move_item,
            "CopyItem": self._copy_item,
            "DeleteItem": self._delete_item,
            "SyncFolderItems": self._sync_folder_items,
            "ResolveNames": self._resolve_names,
            "ConvertId": self._convert_id,
            "GetUserConfiguration": self._get_user_configuration,
        }
        if name not in known:
            raise EwsError("ErrorInvalidRequest", f"{name} is not among what this server can do")
        return m(f"{name}Response", m("ResponseMessages", *known[name](call)))

    # --- folders ---------------------------------------------------------------------------------

    def _get_folder(self, call: Element) -> Iterable[Element]:
        asked = Asked.of(call, "FolderShape")

        def fill(ident: Element) -> list[Element]:
            return [m("Folders", folder_element(self._folder(ident), asked))]

        for ident in _below(call, "m:FolderIds"):
            yield _message("GetFolder", partial(fill, ident))

    def _find_folder(self, call: Element) -> Iterable[Element]:
        asked = Asked.of(call, "FolderShape")
        deep = call.get("Traversal") == "Deep"

        def fill(ident: Element) -> list[Element]:
            found = [
                folder
                for folder in _under(self._folder(ident), deep=deep)
                if _fits(call, folder_value(folder))
            ]
            part, place = _page(found, call, "IndexedPageFolderView")
            folders = t("Folders", *(folder_element(folder, asked) for folder in part))
            return [m("RootFolder", folders, **place)]

        for ident in _below(call, "m:ParentFolderIds"):
            yield _message("FindFolder", partial(fill, ident))

    def _create_folder(self, call: Element) -> Iterable[Element]:
        parent = self._folder(_below(call, "m:ParentFolderId")[0])

        def fill(wanted: Element) -> list[Element]:
            name = said(wanted, "t:DisplayName") or ""
            made = parent.box.add_folder(name, parent)
            return [m("Folders", folder_element(made, Asked("IdOnly", frozenset(), ())))]

        for wanted in _below(call, "m:Folders"):
            yield _message("CreateFolder", partial(fill, wanted))

    def _delete_folder(self, call: Element) -> Iterable[Element]:
        def fill(ident: Element) -> list[Element]:
            folder = self._folder(ident)
            for item in folder.items:
                folder.box.remove(item)
            del folder.box.folders[folder.ident]
            return []

        for ident in _below(call, "m:FolderIds"):
            yield _message("DeleteFolder", partial(fill, ident))

    # --- letters ---------------------------------------------------------------------------------

    def _find_item(self, call: Element) -> Iterable[Element]:
        asked = Asked.of(call)

        def fill(ident: Element) -> list[Element]:
            items = [i for i in self._folder(ident).items if _fits(call, item_value(i))]
            for order in reversed(call.findall("m:SortOrder/t:FieldOrder", SPACES)):
                items.sort(
                    key=lambda item: item_value(item)(order[0]) or "",
                    reverse=order.get("Order") == "Descending",
                )
            part, place = _page(items, call, "IndexedPageItemView")
            listed = t("Items", *(item_element(item, asked, listed=True) for item in part))
            return [m("RootFolder", listed, **place)]

        for ident in _below(call, "m:ParentFolderIds"):
            yield _message("FindItem", partial(fill, ident))

    def _get_item(self, call: Element) -> Iterable[Element]:
        asked = Asked.of(call)
        for item in self._each(call, "GetItem"):
            yield item(lambda one: [m("Items", item_element(one, asked))])

    def _create_item(self, call: Element) -> Iterable[Element]:
        disposition = call.get("MessageDisposition") or "SaveOnly"

        def fill(wanted: Element) -> list[Element]:
            mime = said(wanted, "t:MimeContent")
            if mime is None:
                raise EwsError("ErrorInvalidRequest", "a letter comes as MimeContent here")
            raw = re.sub(rb"\r?\n", b"\r\n", base64.b64decode(mime))
            if disposition != "SaveOnly":
                self._firm.deliver(raw)
            if disposition == "SendOnly":
                return [m("Items")]
            usual = "drafts" if disposition == "SaveOnly" else "sentitems"
            folder = self._target(call, usual)
            item = folder.box.add(folder, raw, is_read=True, is_draft=disposition == "SaveOnly")
            _set_all(item, wanted)
            return [m("Items", t("Message", item_id(item)))]

        for wanted in _below(call, "m:Items"):
            yield _message("CreateItem", partial(fill, wanted))

    def _send_item(self, call: Element) -> Iterable[Element]:
        def fill(item: Item) -> list[Element]:
            self._firm.deliver(item.raw)
            item.is_draft = False
            if call.get("SaveItemToFolder") == "true":
                item.folder.box.move(item, self._target(call, "sentitems"))
            else:
                item.folder.box.remove(item)
            return []

        for item in self._each(call, "SendItem"):
            yield item(fill)

    def _update_item(self, call: Element) -> Iterable[Element]:
        def fill(change: Element) -> list[Element]:
            item = self._item(change[0])
            was_read = item.is_read
            updates = change.findall("t:Updates/*", SPACES)
            for update in updates:
                _set_all(item, update[1]) if local(update) != "DeleteItemField" else None
            read_only = all("IsRead" in (u[0].get("FieldURI") or "") for u in updates)
            is_flag = read_only and was_read != item.is_read
            item.folder.box.touch(item, "read" if is_flag else "update")
            return [
                m("Items", t("Message", item_id(item))),
                m("ConflictResults", t("Count", 0)),
            ]

        for change in _below(call, "m:ItemChanges"):
            yield _message("UpdateItem", partial(fill, change))

    def _move_item(self, call: Element) -> Iterable[Element]:
        target = self._folder(_below(call, "m:ToFolderId")[0])
        for item in self._each(call, "MoveItem"):
            yield item(lambda one: _named(one.folder.box.move(one, target)))

    def _copy_item(self, call: Element) -> Iterable[Element]:
        target = self._folder(_below(call, "m:ToFolderId")[0])
        for item in self._each(call, "CopyItem"):
            yield item(
                lambda one: _named(
                    target.box.add(target, one.raw, received=one.received, is_read=one.is_read)
                )
            )

    def _delete_item(self, call: Element) -> Iterable[Element]:
        def fill(item: Item) -> list[Element]:
            box = item.folder.box
            if call.get("DeleteType") == "MoveToDeletedItems":
                box.move(item, box.well_known["deleteditems"])
            else:
                box.remove(item)
            return []

        for item in self._each(call, "DeleteItem"):
            yield item(fill)

    def _sync_folder_items(self, call: Element) -> Iterable[Element]:
        asked = Asked.of(call)
        most = int(said(call, "m:MaxChangesReturned") or 100)

        def fill() -> list[Element]:
            folder = self._folder(_below(call, "m:SyncFolderId")[0])
            since = _sync_number(said(call, "m:SyncState"))
            with folder.box.changed:
                waiting = [entry for entry in folder.log if entry[0] > since]
                part = waiting[:most]
                changes = _changes(folder, part, asked)
            reached = part[-1][0] if part else since
            return [
                m("SyncState", _sync_state(reached)),
                m("IncludesLastItemInRange", len(part) == len(waiting)),
                m("Changes", *changes),
            ]

        answer = _message("SyncFolderItems", fill)
        if answer.get("ResponseClass") == "Error":  # the schema wants these of an error too
            answer.extend([m("SyncState", ""), m("IncludesLastItemInRange", True)])
        yield answer

    # --- the rest --------------------------------------------------------------------------------

    def _resolve_names(self, call: Element) -> Iterable[Element]:
        wanted = (said(call, "m:UnresolvedEntry") or "").lower().removeprefix("smtp:")
        found = [box for box in self._firm.boxes.values() if wanted in (box.address, box.name)]

        def fill() -> list[Element]:
            if not found:
                raise EwsError("ErrorNameResolutionNoResults", "No results were found.")
            people = (t("Resolution", mailbox_element(box.name, box.address)) for box in found)
            whole = {"TotalItemsInView": len(found), "IncludesLastItemInRange": True}
            return [m("ResolutionSet", *people, **whole)]

        yield _message("ResolveNames", fill)

    def _convert_id(self, call: Element) -> Iterable[Element]:
        kind = "{http://www.w3.org/2001/XMLSchema-instance}type"

        def fill(source: Element) -> list[Element]:
            if source.get("Id") == "DUMMY":  # what exchangelib asks to learn the version
                raise EwsError("ErrorInvalidIdMalformed", "Id is malformed.")
            made = m("AlternateId", Format=call.get("DestinationFormat"), Id=source.get("Id"))
            made.set("Mailbox", source.get("Mailbox") or "")
            made.set(kind, "t:AlternateIdType")
            return [made]

        for source in _below(call, "m:SourceIds"):
            yield _message("ConvertId", partial(fill, source))

    def _get_user_configuration(self, _: Element) -> Iterable[Element]:
        def fill() -> list[Element]:
            raise EwsError("ErrorItemNotFound", "The specified object was not found in the store.")

        yield _message("GetUserConfiguration", fill)

    # --- what calls name -------------------------------------------------------------------------

    def _folder(self, ident: Element) -> Folder:
        if local(ident) != "DistinguishedFolderId":
            return self._firm.folder(ident.get("Id") or "")
        address = said(ident, "t:Mailbox/t:EmailAddress")
        box = self._firm.box(address) if address else self._box
        found = box.well_known.get(ident.get("Id") or "")
        if found is None:
            text = "The specified folder could not be found in the store."
            raise EwsError("ErrorFolderNotFound", text)
        return found

    def _target(self, call: Element, usual: str) -> Folder:
        named = call.find("m:SavedItemFolderId", SPACES)
        return self._box.well_known[usual] if named is None else self._folder(named[0])

    def _item(self, ident: Element) -> Item:
        return self._firm.item(ident.get("Id") or "")

    def _each(
        self, call: Element, name: str
    ) -> Iterable[Callable[[Callable[[Item], list[Element]]], Element]]:
        """Give, for each letter that is named, what makes its answer."""
        for ident in _below(call, "m:ItemIds"):
            yield partial(self._of_item, name, ident)

    def _of_item(self, name: str, ident: Element, fill: Callable[[Item], list[Element]]) -> Element:
        return _message(name, lambda: fill(self._item(ident)))


def _below(call: Element, path: str) -> list[Element]:
    found = call.find(path, SPACES)
    return [] if found is None else list(found)


def _message(name: str, fill: Callable[[], list[Element]]) -> Element:
    """Answer one part of a call: what it gives, or the error that it met."""
    try:
        inside = fill()
    except EwsError as exc:
        rest = {"GetFolder": "Folders", "CreateFolder": "Folders", "GetItem": "Items"}
        rest |= dict.fromkeys(("CreateItem", "UpdateItem", "MoveItem", "CopyItem"), "Items")
        return m(
            f"{name}ResponseMessage",
            m("MessageText", str(exc)),
            m("ResponseCode", exc.code),
            m("DescriptiveLinkKey", 0),
            *([m(rest[name])] if name in rest else []),
            ResponseClass="Error",
        )
    return m(
        f"{name}ResponseMessage", m("ResponseCode", "NoError"), *inside, ResponseClass="Success"
    )


def _named(item: Item) -> list[Element]:
    return [m("Items", t("Message", item_id(item)))]


def _under(folder: Folder, *, deep: bool) -> Iterable[Folder]:
    for one in folder.folders:
        yield one
        if deep:
            yield from _under(one, deep=True)


def _fits(call: Element, value: Callable[[Element], str | None]) -> bool:
    condition = call.find("m:Restriction", SPACES)
    return condition is None or matches(condition[0], value)


def _page(found: list[Thing], call: Element, view: str) -> tuple[list[Thing], dict[str, object]]:
    """Cut a page out of what was found; say where it stands."""
    asked = call.find(f"m:{view}", SPACES)
    start = 0 if asked is None else int(asked.get("Offset") or 0)
    most = len(found) if asked is None else int(asked.get("MaxEntriesReturned") or len(found))
    part = found[start : start + most]
    after = start + len(part)
    place = {"IndexedPagingOffset": after, "TotalItemsInView": len(found)}
    return part, {**place, "IncludesLastItemInRange": after >= len(found)}


def _set_all(item: Item, wanted: Element) -> None:
    """Take over the properties of a letter that a client may set."""
    for value in wanted:
        name = local(value)
        if name == "IsRead":
            item.is_read = value.text == "true"
        elif name == "Categories":
            item.categories = [one.text or "" for one in value]
        elif name == "ExtendedProperty":
            address = value[0]
            item.kept[address_of(address)] = value
            if int(address.get("PropertyTag") or "0", 0) == 0x0E07:
                flags = int(said(value, "t:Value") or 0)
                item.is_read, item.is_draft = bool(flags & 1), bool(flags & 8)


def _changes(folder: Folder, log: list[tuple[int, str, str]], asked: Asked) -> Iterable[Element]:
    """Tell each letter's last change; one that came and went is not told."""
    kinds: dict[str, list[str]] = {}
    for _, kind, ident in log:
        kinds.setdefault(ident, []).append(kind)
    changes = []
    for ident, happened in kinds.items():
        item = folder.box.items.get(ident)
        if item is None:
            if happened[0] != "create":
                changes.append(t("Delete", t("ItemId", Id=ident, ChangeKey="AAAA")))
        elif happened[0] == "create":
            changes.append(t("Create", item_element(item, asked, listed=True)))
        elif set(happened) == {"read"}:
            changes.append(t("ReadFlagChange", item_id(item), t("IsRead", item.is_read)))
        else:
            changes.append(t("Update", item_element(item, asked, listed=True)))
    return changes


def _sync_state(number: int) -> str:
    return base64.b64encode(f"sync:{number}".encode()).decode()


def _sync_number(state: str | None) -> int:
    if not state:
        return 0
    try:
        return int(base64.b64decode(state, validate=True).decode().removeprefix("sync:"))
    except ValueError as exc:
        text = "Synchronization state data is corrupt or otherwise invalid."
        raise EwsError("ErrorInvalidSyncStateData", text) from exc
