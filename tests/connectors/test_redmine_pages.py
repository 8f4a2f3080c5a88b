"""The page for managers in a real Redmine: written where it says something new, beside what people write."""

from __future__ import annotations

import json
import urllib.request
from typing import Any
from urllib.parse import quote

import pytest

from mcur.connectors.papers.chart import to_png
from mcur.connectors.ports import Page, Rejected, Unavailable
from mcur.connectors.redmine.pages import LINE, WikiPages
from mcur.connectors.redmine.tracker import RedmineTracker
from mcur.playbooks.documents import Chart, plain
from tests.connectors.test_tracker_contract import Shelf, shape_of
from tests.servers.redmine import KEYS, RedmineServer

pytestmark = pytest.mark.server
TITLE = "Обстановка дня"
PATH = f"/projects/support/wiki/{quote(TITLE)}.json"


@pytest.fixture(params=["textile", "markdown"])
def wiki(redmine_server: RedmineServer, request: pytest.FixtureRequest) -> WikiPages:
    """Give a Redmine whose robot may write the wiki, and its pages."""
    redmine_server.reset("full")
    redmine_server.sql("insert into enabled_modules (project_id, name) values (1, 'wiki')")
    redmine_server.sql("insert into wikis (project_id, start_page, status) values (1, 'Wiki', 1)")
    redmine_server.sql(
        "insert into member_roles (member_id, role_id) select m.id, r.id from members m, users u,"
        " roles r where m.project_id = 1 and m.user_id = u.id and u.login = 'robot'"
        " and r.name = 'Робот ЦУР'"
    )
    found = tracker_at(redmine_server, markup=request.param).wiki
    assert found is not None
    return found


def tracker_at(server: RedmineServer, **other: object) -> RedmineTracker:
    """Build the connector for the test server."""
    return RedmineTracker(shape_of(server, "full", page=TITLE, **other), Shelf())


def page(text: str, *received: int) -> Page:
    """Want a page with a text and a picture of some days."""
    chart = Chart(labels=tuple(f"{n}.11" for n in range(1, len(received) + 1)), series=(received,))
    return Page(title=TITLE, document=plain(text), picture=to_png(chart), caption="Поступило")


def there(server: RedmineServer) -> dict[str, Any]:
    """Read the page as the administrator does."""
    found: dict[str, Any] = asked(server, "GET", f"{PATH}?include=attachments")["wiki_page"]
    return found


def asked(server: RedmineServer, method: str, path: str, body: object = None) -> dict[str, Any]:
    """Ask as the administrator."""
    headers = {"X-Redmine-API-Key": KEYS["admin"], "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(server.url + path, method=method, data=data, headers=headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        text = answer.read()
    said: dict[str, Any] = json.loads(text) if text.strip() else {}
    return said


def write(server: RedmineServer, text: str) -> None:
    """Write the whole page by hand."""
    asked(server, "PUT", PATH, {"wiki_page": {"text": text}})


def test_the_same_is_not_written_twice(wiki: WikiPages, redmine_server: RedmineServer) -> None:
    """Neither text nor picture; a picture that has changed takes the place of the old one."""
    assert wiki.keep(page("Открыто 5", 1, 2)) == "version 1"
    assert wiki.keep(page("Открыто 5", 1, 2)) == "version 1"
    [first] = [file["filename"] for file in there(redmine_server)["attachments"]]

    assert wiki.keep(page("Открыто 5", 1, 3)) == "version 2"

    now = there(redmine_server)
    [second] = [file["filename"] for file in now["attachments"]]
    assert second != first
    assert second in now["text"]
    assert now["version"] == 2


def test_what_people_write_above_the_line_stays(
    wiki: WikiPages, redmine_server: RedmineServer
) -> None:
    """However often the daemon writes below it."""
    wiki.keep(page("Открыто 5", 1))
    write(redmine_server, "Планерка в 9:00\r\n\r\n" + there(redmine_server)["text"])

    wiki.keep(page("Открыто 6", 1))

    text = there(redmine_server)["text"]
    assert text.startswith("Планерка в 9:00")
    assert (text.count(LINE), "Открыто 5" in text, "Открыто 6" in text) == (1, False, True)
    assert "правил" not in text


def test_who_wrote_below_the_line_is_told_where_his_words_are(
    wiki: WikiPages, redmine_server: RedmineServer
) -> None:
    """His version keeps them, and the line that says so stays until people take it away."""
    wiki.keep(page("Открыто 5", 1))
    text = there(redmine_server)["text"]
    write(redmine_server, text.replace("Открыто 5", "Открыто 5, из них 2 спорных"))

    wiki.keep(page("Открыто 6", 1))
    wiki.keep(page("Открыто 7", 1))

    now = there(redmine_server)
    assert "версия 2" in now["text"].partition(LINE)[0]
    assert now["text"].count("версия 2") == 1
    old = asked(redmine_server, "GET", PATH.replace(".json", "/2.json"))["wiki_page"]
    assert "2 спорных" in old["text"]


def test_a_page_that_people_made_gets_a_part_below(
    wiki: WikiPages, redmine_server: RedmineServer
) -> None:
    """Nothing of it is lost; nor is anything where somebody took the line away."""
    write(redmine_server, "Наша страница")
    wiki.keep(page("Открыто 5", 1))
    text = there(redmine_server)["text"]
    assert text.startswith("Наша страница")

    write(redmine_server, text.replace(LINE, ""))
    wiki.keep(page("Открыто 6", 1))

    now = there(redmine_server)["text"]
    assert now.count(LINE) == 1
    assert "версия 3" in now.partition(LINE)[0]


def test_two_writers_at_once_lose_nothing(
    wiki: WikiPages, redmine_server: RedmineServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody saves between reading and writing: the outbox comes again."""
    wiki.keep(page("Открыто 5", 1))
    seen = there(redmine_server)
    monkeypatch.setattr(wiki, "_read", lambda _doing, _path: seen)
    write(redmine_server, "Срочно!\n\n" + seen["text"])

    with pytest.raises(Unavailable, match="409"):
        wiki.keep(page("Открыто 6", 1))

    monkeypatch.undo()
    wiki.keep(page("Открыто 6", 1))
    assert there(redmine_server)["text"].startswith("Срочно!")


def test_a_redmine_that_allows_no_page_shuts_no_door(redmine_server: RedmineServer) -> None:
    """It is refused, and the check says which right is missing, or which module."""
    redmine_server.reset("bare")
    tracker = RedmineTracker(shape_of(redmine_server, "bare", page=TITLE), Shelf())
    assert tracker.wiki is not None

    with pytest.raises(Rejected) as refused:
        tracker.wiki.keep(page("Открыто 5", 1))

    assert type(refused.value).__name__ != "Barred"
    assert any("module «Wiki»" in said for said in tracker.check())
    assert any("(edit_wiki_pages)" in said for said in tracker.check())
