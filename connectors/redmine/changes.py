"""What changed since a cursor, read so that nothing is lost and an idle poll costs one request.

Redmine has no change feed. Its lists can be asked for ``updated_on>=T`` to the second, pages by
offset drift while people work, and histories come only with single issues. So:

1. The first call sweeps the projects by number (``issue_id>=N``), open and closed, two pages at
   once: a list costs Redmine more than it costs us. The second begins with the last issue of the
   first, so that nothing can slip between them. Issues without our key, and those that nobody has
   touched, come without their notes there.
2. From then on each call asks for what was touched since a little before the last call, for a change
   is stamped when it begins and seen when it is committed. The cursor remembers what that overlap
   held; an issue that is in it with the same stamp is not fetched again.
3. An issue touched in the very second of the look may be touched again under the same stamp: it is
   remembered with a digest and looked at once more, and handed out again only if it differs.
4. Where a full page does not lead past its second (a bulk edit, an import), the second is finished
   by number. Redmine shows whole seconds, keeps fractions where the database does, and takes
   ``>=T`` for «after T-1»: such a page holds fractions of the second before too.

«Before the last call» is told by the server's ``Date`` header. A Redmine without a web server in
front of it (puma alone) sends none: then the newest stamp that was seen stands for it, and an issue
is looked at once more at the next call that is some seconds later by our clock.

The cursor is JSON in the server's time.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from mcur.connectors.ports import Rejected
from mcur.connectors.redmine.catalog import Catalog
from mcur.connectors.redmine.client import Absent, Client, Json, Params
from mcur.connectors.redmine.read import Reader, server_stamp

Filters = Sequence[tuple[str, str, str | list[str]]]
"""Conditions: field, operator, value or values."""

PAGE = 100
"""The most that Redmine gives at once."""

OVERLAP = timedelta(seconds=60)
"""How long a change may take from its stamp to its commit."""

FRESH = timedelta(seconds=2)
"""A stamp younger than this may still be given to another change."""

WHOLE = "journals,attachments,children,allowed_statuses"
"""What single issues are asked for beside themselves; lists know only attachments."""


@dataclass(slots=True)
class Cursor:
    """Where the reading stands: server time, and what was seen at or after it.

    ``sweep`` is the next number of the first sweep, ``drain`` the next number inside the second
    ``since``. ``seen`` holds ``stamp`` or, for an issue that may be touched again under it,
    ``stamp#digest#our time``, by number.
    """

    since: str
    sweep: int | None = None
    drain: int | None = None
    seen: dict[str, str] = field(default_factory=dict)

    def write(self) -> str:
        """Write the cursor."""
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def read(cls, text: str) -> Cursor:
        """Read a cursor that :meth:`write` wrote."""
        try:
            return cls(**json.loads(text))
        except (ValueError, TypeError) as exc:
            msg = f"read changes: the cursor {text[:80]!r} is not one of ours; remove it to start anew"
            raise Rejected(msg) from exc


@dataclass(slots=True)
class Batch:
    """Issues that changed, as Redmine gives them, and where to go on."""

    issues: list[Json]
    cursor: Cursor
    more: bool


@dataclass(slots=True, frozen=True)
class Look:
    """One call: what may be taken for settled by it."""

    now: datetime
    """Our time."""
    server: datetime | None
    """The server's time, where it tells."""

    def settles(self, issue: Json, held: str) -> bool:
        """Whether no further change can come under the issue's present stamp."""
        stamp = issue["updated_on"]
        if self.server is not None:
            return server_stamp(stamp) < self.server - FRESH
        held_stamp, _, rest = held.partition("#")
        looked = float(rest.partition("#")[2] or 0)
        return held_stamp == stamp and self.now.timestamp() - looked > FRESH.total_seconds()

    def has(self, row: Json, held: str) -> bool:
        """Whether this stamp was taken already: for good, or in this look, to come again in a later."""
        stamp, _, rest = held.partition("#")
        looked = rest.partition("#")[2]
        return stamp == row["updated_on"] and looked in ("", self._clock)

    def mark(self, issue: Json, held: str) -> str:
        """Write what the cursor remembers of an issue."""
        stamp: str = issue["updated_on"]
        if self.settles(issue, held):
            return stamp
        return f"{stamp}#{_digest(issue)}#{self._clock}"

    @property
    def _clock(self) -> str:
        """What tells this reading from a later one, however many pages it takes."""
        return f"{self.now.timestamp():.3f}"


