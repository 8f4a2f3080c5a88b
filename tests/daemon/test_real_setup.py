"""A Redmine made ready: the script for what REST cannot, the command for the rest, both again, and work."""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.daemon.test_cli import Said, called
from tests.fakes import write_csv
from tests.servers.redmine import KEYS, RedmineServer

pytestmark = pytest.mark.server

SITE = """
name = "МЦУР"
playbooks = ["odintsovo-1204"]
administrator = "admin@firm.test"

[live]
from = 2026-11-18T00:00:00+03:00
tasks = "on"

[mail]
address = "robot@firm.test"

[courier]
kind = "files"
path = "mail/out"

[[feeds]]
id = "dobrodel"
path = "feeds"

[[tracker]]
id = "redmine"
kind = "redmine"
url = "{url}"
key_file = "secrets/redmine.key"
project = "cur"
projects = {{ plan = "plany" }}

[[people]]
role = "mcur_head"
name = "Петрова Анна"
email = "petrova@firm.test"
login = "petrova"

[[people]]
role = "okrug_head"
name = "Глебов Глеб"
email = "glebov@firm.test"
login = "glebov"

[[people]]
roles = ["mcur_resp@ЖКХ", "deputy_head@ЖКХ"]
name = "Иванов Иван"
email = "ivanov@firm.test"
login = "ivanov"

[[executors]]
name = "УК «Гарант»"
email = "garant@firm.test"
topics = ["Отопление"]
"""

Mcur = Callable[..., Said]


