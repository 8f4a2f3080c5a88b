"""What changed since a cursor, read so that nothing is lost and an idle poll costs one request.

Redmine has no change feed. Its lists can be asked for ``updated_on>=T`` to the second, pages by
offset drift while people work, and histories come only with single issues. So:

1. The first call sweeps the projects by number (``issue_id>=N``), open and closed. Issues without
   our key come without their notes there: 400 old issues cost four requests.
2. From then on each call asks for what was touched since a little before the last call's server
   time, for a change is stamped when it begins and seen when it is committed. The cursor remembers
   what that overlap held; an issue that is in it with the same stamp is not fetched again.
3. An issue touched in the very second of the look may be touched again under the same stamp: it is
   remembered with a digest and looked at once more, and handed out again only if it differs.
4. A full page whose rows all carry one stamp (a bulk edit, an import) is finished by number.

The cursor is JSON in the server's time.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta

from mcur.connectors.ports import Rejected
from mcur.connectors.redmine.catalog import Catalog
from mcur.connectors.redmine.client import Absent, Client, Json, Params
from mcur.connectors.redmine.read import Reader, server_stamp

PAGE = 100
"""The most that Redmine gives at once."""

OVERLAP = timedelta(seconds=60)
"""How long a change may take from its stamp to its commit."""

FRESH = timedelta(seconds=2)
"""A stamp younger than this may still be given to another change."""

WHOLE = "journals,attachments,children,allowed_statuses"


@dataclass(slots=True)
class Cursor:
    """Where the reading stands: server time, and what was seen at or after it.

    ``sweep`` is the next number of the first sweep; ``drain`` the next number inside the second
    ``since``. ``seen`` holds ``stamp`` or, for a fresh issue, ``stamp#digest``, by number.
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