class Page(NamedTuple):
    """Issues as a list shows them, the look that they were taken in, and the number to go on from."""

    rows: list[Json]
    look: Look
    next: int | None


class ChangeReader:
    """Reads changes of the configured projects."""

    def __init__(self, client: Client, catalog: Catalog, reader: Reader) -> None:
        self._client = client
        self._catalog = catalog
        self._reader = reader

    def read(self, cursor: Cursor | None, now: datetime) -> Batch:
        """Take the next step after the cursor."""
        if cursor is None:
            cursor = Cursor(since=self._beginning(), sweep=1)
        if cursor.sweep is not None:
            return self._sweep(cursor, cursor.sweep, now)
        if cursor.drain is not None:
            return self._drain(cursor, cursor.drain, now)
        return self._poll(cursor, now)

    def whole(self, number: int | str) -> Json:
        """Fetch one issue with its history."""
        issue: Json = self._client.get(
            f"read task {number}", f"/issues/{number}.json", "issue", [("include", WHOLE)]
        )
        return issue

    def rows(self, filters: Filters, doing: str) -> list[Json]:
        """List all issues that a filter gives, page by page by number, open and closed."""
        found: list[Json] = []
        start = 1
        while True:
            conditions = [*filters, ("issue_id", ">=", str(start)), ("status_id", "*", [])]
            page = self._list(conditions, "id:asc", doing)
            found += page
            if len(page) < PAGE:
                return found
            start = int(page[-1]["id"]) + 1

    def listed(self, filters: Filters, doing: str) -> list[Json]:
        """List one page of the issues of our projects, open and closed."""
        return self._list([*self._ours(), *filters], "id:asc", doing)

    def count(self, filters: Filters, doing: str) -> int:
        """Count the issues of our projects, open and closed."""
        params = [*query([*self._ours(), *filters]), ("limit", "1")]
        total: int = self._client.get(doing, "/issues.json", "total_count", params)
        return total

    def _beginning(self) -> str:
        """Tell from when on changes have to be read once the sweep is through."""
        newest = self._list([("status_id", "*", [])], "updated_on:desc", "read changes", limit=1)
        return self._overlapped(newest) or _stamp(datetime.fromtimestamp(0, UTC))

    def _sweep(self, cursor: Cursor, start: int, now: datetime) -> Batch:
        issues: list[Json] = []
        after = replace(cursor, seen=dict(cursor.seen))
        for page in self._two_pages(start, now):
            swept = [self._swept(row, cursor.since) for row in page.rows]
            recent = [issue for issue in swept if issue["updated_on"] >= cursor.since]
            after.seen |= {str(issue["id"]): page.look.mark(issue, "") for issue in recent}
            after.sweep = page.next
            issues += swept
        return Batch(issues, after, more=after.sweep is not None)

    def _two_pages(self, start: int, now: datetime) -> Iterator[Page]:
        """Read two pages that share an issue; without it, somebody moved issues: then only the first."""
        with ThreadPoolExecutor(1) as beside:
            asked = beside.submit(self._page, start, PAGE - 1, now)
            first = self._page(start, 0, now)
            second = asked.result()
        yield first
        if second.rows and second.rows[0]["id"] == first.rows[-1]["id"]:
            yield second._replace(rows=second.rows[1:])

    def _page(self, start: int, offset: int, now: datetime) -> Page:
        rows = self._rows([("issue_id", ">=", str(start))], "id:asc", offset)
        return Page(rows, Look(now, self._client.server_time()), _next(rows))

    def _swept(self, row: Json, since: str) -> Json:
        """Fetch the history of what is ours and was touched; of other issues nobody asks what was."""
        untouched = row["created_on"] == row["updated_on"] < since
        return row if untouched or not self._reader.key(row) else self.whole(row["id"])

    def _poll(self, cursor: Cursor, now: datetime) -> Batch:
        rows = self._rows([("updated_on", ">=", cursor.since)], "updated_on:asc,id:asc")
        since = self._overlapped(rows) or cursor.since
        issues, seen = self._news(rows, cursor, Look(now, self._client.server_time()))
        after = replace(cursor, seen=seen)
        if len(rows) < PAGE:
            kept = {number: mark for number, mark in seen.items() if mark >= since}
            return Batch(issues, replace(after, since=since, seen=kept), more=False)
        last = rows[-1]["updated_on"]
        if last > cursor.since:
            return Batch(issues, replace(after, since=last), more=True)
        return Batch(issues, replace(after, drain=1), more=True)

    def _drain(self, cursor: Cursor, start: int, now: datetime) -> Batch:
        """Finish a second that a page does not lead past; what is listed beside it does no harm."""
        after_it = _stamp(server_stamp(cursor.since) + timedelta(seconds=1))
        second = ("updated_on", "><", [cursor.since, after_it])
        rows = self._rows([second, ("issue_id", ">=", str(start))], "id:asc")
        issues, seen = self._news(rows, cursor, Look(now, self._client.server_time()))
        after = replace(cursor, seen=seen, drain=_next(rows))
        if after.drain is None:
            after.since = after_it
        return Batch(issues, after, more=True)

    def _news(
        self, rows: list[Json], cursor: Cursor, look: Look
    ) -> tuple[list[Json], dict[str, str]]:
        """Fetch what is new against the cursor, and add it to what was seen."""
        issues: list[Json] = []
        seen = dict(cursor.seen)
        for row in rows:
            number = str(row["id"])
            held = seen.get(number, "")
            issue = None if look.has(row, held) else self._with_history(row, held, look)
            if issue is None:
                continue
            if not _same(issue, held):
                issues.append(issue)
            seen[number] = look.mark(issue, held)
        return issues, seen

    def _with_history(self, row: Json, held: str, look: Look) -> Json | None:
        """Fetch the history, where there can be one; ``None`` if the issue is gone meanwhile."""
        if row["created_on"] == row["updated_on"] and look.settles(row, held):
            return row
        try:
            return self.whole(row["id"])
        except Absent:
            return None

    def _overlapped(self, rows: list[Json]) -> str | None:
        """Return the server's time less the overlap: by its clock, else by its newest stamp."""
        now = self._client.server_time()
        if now is None and rows:
            now = max(server_stamp(row["updated_on"]) for row in rows)
        return _stamp(now - OVERLAP) if now else None

    def _rows(self, filters: Filters, order: str, offset: int = 0) -> list[Json]:
        listed = self._list([*self._ours(), *filters], order, "read changes", offset=offset)
        # A filter that Redmine does not know gives every issue that the account may see.
        projects = self._catalog.projects()
        if any(row["project"]["id"] not in projects for row in listed):
            msg = f"read changes: Redmine «{self._client.shape.name}» does not filter by project"
            raise Rejected(msg)
        return listed

    def _ours(self) -> Filters:
        projects = [str(number) for number in self._catalog.projects()]
        return [("project_id", "=", projects), ("status_id", "*", [])]

    def _list(
        self, filters: Filters, order: str, doing: str, limit: int = PAGE, offset: int = 0
    ) -> list[Json]:
        params = [*query(filters), ("sort", order), ("limit", str(limit))]
        params += [("offset", str(offset)), ("include", "attachments")]
        listed: list[Json] = self._client.get(doing, "/issues.json", "issues", params)
        return listed


