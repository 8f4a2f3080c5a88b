"""The command line: exit statuses, listings for scripts, examples in every help."""

from __future__ import annotations

import csv
import io
import json
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import click
import pytest

from mcur.daemon.cli import cli, main
from mcur.daemon.cli_site import _unknown_years
from mcur.playbooks.load import load
from mcur.state.store import State
from tests.fakes import MORNING, write_csv, write_letter

AT = "2026-11-18T09:50"
TASK = "task:odintsovo-1204:dobrodel:4711"
REPORT = "report:odintsovo-1204:O-2:2026-11-18"


@dataclass
class Said:
    """What a command printed, and its exit status."""

    status: int
    out: str
    err: str


Mcur = Callable[..., Said]


def called(*arguments: str) -> int:
    """Call the console script; return its exit status."""
    try:
        main(arguments)
    except SystemExit as exc:
        return int(str(exc.code or 0))
    return 0


@pytest.fixture
def mcur(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Mcur:
    """Run commands in a new site made by ``mcur init``, as the console script does."""
    site = tmp_path / "site"
    assert called("init", str(site), "--playbook", "odintsovo-1204") == 0
    return commands_in(site, capfd)


def commands_in(site: Path, capfd: pytest.CaptureFixture[str]) -> Mcur:
    """Return what runs commands in a site."""
    capfd.readouterr()

    def run(*arguments: str) -> Said:
        status = called("-c", str(site / "mcur.toml"), *arguments)
        return Said(status, *capfd.readouterr())

    return run


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """The folder of the site."""
    return tmp_path / "site"


def an_export(site: Path, name: str = "export.csv") -> Path:
    """Drop an export with one appeal of nine o'clock."""
    row = {
        "source": "dobrodel", "number": "4711", "received_at": "2026-11-18T09:00:00+03:00",
        "category": "МКД", "subcategory": "Нет отопления", "address": "Одинцово, ул. Мира, д. 5",
        "due_at": "2026-11-20", "executor": "Неизвестная УК",
    }  # fmt: skip
    return write_csv(site / "feeds" / name, [row], at=MORNING + timedelta(minutes=70))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site that went live at eight and worked until ten to ten; to be copied."""
    site = tmp_path_factory.mktemp("model") / "site"
    config = str(site / "mcur.toml")
    assert called("init", str(site), "--playbook", "odintsovo-1204") == 0
    assert called("-c", config, "once", "--at", "2026-11-18T08:00") == 0
    an_export(site)
    # The machine's own time: under --at the program shows it in the time that is pretended.
    write_letter(site / "mail" / "in", "one", at=datetime.now(UTC), sender="x@y.test")
    assert called("-c", config, "once", "--at", AT) == 0
    return site


@pytest.fixture
def worked(model: Path, site: Path, capfd: pytest.CaptureFixture[str]) -> Mcur:
    """Run commands in a copy of the site that has worked."""
    shutil.copytree(model, site)
    return commands_in(site, capfd)


def commands(group: click.Group, *before: str) -> list[tuple[str, ...]]:
    """Name every command, with those of groups below."""
    context = click.Context(group)
    found: list[tuple[str, ...]] = []
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        found.append((*before, name))
        if isinstance(command, click.Group):
            found += commands(command, *before, name)
    return found


@pytest.mark.parametrize("command", commands(cli), ids=" ".join)
def test_every_command_has_help_with_an_example(mcur: Mcur, command: tuple[str, ...]) -> None:
    """What it does, and how one types it."""
    said = mcur(*command, "--help")

    assert said.status == 0
    assert "Example" in said.out
    assert f"mcur {command[0]}" in said.out or "mcur -c" in said.out


LISTINGS = [
    ("tasks",),
    ("tasks", "--all"),
    ("appeals",),
    ("appeals", "--overdue"),
    ("letters",),
    ("letters", "--all"),
    ("quarantine",),
    ("outbox",),
    ("outbox", "list", "--state", "done"),
    ("journal",),
    ("status",),
    ("playbook", "list"),
    ("playbook", "show", "odintsovo-1204"),
    ("explain", TASK),
    ("explain", "odintsovo-1204.report.O-2"),
]


@pytest.mark.parametrize("listing", LISTINGS, ids=" ".join)
def test_every_listing_has_json_for_scripts(worked: Mcur, listing: tuple[str, ...]) -> None:
    """Valid, whole, and nothing else on standard output."""
    said = worked(*listing, "--json")
    plain = worked(*listing)

    assert (said.status, said.err, plain.status) == (0, "", 0)
    assert json.loads(said.out) is not None
    assert plain.out.strip()


def test_listings_show_what_there_is(worked: Mcur) -> None:
    """The task with its number, the appeal, the letter for review, the deliveries."""
    [appeal] = json.loads(worked("appeals", "--json").out)
    [letter] = json.loads(worked("letters", "--json").out)
    tasks = json.loads(worked("tasks", "--json").out)
    done = json.loads(worked("outbox", "list", "--state", "done", "--json").out)

    assert appeal["number"] == "4711"
    assert letter["sender"] == "x@y.test"
    assert {"#2", TASK} <= {t["number"] for t in tasks} | {t["key"] for t in tasks}
    assert REPORT in {row["key"] for row in done}


def test_once_twice_at_the_same_stamp_does_nothing_the_second_time(
    worked: Mcur, site: Path
) -> None:
    """No task, no letter, no line of the journal."""
    before = worked("journal", "--json", "--limit", "1000").out
    letters = sorted((site / "mail" / "out").iterdir())
    said = worked("once", "--at", AT)

    assert said.status == 0
    assert worked("journal", "--json", "--limit", "1000").out == before
    assert sorted((site / "mail" / "out").iterdir()) == letters


def test_a_dry_run_delivers_nothing(mcur: Mcur, site: Path) -> None:
    """It says what it would deliver, and the next cycle does."""
    mcur("once", "--at", "2026-11-18T08:00")
    an_export(site)
    dry = mcur("once", "--at", AT, "--dry-run")
    between = list((site / "mail" / "out").iterdir())
    real = mcur("once", "--at", AT)

    assert (dry.status, real.status) == (0, 0)
    assert f"would deliver create_task {TASK} to tracker:embedded" in dry.out
    assert f"would deliver send_letter {REPORT} to courier" in dry.out
    assert between == []
    assert len(list((site / "mail" / "out").iterdir())) == 2


def test_check_says_that_a_new_site_is_in_order(mcur: Mcur) -> None:
    """With and without asking the systems; nothing is made by it."""
    plain, connected = mcur("check"), mcur("check", "--connect")

    assert (plain.status, connected.status) == (0, 0)
    assert "in order; playbooks odintsovo-1204" in plain.out
    assert connected.out.count("answers, nothing is missing") == 3


def test_check_warns_of_a_year_whose_moved_days_are_unknown() -> None:
    """The decree comes in autumn: from November on the next year is asked for too."""
    known = load("odintsovo-1204")
    own = load("odintsovo-1204", {"odintsovo-1204.calendar.extra_workdays": [date(2035, 2, 24)]})
    summer, autumn = (datetime(2034, month, 15, tzinfo=UTC) for month in (7, 11))

    assert list(_unknown_years([known], datetime(2026, 7, 15, tzinfo=UTC))) == []
    assert len(list(_unknown_years([known], summer))) == 1
    assert list(_unknown_years([own], autumn)) == [
        "calendar of odintsovo-1204: this version does not know which days off are moved in 2034; "
        "write them in holidays and extra_workdays, or update mcur"
    ]


def test_check_and_status_say_what_the_daemon_cannot_reach(mcur: Mcur, site: Path) -> None:
    """A look that hangs shows in nobody's log-in: the daemon alone knows of it."""
    state = State(site / "state" / "mcur.db")
    state.note_health("mail:inbox", MORNING, "hangs: the look has not come back")
    state.close()
    checked, status = mcur("check", "--connect"), mcur("status")

    said = "mail:inbox: down since 2026-11-18 05:00 UTC: hangs: the look has not come back"
    assert (checked.status, f"warning: {said}" in checked.out) == (0, True)
    assert "down since 2026-11-18 08:00: hangs: the look has not come back" in status.out


def test_what_was_taken_off_the_site_is_down_no_more_and_what_waits_for_it_is_said(
    mcur: Mcur, site: Path
) -> None:
    """A mailbox that is gone cannot answer; a task for a tracker that is gone waits for ever."""
    mcur("once")
    write_csv(
        site / "feeds" / "a.csv",
        [{"number": "1", "source": "eds", "received_at": f"{datetime.now(UTC).isoformat()}"}],
    )
    mcur("once", "--dry-run")
    state = State(site / "state" / "mcur.db")
    state.note_health("mail:old", MORNING, "did not answer")
    with state.atomic():
        state.db.execute(
            "UPDATE outbox SET destination = 'tracker:old' WHERE effect = 'create_task'"
        )
    state.close()
    mcur("once")
    found = json.loads(mcur("status", "--json").out)

    assert "mail:old" not in found["connectors"]
    assert found["to_look_at"]["waiting for tracker:old, which this site does not have"] == 1


def test_check_prints_all_errors_at_once(mcur: Mcur, site: Path) -> None:
    """One reading tells everything, each with its key path."""
    config = site / "mcur.toml"
    text = config.read_text("utf-8")
    text = text.replace('administrator = "admin@mcur.example"', 'administrator = "admin"')
    text = text.replace('feeds = "10m"', 'feeds = "often"').replace("[poll]", "[poll]\nfeed = 1")
    config.write_text(text, "utf-8")

    said = mcur("check")

    assert said.status == 2
    for path in ("administrator", "poll.feeds", "poll.feed"):
        assert f"mcur.toml: {path}: " in said.err


def test_a_value_of_the_playbook_that_cannot_be_is_a_usage_error(mcur: Mcur, site: Path) -> None:
    """By its dotted path."""
    config = site / "mcur.toml"
    value = '\n[set]\n"odintsovo-1204.report.O-2.send_at" = "11:00"\n'
    config.write_text(config.read_text("utf-8") + value, "utf-8")

    said = mcur("check")

    assert said.status == 2
    assert "send_at 11:00 is not before deadline 10:00" in said.err


# --- explain ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", [TASK, "#2"])
def test_explain_tells_why_a_task_is_there(worked: Mcur, what: str) -> None:
    """By its key or its number: the reason, the clause in its words, the delivery."""
    number = next(
        t["number"] for t in json.loads(worked("tasks", "--json").out) if t["key"] == TASK
    )
    said = json.loads(worked("explain", number if what == "#2" else what, "--json").out)

    assert said["key"] == TASK
    assert said["clause"].startswith("2.1.1")
    assert "«" in said["clause"]
    assert said["appeal"]["number"] == "4711"
    assert "create_task done to tracker:embedded" in said["deliveries"][0]


def test_explain_tells_why_a_report_left(worked: Mcur) -> None:
    """With its record and its delivery."""
    said = json.loads(worked("explain", REPORT, "--json").out)

    assert said["rule"] == "O-2"
    assert "send_letter done to courier" in said["deliveries"][0]
    assert "state sent" in said["records"][0]


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("report.O-2", "event mail.sent"),
        ("report.O-4", "it has done nothing: nothing has asked for it yet; next: 2026-11-18 17:50"),
        ("ladder.E-2", "it has done nothing: nothing has asked for it yet"),
    ],
)
def test_explain_tells_why_a_rule_did_or_did_not_fire(worked: Mcur, rule: str, words: str) -> None:
    """As of a moment."""
    said = worked("explain", f"odintsovo-1204.{rule}", "--at", "2026-11-18T10:00")

    assert said.status == 0
    assert words in said.out


