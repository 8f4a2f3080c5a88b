"""The cast: for every name that a text may ask for a value as its callers give it, n of each thing."""

from __future__ import annotations

from datetime import date, time, timedelta
from decimal import Decimal
from types import SimpleNamespace as Thing
from typing import Any

from mcur.playbooks.climbs import Climb
from mcur.playbooks.durations import Duration
from mcur.playbooks.extension import Extension
from mcur.playbooks.facts import ExportRead, Health
from mcur.playbooks.incidents import Incident
from mcur.playbooks.mirrored import Outage
from mcur.playbooks.rules.rating import Standing
from tests.playbooks.facts import ID, act, appeal, at, letter, task

CLOCK = time(17, 0)
DUE = at("18:00", 20)
TOPICS = tuple(f"Протечка {letter_}" for letter_ in "абвгдежзиклмнопрстуфх")
HOUSE = "Одинцово, ул. Мира, д. 1"


class Named(Thing):
    """A rule, which writes itself as its name."""

    def __str__(self) -> str:
        return "odintsovo-1204.report.O-4"


def _people(n: int) -> dict[str, Any]:
    return {
        "absent": "Петров П. П.", "by": "Иванов И. И., руководитель МЦУР", "controller": "Сидоров С. С.",
        "executor": "УК «Дом»", "former": "УК «Дом»", "named": "Горсвет", "head": "Иванов И. И.",
        "holder": "УК «Дом»", "owner": "руководитель МЦУР",
        "person": "Иванов И. И.", "phone": "+7 495 000-00-01", "position": "руководитель МЦУР",
        "role": "ответственный сотрудник МЦУР", "who": "руководитель МЦУР",
        "to": tuple(f"руководитель {k}" for k in range(1, n + 1)),
    }  # fmt: skip


def _lists(n: int) -> dict[str, Any]:
    tasks = [task(str(k), due_at=DUE) for k in range(501, 501 + n)]
    return {
        "files": [f"фото {k}" for k in range(1, n + 1)], "found": list(range(n)),
        "items": [f"пункт {k}" for k in range(1, n + 1)], "left": list(TOPICS[:n]),
        "lines": list(TOPICS[:n]), "names": list(TOPICS[:n]),
        "numbers": [f"47-{k}" for k in range(1, n + 1)],
        "stale": list(TOPICS[: max(n, 1)]), "slots": [at("09:00") + timedelta(hours=k) for k in range(n)], "subjects": list(TOPICS[:n]),
        "tasks": tasks,
    }  # fmt: skip


def _moments() -> dict[str, Any]:
    return {
        "at": at("12:00"), "cutoff": at("17:00"), "day_": date(2026, 11, 17), "deadline": at("10:00"),
        "due": DUE, "due_day": date(2026, 11, 17), "ended": at("18:00:05", 20),
        "first": at("00:00", 17), "last": at("16:50"), "new": at("18:00", 25),
        "newest": at("09:00"), "opens": at("08:00", 19), "old": at("18:00", 19), "sent": at("10:05"), "shifted": at("21:59"),
        "since": at("09:30"), "slot": at("15:00"), "through": at("00:00", 17), "until": at("12:30"),
        "week": date(2026, 11, 9), "year": 2026,
    }  # fmt: skip


def _words() -> dict[str, Any]:
    return {
        "address": HOUSE, "assumes": "час в тексте не назван: 09:00", "category": "МКД",
        "cause": "Износ стояка", "clause": "6.1", "destination": "tracker", "fault": "нет такого поля",
        "feed": "Добродел", "file": "выгрузка.xlsx", "group": "new",
        "key": f"report:{ID}:O-2:2026-11-18", "known": "задача № 501 направлена УК «Дом» 18.11 08:05",
        "line": "отложенные: 3 -> 4", "object": "Одинцово, Мира, 1", "okrug": "Одинцово", "op": "gt",
        "over": "более", "place": "Одинцово", "printed": "6.1.5", "reason": "работы не закончены",
        "row": "Протечка | меры не указаны", "said": "Течёт крыша", "scope": "address",
        "share": "30,0 %", "source": "dobrodel", "status": "overdue", "subject": "Отчет 1 за 17.11",
        "text": "Бригада выехала", "title": "Отчет о проделанной работе", "topic": "Протечки",
        "versus": "previous_day", "what": "Протечки, Мира, 1", "why": "рост 30,0 % (40 -> 52)",
        "word": "отказ исполнителя", "words": "незамедлительно",
    }  # fmt: skip


COUNTS = (
    "before", "by_source", "by_topic", "count", "days", "fresh", "fuse", "hours", "limit", "now",
    "number", "open", "places", "rest", "shown", "tenths", "told", "total",
)  # fmt: skip
FIGURES = (
    "closed", "count", "deferred", "done", "in_work", "late", "new", "open", "overdue", "refused",
    "repeat", "returned", "rows", "solved", "tasks", "tasks_closed", "tasks_late", "total", "unsolved",
)  # fmt: skip


