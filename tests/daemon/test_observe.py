"""Observers: who does not answer is said, who hangs holds up nobody, what cannot be read is kept."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from mcur.connectors.ports import Barred, Rejected, Unavailable
from mcur.daemon.feeding import FeedSource
from mcur.daemon.observe import MailSource, Observers
from mcur.playbooks.facts import Export
from mcur.state.store import State
from tests.fakes import MORNING, Stand, an_appeal, write_csv, write_letter


@dataclass
class Place:
    """Something outside that does what the test says, and remembers what it was told."""

    name: str
    look_: Callable[[], object] = lambda: None
    every: timedelta = timedelta(minutes=1)
    batches: int = 0
    kept: list[object] = field(default_factory=list)
    settled: list[object] = field(default_factory=list)

    def look(self, cursor: str | None, now: datetime) -> object:
        """Answer, or not."""
        return self.look_()

    def keep(self, found: object, state: State, now: datetime) -> bool:
        """Keep it, and ask again while there is more."""
        self.kept.append(found)
        return len(self.kept) < self.batches

    def settle(self, found: object) -> None:
        """Remember that it was told."""
        self.settled.append(found)


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    """Open an empty state."""
    opened = State(tmp_path / "mcur.db")
    yield opened
    opened.close()


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    """A pool of two threads."""
    with ThreadPoolExecutor(2) as made:
        yield made


def raising(error: Exception) -> Callable[[], object]:
    """Return something that raises."""

    def look() -> object:
        raise error

    return look


def test_a_source_that_hangs_holds_up_no_other(state: State, pool: ThreadPoolExecutor) -> None:
    """And is not asked a second time while the first question is out."""
    open_ = threading.Event()
    asked: list[int] = []

    def hang() -> object:
        asked.append(1)
        return open_.wait(10)

    slow, quick = Place("slow", hang), Place("quick")
    observers = Observers([slow, quick], state, pool)
    for n in range(5):
        observers.ask("slow", MORNING)
        observers.ask("quick", MORNING)
        while len(quick.kept) <= n:
            observers.collect(MORNING)
        while len(quick.settled) <= n:
            pass
    before = list(slow.kept)
    open_.set()
    while not slow.kept:
        observers.collect(MORNING)

    assert (before, len(asked), len(quick.kept)) == ([], 1, 5)


def test_a_look_that_never_returns_is_said(state: State, pool: ThreadPoolExecutor) -> None:
    """After a few of its periods, and until it comes back; a look that takes long is none."""
    open_ = threading.Event()
    slow = Place("slow", lambda: open_.wait(10))
    observers = Observers([slow], state, pool)
    observers.ask("slow", MORNING)
    observers.collect(MORNING + timedelta(minutes=5))
    early = list(state.health())
    for minutes in (6, 7):
        observers.collect(MORNING + timedelta(minutes=minutes))
    [down] = state.health()
    open_.set()
    while not slow.kept:
        observers.collect(MORNING + timedelta(minutes=8))
    [well] = state.health()

    assert early == []
    assert down.down_since == MORNING + timedelta(minutes=6)
    assert down.why == "hangs: the look of 2026-11-18 05:00 UTC has not come back; restart mcur"
    assert (well.down_since, observers.unreachable) == (None, {})


def test_what_follows_a_look_may_hang_too(state: State, pool: ThreadPoolExecutor) -> None:
    """The source would not be asked again, and nobody would know."""
    open_ = threading.Event()
    place = Place("mail")
    setattr(place, "settle", lambda _: open_.wait(10))  # noqa: B010  (a place that hangs)
    observers = Observers([place], state, pool)
    observers.ask("mail", MORNING)
    while not place.kept:
        observers.collect(MORNING)
    observers.collect(MORNING + timedelta(minutes=6))
    [down] = state.health()
    open_.set()

    assert down.why.startswith("hangs: ")


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (Unavailable("fetch: mail did not answer"), "fetch: mail did not answer"),
        (Rejected("log in: the password is wrong"), "log in: the password is wrong"),
        (ZeroDivisionError("oh"), "a fault of mcur itself, ZeroDivisionError: oh"),
    ],
)
def test_who_does_not_answer_is_noted_and_the_others_are_read(
    state: State, pool: ThreadPoolExecutor, error: Exception, why: str
) -> None:
    """With the reason; it is well again with its next answer."""
    bad, good = Place("bad", raising(error)), Place("good")
    observers = Observers([bad, good], state, pool)
    observers.look_at_all(MORNING)
    [down] = [h for h in state.health() if h.down_since]
    bad.look_ = lambda: None
    observers.look_at_all(MORNING + timedelta(hours=1))

    assert (down.system, down.why, down.down_since) == ("bad", why, MORNING)
    assert len(good.kept) == 2
    assert observers.unreachable == {}
    assert not [h for h in state.health() if h.down_since]


def test_a_fault_while_keeping_keeps_nothing_and_stops_nobody(
    state: State, pool: ThreadPoolExecutor
) -> None:
    """The source is not told that it was stored."""
    bad, good = Place("bad"), Place("good")

    def fall(*_: object) -> bool:
        raise ZeroDivisionError

    setattr(bad, "keep", fall)  # noqa: B010  (a place that falls)
    Observers([bad, good], state, pool).look_at_all(MORNING)

    assert (bad.settled, len(good.settled)) == ([], 1)


def test_what_comes_in_batches_is_read_to_its_end_in_one_cycle(
    state: State, pool: ThreadPoolExecutor
) -> None:
    """Each batch is stored and settled before the next is asked for."""
    place = Place("mail", batches=7)
    Observers([place], state, pool).look_at_all(MORNING)

    assert len(place.kept) == len(place.settled) == 7


def test_a_tracker_that_is_read_but_takes_nothing_is_said_to_be_down(stand: Stand) -> None:
    """The look that answers does not hide the write that does not; nor the other way round."""
    stand.cycle()
    stand.take(an_appeal(received_at=MORNING + timedelta(minutes=1)))
    stand.tracker.switch.fail(Unavailable("create: did not answer"))
    stand.cycle(MORNING + timedelta(minutes=2))
    stand.cycle(MORNING + timedelta(minutes=4))
    rows = {one.system: one.down_since for one in stand.state.health()}
    [told] = [one for one in stand.state.systems() if one.system.startswith("tracker")]
    with stand.state.atomic():
        stand.state.outbox.drop(None, "not wanted", stand.now)
    [after] = [one for one in stand.state.systems() if one.system.startswith("tracker")]

    assert after.down_since is None
    assert rows["tracker:embedded"] is None
    assert rows["tracker:embedded (writing)"] == MORNING + timedelta(minutes=2)
    assert told.system == "tracker:embedded"
    assert told.down_since == MORNING + timedelta(minutes=2)
    assert told.last_success == MORNING + timedelta(minutes=4)


def test_reports_say_which_system_did_not_answer(stand: Stand) -> None:
    """In the letter itself, since when."""
    stand.pass_time(hours=-1)
    stand.cycle()
    inbox = stand.folder / "mail" / "in"
    inbox.rename(stand.folder / "mail" / "away")
    stand.cycle(MORNING.replace(hour=9, minute=30))
    stand.cycle(MORNING.replace(hour=9, minute=50))

    [report] = [e for e in stand.told("mail.sent") if e.cite.rule == "O-2"]
    [down] = [h for h in stand.state.health() if h.down_since]
    assert down.system == "mail:inbox"
    assert "не отвечает" in report.data["text"]
    assert "09:30" in report.data["text"]


def test_2000_old_letters_are_read_in_one_cycle_and_make_nothing(stand: Stand) -> None:
    """In batches; the next look finds nothing new."""
    stand.cycle()
    for n in range(2000):
        at = MORNING - timedelta(minutes=n + 1)
        write_letter(stand.folder / "mail" / "in", f"old-{n}", at=at)
    stand.cycle(MORNING + timedelta(minutes=2))
    stand.cycle(MORNING + timedelta(minutes=4))

    assert stand.state.history()["letters"] == 2000
    assert stand.told("task.created") == []


def test_a_letter_that_cannot_be_read_is_kept_with_its_raw_bytes(
    stand: Stand,
) -> None:
    """The others of the batch are taken, the cursor goes on."""
    inbox = stand.folder / "mail" / "in"
    (inbox / "new" / "bad").write_bytes(b" \r\n\r\n")
    write_letter(inbox, "good", at=MORNING)
    stand.cycle()
    stand.cycle(MORNING + timedelta(minutes=2))

    [kept] = stand.state.quarantine()
    assert (kept["kind"], kept["file"]) == ("letter", "INBOX/bad")
    assert "пустое" in kept["reason"]
    assert stand.state.blobs.get(kept["raw"]) == b" \r\n\r\n"
    assert sum(stand.state.letters.counts().values()) == 1


def test_a_letter_in_two_mailboxes_makes_one_task(tmp_path: Path) -> None:
    """The duty officer's and the common one."""
    boxes = [{"id": name, "kind": "maildir", "path": f"mail/{name}"} for name in ("common", "duty")]
    for box in boxes:
        for name in ("new", "cur", "tmp"):
            (tmp_path / box["path"] / name).mkdir(parents=True)
    stand = Stand(tmp_path, mailboxes=boxes)
    stand.cycle()
    for box in boxes:
        path = tmp_path / box["path"]
        write_letter(path, "task", at=MORNING + timedelta(minutes=1), text="Адрес: ул. Мира, д. 5")
    stand.cycle(MORNING + timedelta(minutes=2))

    assert [s.name for s in stand.site.observers.sources if isinstance(s, MailSource)] == [
        "mail:common",
        "mail:duty",
    ]
    assert len(stand.told("task.created")) == 1
    stand.close()