@pytest.fixture
def site(redmine_server: RedmineServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Lay out a site at a Redmine as Debian installs it, with an administrator's key at hand."""
    redmine_server.reset("bare")
    (tmp_path / "feeds").mkdir()
    (tmp_path / "mcur.toml").write_text(SITE.format(url=redmine_server.url), encoding="utf-8")
    monkeypatch.setenv("MCUR_REDMINE_ADMIN_KEY", KEYS["admin"])
    return tmp_path


@pytest.fixture
def mcur(site: Path, capfd: pytest.CaptureFixture[str]) -> Mcur:
    """Run commands in the site."""

    def run(*arguments: str) -> Said:
        status = called("-c", str(site / "mcur.toml"), *arguments)
        return Said(status, *capfd.readouterr())

    return run


def run_script(server: RedmineServer, mcur: Mcur, site: Path) -> str:
    """Print the script and let Rails run it."""
    script = site / "setup.rb"
    script.write_text(mcur("redmine", "setup", "--script").out, encoding="utf-8")
    return server.run("rails", "runner", str(script))


def read(server: RedmineServer, path: str) -> Any:
    """Read something as the administrator."""
    request = urllib.request.Request(
        server.url + path, headers={"X-Redmine-API-Key": KEYS["admin"]}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def test_from_an_empty_redmine_to_the_first_task(
    redmine_server: RedmineServer, mcur: Mcur, site: Path
) -> None:
    """The script, the command, both again, what is taken away, and work."""
    assert "run the script of `mcur redmine setup --script` first" in mcur("redmine", "setup").err
    assert "made: tracker «Инцидент»" in run_script(redmine_server, mcur, site)
    the_command_makes_the_rest(mcur)
    both_again_make_nothing(redmine_server, mcur, site)
    the_page_opens_forms_that_are_filled_in(redmine_server)
    a_field_that_was_removed_is_named_and_made_again(redmine_server, mcur, site)
    a_status_of_plans_that_was_removed_is_named_and_made_again(redmine_server, mcur, site)

    row = {"number": "4711", "received_at": "2026-11-18T09:12:00", "address": "ул. Мира, д. 1"}
    write_csv(site / "feeds" / "day.csv", [row | {"category": "Отопление"}])
    assert mcur("once", "--at", "2026-11-18T09:50").status == 0
    issues = read(redmine_server, "/issues.json?project_id=cur&status_id=*")["issues"]
    keys = {f["value"] for one in issues for f in one["custom_fields"] if f["name"] == "Ключ"}
    assert "task:odintsovo-1204:dobrodel:4711" in keys
    assert (site / "secrets" / "redmine.key").stat().st_mode & 0o777 == 0o600


def the_command_makes_the_rest(mcur: Mcur) -> None:
    """Accounts only where that is asked for; somebody without one is named."""
    first = mcur("redmine", "setup")
    assert first.status == 1
    assert "account glebov (Глебов Глеб): Redmine has none" in first.err
    for piece in (
        "project «RM: ЦУР: Управление» (cur)",
        "project «RM: ЦУР: Управление: ЖКХ» (cur-zhkkh)",
        "project «Согласование планов» (plany)",
        "group «глава городского округа»",
        "project cur: category «Отопление»",
        "project cur: wiki page «Wiki»",
    ):
        assert f"made: {piece}\n" in first.out
    second = mcur("redmine", "setup", "--accounts")
    assert (second.status, second.err) == (0, "")
    assert "made: account glebov (Глебов Глеб)\n" in second.out


def both_again_make_nothing(server: RedmineServer, mcur: Mcur, site: Path) -> None:
    """And the daemon's own account lacks nothing."""
    assert run_script(server, mcur, site).strip().startswith("nothing to make")
    again = mcur("redmine", "setup", "--accounts")
    assert (again.status, again.out) == (0, "nothing to make: all of it is there\n")
    assert mcur("check", "--connect").status == 0


def the_page_opens_forms_that_are_filled_in(server: RedmineServer) -> None:
    """By the numbers that trackers have here."""
    page = read(server, "/projects/cur/wiki/Wiki.json")["wiki_page"]["text"]
    trackers = {t["name"]: t["id"] for t in read(server, "/trackers.json")["trackers"]}
    links = dict(re.findall(r'"([^"]+)":(\S+)', page))
    assert list(links) == ["Звонок", "Задание ЦУР", "Угроза жизни"]
    assert f"issue%5Btracker_id%5D={trackers['Звонок']}&" in links["Звонок"]
    assert [title for title, link in links.items() if "issue%5Bpriority_id%5D=" in link] == [
        "Угроза жизни"
    ]


def a_field_that_was_removed_is_named_and_made_again(
    server: RedmineServer, mcur: Mcur, site: Path
) -> None:
    """By the check, and by the script."""
    ((number,),) = server.sql("select id from custom_fields where name = 'Адрес'")
    server.sql("delete from custom_fields where id = ?", number)
    server.sql("delete from custom_fields_projects where custom_field_id = ?", number)
    missing = mcur("check", "--connect")
    assert missing.status == 1
    assert "use field «Адрес»" in missing.err
    assert "made: field «Адрес»" in run_script(server, mcur, site)
    assert mcur("check", "--connect").status == 0


def a_status_of_plans_that_was_removed_is_named_and_made_again(
    server: RedmineServer, mcur: Mcur, site: Path
) -> None:
    """And is offered on plans, beside what an administrator added to their workflow."""
    ((number,),) = server.sql("select id from issue_statuses where name = 'Утверждено'")
    server.sql("delete from issue_statuses where id = ?", number)
    server.sql("delete from workflows where ? in (old_status_id, new_status_id)", number)
    added = "select count(*) from workflows where old_status_id = 1 and new_status_id = 77"
    server.sql(
        "insert into workflows (type, tracker_id, role_id, old_status_id, new_status_id)"
        " select 'WorkflowTransition', t.id, r.id, 1, 77 from trackers t, roles r"
        " where t.name = 'План' and r.name = 'Сотрудник ЦУР'"
    )
    missing = mcur("check", "--connect")
    assert missing.status == 1
    assert "status «Утверждено» of tracker «План»" in missing.err
    assert "«Закрыта» stands for it; run the script" in missing.err
    said = run_script(server, mcur, site)
    assert "made: status «Утверждено»\n" in said
    assert set(re.findall("workflow of «(.+?)»", said)) == {"План"}
    assert server.sql(added) == [(1,)]
    assert server.sql(
        "select distinct t.name from workflows w join trackers t on t.id = w.tracker_id"
        " join issue_statuses s on s.id = w.new_status_id where s.name = 'Утверждено'"
    ) == [("План",)]
    ((filters,),) = server.sql("select filters from queries where name = 'На согласовании'")
    ((waits,),) = server.sql("select id from issue_statuses where name = 'На согласовании'")
    assert f"status_id:\n  :operator: \"=\"\n  :values:\n  - '{waits}'\n" in str(filters)
    assert mcur("check", "--connect").status == 0


def test_a_redmine_taken_as_it_is_needs_no_setup(mcur: Mcur, site: Path) -> None:
    """The profile of somebody else's Redmine makes nothing there."""
    path = site / "mcur.toml"
    text = path.read_text("utf-8").replace('project = "cur"', 'project = "cur"\nprofile = "bare"')
    path.write_text(text, encoding="utf-8")
    said = mcur("redmine", "setup")
    assert said.status == 2
    assert "nothing is made" in said.err