def _counts(n: int) -> dict[str, Any]:
    figures = dict.fromkeys(FIGURES, n)
    lists = {
        "names": list(TOPICS[:n]),
        "low": list(TOPICS[:n]),
        "objects": [f"Мира, {k}" for k in range(1, n + 1)],
    }
    return dict.fromkeys(COUNTS, n) | {
        "counts": figures, "figures": figures | lists, "stock": figures, "index": Decimal("3.05"),
        "in_time": True, "late": True, "whole": True,
        "wait": Duration.parse(f"{max(n, 1)}d"),
    }  # fmt: skip


def _happenings(n: int) -> dict[str, Any]:
    return {
        "act": act("note", text="Бригада выехала", person="Иванов И. И.", fields={"until": "завтра"}),
        "climb": Climb(
            key="climb:x", playbook=ID, rule="L-1", object="task:x", occasion=1, step=1,
            started_at=at("12:00"), said="Нет людей", since=at("12:00"), due_at=at("17:00"),
        ),
        "incident": Incident(
            key="incident:x", playbook=ID, rule="T2", clause="2", object="Одинцово, Мира, 1", count=n,
            mode="emergency", state="open", why="более 10 обращений в сутки", detected_at=at("09:00"),
            onset_at=at("08:30"), entered_at=at("09:00"), solved_at=at("14:00"), closed_at=at("15:00"),
        ),
        "letter": letter("Текст", sender_name="Дежурный"),
        "outage": Outage(
            number="О-1", published_at=at("09:00"), start_at=DUE, end_at=at("22:00", 20)
        ),
        "step": Thing(was="new", now="closed", raw=Thing(after={"reopen_comment": "Снова течёт"})),
        "system": Health(system="tracker", last_success=at("09:00"), down_since=at("09:30")),
    }  # fmt: skip


def _duties(n: int) -> dict[str, Any]:
    return {
        "appeal": appeal(
            "4711", closed_at=at("14:00"), due_at=DUE, executor="УК «Дом»", withdrawn_at=DUE
        ),
        "asked": Extension(
            task="task:x", playbook=ID, asked_at=at("12:00"), due_at=DUE, wanted=at("18:00", 25),
            lacks=("causes", "measures", "term")[:n],
        ),
        "one": Standing(
            executor="УК «Дом»", planned=n, done=n, due=n, in_time=n, judged=n, returned=n, overdue=n
        ),
        "report": Thing(title="Отчет о проделанной работе", clause="6.3.2"),
        "rule": Named(
            campaign="ice", clause="4.5", clock=CLOCK, deadline=CLOCK, id="O-4", low_quality_pct=30,
            published_before=timedelta(days=max(n, 1)), title="Отчет о работе УО",
        ),
        "task": task(
            "501", author="Мингосуправления", due_at=DUE, accepted_at=at("09:00"),
            closed_at=at("14:00"), measures="Кровля закрыта",
        ),
        "term": Thing(due_at=DUE),
    }  # fmt: skip


def _own(n: int) -> dict[str, dict[str, Any]]:
    """Return by text the names that mean another thing there."""
    asked = Thing(address=HOUSE, problem="Не убран снег во дворе")
    outage = Thing(moment=at("08:00"), raw=at("23:00", 17))
    pairs = [(name, n) for name in TOPICS[:n]]
    return {
        "board.lead": {"late": n},
        "burst.why": {"first": appeal("4711")},
        "exports.fault": {"one": ExportRead(file="a", made_at=DUE, fault="нет заголовков")},
        "exports.read": {"one": ExportRead(file="a", made_at=DUE, rows=n, new=n)},
        "exports.why": {"clock": CLOCK},
        "figures.line": {"campaign": Thing(title="Осмотры к зиме"), "late": True, "poor": True},
        "form.problems.row": {"okrug": ("Рузский городской округ",)},
        "form.top.silent": {"names": pairs},
        "intake.letters.no_house": {"found": asked},
        "intake.letters.subject": {"found": asked},
        "notice.at_publication": {"due": outage},
        "notice.before_start": {"due": outage},
        "notice.shifted": {"raw": at("23:00", 17)},
        "reference.not_inspected": {"one": Thing(planned_at=DUE), "late": False},
        "section.asked.line": {"task": task("501", source="duty@cur.mosreg.ru")},
        "service.redirected": {"to": "mcur_head"},
        "surge.average": {"limit": Decimal("3.00")},
        "surge.index": {"limit": Decimal("3.00")},
        "surge.index_calm": {"limit": Decimal("3.00")},
        "surge.shares": {"source": "Добродел"},
        "threat.ask": {"by": DUE},
        "threat.default": {"by": DUE},
    }


def cast(text: str, n: int) -> dict[str, Any]:
    """Return every value that a text may ask for: n of each thing, and whatever may be there is."""
    common = (
        _people(n) | _lists(n) | _moments() | _words() | _counts(n) | _happenings(n) | _duties(n)
    )
    return common | _own(n).get(text, {})