ROW = {"number": "1", "received_at": "18.11.2026 08:01", "source": "dobrodel"}


def test_a_file_that_cannot_be_moved_is_read_once(stand: Stand) -> None:
    """Whatever the number of looks and starts; the administrator hears once a day."""
    feeds = stand.folder / "feeds"
    stand.cycle()
    write_csv(feeds / "export.csv", [ROW])
    (feeds / "done").write_text("somebody put a file here")
    for minutes in (2, 12, 22):
        stand.cycle(MORNING + timedelta(minutes=minutes))
        stand.restart()
        stand.site.state.listeners[:] = [stand.events.append]
    told = [e for e in stand.told("mail.sent") if e.key.endswith("service:stuck:export:2026-11-18")]
    (feeds / "done").unlink()
    stand.cycle(MORNING + timedelta(minutes=32))

    assert [e.data["new"] for e in stand.told("appeals.read")] == [1]
    assert [e.subject for e in told] == ["mcur: выгрузка прочитана, но не убрана (export)"]
    assert "«export.csv»" in told[0].data["text"]
    assert [path.name for path in (feeds / "done").iterdir()] == ["export.csv"]


def test_a_row_that_does_not_say_where_it_lies_lies_in_the_playbooks_own_place(
    stand: Stand,
) -> None:
    """«ул. Мира, 5» and «Одинцово, ул. Мира, 5» are one house to whoever counts by house."""
    addresses = ("ул. Мира, д. 5", "Одинцово, ул. Мира, д.5, кв. 7")
    rows = [{**ROW, "number": str(n), "address": a} for n, a in enumerate(addresses)]
    stand.cycle()
    write_csv(stand.folder / "feeds" / "export.csv", rows)
    stand.cycle(MORNING + timedelta(minutes=2))

    houses = {stand.state.appeals.get("dobrodel", str(n)).house for n in range(2)}  # type: ignore[union-attr]  # both are there
    assert houses == {"одинцово, мира, 5"}


