"""Telling a week to people: what happened, one line an event, many alike of one moment in one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import click

from mcur.daemon.demo_exports import ZONE
from mcur.playbooks.facts import TaskKind
from mcur.playbooks.language import counted, day_in_words, shorten
from mcur.playbooks.playbook import Playbook
from mcur.state.journal import Event
from mcur.state.store import State

WEEKDAYS = ("Понедельник", "Вторник", "Среда", "Четверг", "Пятница", "Суббота", "Воскресенье")
SHORT = ("Пн", "Вт", "Ср", "Чт", "Пт", "Сб", "Вс")
FEEDS = {"ecur": "ЕЦУР", "dobrodel": "«Добродел»"}
UNTOLD = frozenset({"term.started", "term.met", "term.reminded", "draft.released"})
_TASKS = ("задача", "задачи", "задач")
_COLOURS = {
    "отчет": "green", "эскалация": "red", "просрочено": "red", "план": "red", "сбой": "yellow",
    "связь": "yellow", "разбор": "yellow", "программа": "yellow", "карантин": "yellow",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the story; ``clause`` as the regulation prints it, empty where none applies."""

    label: str
    text: str
    clause: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Direction:
    """What happens around the daemon at a moment and is no event of its own."""

    at: datetime
    line: Line


class Telling:
    """Hears the events of a simulation and prints them, moment by moment."""

    def __init__(
        self, playbook: Playbook, state: Callable[[], State], directions: Iterable[Direction]
    ) -> None:
        self._playbook = playbook
        self._state = state
        self._directions = sorted(directions, key=lambda d: d.at, reverse=True)
        self._waiting: list[Event] = []
        self._day: date | None = None
        self.counts: Counter[str] = Counter()

    def hear(self, event: Event) -> None:
        """Take an event; what belongs to an earlier moment is told first."""
        if self._waiting and self._waiting[0].at != event.at:
            self.flush()
        if event.event not in UNTOLD:
            self._waiting.append(event)

    def flush(self, until: datetime | None = None) -> None:
        """Tell what was heard, after what happened around it before; at the end up to ``until``."""
        heard, self._waiting = self._waiting, []
        moment = heard[0].at if heard else until
        while self._directions and moment and self._directions[-1].at <= moment:
            direction = self._directions.pop()
            self._print(direction.at, direction.line)
        groups: dict[str, list[Event]] = {}
        for number, event in enumerate(heard):
            groups.setdefault(_theme(event) or f"{number}", []).append(event)
        for theme, events in groups.items():
            for line in self._lines(theme, events):
                self._print(events[0].at, line)

    def _lines(self, theme: str, events: Sequence[Event]) -> list[Line]:
        folded = _FOLDED.get(theme.partition(":")[0])
        if folded is not None:
            return folded(self, events)
        single = _SINGLE.get(events[0].event)
        return single(self, events[0]) if single else []

    def _print(self, at: datetime, line: Line) -> None:
        here = at.astimezone(ZONE)
        if here.date() != self._day:
            self._day = here.date()
            head = f"{WEEKDAYS[here.weekday()]}, {day_in_words(here, ZONE)}"
            click.echo(f"\n{click.style(head, bold=True)}")
        stamp = f"{SHORT[here.weekday()]} {here:%d.%m %H:%M}"
        label = click.style(f"{line.label:<10}", fg=_COLOURS.get(line.label))
        clause = f"  (п. {line.clause})" if line.clause else ""
        click.echo(f"{stamp}  {label}  {line.text}{click.style(clause, dim=True)}")

    # --- many alike in one line -----------------------------------------------------------------------

    def exports(self, events: Sequence[Event]) -> list[Line]:
        lines = [Line(label="выгрузка", text="; ".join(_export(e) for e in events))]
        for event in events:
            self.counts["appeals"] += event.data["new"]
            self.counts["history"] += event.data["history"]
            if bad := event.data["quarantined"]:
                self.counts["quarantined"] += bad
                rows = counted(bad, "строка", "строки", "строк")
                text = f"{FEEDS[event.data['feed']]}: {rows} не прочитано, см. mcur quarantine"
                lines.append(Line(label="карантин", text=text))
        return lines

    def tasks(self, events: Sequence[Event]) -> list[Line]:
        self.counts["tasks"] += len(events)
        hands = Counter(self._name(e.data["assignee"]) for e in events)
        text = f"поставлено {len(events)}: " + ", ".join(f"{n} {c}" for n, c in hands.most_common())
        return [Line(label="задачи", text=text, clause=self._clause(events[0]))]

    def executor_mail(self, events: Sequence[Event]) -> list[Line]:
        self.counts["executor_mail"] += len(events)
        names = [self._name(e.to[0]) for e in events if e.to]
        text = f"о новых задачах → {', '.join(names)}"
        return [Line(label="письма", text=text, clause=self._clause(events[0]))]

    def measures(self, events: Sequence[Event]) -> list[Line]:
        if len(events) == 1:
            return self._note(events[0])
        who = events[0].cite.why.partition(":")[0]
        text = f"{who} пишет меры: {counted(len(events), *_TASKS)}"
        return [Line(label="люди", text=text)]

    def closed(self, events: Sequence[Event]) -> list[Line]:
        kinds = (self._state().tasks.get(e.key) for e in events)
        self.counts["closed_tasks"] += sum(
            t is not None and t.kind is TaskKind.EXECUTOR for t in kinds
        )
        if len(events) == 1:
            return [Line(label="закрыто", text=self._task(events[0].key))]
        text = f"{counted(len(events), *_TASKS)}: обращения закрыты в системе-источнике"
        return [Line(label="закрыто", text=text)]

    def breaches(self, events: Sequence[Event]) -> list[Line]:
        self.counts["breaches"] += len(events)
        text = self._object(events[0])
        if len(events) > 1:
            text = f"истёк срок: {counted(len(events), *_TASKS)} исполнителей"
        return [Line(label="просрочено", text=text, clause=self._clause(events[0]))]

    # --- one event ------------------------------------------------------------------------------------

    def created(self, event: Event) -> list[Line]:
        kind = event.data["kind"]
        labels = {"assignment": "задание", "day": "контроль", "plan": "план"}
        if kind == "day":
            if event.cite.rule != "daily":
                return []
            text = f"{event.cite.why} → {self._name(event.data['assignee'])}"
        else:
            self.counts[f"tasks_{kind}"] += 1
            text = self._task(event.key) if kind == "assignment" else event.subject or ""
            text += f" → {self._name(event.data['assignee'])}"
        return [Line(label=labels.get(kind, "задача"), text=text, clause=self._clause(event))]

    def sent(self, event: Event) -> list[Line]:
        report = event.key.startswith("report:")
        label = "отчет" if report else "эскалация"
        if event.cite.rule in {"letters", "answer"}:
            label = "ответ"
        self.counts[{"отчет": "late" if event.late else "reports"}.get(label, label)] += 1
        late = " (с опозданием)" if event.late else ""
        readers = ", ".join(self._name(r) for r in (*(event.to or ()), *(event.cc or ())))
        text = f"{event.subject}{late} → {readers}"
        return [Line(label=label, text=text, clause=self._clause(event))]

    def updated(self, event: Event) -> list[Line]:
        if event.cite.rule in self._playbook.rules["report"]:
            if event.cite.rule != next(iter(self._playbook.rules["report"])):
                return []
            return [Line(label="проект", text=event.cite.why.removeprefix("проект: "))]
        return self._note(event)

    def _note(self, event: Event) -> list[Line]:
        said = " ".join((event.data.get("text") or "").split())
        text = f"{self._task(event.key)}. {shorten(said, 110)}" if said else self._task(event.key)
        return [Line(label="люди", text=text)]

    def flag(self, event: Event) -> list[Line]:
        self.counts["flags"] += 1
        return [Line(label="разбор", text=event.data["text"], clause=self._clause(event))]

    def draft(self, event: Event) -> list[Line]:
        if event.cite.rule in self._playbook.rules["ladder"]:
            return []  # the plan's own task tells it
        text = f"ответ в ЦУР ждёт отправки: {event.cite.why}"
        return [Line(label="проект", text=text, clause=self._clause(event))]

    def reviewed(self, event: Event) -> list[Line]:
        title = self._playbook.rules["report"][event.cite.rule].title
        text = f"{title}: {event.cite.why}"
        return [Line(label="люди", text=text, clause=self._clause(event))]

    def missed(self, event: Event) -> list[Line]:
        return [Line(label="отчет", text=event.cite.why, clause=self._clause(event))]

    # --- names ----------------------------------------------------------------------------------------

    def _clause(self, event: Event) -> str:
        return self._playbook.printed(event.cite.clause)

    def _name(self, ref: str | None) -> str:
        role = ref or ""
        return self._playbook.roles.get(role, role.removeprefix("executor:"))

    def _task(self, key: str) -> str:
        task = self._state().tasks.get(key)
        if task is None:
            return key
        number = f"№ {task.ident}, " if task.ident else ""
        return f"{number}{shorten(task.topic or task.subject, 70)}, {task.address or 'без адреса'}"

    def _object(self, event: Event) -> str:
        key = event.key.partition(f"{event.cite.clause}:")[2]
        if key.startswith("task:"):
            return f"{self._task(key)}: {event.cite.why}"
        source, _, number = key.partition(":")
        return f"обращение № {number} ({source}) не взято в работу: {event.cite.why}"