def query(filters: Filters) -> Params:
    """Write filters in Redmine's long form, the only one that knows all operators."""
    params: list[tuple[str, str]] = []
    for name, operator, values in filters:
        params += [("f[]", name), (f"op[{name}]", operator)]
        listed = [values] if isinstance(values, str) else values
        params += [(f"v[{name}][]", value) for value in listed]
    return params


def _next(rows: list[Json]) -> int | None:
    """Return the number to go on from, ``None`` after the last page."""
    return int(rows[-1]["id"]) + 1 if len(rows) == PAGE else None


def _same(issue: Json, held: str) -> bool:
    """Whether an issue still is what the cursor remembers of it under the same stamp.

    Of an issue that was listed without its history only the rest is compared.
    """
    stamp, _, rest = held.partition("#")
    known, new = rest.partition("#")[0], _digest(issue)
    return stamp == issue["updated_on"] and (known.startswith(new) or new.startswith(known))


def _digest(issue: Json) -> str:
    """Digest what a list shows of an issue and, after a point, its history where it is there."""
    shown = {name: value for name, value in issue.items() if name not in WHOLE.split(",")[1:]}
    history = shown.pop("journals", None)
    return _short(shown) if history is None else f"{_short(shown)}.{_short(history)}"


def _short(value: object) -> str:
    text = json.dumps(value, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _stamp(moment: datetime) -> str:
    """Write a stamp as Redmine's filter takes it: no offset, no fractions."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
