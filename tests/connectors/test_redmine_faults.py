"""What goes wrong between the daemon and a real Redmine, and in which words that is said."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mcur.connectors.ports import Barred, NotYet, Rejected, TaskChange, Unavailable
from mcur.connectors.redmine.tracker import RedmineTracker
from mcur.playbooks.documents import plain
from mcur.playbooks.facts import Attachment, TaskStatus
from tests.connectors.papers.test_smaller import a_photo
from tests.connectors.test_tracker_contract import Shelf, a_task, all_changes, shape_of
from tests.servers.redmine import KEYS, RedmineServer, Staff
from tests.servers.redmine_front import Fault, Front
from tests.servers.tls import make_certificates

pytestmark = pytest.mark.server


@pytest.fixture
def server(redmine_server: RedmineServer) -> RedmineServer:
    """Give a Redmine with our fields and no issue."""
    redmine_server.reset("full")
    return redmine_server


@pytest.fixture
def front(server: RedmineServer) -> Iterator[Front]:
    """Put a web server before it."""
    with Front(server.url) as running:
        yield running


def tracker_at(server: RedmineServer, **other: object) -> RedmineTracker:
    """Build the connector for the test server."""
    return RedmineTracker(shape_of(server, "full", **other), Shelf())


def now() -> datetime:
    """Return the real time: the server has no other."""
    return datetime.now(UTC)


def test_a_wrong_key_is_said(server: RedmineServer) -> None:
    """The administrator is told which key."""
    tracker = tracker_at(server, key="wrong")

    with pytest.raises(Barred, match="the API key of Redmine «ЦУР» is not accepted"):
        tracker.create(a_task(), now())

    [said] = tracker.check()
    assert said.startswith("log in: the API key of Redmine «ЦУР» is not accepted")


def test_a_key_with_a_cyrillic_letter_is_said(server: RedmineServer) -> None:
    """Typed from a paper with the wrong layout."""
    with pytest.raises(Barred, match="has a letter that none has"):
        tracker_at(server, key="сс" + KEYS["robot"]).create(a_task(), now())


@pytest.mark.parametrize("url", ["redmine.local", "ftp://redmine.local", "http://"])
def test_an_address_that_is_none_is_said(server: RedmineServer, url: str) -> None:
    """Waiting does not mend it."""
    with pytest.raises(Barred, match="is not an address of a Redmine"):
        tracker_at(server, url=url).create(a_task(), now())


def test_a_rest_api_that_is_switched_off_is_said(server: RedmineServer) -> None:
    """Redmine's setting, in Redmine's words."""
    server.setting("rest_api_enabled", "0")

    [said] = tracker_at(server).check()

    assert "REST API is switched off" in said


def test_a_missing_project_is_said(server: RedmineServer) -> None:
    """It will not come by waiting."""
    tracker = tracker_at(server, project="nowhere")

    with pytest.raises(Barred, match="project nowhere: Redmine «ЦУР» has no such project"):
        tracker.create(a_task(), now())

    assert any("read project nowhere" in line for line in tracker.check())


def test_what_a_bare_redmine_lacks_for_us_is_named_one_by_one(server: RedmineServer) -> None:
    """Trackers, statuses, fields."""
    server.reset("bare")

    said = tracker_at(server).check()

    assert any("tracker «Задача исполнителю»" in line for line in said)
    assert any("status «Отказ исполнителя»" in line for line in said)


def test_missing_fields_are_named(server: RedmineServer) -> None:
    """By their Russian names, with what to do."""
    server.sql("delete from custom_fields where name in ('Ключ', 'Меры')")

    said = tracker_at(server).check()

    assert any("field «Ключ»" in line and "attach the field" in line for line in said)
    assert any("field «Меры»" in line for line in said)


def test_a_missing_right_is_named(server: RedmineServer) -> None:
    """Before the first task needs it."""
    server.sql(
        "update roles set permissions = replace(permissions, '- :add_issues\n', '') where name = 'Робот'"
    )

    said = tracker_at(server).check()

    assert said == [
        "project support: the daemon's account has no right to add issues (add_issues)",
        "project plans: the daemon's account has no right to add issues (add_issues)",
    ]
    with pytest.raises(Rejected, match="refuses"):
        tracker_at(server).create(a_task(), now())


def test_a_key_field_that_is_not_searched_is_named(server: RedmineServer) -> None:
    """Redmine would answer every issue to a filter that it does not know."""
    tracker = tracker_at(server)
    tracker.create(a_task(), now())
    server.sql("update custom_fields set is_filter = 0 where name = 'Ключ'")

    with pytest.raises(Rejected, match="Used as a filter"):
        tracker.find(["task:another"], now())

    assert any("Used as a filter" in line for line in tracker.check())


def test_a_server_that_is_not_there_is_unavailable(server: RedmineServer) -> None:
    """Nobody listens: try later, also when checking."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        tracker = tracker_at(server, url=f"http://127.0.0.1:{held.getsockname()[1]}")

        with pytest.raises(Unavailable, match=r"cannot be reached: .*Connection refused"):
            tracker.create(a_task(), now())
        with pytest.raises(Unavailable):
            tracker.check()