def test_explain_says_that_a_rule_is_switched_off(worked: Mcur, site: Path) -> None:
    """An administrator did it in the site's file."""
    config = site / "mcur.toml"
    off = '\n[set]\n"odintsovo-1204.report.O-4.enabled" = false\n'
    config.write_text(config.read_text("utf-8") + off, "utf-8")

    said = worked("explain", "odintsovo-1204.report.O-4")

    assert "it is switched off" in said.out


@pytest.mark.parametrize("what", ["task:nothing", "#99", "odintsovo-1204.report.O-99", "nonsense"])
def test_explain_of_nothing_is_wrong_and_named(worked: Mcur, what: str) -> None:
    """With what would help."""
    said = worked("explain", what)

    assert said.status == 1
    assert f'"{what}" is neither a key, a task number nor a rule here' in said.err


def test_explain_of_a_letter_that_came(worked: Mcur) -> None:
    """Which row of the table it met, by the short digest that the listing shows; the journal has it."""
    [letter] = json.loads(worked("letters", "--json").out)
    said = json.loads(worked("explain", f"letter:{letter['letter']}", "--json").out)
    entries = json.loads(worked("journal", "--limit", "500", "--json").out)

    assert (said["sorted_as"], said["state"]) == ("unknown", "review")
    assert "неизвестного отправителя" in said["why"]
    assert said["facts"]["from"] == "x@y.test"
    assert next(e["event"] for e in entries if e["key"] == said["key"]) == "letter.unknown"
    assert worked("explain", letter["letter"][:4]).status == 1


