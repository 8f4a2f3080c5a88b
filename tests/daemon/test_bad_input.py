"""Bad input of every kind: each has its sentence and its exit status, and stops nothing else."""

from __future__ import annotations

import json
import ssl
import threading
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from mcur.connectors.embedded import EmbeddedTracker
from mcur.daemon.cli import main
from mcur.state.store import State
from tests.fakes import write_letter
from tests.servers.tls import make_certificates


@dataclass
class Said:
    """What a command printed, and its exit status."""

    status: int
    out: str
    err: str


class Site:
    """A site made by ``mcur init``, and its command line."""

    def __init__(self, folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.config = folder / "mcur.toml"
        self._capfd = capfd
        self.say("init", str(folder), "--playbook", "odintsovo-1204", config=False)

    def say(self, *arguments: str, config: bool = True) -> Said:
        """Run a command."""
        self._capfd.readouterr()
        named = ["-c", str(self.config)] if config else []
        status = 0
        try:
            main([*named, *arguments])
        except SystemExit as exc:
            status = int(str(exc.code or 0))
        return Said(status, *self._capfd.readouterr())

    def change(self, old: str, new: str) -> None:
        """Change the site's file."""
        text = self.config.read_text("utf-8")
        assert old in text
        self.config.write_text(text.replace(old, new, 1), "utf-8")

    def add(self, text: str) -> None:
        """Write more into the site's file."""
        self.config.write_text(f"{self.config.read_text('utf-8')}\n{text}\n", "utf-8")


@pytest.fixture
def site(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Site:
    """Make a new site."""
    return Site(tmp_path / "site", capfd)


# --- the site's file ----------------------------------------------------------------------------------

CONFIGURATION: dict[str, tuple[str, str, str]] = {
    "unknown key": (
        "[poll]", "[poll]\nmale = \"2m\"",
        'mcur.toml: poll.male: unknown key; known: feeds, mail, redmine, roll_call; did you mean "mail"?',
    ),
    "role without a person": (
        'role = "mcur_head"', 'role = "mcur_resp"',
        'mcur.toml: people: nobody holds the role "mcur_head", which gets reports of odintsovo-1204;',
    ),
    "unknown playbook": (
        'playbooks = ["odintsovo-1204"]', 'playbooks = ["odintsovo-1024"]',
        'mcur.toml: playbooks[0]: "odintsovo-1024" is not a playbook;',
    ),
    "feed folder missing": (
        'path = "feeds"', 'path = "exports"',
        "exports",
    ),
}  # fmt: skip


@pytest.mark.parametrize("command", ["check", "once", "status", "run"])
@pytest.mark.parametrize("case", CONFIGURATION)
def test_a_wrong_configuration_is_said_with_status_2(site: Site, case: str, command: str) -> None:
    """Whatever command meets it first; nothing is begun."""
    old, new, sentence = CONFIGURATION[case]
    site.change(old, new)

    said = site.say(command)

    assert said.status == 2
    assert sentence in said.err
    assert not list((site.folder / "state").iterdir())


# --- exports ------------------------------------------------------------------------------------------


def a_bomb(path: Path) -> None:
    """Write a workbook of 300 KB that unpacks to 300 MB."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        with archive.open("xl/worksheets/sheet1.xml", "w") as sheet:
            for _ in range(301):
                sheet.write(b" " * 1_000_000)


FILES: dict[str, tuple[str, Callable[[Path], object], str]] = {
    "zip bomb": ("bomb.xlsx", a_bomb, "read bomb.xlsx: the file would unpack to 301000011 bytes;"),
    "not a workbook": (
        "not.xlsx", lambda path: path.write_text("Номер обращения;Дата создания"),
        "read not.xlsx: the file is not a workbook: its first bytes are",
    ),
    "UTF-16": (
        "wide.csv", lambda path: path.write_text("number;received_at\n1;18.11.2026\n", "utf-16"),
        "read wide.csv: the file is in UTF-16 or UTF-32; save it as «CSV UTF-8»",
    ),
    "no headings": (
        "what.csv", lambda path: path.write_text("a;b\n1;2\n"),
        "read what.csv: the file",
    ),
    "empty": ("empty.csv", lambda path: path.write_text(""), "read empty.csv: the file"),
}  # fmt: skip


@pytest.mark.parametrize("case", FILES)
def test_a_file_that_is_no_export_is_said_with_status_1(
    site: Site, tmp_path: Path, case: str
) -> None:
    """By ``ingest``; the file stays where it is."""
    name, write, sentence = FILES[case]
    write(tmp_path / name)

    said = site.say("ingest", str(tmp_path / name), "--source", "export")

    assert said.status == 1
    assert sentence in said.err
    assert "Traceback" not in said.err
    assert (tmp_path / name).exists()


def test_files_that_are_no_exports_stand_aside_and_the_others_are_read(site: Site) -> None:
    """In the folder: they move to ``failed/`` with their reason in quarantine, the good one is taken."""
    feeds = site.folder / "feeds"
    for name, write, _ in FILES.values():
        write(feeds / name)
    (feeds / "good.csv").write_text("number;received_at\n1;18.11.2026 10:00\n", "utf-8")

    said = site.say("once")
    quarantined = json.loads(site.say("quarantine", "--json").out)

    assert said.status == 0
    assert sorted(p.name for p in (feeds / "failed").iterdir()) == sorted(
        n for n, *_ in FILES.values()
    )
    assert [p.name for p in (feeds / "done").iterdir()] == ["good.csv"]
    assert len(json.loads(site.say("appeals", "--json").out)) == 1
    assert {row["file"] for row in quarantined} == {name for name, *_ in FILES.values()}
    for row in quarantined:
        sentence = next(s for n, _, s in FILES.values() if n == row["file"])
        assert sentence in row["reason"]


ROWS = {
    "row without number": (";18.11.2026 10:00", "has no number"),
    "date that is none": ("7;позавчера", "received_at «позавчера» is no date"),
    "date that cannot be": ("7;31.02.2026", "received_at «31.02.2026» is no date"),
}


@pytest.mark.parametrize("case", ROWS)
def test_a_bad_row_stands_aside_with_file_line_and_reason(
    site: Site, tmp_path: Path, case: str
) -> None:
    """The good row beside it is taken; with ``--strict`` the status says that there was one."""
    row, reason = ROWS[case]
    path = tmp_path / "rows.csv"
    path.write_text(f"number;received_at\n{row}\n8;18.11.2026 10:00\n", "utf-8")

    strict = site.say("ingest", str(path), "--source", "export", "--strict")
    listed = json.loads(site.say("quarantine", "--json").out)

    assert strict.status == 1
    assert f"quarantined: rows.csv:2: {reason}" in strict.err
    assert "new 1" in strict.out
    assert [(r["file"], r["line"], r["reason"]) for r in listed] == [("rows.csv", 2, reason)]


# --- letters ------------------------------------------------------------------------------------------


def test_a_letter_of_60_mb_becomes_a_task_that_says_so(site: Site) -> None:
    """Its head is read, nobody's memory is filled, the next letter is not held up."""
    inbox = site.folder / "mail" / "in"
    site.say("once")
    now = datetime.now(UTC)
    big = write_letter(inbox, "big", at=now, subject="Задание", text="Адрес: ул. Мира, 5")
    with big.open("ab") as file:
        file.write(b"\n" * (60 * 2**20))
    write_letter(inbox, "small", at=now, subject="Вопрос", sender="x@y.test")

    said = site.say("once")

    listed = json.loads(site.say("letters", "--all", "--json").out)
    tracker = EmbeddedTracker(site.folder / "state" / "tracker.db")
    [task] = [one for one in tracker.listing() if one.key and ":letter:" in one.key]
    tracker.close()
    assert said.status == 0
    assert {row["subject"]: row["state"] for row in listed} == {
        "Задание": "task",
        "Вопрос": "review",
    }
    assert "письмо 60 МБ больше предела, прочитаны только заголовки" in task.text


def test_bytes_that_are_no_letter_go_to_quarantine_with_their_raw_bytes(site: Site) -> None:
    """Or are read as far as they go; the next letter is not held up."""
    inbox = site.folder / "mail" / "in"
    (inbox / "new" / "junk").write_bytes(bytes(range(256)) * 40)
    write_letter(inbox, "good", at=datetime.now(UTC), sender="x@y.test")

    said = site.say("once")

    kept = json.loads(site.say("letters", "--all", "--json").out)
    kept += json.loads(site.say("quarantine", "--json").out)
    blobs = [p for p in (site.folder / "state" / "blobs").rglob("*") if p.is_file()]
    assert said.status == 0
    assert len(kept) == 2
    assert bytes(range(256)) * 40 in [blob.read_bytes() for blob in blobs]


# --- Redmine ------------------------------------------------------------------------------------------


class Answers(BaseHTTPRequestHandler):
    """What a Redmine with one good key and no project answers."""

    key = "good"

    def do_GET(self) -> None:
        """Answer 401 to a wrong key, 404 to any project."""
        self._answer()

    def _answer(self) -> None:
        status, body = 404, b""
        if self.headers.get("X-Redmine-API-Key") != self.key:
            status = 401
        elif self.path.startswith("/users/current.json"):
            status, body = 200, b'{"user": {"id": 1, "login": "mcur"}}'
        elif not self.path.startswith("/projects/"):
            status, body = 200, b'{"issue_statuses": [], "issue_priorities": [], "issues": []}'
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def port(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[int]:
    """Serve these answers, over TLS of an authority that nobody knows where the case asks for it."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    if request.param:
        files = make_certificates(tmp_path)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(files.server, files.key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


REDMINE = {
    "wrong key": (False, "bad", "the API key of Redmine «redmine» is not accepted"),
    "project missing": (False, "good", "project mcur"),
    "certificate not trusted": (True, "good", "certificate"),
}


@pytest.mark.parametrize(
    ("case", "port"), [(c, r[0]) for c, r in REDMINE.items()], indirect=["port"]
)
def test_a_redmine_that_does_not_let_us_in_is_said_with_status_1(
    site: Site, case: str, port: int
) -> None:
    """By ``check --connect`` and by ``once``; what waits for it waits on."""
    with_tls, key, sentence = REDMINE[case]
    (site.folder / "key").write_text(f"{key}\n")
    (site.folder / "key").chmod(0o600)
    site.change(
        'id = "embedded"\nkind = "embedded"\npath = "state/tracker.db"',
        f'id = "redmine"\nkind = "redmine"\nurl = "{"https" if with_tls else "http"}://127.0.0.1:{port}"\n'
        'key_file = "key"\nprofile = "bare"\nproject = "mcur"',
    )
    site.add('[live]\ntasks = "on"')
    connected = site.say("check", "--connect")
    first = site.say("once", "--at", "2026-11-18T08:00")
    row = "number;received_at\n1;18.11.2026 08:30\n"
    (site.folder / "feeds" / "a.csv").write_text(row, "utf-8")
    second = site.say("once", "--at", "2026-11-18T09:30")

    for said in (connected, first, second):
        assert said.status == 1
        assert sentence in said.err
        assert "Traceback" not in said.err
    waiting = json.loads(site.say("outbox", "--json").out)
    assert {r["state"] for r in waiting if r["key"].startswith("task:")} == {"waiting"}


# --- the state ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command", [("once",), ("run",), ("ingest", "{file}", "--source", "export")]
)
def test_a_locked_state_is_said_with_status_1(site: Site, command: tuple[str, ...]) -> None:
    """With the process that has it; commands that look are let in."""
    site.say("once")
    file = str(site.config)
    holder = State(site.folder / "state" / "mcur.db")

    said = site.say(*(word.format(file=file) for word in command))
    looked = site.say("status")
    holder.close()

    assert said.status == 1
    assert "is in use by another mcur (process " in said.err
    assert looked.status == 0
