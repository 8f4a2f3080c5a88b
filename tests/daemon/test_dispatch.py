"""The dispatcher: silence, refusal, doubt, gates and the fuse, on the embedded parts behind switches."""

from __future__ import annotations

import dataclasses
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook  # type: ignore[import-untyped]

from mcur.connectors.ports import Barred, PartlySent, Refusal, Rejected, Unavailable
from mcur.playbooks.documents import Column, Document, Table, plain
from mcur.playbooks.facts import TaskKind
from mcur.playbooks.intents import (
    Channel,
    Cite,
    CreateTask,
    FileDocument,
    KeepReport,
    ReportState,
    SendLetter,
    UpdateTask,
)
from mcur.state.answers import Answers
from tests.fakes import CITE, MORNING, Stand, SwitchedTracker, an_appeal, some_appeals

TASK = "task:odintsovo-1204:dobrodel:1"
TRACKER = "tracker:embedded"
REPORT = "report:odintsovo-1204:O-2:2026-11-18"
SILENT = Unavailable("send: mail did not answer")


def a_task(key: str = TASK, **fields: Any) -> CreateTask:
    """Want a task that nobody is told of by letter."""
    values: dict[str, Any] = {
        "key": key,
        "cite": CITE,
        "kind": TaskKind.EXECUTOR,
        "project": "",
        "subject": "Нет отопления",
        "body": plain("Нет отопления"),
        "assignee": "mcur_resp",
    }
    return CreateTask(**values | fields)


def an_update(key: str = "update:1", task: str = TASK) -> UpdateTask:
    """Want a note on a task."""
    return UpdateTask(key=key, cite=CITE, task=task, note=plain(f"заметка {key}"))


def a_letter(key: str = "letter:1", **fields: Any) -> SendLetter:
    """Want a letter to the head."""
    values: dict[str, Any] = {
        "key": key,
        "cite": CITE,
        "channel": Channel.REPORTS,
        "sender": "mcur_resp",
        "to": ("mcur_head",),
        "subject": f"Письмо {key}",
        "document": Document(title="Отчет"),
    }
    return SendLetter(**values | fields)


def a_file(key: str = "report:odintsovo-1204:X:2026-11-18") -> FileDocument:
    """Want a table to be filed."""
    table = Table(columns=(Column(title="УО"),), rows=(("=УК «Первая»",),))
    return FileDocument(
        key=key, cite=CITE, channel=Channel.REPORTS, author="mcur_resp", name="Рейтинг / 18.11",
        document=Document(title="Рейтинг", blocks=(table,)), paper="xlsx",
        deadline=MORNING + timedelta(hours=1),
    )  # fmt: skip


def want(stand: Stand, *effects: Any) -> None:
    """Take these in one decision."""
    site = stand.site
    with stand.state.deciding(site.directory, site.live_from(), site.route, stand.now) as (_, one):
        for effect in effects:
            one.take(effect)


def states(stand: Stand) -> dict[str, str]:
    """Return the state of each row of the outbox, by key."""
    return {r["key"]: r["state"] for r in stand.state.db.query("SELECT key, state FROM outbox")}


def test_a_day_of_reports_is_one_thread_and_an_answer_is_found_by_its_letter(stand: Stand) -> None:
    """Mail programs gather by References; who answers a letter answers that one, not its thread."""
    want(stand, a_letter(REPORT), a_letter(REPORT.replace("O-2", "O-3")), a_letter("letter:1"))
    stand.deliver()

    letters = [message_from_bytes(path.read_bytes()) for path in stand.letters()]
    begun = stand.site.dispatcher.message_id("day:odintsovo-1204:2026-11-18")
    of_reports = [
        one for one in letters if one["Message-ID"] != stand.site.dispatcher.message_id("letter:1")
    ]
    assert [(one["In-Reply-To"], one["References"]) for one in of_reports] == [(begun, begun)] * 2
    assert [one["References"] for one in letters if one not in of_reports] == [None]
    facts = Answers(stand.state, stand.site.directory, MORNING)
    assert facts.letter_for((begun,)) is None
    assert facts.letter_for((begun, stand.site.dispatcher.message_id(REPORT))) == REPORT


