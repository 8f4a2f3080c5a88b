"""Redmine as a :class:`~mcur.connectors.ports.Tracker`."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from mcur.connectors.edits import beside
from mcur.connectors.ports import (
    Barred,
    Blobs,
    ConnectorError,
    NewTask,
    NotYet,
    Rejected,
    TaskChange,
    TaskLost,
    TrackerChanges,
    Unavailable,
)
from mcur.connectors.redmine.catalog import Catalog
from mcur.connectors.redmine.changes import ChangeReader, Cursor
from mcur.connectors.redmine.check import complaints
from mcur.connectors.redmine.client import Absent, Client, Forbidden, Invalid, Json
from mcur.connectors.redmine.marks import key_token, note_mark
from mcur.connectors.redmine.pages import WikiPages
from mcur.connectors.redmine.read import Reader, own_marks, server_stamp
from mcur.connectors.redmine.roll import RollCall
from mcur.connectors.redmine.shape import RedmineShape
from mcur.connectors.redmine.write import Wish, Writer
from mcur.playbooks.facts import Attachment, TaskSeen

TOLERANCE = timedelta(seconds=2)
"""Redmine's Date header is cut to the second and under way for a moment: that is no skew."""

_FIND_AT_ONCE = 100
_FIND_BYTES = 1500
"""Bytes of keys in one request: Redmine keeps the filter in its session cookie of 4 kB and answers
500 where that overflows."""


