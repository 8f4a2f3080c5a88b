"""Telling a week to people: what happened, one line an event, many alike of one moment in one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import click

from mcur.daemon.demo_exports import ZONE
from mcur.playbooks.facts import TaskKind
from mcur.playbooks.language import capital, counted, day_in_words, plural, shorten
from mcur.playbooks.playbook import Playbook
from mcur.state.journal import Event
from mcur.state.store import State

WIDTH = 150
"""Longest text of a line, in characters; whoever wants more asks ``mcur explain``."""
_WEEKDAYS = ("Пн", "Вт", "Ср", "Чт", "Пт", "Сб", "Вс")
_FEEDS = {"ecur": "ЕЦУР", "dobrodel": "«Добродел»"}
_UNTOLD = frozenset({"term.started", "term.met", "draft.released"})
_TAKEN = "Взята в работу."
_ONE_DRAFT = "O-2"
"""Whose draft is told; those of the other reports go the same way."""
# Within a moment: what was read, what followed from it, what people did, what left.
_FIRST = ("appeals.read", "term.breached", "task.updated")
_TASKS = ("задача", "задачи", "задач")
_COLOURS = {
    "отчет": "green", "эскалация": "red", "просрочено": "red", "план": "red", "связь": "yellow",
    "программа": "yellow", "разбор": "yellow", "карантин": "yellow",
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
    """Hears the events of a simulation and prints them, moment by moment.

    ``state`` returns the state of the hour, for a restart opens a new one. ``counts`` adds up what
    the last table says.
    """

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
            self.flush(event.at)
        if event.event not in _UNTOLD:
            self._waiting.append(event)

    def flush(self, until: datetime) -> None:
        """Tell what was heard, and what happened around it before ``until``."""
        heard, self._waiting = self._waiting, []
        if heard:
            self._direct(heard[0].at)
            self._tell(sorted(heard, key=_rank))
        self._direct(until)

    def _direct(self, until: datetime) -> None:
        while self._directions and self._directions[-1].at <= until:
            direction = self._directions.pop()
            self._print(direction.at, direction.line)

    def _tell(self, heard: Sequence[Event]) -> None:
        groups: dict[str, list[Event]] = {}
        for number, event in enumerate(heard):
            groups.setdefault(_theme(event) or f"{number}", []).append(event)
        for theme, events in groups.items():
            many = _FOLDED.get(theme.partition(":")[0])
            one = _SINGLE.get(events[0].event)
            lines = many(self, events) if many else one(self, events[0]) if one else []
            for line in lines:
                self._print(events[0].at, line)

    def _print(self, at: datetime, line: Line) -> None:
        here = at.astimezone(ZONE)
        if here.date() != self._day:
            self._day = here.date()
            click.echo("\n" + click.style(capital(day_in_words(here, ZONE)), bold=True))
        stamp = f"{_WEEKDAYS[here.weekday()]} {here:%d.%m %H:%M}"
        label = click.style(f"{line.label:<10}", fg=_COLOURS.get(line.label))
        clause = click.style(f"  (п. {line.clause})", dim=True) if line.clause else ""
        click.echo(f"{stamp}  {label}  {shorten(line.text, WIDTH)}{clause}")

    # --- many alike in one line -----------------------------------------------------------------------

    def exports(self, events: Sequence[Event]) -> list[Line]:
        """Tell of the exports of an hour, and of rows that could not be read."""
        lines = [Line(label="выгрузка", text="; ".join(_export(e) for e in events))]
        for event in events:
            self.counts["appeals"] += event.data["new"]
            self.counts["history"] += event.data["history"]
            bad = event.data["quarantined"]
            self.counts["quarantined"] += bad
            if bad:
                rows = counted(bad, "строка", "строки", "строк")
                verb = plural(bad, "не прочитана", "не прочитаны", "не прочитано")
                text = f"{_FEEDS[event.data['feed']]}: {verb} {rows}, причина — в mcur quarantine"
                lines.append(Line(label="карантин", text=text))
        return lines

    def tasks(self, events: Sequence[Event]) -> list[Line]:
        """Tell of the tasks that executors got."""
        self.counts["tasks"] += len(events)
        hands = Counter(self._name(e.data["assignee"]) for e in events)
        shares = ", ".join(f"{name} {count}" for name, count in hands.most_common())
        text = f"{counted(len(events), *_TASKS)}: {shares}"
        return [Line(label="задачи", text=text, clause=self._clause(events[0]))]

    def executor_mail(self, events: Sequence[Event]) -> list[Line]:
        """Tell of the letters that told executors of their new tasks."""
        self.counts["executor_mail"] += len(events)
        names = ", ".join(self._name(e.to[0]) for e in events if e.to)
        return [
            Line(label="письма", text=f"новые задачи → {names}", clause=self._clause(events[0]))
        ]

    def measures(self, events: Sequence[Event]) -> list[Line]:
        """Tell of the measures that a person wrote into tasks."""
        if len(events) == 1:
            return self.updated(events[0])
        who = events[0].cite.why.partition(":")[0]
        many = f"{len(events)} {plural(len(events), 'задаче', 'задачах', 'задачах')}"
        return [Line(label="люди", text=f"{who} записывает меры в {many}")]

    def closed(self, events: Sequence[Event]) -> list[Line]:
        """Tell of tasks that were closed."""
        tasks = [t for e in events if (t := self._state().tasks.get(e.key))]
        told = [t for t in tasks if t.kind is not TaskKind.DAY]
        self.counts["tasks_closed"] += sum(t.kind is TaskKind.EXECUTOR for t in told)
        if not told:
            return [Line(label="закрыто", text="задачи дня")]
        text = f"{counted(len(told), *_TASKS)}: обращения закрыты в системе-источнике"
        if len(told) == 1:
            text = self._task(told[0].key)
        return [Line(label="закрыто", text=text)]

    def breaches(self, events: Sequence[Event]) -> list[Line]:
        """Tell of terms of one clause that ended."""
        self.counts["breaches"] += len(events)
        text = f"истёк срок: {counted(len(events), *_TASKS)}"
        if len(events) == 1:
            text = f"{self._object(events[0])}: {events[0].cite.why}"
        return [Line(label="просрочено", text=text, clause=self._clause(events[0]))]

    # --- one event ------------------------------------------------------------------------------------

    def created(self, event: Event) -> list[Line]:
        """Tell of a task that is not an executor's: an assignment, a plan, the task of the day."""
        kind, who = event.data["kind"], self._name(event.data["assignee"])
        clause = self._clause(event)
        self.counts[f"tasks_{kind}"] += 1
        match kind:
            case "assignment":
                text = f"{self._task(event.key)} → {who}"
                return [Line(label="задание", text=text, clause=clause)]
            case "day" if event.cite.rule not in self._playbook.rules["control"]:
                return []  # the head's task of the day carries drafts only
            case "day":
                return [Line(label="контроль", text=f"{event.cite.why} → {who}", clause=clause)]
        return [Line(label="план", text=f"{event.subject} → {who}", clause=clause)]

    def updated(self, event: Event) -> list[Line]:
        """Tell of a draft, of a letter that answers, or of what a person wrote or changed."""
        report = self._playbook.rules["report"].get(event.cite.rule)
        if report is not None and report.id != _ONE_DRAFT:
            return []
        if report is not None:
            text = f"{report.title}: лежит на задаче дня, можно проверить и исправить"
            return [Line(label="проект", text=text, clause=self._clause(event))]
        task = self._state().tasks.get(event.key)
        if task is not None and task.kind is TaskKind.DAY:
            return []  # a letter that waits is told of itself
        # «Образцова О. О., 17.11.2026 11:10: …»: who and when the line says itself.
        head, _, said = " ".join((event.data["text"] or "").split()).partition(": ")
        label = "письмо" if event.cite.why.startswith("Письмо") else "люди"
        if event.data["status"] == "returned" and not said:
            label = "возврат"  # by the source system: what people write has their name before it
        text = f"{self._task(event.key)}. {said or head or _TAKEN}"
        return [Line(label=label, text=text)]

    def sent(self, event: Event) -> list[Line]:
        """Tell of a letter: a report, an answer, an escalation."""
        climbs = any(
            event.cite.rule in self._playbook.rules[kind] for kind in ("ladder", "control")
        )
        label = "эскалация" if climbs else "ответ"
        if event.key.startswith("report:"):
            label = "отчет"
        self.counts[f"late {label}" if event.late else label] += 1
        late = " (с опозданием)" if event.late else ""
        readers = ", ".join(self._name(r) for r in (*(event.to or ()), *(event.cc or ())))
        text = f"{event.subject}{late} → {readers}"
        return [Line(label=label, text=text, clause=self._clause(event))]

    def flag(self, event: Event) -> list[Line]:
        """Tell of what waits for a person to look at it."""
        text = event.data["text"].rstrip(".")
        return [Line(label="разбор", text=text, clause=self._clause(event))]

    def draft(self, event: Event) -> list[Line]:
        """Tell of a letter that waits for a word; a plan's own task tells of it already."""
        if event.cite.rule in self._playbook.rules["ladder"]:
            return []
        answers = event.cite.rule in self._playbook.rules["intake"]
        made = "ответ составлен" if answers else "письмо составлено"
        text = f"«{event.subject}»: {made} и ждёт, пока его отпустят"
        return [Line(label="проект", text=text, clause=self._clause(event))]

    def expired(self, event: Event) -> list[Line]:
        """Tell of a letter that nobody let go in time."""
        return [Line(label="проект", text=event.cite.why, clause=self._clause(event))]

    def reviewed(self, event: Event) -> list[Line]:
        """Tell of a report that a person checked before it left."""
        title = self._playbook.rules["report"][event.cite.rule].title
        return [Line(label="люди", text=f"{title}: проверен, {event.data['by']}")]

    def missed(self, event: Event) -> list[Line]:
        """Tell of a report that did not leave."""
        return [Line(label="отчет", text=event.cite.why, clause=self._clause(event))]

    # --- names ----------------------------------------------------------------------------------------

    def _clause(self, event: Event) -> str:
        return self._playbook.printed(event.cite.clause)

    def _name(self, ref: str | None) -> str:
        return self._playbook.roles.get(ref or "", (ref or "").removeprefix("executor:"))

    def _task(self, key: str) -> str:
        task = self._state().tasks.get(key)
        if task is None:
            return key
        number = f"№ {task.ident}, " if task.ident else ""
        place = task.address or "адрес не указан"
        return f"{number}{shorten(task.topic or task.subject, 48)}, {place}"

    def _object(self, event: Event) -> str:
        key = event.key.partition(f"{event.cite.clause}:")[2]
        if key.startswith("task:"):
            return self._task(key)
        source, _, number = key.partition(":")
        named = self._playbook.texts.say("source", zone=ZONE, source=source)
        return f"обращение № {number} ({named}) не взято в работу"