def test_a_document_is_filed_once_and_whole(stand: Stand) -> None:
    """A workbook under a name that any file system takes; nobody gets a letter."""
    want(stand, a_file(), a_file())
    stand.deliver()

    [file] = (stand.folder / "out").iterdir()
    [told] = [e for e in stand.events if e.event == "report.filed"]
    assert file.name == "Рейтинг   18.11.xlsx"
    cell = load_workbook(file).active["A2"]
    assert (cell.value, cell.data_type) == ("=УК «Первая»", "s")
    assert (told.late, told.data["attachments"]) == (False, [file.name])


def test_a_document_waits_for_a_disk_that_is_shut(stand: Stand) -> None:
    """And says when it came too late."""
    (stand.folder / "out").write_text("in the way")
    want(stand, a_file())
    stand.deliver()
    assert states(stand) == {a_file().key: "waiting"}

    (stand.folder / "out").unlink()
    stand.clock.moment += timedelta(hours=2)
    stand.deliver()

    assert states(stand) == {a_file().key: "done"}
    assert [e.late for e in stand.events if e.event == "report.filed"] == [True]


def test_a_silent_destination_does_not_hold_the_others(stand: Stand) -> None:
    """Tasks wait, letters leave; a circuit opens for the one alone."""
    stand.tracker.switch.fail(Unavailable("create: did not answer"))
    want(stand, a_task(), a_letter())
    stand.deliver()

    assert states(stand) == {TASK: "waiting", "letter:1": "done"}
    assert [c.destination for c in stand.state.outbox.circuits.listing()] == [TRACKER]
    [down] = [h for h in stand.state.health() if h.down_since]
    assert (down.system, down.why) == (f"{TRACKER} (writing)", "create: did not answer")


def test_what_waited_leaves_in_its_order_when_the_silence_is_over(stand: Stand) -> None:
    """Nothing lost, nothing twice, whatever the back-off was."""
    stand.tracker.switch.fail(Unavailable("create: did not answer"))
    want(stand, *(a_task(f"{TASK}{n}") for n in range(20)))
    for _ in range(30):
        stand.deliver()
        stand.pass_time(minutes=2)
    stand.tracker.switch.mend()
    for _ in range(4):
        stand.pass_time(minutes=6)
        stand.deliver()

    made = [task.key for task in stand.tracker.listing()]
    assert made == [f"{TASK}{n}" for n in range(20)]
    assert set(states(stand).values()) == {"done"}
    assert not [h for h in stand.state.health() if h.down_since]


def test_a_task_waits_for_its_parent(stand: Stand) -> None:
    """Decided together they would be handed out together, and the child could not name it."""
    stand.site.destinations[TRACKER].width = 4
    want(stand, a_task("plan:1"), a_task("measure:1", parent="plan:1"))
    stand.deliver()

    made = {task.key: task for task in stand.tracker.listing()}
    assert made["measure:1"].parent == made["plan:1"].ident


def test_what_is_urgent_goes_first_with_all_that_it_waits_for(stand: Stand) -> None:
    """A call tree under a plain incident overtakes the appeals of the morning, parents first."""
    appeals = [a_task(f"{TASK}{n}") for n in range(5)]
    incident = a_task("incident:1", kind=TaskKind.INCIDENT)
    calls = [
        a_task(f"call:{n}", kind=TaskKind.CALL, parent=incident.key, urgent=True) for n in range(2)
    ]
    want(stand, *appeals, incident, *calls)
    stand.deliver()

    made = [task.key for task in stand.tracker.listing()]
    assert made == ["incident:1", "call:0", "call:1", *(f"{TASK}{n}" for n in range(5))]


def test_an_urgent_change_takes_its_task_and_older_changes_along(stand: Stand) -> None:
    """They would hold it up otherwise."""
    stand.site.destinations[TRACKER].width = 1
    last = a_task(f"{TASK}9")
    want(stand, *(a_task(f"{TASK}{n}") for n in range(5)), last)
    plain_one = an_update("update:plain", last.key)
    urgent = an_update("update:urgent", last.key).model_copy(update={"urgent": True})
    want(stand, an_update("update:other", f"{TASK}0"), plain_one)
    want(stand, urgent)
    stand.deliver()

    told = [e.key for e in stand.events if e.event in {"task.created", "task.updated"}]
    # Rows are claimed two at once: another task goes beside each of the first two.
    assert told[:5].count(last.key) == 3