def test_explain_of_a_letter(worked: Mcur, site: Path) -> None:
    """Its reason and when it left."""
    with_executor = an_export(site, "second.csv")
    text = with_executor.read_text("utf-8").replace("4711", "4712")
    config = site / "mcur.toml"
    table = '\n[[executors]]\nname = "УК «Дом»"\nemail = "uk@firm.test"\n'
    config.write_text(config.read_text("utf-8") + table, "utf-8")
    with_executor.write_text(text.replace("Неизвестная УК", "УК «Дом»"), "utf-8")
    worked("once", "--at", "2026-11-18T09:55")
    [key] = [
        row["key"]
        for row in json.loads(worked("outbox", "list", "--state", "done", "--json").out)
        if ":executor:УК «Дом»" in row["key"]
    ]

    said = worked("explain", key)

    assert said.status == 0
    assert "send_letter done to courier" in said.out


# --- reports and playbooks ----------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["txt", "html", "docx", "xlsx"])
def test_a_report_in_each_form(worked: Mcur, tmp_path: Path, form: str) -> None:
    """As it left; into a file or a pipe."""
    target = tmp_path / f"report.{form}"
    said = worked("report", "O-2", "--date", "2026-11-18", "--format", form, "-o", str(target))

    content = target.read_bytes()
    assert (said.status, said.out) == (0, f"wrote {target} ({len(content)} bytes)\n")
    if form in {"docx", "xlsx"}:
        assert zipfile.ZipFile(io.BytesIO(content)).testzip() is None
    else:
        assert "Отчет 1" in content.decode()