class ChangeReader:
    """Reads changes of the configured projects."""

    def __init__(self, client: Client, catalog: Catalog, reader: Reader) -> None:
        self._client = client
        self._catalog = catalog
        self._reader = reader

    def read(self, cursor: Cursor | None) -> Batch:
        """Take the next step after the cursor."""
        if cursor is None:
            rows = self._rows([("issue_id", ">=", "1")], "id:asc")
            start = Cursor(since=_stamp(self._server_now() - OVERLAP), sweep=1)
            return self._sweep(start, rows)
        if cursor.sweep is not None:
            return self._sweep(
                cursor, self._rows([("issue_id", ">=", str(cursor.sweep))], "id:asc")
            )
        if cursor.drain is not None:
            return self._drain(cursor, cursor.drain)
        return self._poll(cursor)

    def whole(self, number: int | str) -> Json:
        """Fetch one issue with its history."""
        issue: Json = self._client.get(
            f"read task {number}", f"/issues/{number}.json", "issue", [("include", WHOLE)]
        )
        return issue

    def rows(self, filters: list[tuple[str, str, str | list[str]]], doing: str) -> list[Json]:
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

    def _sweep(self, cursor: Cursor, rows: list[Json]) -> Batch:
        issues = [self.whole(row["id"]) if self._reader.key(row) else row for row in rows]
        seen = dict(cursor.seen)
        now = self._server_now()
        for issue in issues:
            if issue["updated_on"] >= cursor.since:
                seen[str(issue["id"])] = _remembered(issue, now)
        more = len(rows) == PAGE
        after = int(rows[-1]["id"]) + 1 if more else None
        return Batch(issues, Cursor(since=cursor.since, sweep=after, seen=seen), more)

    def _poll(self, cursor: Cursor) -> Batch:
        rows = self._rows([("updated_on", ">=", cursor.since)], "updated_on:asc,id:asc")
        now = self._server_now()
        issues, seen = self._news(rows, cursor, now)
        if len(rows) < PAGE:
            since = _stamp(now - OVERLAP)
            kept = {number: mark for number, mark in seen.items() if mark >= since}
            return Batch(issues, Cursor(since=since, seen=kept), more=False)
        last = rows[-1]["updated_on"]
        if last == rows[0]["updated_on"]:
            drain = int(rows[-1]["id"]) + 1
            return Batch(issues, Cursor(since=last, drain=drain, seen=seen), more=True)
        return Batch(issues, Cursor(since=last, seen=seen), more=True)

    def _drain(self, cursor: Cursor, start: int) -> Batch:
        """Finish a second that holds more than a page."""
        same = ("updated_on", "><", [cursor.since, cursor.since])
        rows = self._rows([same, ("issue_id", ">=", str(start))], "id:asc")
        issues, seen = self._news(rows, cursor, self._server_now())
        if len(rows) == PAGE:
            after = Cursor(since=cursor.since, drain=int(rows[-1]["id"]) + 1, seen=seen)
        else:
            following = _stamp(server_stamp(cursor.since) + timedelta(seconds=1))
            after = Cursor(since=following, seen=seen)
        return Batch(issues, after, more=True)

    def _news(
        self, rows: list[Json], cursor: Cursor, now: datetime
    ) -> tuple[list[Json], dict[str, str]]:
        """Fetch what is new against the cursor, and add it to what was seen."""
        issues: list[Json] = []
        seen = dict(cursor.seen)
        for row in rows:
            number = str(row["id"])
            held = seen.get(number, "")
            if held == row["updated_on"]:
                continue
            issue = self._with_history(row, now)
            if issue is None:
                continue
            mark = _remembered(issue, now)
            if (
                not held
                or mark.partition("#")[0] != held.partition("#")[0]
                or _digest(issue) != held.partition("#")[2]
            ):
                issues.append(issue)
            seen[number] = mark
        return issues, seen

    def _with_history(self, row: Json, now: datetime) -> Json | None:
        """Fetch the history, where there can be one; ``None`` if the issue is gone meanwhile."""
        untouched = row["created_on"] == row["updated_on"]
        if untouched and not _is_fresh(row, now):
            return row
        try:
            return self.whole(row["id"])
        except Absent:
            return None

    def _rows(self, filters: list[tuple[str, str, str | list[str]]], order: str) -> list[Json]:
        projects = [str(number) for number in self._catalog.projects()]
        conditions = [("project_id", "=", projects), ("status_id", "*", []), *filters]
        listed = self._list(conditions, order, "read changes")
        # A filter that Redmine does not know gives every issue that the account may see.
        return [row for row in listed if str(row["project"]["id"]) in projects]

    def _list(
        self, filters: list[tuple[str, str, str | list[str]]], order: str, doing: str
    ) -> list[Json]:
        params = [*query(filters), ("sort", order), ("limit", str(PAGE))]
        params.append(("include", "attachments"))
        listed: list[Json] = self._client.get(doing, "/issues.json", "issues", params)
        return listed

    def _server_now(self) -> datetime:
        """Return the server's clock; without a Date header nothing can be said of its time."""
        now = self._client.server_time()
        if now is None:
            msg = (
                f"read changes: Redmine «{self._client.shape.name}» gives no Date header; "
                "the proxy before it has to leave it in"
            )
            raise Rejected(msg)
        return now


def query(filters: list[tuple[str, str, str | list[str]]]) -> Params:
    """Write filters in Redmine's long form, the only one that knows all operators."""
    params: list[tuple[str, str]] = []
    for name, operator, values in filters:
        params += [("f[]", name), (f"op[{name}]", operator)]
        listed = [values] if isinstance(values, str) else values
        params += [(f"v[{name}][]", value) for value in listed]
    return params


def _remembered(issue: Json, now: datetime) -> str:
    stamp: str = issue["updated_on"]
    return f"{stamp}#{_digest(issue)}" if _is_fresh(issue, now) else stamp


def _is_fresh(issue: Json, now: datetime) -> bool:
    return server_stamp(issue["updated_on"]) > now - FRESH


def _digest(issue: Json) -> str:
    text = json.dumps(issue, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _stamp(moment: datetime) -> str:
    """Write a stamp as Redmine's filter takes it: no offset, no fractions."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