def _theme(event: Event) -> str:
    """Name the group in which an event is told with others of its moment; empty: alone."""
    data = event.data
    match event.event:
        case "appeals.read":
            return "exports"
        case "term.breached":
            return f"breaches:{event.cite.clause}"
        case "task.created" if data["kind"] == "executor":
            return "tasks"
        case "mail.sent" if event.to and event.to[0].startswith("executor:"):
            return "executor_mail"
        case "task.closed":
            return "closed"
        case "task.updated" if "Меры:" in (data.get("text") or ""):
            return "measures"
    return ""


def _export(event: Event) -> str:
    data = event.data
    history = f" (из них история {data['history']})" if data["history"] else ""
    return f"{FEEDS[data['feed']]}: новых {data['new']}{history}, изменилось {data['changed']}"


_Folded = Callable[[Telling, Sequence[Event]], list[Line]]
_Single = Callable[[Telling, Event], list[Line]]
_FOLDED: dict[str, _Folded] = {
    "exports": Telling.exports,
    "tasks": Telling.tasks,
    "executor_mail": Telling.executor_mail,
    "measures": Telling.measures,
    "closed": Telling.closed,
    "breaches": Telling.breaches,
}
_SINGLE: dict[str, _Single] = {
    "task.created": Telling.created,
    "task.updated": Telling.updated,
    "mail.sent": Telling.sent,
    "flag.raised": Telling.flag,
    "draft.prepared": Telling.draft,
    "report.reviewed": Telling.reviewed,
    "report.missed": Telling.missed,
}