def test_a_report_of_tomorrow_is_shown_as_it_would_be(worked: Mcur) -> None:
    """Nothing leaves by looking."""
    said = worked("report", "odintsovo-1204.report.O-2", "--date", "2026-11-19")

    assert said.status == 0
    assert "Нет отопления" in said.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("report", "O-99"), '"O-99" is not a report of this site; known: O-1, O-2, O-3, O-4'),
        (("report", "O-2", "--date", "завтра"), '"завтра" is not a date; write 2026-11-18'),
        (("once", "--at", "утром"), '"утром" is not a moment; write 2026-11-18T09:50'),
        (("playbook", "show", "odintsovo"), "odintsovo"),
        (("ingest", "/nonexistent.csv", "--source", "export"), "does not exist"),
        (("act", "note", TASK, "--by", "mcur_resp", "--field", "due"), '"due" is not NAME=VALUE'),
        (("outbox", "drop"), "name the keys to drop: mcur outbox lists them"),
        (("outbox", "drop", "--state", "done"), 'rows that are "done" cannot be dropped;'),
        (("nonsense",), "No such command 'nonsense'"),
        (("tasks", "--loud"), "No such option"),
    ],
)
def test_a_wrong_use_is_said_with_status_2(
    worked: Mcur, arguments: tuple[str, ...], words: str
) -> None:
    """In a sentence, without a traceback."""
    said = worked(*arguments)

    assert said.status == 2
    assert words in said.err
    assert "Traceback" not in said.err


def test_a_playbook_shows_its_rules(mcur: Mcur) -> None:
    """With clause, title and what is assumed; also without a state."""
    listed = json.loads(mcur("playbook", "list", "--json").out)
    shown = {
        r["rule"]: r for r in json.loads(mcur("playbook", "show", "odintsovo-1204", "--json").out)
    }

    assert "odintsovo-1204" in {row["id"] for row in listed}
    assert shown["odintsovo-1204.report.O-2"]["clause"] == "2.2.1.1"
    assert shown["odintsovo-1204.control.daily"]["assumption"]


# --- acts, outbox, journal ----------------------------------------------------------------------------


def test_an_act_without_a_daemon_is_carried_out_at_once(worked: Mcur) -> None:
    """And what may not be done is refused in a sentence."""
    done = worked("act", "note", TASK, "--by", "mcur_resp", "--text", "Меры: пущено отопление")
    refused = worked("act", "close", TASK, "--by", "okrug_head")
    said = json.loads(worked("explain", TASK, "--json").out)

    assert (done.status, done.out) == (0, "note: 1 done\n")
    assert refused.status == 1
    assert refused.err
    assert said["facts"]["measures"] == "пущено отопление"


