"""Days of staff: what people do in Redmine, and the acts of the contract that these gestures are.

Between them the days hold every act of the contract's table, each by somebody who may, and most by
somebody who may not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mcur.playbooks.facts import TaskKind, TaskStatus
from tests.servers.at_work import Step

MAY = "может"
"""Stands in each answer to an act of the wrong role: who may do it."""


@dataclass(frozen=True)
class Day:
    """A scenario without its acts, and the steps that are both acts and gestures."""

    date: str
    table: str
    steps: Sequence[Step]


PLAN = """
playbooks = ["odintsovo-1204"]
start = 2026-11-23T08:00:00+03:00
until = 2026-11-23T18:30:00+03:00
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
[[appeals]]
source = "dobrodel"
count = 5
first = 2026-11-23T09:05:00+03:00
number = "{n}"
due_after = "8d"
subcategory = "Теплотрасса"
address = "Одинцово, ул. Новая, {n}"
executor = "УК Север"
[[site.executors]]
name = "УК Север"
email = "sever@uk.invalid"
login = "sever"
"""
EMERGENCY = """
playbooks = ["ruza-679"]
start = 2026-11-18T09:00:00+03:00
until = 2026-11-18T14:30:00+03:00
poll = "1h"
[[appeal]]
source = "dobrodel"
number = "4711"
received_at = 2026-11-18T09:00:00+03:00
due_at = 2026-11-25T12:00:00+03:00
block = "МКД"
subcategory = "Кровля"
address = "Руза, ул. Садовая, 5"
"""
SUSPICION = """
playbooks = ["khimki-energy"]
start = 2026-11-16T00:00:00+03:00
until = 2026-11-17T13:00:00+03:00
poll = "2h"
[[appeals]]
source = "dobrodel"
count = 5
first = 2026-11-16T06:00:00+03:00
every = "1m"
address = "Химки, ул. Энгельса, д. {n}"
block = "Энергетика"
subcategory = "Отключение электроэнергии"
due_after = "8d"
[[appeals]]
source = "dobrodel"
count = 6
first = 2026-11-17T08:30:00+03:00
every = "16m"
address = "Химки, ул. Мира, д. {n}"
block = "Энергетика"
subcategory = "Отключение электроэнергии"
due_after = "8d"
"""

WEEKLY = "draft:odintsovo-1204:weekly:*"
MEASURES = [
    {"subject": "Засыпать ямы", "due": "2026-11-24", "assignee": "mcur_resp"},
    {"subject": "Проверить дворы", "due": "2026-11-25", "assignee": "mcur_head"},
]
TABLE = (
    "Заполнить план:\n|_. Мероприятие |_. Дата завершения работ |_. Ответственный исполнитель |\n"
    "| Засыпать ямы | 24.11.2026 | mcur_resp |\n| Проверить дворы | 25.11.2026 | mcur_head |"
)
MEASURE = "measure:odintsovo-1204:weekly:*:1"
TASK = "task:odintsovo-1204:dobrodel:"
WORKED, REFUSED, UNSOLVED, OTHER, CLOSED = (f"{TASK}{n}" for n in range(1, 6))
E4 = f"draft:odintsovo-1204:E-4:1:{UNSOLVED}:1"
O2, O3 = (f"report:odintsovo-1204:O-{n}:2026-11-23" for n in (2, 3))
INCIDENT = "incident:ruza-679:*"
HOUSE = "Руза, ул. Солнцева, д. 5"
CALL = "call:ruza-679:9.2:*"
SUSPECTED = "incident:khimki-energy:T6:*"
LIST = "checklist:khimki-energy:4.1[3]:*"

A_PLAN = (
    Step(at="10:20", by="deputy_head", do="approve", key=WEEKLY, status=TaskStatus.CLOSED,
         refused="мероприяти"),
    Step(at="10:30", by="mcur_resp", do="fill-plan", key=WEEKLY, further={"measures": MEASURES},
         note=TABLE, refused=MAY),
    Step(at="10:35", by="mcur_head", do="fill-plan", key=WEEKLY, further={"measures": MEASURES},
         note=TABLE),
    Step(at="10:40", by="mcur_resp", do="approve", key=WEEKLY, status=TaskStatus.CLOSED, refused=MAY),
    Step(at="10:45", by="deputy_head", do="return", key=WEEKLY, text="добавьте показатель",
         status=TaskStatus.RETURNED, note="добавьте показатель",
         bare_note="На доработку: добавьте показатель"),
    Step(at="10:50", by="mcur_head", do="fill-plan", key=WEEKLY, further={"measures": MEASURES},
         note=TABLE),
    Step(at="11:10", by="deputy_head", do="approve", key=WEEKLY, status=TaskStatus.CLOSED),
    Step(at="11:15", by="mcur_resp", do="note", key=MEASURE, text="Меры: засыпано",
         note="Меры: засыпано"),
    Step(at="11:18", by="mcur_resp", do="status", key=MEASURE, further={"status": "closed"},
         status=TaskStatus.CLOSED),
)  # fmt: skip
TASKS = (
    Step(at="11:20", by="mcur_resp", do="note", key=WORKED, text="Меры: пущено отопление",
         note="Меры: пущено отопление"),
    Step(at="11:25", by="mcur_resp", do="status", key=WORKED, further={"status": "in_work"},
         status=TaskStatus.IN_WORK),
    Step(at="11:26", by="okrug_head", do="status", key=WORKED, further={"status": "closed"},
         status=TaskStatus.CLOSED, refused=MAY),
    Step(at="11:30", by="mcur_resp", do="extend", key=WORKED, text="ждём насос",
         further={"due_at": "2026-12-03T18:00:00+03:00"},
         note="Продлить до 03.12.2026 18:00: ждём насос"),
    Step(at="11:35", by="okrug_head", do="confirm", key=WORKED, note="Подтверждаю", refused=MAY),
    Step(at="11:40", by="mcur_resp", do="confirm", key=WORKED, note="Подтверждаю"),
    Step(at="12:00", by="executor", do="status", key=WORKED, further={"status": "done"},
         status=TaskStatus.DONE),
    Step(at="12:10", by="mcur_resp", do="dismiss", key=WORKED, text="нет фото",
         note="Отклонить: нет фото"),
    Step(at="12:20", by="mcur_resp", do="report", key=WORKED, text="сделано",
         note="Доклад исполнителя: сделано"),
    Step(at="12:25", by="mcur_head", do="close", key=WORKED, note="Закрыть", refused=MAY),
    Step(at="12:30", by="mcur_resp", do="close", key=WORKED, text="проверено",
         note="Закрыть: проверено"),
    Step(at="12:50", by="okrug_head", do="refuse", key=REFUSED, note="Отказ исполнителя", refused=MAY),
    Step(at="13:00", by="mcur_resp", do="refuse", key=REFUSED, text="не наш дом",
         note="Отказ исполнителя: не наш дом"),
    Step(at="13:05", by="mcur_resp", do="status", key=CLOSED, further={"status": "closed"},
         text="Проверено", status=TaskStatus.CLOSED, note="Проверено"),
    Step(at="13:10", by="mcur_resp", do="unsolved", key=UNSOLVED, text="не на балансе",
         note="Проблема не устранена: не на балансе"),
    Step(at="13:15", by="okrug_head", do="release", key=E4, on=UNSOLVED, note="Отправить", refused=MAY),
    Step(at="13:20", by="mcur_head", do="hold", key=E4, on=UNSOLVED, note="Задержать"),
    Step(at="13:30", by="mcur_head", do="release", key=E4, on=UNSOLVED, note="Отправить: {key}"),
    Step(at="14:00", by="mcur_head", do="absent", on=WORKED, note="Отсутствует до 2026-11-24: "
         "mcur_resp; замещает mcur_head",
         further={"person": "mcur_resp", "until": "2026-11-24", "substitute": "mcur_head"}),
    Step(at="16:40", by="mcur_resp", do="hold", key=O3, on=OTHER, note="Задержать: {key}"),
    Step(at="16:45", by="mcur_resp", do="review", key=O3, on=OTHER, note="Проверено: {key}"),
    Step(at="16:50", by="mcur_resp", do="correct", key=O2, on=OTHER, note="Исправить: {key}"),
    Step(at="16:55", by="mcur_resp", do="release", key=O3, on=OTHER, note="Отправить: {key}"),
)  # fmt: skip
AN_EMERGENCY = (
    Step(at="09:07", by="mcur_resp", do="declare", text="Прорыв", on="task:*",
         further={"mode": "emergency", "object": HOUSE},
         note=f"Объявить аварийную ситуацию: {HOUSE}\nПрорыв"),
    Step(at="09:20", by="mcur_resp", do="no-progress", key=INCIDENT, text="Работы стоят",
         note="Нет динамики: Работы стоят"),
    Step(at="09:25", by="okrug_head", do="solve", key=INCIDENT, text="Готово", status=TaskStatus.DONE,
         note="Готово", refused=MAY),
    Step(at="09:30", by="mcur_head", do="form-group", key=INCIDENT, further={"head": "okrug_deputy"},
         note="Создана рабочая группа: okrug_deputy"),
    Step(at="09:40", by="okrug_head", do="note", key=INCIDENT, text="Меры: вызвана бригада",
         note="Меры: вызвана бригада"),
    Step(at="09:50", by="mcur_head", do="solve", key=INCIDENT, text="Тепло подано",
         status=TaskStatus.DONE, note="Тепло подано"),
    Step(at="10:10", by="mcur_head", do="declare", key=INCIDENT, further={"mode": "crisis"},
         text="Взрыв", note="Объявить чрезвычайную ситуацию\nВзрыв"),
    Step(at="10:20", by="okrug_deputy", do="call-done", key=CALL, text="Звонил", note="Звонил",
         status=TaskStatus.DONE, refused=MAY),
    Step(at="10:30", by="mcur_head", do="call-done", key=CALL, text="Глава выезжает",
         note="Глава выезжает", status=TaskStatus.CLOSED),
    Step(at="10:35", by="mcur_head", do="form-hq", key=INCIDENT, further={"head": "okrug_deputy"},
         note="Создан штаб: okrug_deputy"),
    Step(at="10:40", by="mcur_resp", do="close", key="checklist:*", text="Население оповещено",
         note="Население оповещено", status=TaskStatus.CLOSED),
    Step(at="12:00", by="gzhi_spec", do="close", key=INCIDENT, text="Все", note="Закрыть: Все",
         refused=MAY),
    Step(at="13:00", by="mcur_head", do="close", key=INCIDENT, text="Восстановлено",
         note="Закрыть: Восстановлено"),
    Step(at="13:30", by="mcur_head", do="call-done", key="call:ruza-679:9.2.5*", text="Доложено",
         note="Доложено", status=TaskStatus.DONE),
    Step(at="13:35", by="gzhi_spec", do="call-done", key="call:ruza-679:9.3.3*", text="Доложено",
         note="Доложено", status=TaskStatus.CLOSED),
    Step(at="13:40", by="gzhi_head", do="call-done", key="call:ruza-679:9.4.4*", text="Доложено",
         note="Звонок сделан: Доложено"),
    Step(at="13:50", by="mcur_resp", do="status", key="task:ruza-679:8.1.1*",
         further={"status": "closed"}, status=TaskStatus.CLOSED),
)  # fmt: skip
A_SUSPICION = (
    Step(at="11:10", by="deputy_head", do="confirm", key=SUSPECTED, status=TaskStatus.IN_WORK,
         refused=MAY),
    Step(at="11:15", by="mcur_resp", do="confirm", key=SUSPECTED, status=TaskStatus.IN_WORK),
    Step(at="11:20", by="mcur_head", do="tick", key=LIST, further={"item": "1"}, note="[x] 1"),
    Step(at="11:25", by="mcur_head", do="tick", key=LIST, further={"item": "стенды"},
         note="[x] стенды"),
    Step(at="11:30", by="deputy_head", do="tick", key=LIST, further={"item": "2"}, note="[x] 2",
         refused=MAY),
    Step(at="11:45", by="mcur_resp", do="dismiss", key=SUSPECTED, text="учения",
         note="Отклонить: учения"),
)  # fmt: skip

MADE = """
playbooks = ["odintsovo-1204"]
start = 2026-11-18T09:00:00+03:00
until = 2026-11-18T09:30:00+03:00
poll = "10m"
[set]
"odintsovo-1204.term.task.by_topic" = { "Кровля" = "3d" }
[[appeal]]
source = "dobrodel"
number = "4711"
received_at = 2026-11-18T09:00:00+03:00
due_at = 2026-11-25T12:00:00+03:00
subcategory = "Кровля"
address = "Одинцово, ул. Новая, д. 1"
"""
BY_HAND = (
    Step(at="09:12", by="mcur_head", do="note",
         makes={"subject": "Кровля течёт: Одинцово, ул. Новая, д. 1"}),
    Step(at="09:14", by="mcur_resp", do="note", on="task:odintsovo-1204:issue:*",
         repeats="task:odintsovo-1204:dobrodel:4711", note="Это одно и то же"),
    Step(at="09:15", by="mcur_resp", do="note",
         makes={"subject": "Угроза жизни: Одинцово, ул. Садовая, д. 5", "kind": TaskKind.INCIDENT}),
)  # fmt: skip

DAYS = {
    "plan": Day("2026-11-23", PLAN, (*A_PLAN, *TASKS)),
    "emergency": Day("2026-11-18", EMERGENCY, AN_EMERGENCY),
    "suspicion": Day("2026-11-17", SUSPICION, A_SUSPICION),
}