def test_a_parent_in_another_tracker_is_neither_named_nor_waited_for(tmp_path: Path) -> None:
    """Its number means another task there."""
    both = [
        {"id": "embedded", "kind": "embedded", "path": "state/tracker.db"},
        {"id": "region", "kind": "embedded", "path": "state/region.db", "kinds": ["plan"]},
    ]
    stand = Stand(tmp_path, tracker=both)
    other = SwitchedTracker(tmp_path / "state" / "region.db", "region")
    stand.site.destinations["tracker:region"].tracker = other
    other.switch.fail(Unavailable("create: did not answer"))
    want(
        stand, a_task(), a_task("plan:1", kind=TaskKind.PLAN), a_task("measure:1", parent="plan:1")
    )
    stand.deliver()
    early = states(stand)
    other.switch.mend()
    settle(stand)
    want(stand, a_task("measure:2", parent="plan:1"))
    stand.deliver()

    assert (early["plan:1"], early["measure:1"]) == ("waiting", "done")
    assert [task.key for task in other.listing()] == ["plan:1"]
    assert [(task.key, task.parent) for task in stand.tracker.listing()] == [
        (TASK, None),
        ("measure:1", None),
        ("measure:2", None),
    ]
    stand.close()
    other.close()


def test_one_short_silence_costs_seconds_whatever_the_width_of_the_pool(tmp_path: Path) -> None:
    """Eight hands that meet it do not open the circuit for five minutes."""
    stand = Stand(tmp_path)
    stand.site.destinations[TRACKER].width = 4
    stand.tracker.switch.fail(Unavailable("create: did not answer"))
    want(stand, *(a_task(f"{TASK}{n}") for n in range(8)))
    stand.deliver()

    [circuit] = stand.state.outbox.circuits.listing()
    assert circuit.open_until - stand.now < timedelta(seconds=10)
    stand.close()


def test_a_refusal_ends_in_a_dead_letter_and_the_administrator_hears_of_it_once(
    stand: Stand,
) -> None:
    """Once a day and destination, whatever the number of rows."""
    stand.tracker.switch.fail(Rejected("create: the project is closed"))
    want(stand, a_task("task:odintsovo-1204:dobrodel:1"), a_task("task:odintsovo-1204:dobrodel:2"))
    stand.deliver()
    stand.pass_time(days=1)
    want(stand, a_task("task:odintsovo-1204:dobrodel:3"), a_letter())
    stand.deliver()

    told = [e for e in stand.told("mail.sent") if e.to == ("admin@firm.test",)]
    assert len(told) == 2
    assert told[0].subject == "mcur: не принято и ждёт решения (tracker:embedded)"
    assert "the project is closed" in told[0].data["text"]
    assert "mcur outbox retry" in told[0].data["text"]
    assert list(states(stand).values()).count("dead") == 3


def test_a_destination_that_refuses_is_there(stand: Stand) -> None:
    """It was silent, and then it said no: reports must not call it silent until the next letter."""
    stand.courier.switch.fail(SILENT)
    want(stand, a_letter())
    stand.deliver()
    silent = [one.system for one in stand.state.health() if one.down_since]
    stand.courier.switch.fail(Rejected("send: 550 no such user"))
    stand.pass_time(minutes=6)
    stand.deliver()

    assert silent == ["courier"]
    assert [one.system for one in stand.state.health() if one.down_since] == []
    assert stand.state.outbox.circuits.listing() == []
    assert states(stand)["letter:1"] == "dead"


def test_a_task_that_was_made_before_a_fault_of_ours_is_not_made_again_by_a_retry(
    stand: Stand,
) -> None:
    """Somebody who lets a dead row go does not know whether it had been made."""
    want(stand, a_task())
    stand.tracker.switch.fail(KeyError("id"), late=True)
    stand.deliver()
    assert states(stand)[TASK] == "dead"
    stand.tracker.switch.mend()
    with stand.state.atomic():
        stand.state.outbox.retry([TASK], stand.now)
    stand.deliver()

    assert states(stand)[TASK] == "done"
    assert [task.key for task in stand.tracker.listing()] == [TASK]