def test_an_act_that_nobody_knows_is_refused(worked: Mcur) -> None:
    """With status 1 and a sentence."""
    said = worked("act", "dance", TASK, "--by", "mcur_resp")

    assert said.status == 1
    assert said.err.strip()


def test_a_row_can_be_dropped_and_the_journal_still_holds(worked: Mcur) -> None:
    """A key that is not there is said."""
    worked("once", "--at", "2026-11-18T16:50", "--dry-run")
    key = "report:odintsovo-1204:O-3:2026-11-18"
    dropped = worked("outbox", "drop", key)
    again = worked("outbox", "drop", key)
    verified = worked("journal", "--verify")

    assert (dropped.status, dropped.out) == (0, "drop: 1\n")
    assert again.status == 1
    assert again.err == f"drop: nothing under {key} is held, dead or waiting\n"
    assert (verified.status, "the journal holds" in verified.out) == (0, True)


def test_a_broken_journal_is_said_with_status_1(worked: Mcur, site: Path) -> None:
    """And where it breaks."""
    state = State(site / "state" / "mcur.db")
    state.db.execute("UPDATE journal SET clause = '9.9' WHERE seq = 2")
    state.close()

    said = worked("journal", "--verify")

    assert said.status == 1
    assert "the journal is broken: entry 2 (" in said.err


def test_looking_at_a_site_that_never_ran_says_so(mcur: Mcur) -> None:
    """Status 1; nothing is made."""
    said = mcur("status")

    assert said.status == 1
    assert "run mcur once first" in said.err


# --- ingest -------------------------------------------------------------------------------------------


def test_ingest_reads_a_file_where_it_lies(mcur: Mcur, site: Path, tmp_path: Path) -> None:
    """A second time there is nothing new; the file stays."""
    mcur("once", "--at", "2026-11-18T08:00")
    path = an_export(site).rename(tmp_path / "here.csv")
    first = mcur("ingest", str(path), "--source", "export")
    again = mcur("ingest", str(path), "--source", "export")

    assert (first.status, again.status) == (0, 0)
    assert "1 rows, new 1, changed 0" in first.out
    assert "1 rows, new 0, changed 0, known 1" in again.out
    assert path.exists()


FEED = '[[feeds]]\nid = "%s"\npath = "feeds/%s"\npattern = ["*.csv"]\n'


def test_ingest_finds_the_only_feed_that_takes_a_file(
    mcur: Mcur, site: Path, tmp_path: Path
) -> None:
    """Of several the one whose folder holds it; where that is no answer either, they are named."""
    mcur("once", "--at", "2026-11-18T08:00")
    path = an_export(site).rename(tmp_path / "here.csv")
    alone = mcur("ingest", str(path))
    (site / "feeds" / "map").mkdir()
    with (site / "mcur.toml").open("a", encoding="utf-8") as file:
        file.write(FEED % ("map", "map"))
    several = mcur("ingest", str(path))
    inside = mcur("ingest", str(path.rename(site / "feeds" / "map" / "here.csv")))
    (tmp_path / "note.txt").touch()
    none = mcur("ingest", str(tmp_path / "note.txt"))

    assert (alone.status, inside.status) == (0, 0), inside.err
    assert "1 rows, new 1" in alone.out
    assert several.status == none.status == 2
    assert "several feeds take here.csv; name the one that reads it: export, map" in several.err
    assert "no feed takes note.txt; name the one that reads it: export, map" in none.err


def test_ingest_strict_fails_on_a_quarantined_row(mcur: Mcur, site: Path, tmp_path: Path) -> None:
    """Without it the row is only named."""
    path = tmp_path / "here.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("number", "received_at"), ("", "2026-11-18T09:00:00+03:00")])

    lax = mcur("ingest", str(path), "--source", "export")
    strict = mcur("ingest", str(path), "--source", "export", "--strict")

    assert (lax.status, strict.status) == (0, 1)
    assert "quarantined: here.csv:2: has no number" in lax.err


def test_ingest_of_an_unknown_feed_names_the_known(mcur: Mcur, site: Path) -> None:
    """Status 2."""
    said = mcur("ingest", str(site / "mcur.toml"), "--source", "heatmap")

    assert said.status == 2
    assert '"heatmap" is not a feed of this site; known: export' in said.err