class RedmineTracker:
    """One Redmine. Safe in several threads.

    A task that was made is always returned, with ``ignored`` saying what Redmine left out. A
    create whose answer got lost, or that was answered 404 or 500, is :class:`Unavailable`: it may
    have been made, so the caller looks by key before it repeats.
    """

    def __init__(self, shape: RedmineShape, blobs: Blobs) -> None:
        self.name = shape.name
        self.shape = shape
        self._blobs = blobs
        self._client = Client(shape)
        self._catalog = Catalog(self._client)
        self._reader = Reader(shape, self._catalog)
        self._writer = Writer(shape, self._catalog, self._reader)
        self._changes = ChangeReader(self._client, self._catalog, self._reader)
        self._roll = RollCall(self._changes, self._catalog)
        self.wiki = WikiPages(self._client) if shape.page else None
        self._skew = timedelta(0)
        self._skew_lock = threading.Lock()

    def create(self, task: NewTask, now: datetime) -> TaskSeen:
        """Make the task and return it as it stands there. Never looks first: the caller does."""
        doing = f"create task {task.key}"
        wish = self._writer.new(task, now)
        self._attach(task.attachments, wish)
        issue = self._post(doing, wish)
        wish.ignored += self._without_field(wish, issue)
        wish.ignored += self._settle(wish, issue)
        seen = self._reader.task(issue, self._measured(now, issue))
        return replace(seen, ignored=tuple(wish.ignored))

    def update(self, change: TaskChange, now: datetime) -> TaskSeen:
        """Change the task, read it back; :class:`Rejected` names what Redmine ignored.

        What does not differ is not sent; nothing at all is sent where there is neither a
        difference nor a note nor a file. ``ignored`` names what could not be written here at all,
        ``edited`` what somebody wrote in between and stands.
        :class:`NotYet`: all is written but the end of a task under which others are open.
        """
        issue = self._standing(change.ident)
        change, edited = beside(change, self._reader.task(issue, self._measured(now)))
        wish = self._writer.change(change, issue)
        if change.note is None or "notes" in wish.values:
            self._attach(change.attachments, wish)
        if wish.values:
            self._put(change.ident, wish)
            issue = self._read_back(change.ident)
        wish.ignored += self._without_field(wish, issue)
        refused = self._writer.differences(wish.values, issue)
        if refused:
            said = "; ".join(wish.ignored + refused)
            msg = f"update task {change.ident} in Redmine «{self.name}»: {said}"
            raise Rejected(msg)
        if wish.waits:
            raise NotYet(wish.waits)
        seen = self._reader.task(issue, self._measured(now, issue if wish.values else None))
        return replace(seen, ignored=tuple(wish.ignored), edited=edited)

    def find(self, keys: Collection[str], now: datetime) -> dict[str, TaskSeen]:
        """Return those of the tasks that are there, by key, as a list shows them: without notes.

        With fields many keys go into one request; in ``bare`` each key is a request of
        its own, for Redmine searches subjects by one word only. Of two issues under one key (a
        person copied one) the older counts.
        """
        found: dict[str, TaskSeen] = {}
        for issue in self._candidates(keys):
            key = self._reader.key(issue)
            if key is not None and key in keys and key not in found:
                found[key] = self._reader.task(issue, self._measured(now))
        return found

    def has_note(self, ident: str, token: str) -> bool:
        """Whether the change with this token was already written."""
        return note_mark(token) in own_marks(self._changes.whole(ident))

    def file(self, ident: str, name: str) -> bytes:
        """Return the newest file of that name on an issue."""
        doing = f"read file {name} of task {ident}"
        files = self._changes.whole(ident).get("attachments", ())
        numbers = [file["id"] for file in files if file["filename"] == name]
        if not numbers:
            msg = f"{doing}: Redmine «{self.name}» has no such file there any more"
            raise Rejected(msg)
        return self._client.download(doing, f"/attachments/download/{max(numbers)}")

    def changes(self, cursor: str | None, now: datetime) -> TrackerChanges:
        """Return tasks changed since the cursor, see :mod:`~mcur.connectors.redmine.changes`."""
        batch = self._changes.read(Cursor.read(cursor) if cursor is not None else None, now)
        skew = self._measured(now)
        tasks = tuple(self._reader.task(issue, skew) for issue in batch.issues)
        return TrackerChanges(tasks=tasks, cursor=batch.cursor.write(), more=batch.more)

    def lost(self, idents: Collection[str], now: datetime) -> tuple[TaskLost, ...]:
        """Return tasks that are not in our projects any more, see :mod:`~mcur.connectors.redmine.roll`."""
        skew = self._measured(now)
        gone = [TaskLost(ident=one, how="deleted") for one in idents if not one.isdecimal()]
        for one in self._roll.missing([int(ident) for ident in idents if ident.isdecimal()]):
            seen = self._reader.task(one.issue, skew) if one.issue else None
            gone.append(TaskLost(ident=str(one.number), how=one.how, seen=seen))
        return tuple(gone)

    def check(self) -> list[str]:
        """Log in and say in sentences what is missing here; empty when all is well."""
        self._catalog.forget()
        return complaints(self._client, self._catalog)

    def _standing(self, ident: str) -> Json:
        """Read an issue as it stands; one that is hidden from this account shuts no door."""
        try:
            return self._changes.whole(ident)
        except Forbidden as exc:
            self._roll.check_door()
            msg = f"update task {ident}: Redmine «{self.name}» hides it from this account"
            raise Rejected(msg) from exc

    def _post(self, doing: str, wish: Wish) -> Json:
        """Make the issue; where Redmine refuses it with an assignee, make it without."""
        path = "/issues.json?include=attachments"
        try:
            return self._made(doing, path, wish)
        except Invalid as exc:
            self._without_assignee(wish, exc)
            return self._made(doing, path, wish)

    def _made(self, doing: str, path: str, wish: Wish) -> Json:
        try:
            issue: Json = self._client.post(doing, path, "issue", {"issue": wish.values})
        except Absent as exc:  # some servers make the issue and answer 404
            raise Unavailable(str(exc)) from exc
        return issue

    def _put(self, ident: str, wish: Wish) -> None:
        """Change the issue; where Redmine refuses an assignee, change the rest."""
        doing, path = f"update task {ident}", f"/issues/{ident}.json"
        try:
            try:
                self._client.put(doing, path, {"issue": wish.values})
            except Invalid as exc:
                self._without_assignee(wish, exc)
                self._client.put(doing, path, {"issue": wish.values})
        except Absent as exc:  # it was read a moment ago: whether it is gone, the next look tells
            raise Unavailable(str(exc)) from exc

    def _without_assignee(self, wish: Wish, refusal: Invalid) -> None:
        """Take the assignee out of a refused wish: locked, or in a role that is assigned nothing."""
        if not wish.values.pop("assigned_to_id", None):
            raise refusal
        wish.ignored.append(f"assignee was left out: {refusal}")

    def _without_field(self, wish: Wish, issue: Json) -> list[str]:
        """Say which fields an issue does not have; whoever took them away may bring others."""
        wanted = {entry["id"] for entry in wish.values.get("custom_fields", ())}
        gone = wanted - {entry["id"] for entry in issue.get("custom_fields", ())}
        names = {number: ours for ours, number in self._catalog.fields().items()}
        if gone:
            self._catalog.forget()
        return [
            f"field {names.get(number, number)} was left out: it is there no more"
            for number in gone
        ]

    def _settle(self, wish: Wish, issue: Json) -> list[str]:
        """Compare a new issue with the wish; a status that creating cannot set is set now."""
        wanted = wish.values["status_id"]
        if issue["status"]["id"] != wanted:
            number = issue["id"]
            try:
                path = f"/issues/{number}.json"
                self._client.put(f"set status of {number}", path, {"issue": {"status_id": wanted}})
                issue.update(self._changes.whole(number))
            except ConnectorError as exc:
                return [
                    f"status was left out: {exc}",
                    *self._writer.differences(wish.values, issue),
                ]
        return self._writer.differences(wish.values, issue)

    def _read_back(self, ident: str) -> Json:
        """Read what was just written; if that fails, the change may stand there all the same."""
        try:
            return self._changes.whole(ident)
        except Unavailable as exc:
            exc.reached = True
            raise

    def _attach(self, files: Iterable[Attachment], wish: Wish) -> None:
        """Bring files over; one that Redmine does not take is named and left out, or stands there smaller."""
        uploads = []
        for file in files:
            doing = f"upload file {file.name}"
            try:
                token = self._client.upload(doing, file.name, self._blobs.get(file.digest))
            except (Rejected, KeyError) as exc:
                smaller = self._smaller(doing, file) if isinstance(exc, Rejected) else None
                if smaller is None:
                    wish.ignored.append(f"file {file.name} was left out: {exc}")
                else:
                    uploads.append(smaller)
                continue
            uploads.append(
                {"token": token, "filename": file.name, "content_type": file.content_type}
            )
        if uploads:
            wish.values["uploads"] = uploads

    def _smaller(self, doing: str, file: Attachment) -> dict[str, str] | None:
        """Bring over the largest copy of a picture that Redmine takes, and say beside it that it is one."""
        if not file.content_type.startswith("image/"):
            return None
        from mcur.connectors.papers.smaller import smaller_copies

        name = f"{file.name.rpartition('.')[0] or file.name}.jpg"
        for copy in smaller_copies(self._blobs.get(file.digest)):
            try:
                token = self._client.upload(doing, name, copy)
            except Rejected:
                continue
            about = f"уменьшенная копия; исходный файл сохранен, sha256 {file.digest[:16]}…"
            return {
                "token": token, "filename": name, "content_type": "image/jpeg", "description": about,
            }  # fmt: skip
        return None

    def _candidates(self, keys: Collection[str]) -> Iterator[Json]:
        doing = f"look for {len(keys)} tasks"
        if not self.shape.has_fields:
            for key in keys:
                yield from self._changes.rows([("subject", "~", key_token(key))], doing)
            return
        field = f"cf_{self._catalog.field('key')}"
        for portion in _portions(keys):
            for issue in self._changes.rows([(field, "=", portion)], doing):
                if self._reader.key(issue) not in portion:
                    msg = (
                        f"{doing}: Redmine «{self.name}» does not search by field "
                        f"«{self.shape.field_names['key']}»: mark it «Used as a filter»"
                    )
                    raise Barred(msg)
                yield issue

    def _measured(self, now: datetime, written: Json | None = None) -> timedelta:
        """Return how far Redmine's clock is ahead, steady against the second that it is cut to.

        A Redmine that sends no ``Date`` is measured by the stamps of what was just written.
        """
        server = self._client.server_time()
        if server is None and written is not None:
            server = server_stamp(written["updated_on"])
        with self._skew_lock:
            if server is not None and abs(server - now - self._skew) > TOLERANCE:
                skew = server - now
                self._skew = skew if abs(skew) > TOLERANCE else timedelta(0)
            return self._skew


def _portions(keys: Collection[str]) -> Iterator[list[str]]:
    """Cut keys into portions that fit into one request."""
    portion: list[str] = []
    length = 0
    for key in keys:
        cost = len(key.encode()) + 5
        if portion and (len(portion) == _FIND_AT_ONCE or length + cost > _FIND_BYTES):
            yield portion
            portion, length = [], 0
        portion.append(key)
        length += cost
    if portion:
        yield portion