def test_a_note_that_was_written_before_a_fault_of_ours_is_not_written_again_by_a_retry(
    stand: Stand,
) -> None:
    """The change was refused by this program, not by the tracker, which has the note."""
    want(stand, a_task())
    stand.deliver()
    update = an_update()
    stand.tracker.switch.fail(KeyError("id"), late=True)
    want(stand, update)
    stand.deliver()
    assert states(stand)[update.key] == "dead"
    stand.tracker.switch.mend()
    with stand.state.atomic():
        stand.state.outbox.retry([update.key], stand.now)
    stand.deliver()

    assert states(stand)[update.key] == "done"
    with closing(sqlite3.connect(stand.tracker.path)) as file:
        assert file.execute("select count(*) from notes").fetchone() == (1,)


def test_dead_letters_leave_after_a_retry(stand: Stand) -> None:
    """Nothing is dropped."""
    stand.tracker.switch.fail(Rejected("create: the project is closed"))
    want(stand, a_task())
    stand.deliver()
    stand.tracker.switch.mend()
    with stand.state.atomic():
        stand.state.outbox.retry(None, stand.now)
    stand.deliver()

    assert [task.key for task in stand.tracker.listing()] == [TASK]


def test_behind_a_shut_door_rows_wait_and_all_leave_when_it_opens(stand: Stand) -> None:
    """A wrong key kills nothing; the administrator is told what to mend."""
    stand.tracker.switch.fail(Barred("create: the key is not accepted"))
    want(stand, *(a_task(f"{TASK}{n}") for n in range(10)))
    stand.deliver()
    waiting = states(stand)
    [told] = stand.told("mail.sent")
    stand.tracker.switch.mend()
    stand.pass_time(minutes=6)
    stand.deliver()

    rows = [state for key, state in waiting.items() if key.startswith(TASK)]
    assert rows == ["waiting"] * 10
    assert told.subject == "mcur: нет доступа к «tracker:embedded»"
    assert len(stand.tracker.listing()) == 10


def test_a_letter_that_reached_some_is_sent_and_said(stand: Stand) -> None:
    """It is not repeated: those who have it would get it twice."""
    refused = (Refusal("old@firm.test", 550, "no such user"),)
    fault = PartlySent("send: old@firm.test was refused", refused, "250 queued")
    struck: list[str] = []

    def strike(_operation: str) -> None:
        if not struck:
            struck.append("once")
            raise fault

    stand.courier.switch.after = strike
    want(stand, a_letter())
    stand.deliver()

    assert states(stand)["letter:1"] == "done"
    assert [e.subject for e in stand.told("mail.sent")] == [
        "Письмо letter:1",
        "mcur: письмо дошло не до всех",
    ]


def test_a_fault_of_ours_in_one_row_stops_no_other(stand: Stand) -> None:
    """It is a dead letter with the fault's name; the daemon goes on."""
    struck: list[str] = []

    def strike(_operation: str) -> None:
        if not struck:
            struck.append("once")
            raise ZeroDivisionError("division by zero")

    stand.tracker.switch.before = strike
    want(stand, a_task("task:odintsovo-1204:dobrodel:1"), a_task("task:odintsovo-1204:dobrodel:2"))
    stand.deliver()

    assert [task.key for task in stand.tracker.listing()] == ["task:odintsovo-1204:dobrodel:2"]
    row = stand.state.outbox.get("task:odintsovo-1204:dobrodel:1")
    assert row is not None
    assert row["why"] == "a fault of mcur itself, ZeroDivisionError: division by zero"


def adopt(stand: Stand) -> None:
    """Let a look find the task that was just made, without its key: as one made by hand."""
    [made] = stand.tracker.listing()
    stand.state.take_tasks(
        [dataclasses.replace(made, key=None)],
        ("embedded", "1"),
        owner=lambda _: CITE,
        directory=stand.site.directory,
        live_from=MORNING,
        now=stand.now,
    )


def test_a_number_belongs_to_the_task_that_was_just_made(stand: Stand) -> None:
    """Whatever had it before: the receipt is the tracker's own word."""
    stand.tracker.switch.after = lambda _: adopt(stand)
    want(stand, a_task())
    stand.deliver()

    known = stand.state.tasks.by_ident("embedded", "1")
    assert states(stand)[TASK] == "done"
    assert known is not None
    assert known.key == TASK


def test_a_receipt_that_cannot_be_kept_is_a_dead_letter(stand: Stand) -> None:
    """The daemon goes on, and a person looks."""
    stand.state.db.execute(
        "CREATE TEMP TRIGGER refuse BEFORE UPDATE OF ident ON tasks"
        " BEGIN SELECT RAISE(ABORT, 'not kept'); END"
    )
    want(stand, a_task())
    stand.deliver()
    want(stand, a_letter())
    stand.deliver()

    row = stand.state.outbox.get(TASK)
    assert row is not None
    assert (row["state"], "IntegrityError" in row["why"]) == ("dead", True)
    assert states(stand)["letter:1"] == "done"