def test_a_server_that_says_nothing_is_unavailable(server: RedmineServer) -> None:
    """It took the connection and is silent."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        url = f"http://127.0.0.1:{held.getsockname()[1]}"
        tracker = tracker_at(server, url=url, read_timeout=0.2)

        with pytest.raises(Unavailable, match="did not answer in time"):
            tracker.find(["task:x"], now())


@pytest.mark.parametrize("status", [404, 500, 502, 0])
def test_a_create_whose_answer_got_lost_is_found_when_looked_for(
    server: RedmineServer, front: Front, status: int
) -> None:
    """The issue is there although the answer denied it."""
    tracker = tracker_at(server, url=front.url)
    task = a_task()
    front.faults.append(Fault("POST", "/issues.json", status, after=True))

    with pytest.raises(Unavailable):
        tracker.create(task, now())

    assert tracker.find([task.key], now())[task.key].key == task.key
    assert Staff(server).count() == 1


def test_a_busy_server_says_when_to_come_back(server: RedmineServer, front: Front) -> None:
    """Retry-After reaches the outbox."""
    tracker = tracker_at(server, url=front.url)
    front.faults.append(Fault("POST", "/issues", 429, headers={"Retry-After": "120"}))

    with pytest.raises(Unavailable) as caught:
        tracker.create(a_task(), now())

    assert caught.value.retry_after == timedelta(minutes=2)


@pytest.mark.parametrize("body", [b"<html>Sign in</html>", b"[]", b'{"other": 1}', b""])
def test_an_answer_of_another_shape_is_unavailable(
    server: RedmineServer, front: Front, body: bytes
) -> None:
    """A portal before Redmine answers for it."""
    tracker = tracker_at(server, url=front.url)
    front.faults.append(Fault("GET", "/users/current.json", 200, body))

    with pytest.raises(Unavailable, match="JSON"):
        tracker.check()


def test_a_redirect_is_not_followed(server: RedmineServer, front: Front) -> None:
    """It would turn the POST of a task into a GET of the list."""
    tracker = tracker_at(server, url=front.url)
    where = {"Location": "https://redmine.example/issues.json"}
    front.faults.append(Fault("POST", "/issues", 301, headers=where))

    with pytest.raises(Rejected, match=r"sends us to https://redmine\.example/issues\.json"):
        tracker.create(a_task(), now())


def test_a_lost_race_asks_to_come_back_soon(server: RedmineServer, front: Front) -> None:
    """Two changes of one issue at one moment: 422 without a word."""
    tracker = tracker_at(server, url=front.url)
    made = tracker.create(a_task(), now())
    front.faults.append(Fault("PUT", "/issues/", 422, b'{"errors":[]}'))

    with pytest.raises(Unavailable) as caught:
        tracker.update(TaskChange(ident=made.ident, token="t", note=plain("…")), now())

    assert caught.value.retry_after == timedelta(seconds=2)


def test_a_certificate_is_trusted_by_its_file_only(server: RedmineServer, tmp_path: Path) -> None:
    """Without ca_file the message says what to do."""
    files = make_certificates(tmp_path)
    with Front(server.url, files) as front:
        trusting = tracker_at(server, url=front.url, ca_file=files.ca)
        doubting = tracker_at(server, url=front.url)

        assert trusting.create(a_task(), now()).key
        with pytest.raises(
            Rejected, match=r"certificate of Redmine «ЦУР».*not trusted; set ca_file"
        ):
            doubting.create(a_task(), now())
        assert "ca_file" in doubting.check()[0]


def test_a_ca_file_that_is_not_there_is_said(server: RedmineServer, tmp_path: Path) -> None:
    """It is the configuration that is wrong, not the server."""
    tracker = tracker_at(server, url="https://127.0.0.1:1", ca_file=tmp_path / "no.pem")

    with pytest.raises(Rejected, match=r"no\.pem"):
        tracker.create(a_task(), now())


@pytest.mark.parametrize("login", ["gone", "stranger", "nobody"])
def test_a_task_for_somebody_who_cannot_have_it_is_made_without(
    server: RedmineServer, login: str
) -> None:
    """Locked, no member, unknown: the task stands, and it is said."""
    made = tracker_at(server).create(a_task(assignee=login), now())

    assert made.assignee is None
    assert any(f"assignee {login}" in line for line in made.ignored)


def test_an_assignee_whom_only_redmine_refuses_is_left_out(server: RedmineServer) -> None:
    """A role that may not be assigned: 422 once, then without."""
    server.sql("update roles set assignable = 0 where name = 'Менеджер'")

    made = tracker_at(server).create(a_task(assignee="ivanov"), now())

    assert made.assignee is None
    assert any("assignee was left out" in line for line in made.ignored)


def test_a_field_that_is_gone_does_not_stop_the_task(server: RedmineServer) -> None:
    """Only the key is needed."""
    server.sql("delete from custom_fields where name = 'Источник'")

    made = tracker_at(server).create(a_task(fields={"source": "dobrodel"}), now())

    assert made.ignored == ("field source was left out: this Redmine does not show one for it",)


def test_fields_for_all_projects_are_learned_from_an_issue(server: RedmineServer) -> None:
    """The project does not name those; any issue does."""
    server.sql("update custom_fields set is_for_all = 1")
    server.sql("delete from custom_fields_projects")
    with pytest.raises(Rejected, match="write its number"):
        tracker_at(server).create(a_task(), now())
    Staff(server).make("Кто-то был раньше", tracker_id=4)

    made = tracker_at(server).create(a_task(), now())

    assert made.key == a_task().key


def test_fields_for_all_projects_may_be_given_by_number(server: RedmineServer) -> None:
    """An empty project shows none."""
    server.sql("update custom_fields set is_for_all = 1")
    server.sql("delete from custom_fields_projects")
    [(number,)] = server.sql("select id from custom_fields where name = 'Ключ'")
    tracker = tracker_at(server, fields={"key": str(number)})

    made = tracker.create(a_task(fields={}), now())

    assert made.key == a_task().key


def test_a_status_that_creating_cannot_set_is_set_after(server: RedmineServer) -> None:
    """The workflow lets it be moved, not begun."""
    server.sql("delete from workflows where old_status_id = 0")

    made = tracker_at(server).create(a_task(status=TaskStatus.ON_CONTROL), now())

    assert made.status is TaskStatus.ON_CONTROL
    assert made.ignored == ()


def test_a_status_that_the_workflow_forbids_is_refused_with_both_names(
    server: RedmineServer,
) -> None:
    """Before anything is written: no note stands there without its move."""
    tracker = tracker_at(server)
    made = tracker.create(a_task(), now())
    server.sql(
        "delete from workflows where new_status_id in (select id from issue_statuses where name = 'Закрыта')"
    )
    change = TaskChange(
        ident=made.ident, token="t", status=TaskStatus.CLOSED, note=plain("Закрываю.")
    )

    with pytest.raises(Rejected, match="from «Новая» to «Закрыта»: the workflow of tracker"):
        tracker.update(change, now())

    assert not tracker.has_note(made.ident, "t")


def test_a_parent_with_open_children_is_not_closed_in_silence(server: RedmineServer) -> None:
    """Redmine answers 204 and leaves it open."""
    tracker = tracker_at(server)
    parent = tracker.create(a_task("plan:1"), now())
    tracker.create(a_task("measure:1", parent=parent.ident), now())

    with pytest.raises(NotYet, match="tasks under it are still open"):
        tracker.update(TaskChange(ident=parent.ident, token="t", status=TaskStatus.CLOSED), now())


def test_a_file_that_is_too_large_is_left_out_by_name(server: RedmineServer) -> None:
    """The task is made with the others."""
    server.setting("attachment_max_size", "1")
    shelf = Shelf()
    tracker = RedmineTracker(shape_of(server, "full"), shelf)
    files = tuple(
        Attachment(name=name, content_type="x/y", size=size, digest=shelf.put(b"x" * size))
        for name, size in (("большой.bin", 5000), ("малый.bin", 5))
    )

    made = tracker.create(a_task(attachments=files), now())

    assert made.attachments == ("малый.bin",)
    assert any("file большой.bin was left out" in line for line in made.ignored)


def test_a_task_that_somebody_deleted_cannot_be_changed(server: RedmineServer) -> None:
    """That is said; waiting does not bring it back."""
    with pytest.raises(Rejected, match="read task 4711"):
        tracker_at(server).update(TaskChange(ident="4711", token="t"), now())


def test_stamps_are_in_our_time_however_wrong_the_servers_clock(
    server: RedmineServer, front: Front
) -> None:
    """A cycle at another moment than the server's sees what happens as happening at its moment."""
    front.ahead = timedelta(0)
    tracker = tracker_at(server, url=front.url)
    ours = now() - timedelta(days=3)

    made = tracker.create(a_task(), ours)
    Staff(server).change(made.ident, notes="Принято")
    [seen], _ = all_changes(tracker, None, ours)

    assert abs(made.created_at - ours) < timedelta(seconds=5)
    assert abs(seen.notes[0].at - ours) < timedelta(seconds=5)


