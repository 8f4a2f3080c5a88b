"""Pages in Redmine's wiki that the daemon keeps for readers.

What people write stands above a line, what the daemon writes below it. The last line below holds a
digest of that part: where it does not fit, a person has written there; his words are replaced, but a
line above says who wrote and which version keeps them. A page is written with the version that was
read, so that of two edits at the same moment none is lost (409, and the outbox comes again).
"""

from __future__ import annotations

import hashlib
import re
from urllib.parse import quote

from mcur.connectors.ports import Barred, ConnectorError, Page, Rejected
from mcur.connectors.redmine import markup
from mcur.connectors.redmine.client import Absent, Client, Json
from mcur.connectors.redmine.marks import note_mark, without_mark

LINE = "Ниже этой строки пишет программа, своё пишите выше неё."
_TOUCHED = "Ниже строки программы правил(а) {who}: слова сохранены в истории страницы, версия {n}."
_DIVIDER = re.compile(rf"(?:\A|\n+)-{{3,}}\n+[_*]*{re.escape(LINE)}[_*]*(?:\n+|\Z)")
_MARK = re.compile(r"‹mcur:[a-z2-7]{10}›")
_PICTURE = re.compile(r"mcur-[0-9a-f]{12}\.png")


class WikiPages:
    """The wiki of a Redmine's project for tasks."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._shape = client.shape

    def keep(self, page: Page) -> str:
        """Make the page say this; what it says already is not written again.

        Errors: :class:`Unavailable`, and :class:`Rejected` where the account may not write here:
        a page shuts no door for tasks.
        """
        try:
            return self._keep(page)
        except Barred as exc:
            raise Rejected(str(exc)) from exc

    def _keep(self, page: Page) -> str:
        path = f"/projects/{self._shape.project}/wiki/{quote(page.title)}.json"
        doing = f"keep page {page.title}"
        there = self._read(doing, path)
        above, below = _parted(_plain(there["text"])) if there else ("", "")
        picture = f"mcur-{hashlib.sha256(page.picture).hexdigest()[:12]}.png"
        wanted = self._below(page, picture)
        if there and below == wanted:
            return f"version {there['version']}"
        values: Json = {}
        if there:
            values["version"] = there["version"]
            if below and _mark_of(below) not in below:
                said = _TOUCHED.format(who=there["author"]["name"], n=there["version"])
                above = f"{above}\n\n{markup.escape(said, self._shape.markup)}".strip()
                values["comments"] = said
        line = f"_{LINE}_" if self._shape.markup == "textile" else f"*{LINE}*"
        values["text"] = "\n\n".join(part for part in (above, "---", line, wanted) if part)
        if picture not in _pictures(there):
            token = self._client.upload(doing, picture, page.picture)
            upload = {"token": token, "filename": picture, "content_type": "image/png"}
            values["uploads"] = [upload]
        self._client.put(doing, path, {"wiki_page": values})
        self._tidy(doing, there, picture)
        return f"version {there['version'] + 1 if there else 1}"

    def _read(self, doing: str, path: str) -> Json | None:
        try:
            found: Json = self._client.get(doing, path, "wiki_page", [("include", "attachments")])
        except Absent:
            return None
        return found

    def _below(self, page: Page, picture: str) -> str:
        """Write the daemon's part, its digest last."""
        kind = self._shape.markup
        body = markup.write(page.document, kind, self._client.base)
        shown = f"!{picture}!" if kind == "textile" else f"![]({picture})"
        text = _plain(f"{body}\n\n{shown}\n\n{markup.escape(page.caption, kind)}")
        return f"{text}\n\n{markup.small(_mark_of(text), kind)}"

    def _tidy(self, doing: str, there: Json | None, picture: str) -> None:
        """Take away the pictures of earlier days; where that is not allowed they stay."""
        for name, number in _pictures(there).items():
            if name != picture:
                try:
                    self._client.delete(doing, f"/attachments/{number}.json")
                except ConnectorError:
                    return


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").strip()


def _parted(text: str) -> tuple[str, str]:
    """Part a page at the line; where somebody took the line away, all of it counts as the daemon's."""
    found = _DIVIDER.search(text)
    if found:
        return text[: found.start()].strip(), text[found.end() :].strip()
    return ("", text) if _MARK.search(text) else (text, "")


def _mark_of(below: str) -> str:
    """Make the mark of the daemon's part from all but the mark itself."""
    return note_mark(" ".join(without_mark(below).split()))


def _pictures(page: Json | None) -> dict[str, int]:
    files = page.get("attachments", ()) if page else ()
    return {f["filename"]: f["id"] for f in files if _PICTURE.fullmatch(f["filename"])}