def test_a_database_that_cannot_be_written_ends_the_daemon(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is no fault of the row: nothing is buried, systemd starts anew."""

    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    want(stand, a_task())
    monkeypatch.setattr(stand.state.tasks, "made", full)
    with pytest.raises(sqlite3.OperationalError):
        stand.deliver()

    assert states(stand)[TASK] == "claimed"


def test_a_row_of_a_playbook_that_is_gone_is_a_dead_letter(stand: Stand) -> None:
    """An administrator who removes a regulation does not stop the daemon with it."""
    gone = Cite(playbook="ruza-679", rule="r", clause="1", why="")
    want(stand, a_letter(cite=gone), a_letter("letter:2"))
    stand.deliver()

    assert states(stand)["letter:1"] == "dead"
    assert states(stand)["letter:2"] == "done"
    row = stand.state.outbox.get("letter:1")
    assert row is not None
    assert "ruza-679 is not a playbook of this site any more" in row["why"]


def test_a_letter_without_a_reader_is_a_dead_letter(stand: Stand) -> None:
    """Nobody in the role, and the sentence says which."""
    want(stand, a_letter(to=("gzhi_head",)))
    stand.deliver()

    row = stand.state.outbox.get("letter:1")
    assert row is not None
    assert row["why"] == "send letter:1: nobody with an address holds gzhi_head"


# --- the day of a report ------------------------------------------------------------------------------


def decide_report(stand: Stand, not_after: datetime, key: str = REPORT) -> None:
    """Decide a report that is worth nothing after a moment."""
    day = MORNING.date()
    keep = KeepReport(key=key, cite=CITE, rule="O-2", day=day, state=ReportState.DECIDED)
    want(stand, keep, a_letter(key, not_after=not_after))


def test_what_could_not_leave_on_its_day_is_missed(stand: Stand) -> None:
    """Not next week's surprise."""
    stand.courier.switch.fail(SILENT)
    decide_report(stand, MORNING + timedelta(hours=16))
    stand.deliver()
    stand.courier.switch.mend()
    stand.pass_time(hours=16)
    stand.deliver()

    assert states(stand) == {REPORT: "expired"}
    assert [e.key for e in stand.told("report.missed")] == [REPORT]
    assert stand.letters() == []


def test_a_report_that_was_refused_is_missed_when_its_day_is_over(stand: Stand) -> None:
    """Until then the administrator may let it go; the next report names it once."""
    decide_report(stand, MORNING + timedelta(hours=16))
    stand.courier.switch.fail(Rejected("send: 550 no such user"))
    stand.deliver()
    stand.courier.switch.mend()
    stand.decide()
    before = stand.told("report.missed")
    stand.pass_time(hours=26)
    stand.cycle()
    stand.pass_time(minutes=1)
    stand.cycle()

    assert before == []
    assert [e.key for e in stand.told("report.missed") if e.key == REPORT] == [REPORT]
    assert states(stand)[REPORT] == "dead"
    [sent] = [e for e in stand.told("mail.sent") if e.cite.rule == "O-2"]
    assert "за 17.11.2026 не отправлен" in sent.data["text"]


def test_a_correction_that_could_not_leave_makes_no_missed_report(stand: Stand) -> None:
    """The report of that day was sent: the next one does not say otherwise."""
    stand.cycle()
    stand.cycle(MORNING.replace(hour=10))
    stand.courier.switch.fail(SILENT)
    decide_report(stand, MORNING + timedelta(hours=16), f"{REPORT}:r2")
    stand.deliver()
    stand.pass_time(days=1)
    stand.deliver()
    stand.courier.switch.mend()
    stand.cycle(stand.now + timedelta(minutes=10))

    assert states(stand)[f"{REPORT}:r2"] == "expired"
    sent = [e for e in stand.told("mail.sent") if e.cite.rule == "O-2"]
    assert [e.at.day for e in sent] == [18, 19]
    assert "не отправлен" not in sent[1].data["text"]


@pytest.mark.parametrize(("late", "end"), [(False, "expired"), (True, "done")])
def test_a_note_that_was_in_doubt_is_not_written_when_its_time_is_over(
    stand: Stand, late: bool, end: str
) -> None:
    """A silent tracker may have taken it: that is looked for, and nothing more."""
    want(stand, a_task())
    stand.deliver()
    stand.tracker.switch.fail(Unavailable("update: did not answer"), late=late)
    update = an_update().model_copy(update={"not_after": MORNING + timedelta(minutes=5)})
    want(stand, update)
    stand.deliver()
    stand.tracker.switch.mend()
    for _ in range(3):
        stand.pass_time(minutes=10)
        stand.deliver()

    assert states(stand)[update.key] == end
    [task] = stand.tracker.listing()
    assert stand.tracker.has_note(task.ident, update.key) is late


@pytest.mark.parametrize(("forgetful", "end"), [(False, "done"), (True, "expired")])
def test_a_report_that_may_have_left_before_a_crash_is_looked_for_before_it_is_missed(
    stand: Stand, forgetful: bool, end: str
) -> None:
    """A courier that cannot know says so in the reason."""
    decide_report(stand, MORNING + timedelta(hours=16))
    stand.courier.switch.fail(Crash(), late=True)
    with pytest.raises(Crash):
        stand.deliver()
    stand.courier.switch.mend()
    stand.courier.forgetful = forgetful
    stand.pass_time(days=1)
    stand.restart()
    stand.deliver()

    row = stand.state.outbox.get(REPORT)
    assert row is not None
    assert row["state"] == end
    assert ("it may have left all the same" in row["why"]) is forgetful
    assert len(stand.courier.sent_ids) == 1
    assert len(stand.told("report.missed")) == int(forgetful)


# --- doubt --------------------------------------------------------------------------------------------


class Crash(BaseException):
    """The process ends here."""


def settle(stand: Stand, rounds: int = 5) -> None:
    """Let back-offs and looks pass."""
    for _ in range(rounds):
        stand.deliver()
        stand.pass_time(minutes=6)


@pytest.mark.parametrize("late", [False, True])
def test_after_a_crash_around_a_create_there_is_one_task(stand: Stand, late: bool) -> None:
    """Whether it fell before the effect or after it."""
    stand.tracker.switch.fail(Crash(), late=late)
    want(stand, a_task())
    with pytest.raises(Crash):
        stand.deliver()
    stand.tracker.switch.mend()
    stand.restart()
    settle(stand)

    assert [task.key for task in stand.tracker.listing()] == [TASK]
    assert states(stand) == {TASK: "done"}


@pytest.mark.parametrize("late", [False, True])
def test_after_an_answer_that_never_came_there_is_one_task(stand: Stand, late: bool) -> None:
    """A time-out says nothing about the effect; the look comes first, twice, with time between."""
    stand.tracker.switch.fail(Unavailable("create: did not answer"), late=late)
    want(stand, a_task())
    stand.deliver()
    stand.tracker.switch.mend()
    settle(stand)

    assert [task.key for task in stand.tracker.listing()] == [TASK]


@pytest.mark.parametrize("late", [False, True])
def test_after_a_crash_around_a_change_its_note_stands_once(stand: Stand, late: bool) -> None:
    """By the token that travels with it."""
    want(stand, a_task())
    stand.deliver()
    want(stand, an_update())
    stand.tracker.switch.fail(Crash(), late=late)
    with pytest.raises(Crash):
        stand.deliver()
    stand.tracker.switch.mend()
    stand.restart()
    settle(stand)

    with stand.tracker._file.reading("count notes"):
        rows = stand.tracker._file.db.execute("select count(*) from notes").fetchone()
    assert rows[0] == 1
    assert states(stand)["update:1"] == "done"


def test_a_courier_that_remembers_sends_once(stand: Stand) -> None:
    """The file is there: it had left."""
    stand.courier.switch.fail(Crash(), late=True)
    want(stand, a_letter())
    with pytest.raises(Crash):
        stand.deliver()
    stand.courier.switch.mend()
    stand.restart()
    stand.deliver()

    assert stand.courier.sent_ids == [stand.site.dispatcher.message_id("letter:1")]
    assert stand.state.outbox.counts() == {"done": 1, "repeated": 0}


def test_a_courier_that_cannot_know_repeats_with_the_same_message_id_and_it_is_counted(
    stand: Stand,
) -> None:
    """The readers' programs show one letter; status says that it was repeated."""
    stand.courier.forgetful = True
    stand.courier.switch.fail(Crash(), late=True)
    want(stand, a_letter())
    with pytest.raises(Crash):
        stand.deliver()
    stand.courier.switch.mend()
    stand.restart()
    stand.deliver()

    assert stand.courier.sent_ids == [stand.site.dispatcher.message_id("letter:1")] * 2
    assert stand.state.outbox.counts() == {"done": 1, "repeated": 1}


@pytest.mark.parametrize(("reached", "repeated"), [(True, 1), (False, 0)])
def test_a_letter_after_which_the_server_fell_silent_counts_as_repeated(
    stand: Stand, reached: bool, repeated: int
) -> None:
    """It may have it already; where the connection was never made nobody has."""
    stand.courier.forgetful = True
    stand.courier.switch.fail(Unavailable("send: silence", reached=reached), late=reached)
    want(stand, a_letter())
    stand.deliver()
    stand.courier.switch.mend()
    settle(stand)

    assert states(stand) == {"letter:1": "done"}
    assert stand.state.outbox.counts()["repeated"] == repeated


# --- gates --------------------------------------------------------------------------------------------


def test_a_channel_that_is_off_leaves_nothing_and_says_nothing(tmp_path: Path) -> None:
    """The rows are ended, so that nothing leaves when the gate opens next month."""
    stand = Stand(tmp_path, live={"tasks": "off", "reports": "off"})
    want(stand, a_task(), an_update(), a_letter())
    stand.deliver()

    assert states(stand) == {TASK: "off", "update:1": "off", "letter:1": "off"}
    assert stand.told("shadow") == []
    assert (stand.tracker.listing(), stand.letters()) == ([], [])
    stand.close()


def test_a_channel_in_shadow_files_what_it_would_have_sent(tmp_path: Path) -> None:
    """The task, the change of it, the letter, the document: each once, by the name of its event."""
    stand = Stand(tmp_path, live={"tasks": "shadow", "reports": "shadow"})
    want(stand, a_task())
    want(stand, an_update())
    want(stand, a_letter(), a_file())
    for _ in range(3):
        stand.deliver()

    told = {e.key: e.data["event"] for e in stand.told("shadow")}
    assert len(stand.told("shadow")) == 4
    assert told == {
        "letter:1": "mail.sent", TASK: "task.updated", a_file().key: "report.filed"
    }  # fmt: skip
    assert not (stand.folder / "out").exists()
    assert set(states(stand).values()) == {"shadow"}
    assert (stand.tracker.listing(), stand.letters()) == ([], [])
    stand.close()


def test_a_redirected_letter_names_its_reader_and_goes_elsewhere(tmp_path: Path) -> None:
    """Tasks cannot be redirected: they stay in the shadow."""
    gate = "redirect:probe@firm.test"
    stand = Stand(tmp_path, live={"tasks": gate, "reports": gate})
    want(stand, a_task(), a_letter())
    stand.deliver()

    [letter] = stand.letters()
    text = letter.read_text("utf-8")
    assert "To: probe@firm.test" in text
    assert "mcur_head@mcur.example" not in text
    [sent] = stand.told("mail.sent")
    assert sent.subject == "[кому: mcur_head] Письмо letter:1"
    assert states(stand)[TASK] == "shadow"
    stand.close()


def test_words_to_the_administrator_pass_every_gate(tmp_path: Path) -> None:
    """Nobody else would tell him."""
    stand = Stand(tmp_path, live={"reports": "off", "tasks": "on"})
    stand.tracker.switch.fail(Rejected("create: the project is closed"))
    want(stand, a_task())
    stand.deliver()

    assert [e.to for e in stand.told("mail.sent")] == [("admin@firm.test",)]
    stand.close()


# --- the fuse -----------------------------------------------------------------------------------------


@pytest.fixture
def blown(stand: Stand) -> Stand:
    """A site that was asked for 600 tasks at once."""
    stand.cycle()
    stand.pass_time(minutes=10)
    due = stand.now + timedelta(hours=2)
    stand.take(*some_appeals(600, received_at=stand.now, due_at=due))
    stand.decide()
    stand.deliver()
    return stand


def test_600_new_rows_are_held_and_two_people_are_told(blown: Stand) -> None:
    """The officer in the tracker, the administrator by mail; the executor hears nothing yet."""
    blown.pass_time(hours=1)
    blown.decide()
    blown.deliver()

    assert blown.state.outbox.counts()["held"] == 600
    [held] = blown.told("appeals.held")
    assert held.data == {"tasks": 600, "fuse": 500}
    [review] = [t for t in blown.tracker.listing() if t.kind is not TaskKind.DAY]
    assert (review.kind, review.assignee) == (TaskKind.REVIEW, "mcur_resp")
    assert review.subject == "Удержано задач: 600. Проверьте выгрузку"
    assert [e.to for e in blown.told("mail.sent") if e.cite.rule == "appeals"] == [
        ("admin@firm.test",)
    ]


def test_outbox_retry_lets_them_go_and_the_executor_gets_one_letter_with_numbers(
    blown: Stand,
) -> None:
    """Once the tracker has given them."""
    blown.pass_time(hours=1)
    with blown.state.atomic():
        blown.state.outbox.retry(None, blown.now)
    blown.decide()
    blown.deliver()
    blown.decide()
    blown.deliver()

    assert len([t for t in blown.tracker.listing() if t.kind is TaskKind.EXECUTOR]) == 600
    [letter] = [e for e in blown.told("mail.sent") if e.to == ("executor:ООО «Жилсервис»",)]
    assert letter.data["text"].count("№ ") >= 600
    assert letter.subject == "600 новых задач"


def test_what_is_held_is_changed_by_nobody(blown: Stand) -> None:
    """A row that changes meanwhile leaves after its task."""
    changed = dataclasses.replace(
        an_appeal(1, received_at=MORNING + timedelta(minutes=10)), due_at=MORNING
    )
    blown.take(changed)
    blown.decide()
    blown.deliver()
    assert len(blown.tracker.listing()) == 1

    with blown.state.atomic():
        blown.state.outbox.retry(None, blown.now)
    blown.deliver()
    first = next(t for t in blown.tracker.listing() if t.key == TASK)
    assert first.due_at == MORNING


def test_what_is_dropped_is_gone_with_its_terms_and_letters(blown: Stand) -> None:
    """A wrong feed leaves no trace in lists, reports and ladders."""
    with blown.state.atomic():
        count = blown.state.outbox.drop(None, "wrong feed", blown.now, ["held"])
    for _ in range(3):
        blown.pass_time(hours=12)
        blown.decide()
        blown.deliver()

    executor = {TaskKind.EXECUTOR}
    assert count == 600
    assert [t for t in blown.tracker.listing() if t.kind is TaskKind.EXECUTOR] == []
    assert [t for t in blown.state.tasks.listing(open_only=True) if t.kind in executor] == []
    assert blown.state.tasks.find("odintsovo-1204", executor, None) == []
    assert [e for e in blown.told("mail.sent") if "executor:" in str(e.to)] == []
    assert blown.told("term.breached") == []


def test_500_rows_are_no_cause_for_the_fuse(stand: Stand) -> None:
    """The value is the last that passes."""
    stand.cycle()
    stand.take(*some_appeals(500))
    stand.decide()

    assert "held" not in stand.state.outbox.counts()
    assert stand.state.outbox.counts()["waiting"] == 500


def test_a_paper_that_is_too_big_for_a_letter_is_filed_and_named(tmp_path: Path) -> None:
    """The letter leaves without it; the smaller one goes with it; a restart files it once."""
    stand = Stand(tmp_path, mail={"address": "mcur@mcur.example", "attachments": 80_000})
    rows = tuple((f"{n * 7919 % 104729}", f"{n * 104729 % 7919}") for n in range(4000))
    table = Table(columns=(Column(title="Дом"), Column(title="Число")), rows=rows)
    words = Document(title="Отчет 1", subtitle="за 17.11.2026", annex=(table,))
    want(stand, a_letter(REPORT, document=words, papers=("docx", "xlsx")))
    stand.deliver()
    stand.restart()
    stand.deliver()

    [sent] = [e for e in stand.events if e.event == "mail.sent"]
    assert sent.data["attachments"] == ["Отчет 1 за 17.11.2026.docx"]
    assert "«Отчет 1 за 17.11.2026.xlsx» слишком велик" in str(sent.data["text"])
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["Отчет 1 за 17.11.2026.xlsx"]
    stand.close()