def test_without_a_date_header_the_stamps_of_our_own_writes_tell_the_skew(
    server: RedmineServer,
) -> None:
    """Redmine without a web server before it sends none."""
    ours = now() - timedelta(days=3)

    made = tracker_at(server).create(a_task(), ours)

    assert abs(made.created_at - ours) < timedelta(seconds=5)


def test_the_key_is_shown_nowhere(server: RedmineServer) -> None:
    """Neither in the shape's words nor in a refusal's."""
    tracker = tracker_at(server)

    assert KEYS["robot"] not in repr(tracker.shape)


def test_a_file_that_people_put_on_an_issue_is_read_as_it_is(
    server: RedmineServer,
) -> None:
    """The newest of its name, whatever it holds: JSON is a file like any other."""
    tracker = tracker_at(server)
    made = tracker.create(a_task(), now())
    staff = Staff(server)
    staff.attach(made.ident, "карта.csv", b"old")
    staff.attach(made.ident, "карта.csv", '{"номер": 1}'.encode())

    assert tracker.file(made.ident, "карта.csv") == '{"номер": 1}'.encode()
    assert tracker.changes(None, now()).tasks  # the session reads JSON again
    with pytest.raises(Rejected, match="no such file"):
        tracker.file(made.ident, "другой.csv")


def test_a_picture_over_the_limit_stands_there_smaller(server: RedmineServer) -> None:
    """The largest copy that Redmine takes, with the digest of the picture; what is no picture is left out."""
    server.setting("attachment_max_size", "850")
    tracker, shelf = tracker_at(server), Shelf()
    tracker._blobs = shelf
    photo, paper = a_photo("JPEG"), bytes(2_000_000)
    files = [
        Attachment(name=name, content_type=kind, size=len(content), digest=shelf.put(content))
        for name, kind, content in (
            ("двор.png", "image/png", photo),
            ("акт.pdf", "application/pdf", paper),
        )
    ]

    made = tracker.create(a_task(attachments=tuple(files)), now())

    assert made.attachments == ("двор.jpg",)
    assert [line.partition(":")[0] for line in made.ignored] == ["file акт.pdf was left out"]
    [(size, about)] = server.sql("select filesize, description from attachments")
    assert int(str(size)) < 850 * 1024
    assert files[0].digest[:16] in str(about)
