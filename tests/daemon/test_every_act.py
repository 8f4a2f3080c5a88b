"""Every act of the contract, by ``mcur act`` and through the embedded tracker: the same happens."""

from __future__ import annotations

import shutil
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from mcur.daemon import clock as clocks
from mcur.playbooks.permits import VOCABULARY
from tests.daemon.acting import Line, Worked, a_site

CONTRACT = frozenset(
    [
        "note", "status", "close", "solve", "refuse", "unsolved", "no-progress", "declare",
        "confirm", "dismiss", "form-group", "form-hq", "fill-plan", "approve", "return",
        "release", "hold", "review", "correct", "call-done", "tick", "extend", "report", "absent",
    ]
)  # fmt: skip
"""The table of acts of the contract, word for word."""

APPEAL = """
playbooks = ["odintsovo-1204"]
start = 2026-11-18T09:00:00+03:00
until = 2026-11-18T09:30:00+03:00
poll = "10m"
[[appeal]]
source = "dobrodel"
number = "4711"
received_at = 2026-11-18T09:05:00+03:00
due_at = 2026-11-25T12:00:00+03:00
subcategory = "Теплотрасса"
address = "Одинцово, ул. Садовая, 5"
executor = "УК Север"
"""
DONE = (
    APPEAL
    + """
[[act]]
at = 2026-11-18T09:20:00+03:00
by = "executor"
do = "status"
status = "done"
key = "task:odintsovo-1204:dobrodel:4711"
"""
)
REPORTED = APPEAL.replace("until = 2026-11-18T09:30", "until = 2026-11-18T11:00")
DRAFT = (
    APPEAL
    + """
[[act]]
at = 2026-11-18T09:20:00+03:00
by = "mcur_resp"
do = "unsolved"
key = "task:odintsovo-1204:dobrodel:4711"
text = "Сеть не на балансе округа"
"""
)
EMERGENCY = """
playbooks = ["ruza-679"]
start = 2026-11-18T09:00:00+03:00
until = 2026-11-18T09:30:00+03:00
poll = "10m"
[[act]]
at = 2026-11-18T09:07:00+03:00
by = "mcur_resp"
do = "declare"
mode = "emergency"
object = "Руза, ул. Солнцева, д. 5"
text = "Прорыв"
"""
CRISIS = EMERGENCY.replace('"mcur_resp"', '"mcur_head"').replace('"emergency"', '"crisis"')
ODINTSOVO = EMERGENCY.replace("ruza-679", "odintsovo-1204")
NO_PROGRESS = (
    EMERGENCY
    + """
[[act]]
at = 2026-11-18T09:20:00+03:00
by = "mcur_resp"
do = "no-progress"
key = "incident:*"
text = "Работы стоят"
"""
)
SUSPECTED = """
playbooks = ["khimki-energy"]
start = 2026-11-16T00:00:00+03:00
until = 2026-11-17T11:30:00+03:00
poll = "30m"
[[appeals]]
source = "dobrodel"
count = 50
first = 2026-11-16T06:00:00+03:00
every = "15m"
address = "Химки, ул. Энгельса, д. {n}"
block = "Энергетика"
subcategory = "Отключение электроэнергии"
due_after = "8d"
[[appeals]]
source = "dobrodel"
count = 56
first = 2026-11-17T00:30:00+03:00
every = "10m"
address = "Химки, ул. Мира, д. {n}"
block = "Энергетика"
subcategory = "Отключение электроэнергии"
due_after = "8d"
"""
PLAN = """
playbooks = ["odintsovo-1204"]
start = 2026-11-23T08:00:00+03:00
until = 2026-11-23T11:00:00+03:00
poll = "1h"
[[appeals]]
source = "dobrodel"
count = 2
first = 2026-11-10T06:00:00+03:00
subcategory = "Ямы"
[[appeals]]
source = "dobrodel"
count = 3
first = 2026-11-17T06:00:00+03:00
subcategory = "Ямы"
"""
FILLED = (
    PLAN
    + """
[[act]]
at = 2026-11-23T10:30:00+03:00
by = "mcur_head"
do = "fill-plan"
key = "draft:odintsovo-1204:weekly:*"
measures = [{ subject = "Засыпать ямы", due = 2026-11-24, assignee = "mcur_resp" }]
"""
)
MEASURES = '[{"subject": "Засыпать ямы", "due": "2026-11-24", "assignee": "mcur_resp"}]'
TABLE = (
    "Заполнить план:\n|_. Мероприятие |_. Дата завершения работ |_. Ответственный исполнитель |\n"
    "| Засыпать ямы | 24.11.2026 | mcur_resp |"
)
TASK = "task:odintsovo-1204:dobrodel:4711"
O2, O3 = "report:odintsovo-1204:O-2:2026-11-18", "report:odintsovo-1204:O-3:2026-11-18"
WEEKLY = "draft:odintsovo-1204:weekly:*"
E4 = "draft:odintsovo-1204:E-4:*"
CALL = "call:ruza-679:9.2:*"
LIST = "checklist:khimki-energy:4.1[3]:*"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One act: where it is allowed, how it is typed, how it is said in the tracker, what follows."""

    do: str
    state: str
    by: str
    said: str
    event: str
    key: str | None = None
    on: str = ""
    text: str = ""
    status: str | None = None
    fields: dict[str, str] = field(default_factory=dict)
    told: str = "*"
    wrong: str | None = "okrug_head"

    def __str__(self) -> str:
        """Name the case."""
        return self.do


ROWS = (
    Row(do="note", state=APPEAL, by="mcur_resp", key=TASK, text="Меры: пущено отопление",
        said="Меры: пущено отопление", event="task.updated", told=TASK, wrong=None),
    Row(do="status", state=APPEAL, by="mcur_resp", key=TASK, fields={"status": "on_control"},
        said="", status="on_control", event="task.updated", told=TASK),
    Row(do="close", state=DONE, by="mcur_resp", key=TASK, said="Закрыть", event="task.closed", told=TASK),
    Row(do="solve", state=EMERGENCY, by="mcur_head", key="incident:*", text="Тепло подано",
        said="Проблема устранена: тепло подано", event="task.updated", told="incident:*"),
    Row(do="refuse", state=APPEAL, by="mcur_resp", key=TASK, text="не наш дом",
        said="Отказ исполнителя: не наш дом", event="task.updated", told=TASK),
    Row(do="unsolved", state=APPEAL, by="mcur_resp", key=TASK, text="не на балансе",
        said="Проблема не устранена: не на балансе", event="draft.prepared", told=E4),
    Row(do="no-progress", state=EMERGENCY, by="mcur_resp", key="incident:*", text="Работы стоят",
        said="Нет динамики: работы стоят", event="term.started"),
    Row(do="declare", state=APPEAL, by="mcur_resp", on=TASK, text="Обрыв провода",
        fields={"mode": "emergency", "object": "Обрыв провода"},
        said="Объявить аварийную ситуацию: Обрыв провода", event="incident.opened", wrong="nobody"),
    Row(do="confirm", state=DONE, by="mcur_resp", key=TASK, said="Подтверждаю", event="task.closed", told=TASK),
    Row(do="dismiss", state=SUSPECTED, by="mcur_resp", key="incident:*:T6:*", text="учения",
        said="Не подтверждаю: учения", event="incident.dismissed"),
    Row(do="form-group", state=NO_PROGRESS, by="mcur_head", key="incident:*", fields={"head": "okrug_deputy"},
        said="Создана рабочая группа: okrug_deputy", event="term.*"),
    Row(do="form-hq", state=CRISIS, by="mcur_head", key="incident:*", fields={"head": "okrug_deputy"},
        said="Создан штаб: okrug_deputy", event="term.*"),
    Row(do="fill-plan", state=PLAN, by="mcur_head", key=WEEKLY, fields={"measures": MEASURES},
        said=TABLE, event="task.updated", told=WEEKLY),
    Row(do="approve", state=FILLED, by="deputy_head", key=WEEKLY, said="Утверждаю", event="plan.approved"),
    Row(do="return", state=FILLED, by="deputy_head", key=WEEKLY, text="Добавьте показатель",
        said="На доработку: добавьте показатель", event="task.updated", told=WEEKLY),
    Row(do="release", state=DRAFT, by="mcur_head", key=E4, on=TASK, said="Отправить: {key}",
        event="draft.released", told=E4),
    Row(do="hold", state=REPORTED, by="mcur_resp", key=O3, on=TASK, said="Задержать: {key}", event="act.hold", told=O3),
    Row(do="review", state=REPORTED, by="mcur_resp", key=O3, on=TASK, said="Проверено: {key}",
        event="report.reviewed", told=O3),
    Row(do="correct", state=REPORTED, by="mcur_resp", key=O2, on=TASK, said="Исправить: {key}",
        event="report.corrected"),
    Row(do="call-done", state=CRISIS, by="mcur_head", key=CALL, text="Глава выезжает",
        said="Звонок сделан: глава выезжает", event="task.closed", told=CALL),
    Row(do="tick", state=SUSPECTED, by="mcur_head", key=LIST, fields={"item": "1"}, said="[x] 1",
        event="task.updated", told=LIST),
    Row(do="extend", state=APPEAL, by="mcur_resp", key=TASK, text="ждём насос",
        fields={"due_at": "2026-11-27T18:00:00+03:00"}, said="Продлить до 27.11.2026 18:00: ждём насос",
        event="task.updated", told=TASK),
    Row(do="report", state=APPEAL, by="mcur_resp", key=TASK, text="сделано", said="Доклад исполнителя: сделано",
        event="task.updated", told=TASK),
    Row(do="absent", state=APPEAL, by="mcur_head", on=TASK,
        fields={"person": "mcur_resp", "until": "2026-11-20", "substitute": "mcur_head"},
        said="Отсутствует до 2026-11-20: mcur_resp; замещает mcur_head", event="act.absent"),
)  # fmt: skip


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return what plays each state once."""
    made: dict[str, Path] = {}

    def prepare(state: str) -> Path:
        if state not in made:
            made[state] = tmp_path_factory.mktemp("state") / "site"
            a_site(made[state], state)
        return made[state]

    return prepare