def test_a_new_export_under_the_name_of_one_that_stuck_is_read(stand: Stand) -> None:
    """Also where it says the same: an identical file is reported again."""
    feeds = stand.folder / "feeds"
    stand.cycle()
    at = MORNING + timedelta(minutes=1)
    write_csv(feeds / "export.csv", [ROW], at=at)
    (feeds / "done").write_text("somebody put a file here")
    stand.cycle(MORNING + timedelta(minutes=2))
    write_csv(feeds / "other.part", [ROW], at=at)
    (feeds / "other.part").rename(feeds / "export.csv")
    stand.cycle(MORNING + timedelta(minutes=12))

    assert [e.data["new"] for e in stand.told("appeals.read")] == [1, 0]


def test_a_fault_of_ours_in_one_file_holds_up_no_other(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether it comes while reading or while storing: that file goes to quarantine with the reason."""
    feeds = stand.folder / "feeds"
    stand.cycle()
    [source] = [s for s in stand.site.observers.sources if isinstance(s, FeedSource)]
    read, take = source.feed.read, stand.state.take_export

    def reading(path: Path) -> Export:
        return 1 // 0 if path.name == "a.csv" else read(path)  # type: ignore[return-value]  # it falls

    def taking(export: Export, **how: Any) -> Any:
        return 1 // 0 if export.file == "b.csv" else take(export, **how)

    monkeypatch.setattr(source.feed, "read", reading)
    monkeypatch.setattr(stand.state, "take_export", taking)
    for n, name in enumerate(("a.csv", "b.csv", "c.csv")):
        write_csv(feeds / name, [ROW], at=MORNING + timedelta(seconds=n))
    stand.cycle(MORNING + timedelta(minutes=2))

    kept = {row["file"]: row["reason"] for row in stand.state.quarantine()}
    assert set(kept) == {"a.csv", "b.csv"}
    assert all("a fault of mcur itself, ZeroDivisionError" in why for why in kept.values())
    assert {path.name for path in (feeds / "failed").iterdir()} == {"a.csv", "b.csv"}
    assert [path.name for path in (feeds / "done").iterdir()] == ["c.csv"]
    assert len(stand.told("appeals.read")) == 1


def test_a_file_that_cannot_be_read_now_holds_up_no_other(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It waits; where nothing else is there the feed is said to be silent."""
    feeds = stand.folder / "feeds"
    stand.cycle()
    [source] = [s for s in stand.site.observers.sources if isinstance(s, FeedSource)]
    read = source.feed.read

    def reading(path: Path) -> Export:
        if path.name == "a.csv":
            raise Unavailable("read a.csv: input/output error")
        return read(path)

    monkeypatch.setattr(source.feed, "read", reading)
    for n, name in enumerate(("a.csv", "b.csv")):
        write_csv(feeds / name, [ROW], at=MORNING + timedelta(seconds=n))
    stand.cycle(MORNING + timedelta(minutes=2))
    early = [h for h in stand.state.health() if h.down_since]
    stand.cycle(MORNING + timedelta(minutes=12))

    assert len(stand.told("appeals.read")) == 1
    assert early == []
    assert [h.why for h in stand.state.health() if h.down_since] == [
        "read a.csv: input/output error"
    ]


@pytest.mark.parametrize("error", [PermissionError("no"), ZeroDivisionError("oh")])
def test_a_fault_after_storing_is_logged_and_not_lost(
    state: State, pool: ThreadPoolExecutor, capsys: pytest.CaptureFixture[str], error: Exception
) -> None:
    """What was stored stays stored; the next look comes as ever."""
    place = Place("mail")

    def settle(_: object) -> None:
        raise error

    setattr(place, "settle", settle)  # noqa: B010  (a place that falls)
    observers = Observers([place], state, pool)
    for _ in range(2):
        observers.look_at_all(MORNING)

    assert len(place.kept) == 2
    assert type(error).__name__ in "".join(capsys.readouterr())


def test_the_administrator_hears_of_a_file_that_is_no_export_once_a_day(stand: Stand) -> None:
    """With its name and the reason; who dropped it will not look into quarantine."""
    for n in range(3):
        (stand.folder / "feeds" / f"broken-{n}.xlsx").write_text("not a workbook")
        stand.cycle(MORNING + timedelta(minutes=10 * n))

    [told] = stand.told("mail.sent")
    assert told.to == ("admin@firm.test",)
    assert told.subject == "mcur: выгрузка не прочитана (export)"
    assert "«broken-0.xlsx»" in told.data["text"]
    assert "the file is not a workbook" in told.data["text"]


def test_an_auto_reply_makes_no_task(stand: Stand) -> None:
    """Else two robots would write to each other for ever."""
    stand.cycle()
    message = EmailMessage()
    message["From"] = "duty@cur.mosreg.ru"
    message["Message-ID"] = "<auto@firm.test>"
    message["Auto-Submitted"] = "auto-replied"
    message["Subject"] = "Отсутствую"
    message.set_content("Адрес: ул. Мира, д. 5")
    (stand.folder / "mail" / "in" / "new" / "auto").write_bytes(bytes(message))
    stand.cycle(MORNING + timedelta(days=30))

    assert [e for e in stand.told("task.created") if e.data["kind"] == "assignment"] == []


@pytest.mark.parametrize(
    "said",
    [
        {"fields": {"address": "Одинцово, ул. Солнцева, д. 7", "subcategory": "Течь кровли"}},
        {"text": "Адрес: Одинцово, ул. Солнцева, д. 7\nПодкатегория: Течь кровли"},
    ],
    ids=["by fields", "by lines of a note"],
)
def test_what_staff_correct_on_a_task_wins_over_the_next_export(
    stand: Stand, said: dict[str, Any]
) -> None:
    """In Redmine's own fields, or in a note where there are none; both values are kept."""
    stand.cycle()
    stand.pass_time(minutes=1)
    stand.take(an_appeal(received_at=stand.now))
    stand.cycle()
    [task] = stand.state.tasks.listing(open_only=True)

    stand.pass_time(minutes=1)
    stand.tracker.change(task.ident or "", "mcur_resp", stand.now, **said)
    stand.cycle()
    stand.take(an_appeal(received_at=stand.now, text="дополнено"))
    stand.cycle()

    appeal = stand.state.appeals.get("dobrodel", "1")
    [task] = stand.state.tasks.listing(open_only=True)
    assert appeal is not None
    assert (appeal.house, appeal.subcategory) == ("одинцово, солнцева, 7", "Течь кровли")
    assert (task.address, task.topic) == ("Одинцово, ул. Солнцева, д. 7", "Течь кровли")


def test_a_mailbox_that_lets_nobody_in_is_told_to_the_administrator_once_a_day(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the connector's own sentence; a server that does not answer is no letter."""
    [source] = [one for one in stand.site.observers.sources if one.name == "mail:inbox"]
    trouble: list[Exception] = [Unavailable("mail did not answer"), *[Barred("wrong password")] * 3]

    def look(cursor: str | None, now: datetime) -> object:
        raise trouble.pop(0)

    monkeypatch.setattr(type(source), "look", lambda _self, cursor, now: look(cursor, now))
    for hours in (0, 1, 2, 26):
        stand.cycle(MORNING + timedelta(hours=hours))

    told = [e for e in stand.told("mail.sent") if ":service:shut:" in e.key]
    assert [e.key.rpartition(":")[2] for e in told] == ["2026-11-18", "2026-11-19"]
    assert told[0].subject == "mcur: нет доступа к «mail:inbox»"
    assert "«mail:inbox» не пускает: wrong password." in told[0].data["text"]


@pytest.mark.parametrize(
    ("wanted", "seconds"), [(None, 30), (timedelta(minutes=5), 300)], ids=["nothing", "peace"]
)
def test_a_look_that_failed_is_repeated_after_its_rest_and_not_before(
    state: State, pool: ThreadPoolExecutor, wanted: timedelta | None, seconds: int
) -> None:
    """Before its poll where that is far; as late as the server wants, whoever asks or rings."""
    asked: list[datetime] = []
    source = Place("mail:in", raising(Unavailable("busy", retry_after=wanted)), timedelta(hours=1))
    observers = Observers([source], state, pool)
    for second in range(0, 320, 10):
        now = MORNING + timedelta(seconds=second)
        observers.owe("mail:in") if second == 20 else None
        for name in {*observers.impatient(now), *(["mail:in"] if second in {0, 20} else [])}:
            observers.ask(name, now)
            if observers._flying:
                asked.append(now)
                source.look_ = lambda: None
        while observers._flying:
            observers.collect(now)

    assert [int((moment - MORNING).total_seconds()) for moment in asked] == [0, seconds]


def test_one_cycle_waits_for_nobody_who_does_not_answer(
    state: State, pool: ThreadPoolExecutor
) -> None:
    """``once`` asks each source, and ends."""
    silent = Place("mail:in", raising(Unavailable("busy", retry_after=timedelta(minutes=5))))
    observers = Observers([silent, good := Place("good", batches=3)], state, pool)
    observers.look_at_all(MORNING)

    assert len(good.kept) == 3
    assert list(observers.unreachable) == ["mail:in"]