def _rank(event: Event) -> int:
    return _FIRST.index(event.event) if event.event in _FIRST else len(_FIRST)


def _theme(event: Event) -> str:
    """Name the group in which an event is told with others of its moment; empty: alone."""
    match event.event:
        case "appeals.read":
            return "exports"
        case "term.breached":
            return f"breaches:{event.cite.clause}"
        case "task.created" if event.data["kind"] == "executor":
            return "tasks"
        case "mail.sent" if event.to and event.to[0].startswith("executor:"):
            return "executor_mail"
        case "task.closed":
            return "closed"
        case "task.updated" if "Меры:" in (event.data["text"] or ""):
            return "measures"
    return ""


def _export(event: Event) -> str:
    data = event.data
    history = f" (до начала работы {data['history']})" if data["history"] else ""
    return f"{_FEEDS[data['feed']]}: новых {data['new']}{history}, изменилось {data['changed']}"


_FOLDED: dict[str, Callable[[Telling, Sequence[Event]], list[Line]]] = {
    "exports": Telling.exports,
    "tasks": Telling.tasks,
    "executor_mail": Telling.executor_mail,
    "measures": Telling.measures,
    "closed": Telling.closed,
    "breaches": Telling.breaches,
}
_SINGLE: dict[str, Callable[[Telling, Event], list[Line]]] = {
    "task.created": Telling.created,
    "task.updated": Telling.updated,
    "mail.sent": Telling.sent,
    "flag.raised": Telling.flag,
    "draft.prepared": Telling.draft,
    "draft.expired": Telling.expired,
    "report.reviewed": Telling.reviewed,
    "report.missed": Telling.missed,
}