def test_every_act_of_the_contract_has_a_row() -> None:
    """Neither the code nor the table knows an act that the other does not."""
    assert VOCABULARY == CONTRACT == {row.do for row in ROWS}


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_an_act_is_the_same_by_command_and_in_the_tracker(
    row: Row, prepared: Callable[[str], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """The same things happen under the same keys, whichever way a person did it."""
    now = a_minute_after(row, monkeypatch)
    by_command, in_tracker = sites(row, prepared, tmp_path, capsys)
    key = key_of(row, by_command)
    status, said = by_command.mcur("act", row.do, *([key] if key else []), *typed(row, row.by))
    by_command.mcur("once")
    in_tracker.write(row.on or key, row.by, now, row.said.format(key=key), row.status)

    assert status == 0, said
    typed_events, written_events = happened(by_command, row), happened(in_tracker, row)
    assert typed_events, [(x["event"], x["key"]) for x in by_command.told()]
    assert typed_events == written_events


@pytest.mark.parametrize("row", [row for row in ROWS if row.wrong], ids=str)
def test_the_wrong_role_is_told_who_may(
    row: Row, prepared: Callable[[str], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Nothing happens but a flag and a sentence; where there is a task, it stands there as a note."""
    a_minute_after(row, monkeypatch)
    refused, _ = sites(row, prepared, tmp_path, capsys)
    key = key_of(row, refused)
    status, said = refused.mcur(
        "act", row.do, *([key] if key else []), *typed(row, row.wrong or "")
    )

    assert status == 1
    assert "может" in said or row.wrong == "nobody"
    assert {line["event"] for line in refused.told()} >= {"flag.raised"}


@pytest.mark.parametrize("row", [r for r in ROWS if r.wrong and not r.status], ids=str)
def test_the_wrong_role_is_told_who_may_where_it_wrote(
    row: Row, prepared: Callable[[str], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """One flag and one note on the task, and no second ones by the next cycle.

    A mere status is not among them: who may change it is for the tracker's own rights.
    """
    now = a_minute_after(row, monkeypatch)
    _, site = sites(row, prepared, tmp_path, capsys)
    key = key_of(row, site)
    on = row.on or key
    before = site.answers(on)
    site.write(on, row.wrong or "", now, row.said.format(key=key), None)
    site.mcur("once")

    flags = [line["key"] for line in site.told() if line["event"] == "flag.raised"]
    notes = site.answers(on)[len(before) :]
    assert (len(flags), len(notes)) == (1, 1), (flags, notes)
    assert "может" in notes[0] or row.wrong == "nobody"


def a_minute_after(row: Row, monkeypatch: pytest.MonkeyPatch) -> datetime:
    """Set the machine's clock to a minute after the state of a row."""
    now: datetime = tomllib.loads(row.state)["until"] + timedelta(minutes=1)
    monkeypatch.setattr(clocks.SystemClock, "now", lambda _self: now)
    return now


def sites(
    row: Row, prepared: Callable[[str], Path], folder: Path, capsys: pytest.CaptureFixture[str]
) -> Iterator[Worked]:
    """Return two copies of the state of a row."""
    for name in ("command", "tracker"):
        shutil.copytree(prepared(row.state), folder / name)
    return (Worked(folder / name, capsys) for name in ("command", "tracker"))


def key_of(row: Row, site: Worked) -> str:
    """Return the whole key of what a row acts on."""
    return site.key(row.key) if row.key else ""


def typed(row: Row, by: str) -> list[str]:
    """Return the options of the command."""
    fields = [f"--field={name}={value}" for name, value in row.fields.items()]
    return ["--by", by, *(["--text", row.text] if row.text else []), *fields]


def happened(site: Worked, row: Row) -> set[tuple[str, str, str]]:
    """Return the lines of the journal that the act is judged by.

    What has no object of its own is said on some task in the tracker: its key there tells nothing.
    """
    return {
        (line["event"], line["clause"], line["key"] if row.key or not bare(line) else "")
        for line in site.told()
        if fnmatchcase(line["event"], row.event) and (row.told == "*" or like(row.told, line))
    }


def bare(line: Line) -> bool:
    """Whether a line is the record of an act."""
    return str(line["event"]).startswith("act.")


def like(glob: str, line: Line) -> bool:
    """Whether a line is about a key; brackets are literal."""
    return fnmatchcase(line["key"], glob.replace("[", "[[]"))
