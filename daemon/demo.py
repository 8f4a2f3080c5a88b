"""``mcur demo``: one working week of a made-up Odintsovo, told as it runs.

The week is data (``demo_week/``): the site, the appeals, letters and deeds of people. It is played
by the simulation, in real folders, and leaves a site that every command works on.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import tomllib
from datetime import datetime, time, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import click

from mcur.daemon import books, scenario as scenarios, settings
from mcur.daemon.demo_exports import (
    ZONE,
    Row,
    moment_of,
    read_appeals,
    write_dobrodel,
    write_ecur,
)
from mcur.daemon.demo_telling import Direction, Line, Telling
from mcur.daemon.scenario import Scenario
from mcur.daemon.simulate import Simulation
from mcur.state.store import State

MARKER = ".mcur-demo"
"""Lies in a folder that a demo made; without it nothing is replaced."""
_WEEK = files("mcur.daemon").joinpath("demo_week")
_FOLDERS = (
    "feeds/ecur", "feeds/dobrodel", "mail/in/new", "mail/in/cur", "mail/in/tmp", "mail/out",
    "state", "out",
)  # fmt: skip


def tell(out: Path, days: int) -> None:
    """Play the first days of the week into a folder, print the story and what was done.

    :raises click.BadParameter: the folder holds something that no demo made.
    """
    _prepare(out)
    site = settings.load(out / settings.FILE_NAME, books.known_needs())
    with tempfile.TemporaryDirectory(prefix="mcur-") as scratch:
        play = _scenario(Path(scratch), days)
        simulation = Simulation(play, out, settings.FILE_NAME, site)
        telling = Telling(
            simulation.site.playbooks[0], lambda: simulation.site.state, _directions(play)
        )
        simulation.listen(telling.hear)
        try:
            simulation.play()
            telling.flush(play.until)
            _close(telling, simulation.site.state, out)
        finally:
            simulation.close()


def _prepare(out: Path) -> None:
    if out.exists():
        if not out.is_dir() or (any(out.iterdir()) and not (out / MARKER).exists()):
            msg = f"{out} holds something that no demo made: name another folder"
            raise click.BadParameter(msg, param_hint="--out")
        for path in out.iterdir():
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    for folder in _FOLDERS:
        (out / folder).mkdir(parents=True, exist_ok=True)
    (out / MARKER).write_text("made by mcur demo; the next demo replaces this folder\n", "utf-8")
    text = _WEEK.joinpath(settings.FILE_NAME).read_text("utf-8")
    (out / settings.FILE_NAME).write_text(text, "utf-8")


def _scenario(scratch: Path, days: int) -> Scenario:
    table = tomllib.loads(_WEEK.joinpath("week.toml").read_text("utf-8"))
    appeals = read_appeals(_WEEK.joinpath("appeals.csv").read_text("utf-8"))
    end: datetime = table["until"]
    last = table["start"].date() + timedelta(days=days - 1)
    table["until"] = min(end, datetime.combine(last, end.timetz()))
    table["feed"] = _exports(appeals, table.pop("exports"), scratch, table["start"], table["until"])
    table["act"] = [*table["act"], *_measures(appeals, table["start"])]
    return scenarios.parse(table, "week.toml", scratch)


def _exports(
    appeals: list[Row], plan: dict[str, Any], scratch: Path, start: datetime, until: datetime
) -> list[dict[str, Any]]:
    """Write every export of the week; the simulation drops each at its hour."""
    feeds: list[dict[str, Any]] = []
    for number in range((until.date() - start.date()).days + 1):
        day = start.date() + timedelta(days=number)
        for hour in plan["hours"]:
            at = datetime.combine(day, time.fromisoformat(hour), ZONE)
            ecur = scratch / f"ecur-{at:%Y-%m-%d-%H%M}.xlsx"
            write_ecur(appeals, ecur, at)
            dobrodel = scratch / f"dobrodel-{at:%Y-%m-%d-%H%M}.csv"
            write_dobrodel(appeals, dobrodel, at, plan["misprint"])
            feeds.append({"at": at, "source": "ecur", "file": ecur.name})
            feeds.append({"at": at, "source": "dobrodel", "file": dobrodel.name})
    return feeds


def _measures(appeals: list[Row], start: datetime) -> list[dict[str, Any]]:
    """What the officer writes into the tasks: what is planned, later what was done."""
    acts = []
    for row in appeals:
        done = {"Меры": row["measures"], "Причина": row["causes"], "Упреждение": row["prevention"]}
        for at, said in ((row["planned"], {"Меры": row["interim"]}), (row["noted"], done)):
            if at and moment_of(row["received"]) >= start:
                text = "\n".join(f"{mark}: {words}" for mark, words in said.items() if words)
                key = f"task:odintsovo-1204:{row['source']}:{row['number']}"
                acts.append(
                    {"at": moment_of(at), "by": "mcur_resp", "do": "note", "key": key, "text": text}
                )
    return acts


def _directions(play: Scenario) -> list[Direction]:
    """What happens around the daemon and makes no event: a server is silent, a restart."""
    found = [
        (at, "связь", text)
        for outage in play.outage
        for at, text in (
            (outage.start, "Redmine не отвечает: задачи ждут, отчеты уходят и говорят об этом"),
            (outage.end, "Redmine снова отвечает: всё, что ждало, встаёт на место"),
        )
    ]
    for down in play.down:
        found.append((down.start, "программа", "mcur остановлена"))
        found.append((down.end, "программа", "mcur запущена снова: ничего не потеряно"))
    return [
        Direction(at=at, line=Line(label=label, text=text))
        for at, label, text in found
        if at <= play.until
    ]


# --- the end of the story -----------------------------------------------------------------------------


def _close(telling: Telling, state: State, out: Path) -> None:
    counts = telling.counts
    in_time, late = counts["отчет"], counts["late отчет"]
    review = state.letters.counts().get("review", 0)
    done = {
        "Обращений прочитано": f"{counts['appeals']}, до начала работы {counts['history']}",
        "Строк в карантине": counts["quarantined"],
        "Задач исполнителям": f"{counts['tasks']}, закрыто {counts['tasks_closed']}",
        "Заданий ЦУР": f"{counts['tasks_assignment']}, ответов {counts['ответ']}",
        "Отчетов отправлено": f"{in_time + late}, вовремя {in_time}, с опозданием {late}",
        "Писем исполнителям": counts["executor_mail"],
        "Сроков нарушено": counts["breaches"],
        "Писем об эскалации": counts["эскалация"],
        "Проектов плана": counts["tasks_plan"],
        "Писем на разборе": review,
    }
    _table("Что сделано", [(name, str(value)) for name, value in done.items()])
    mcur = f"{_program()} -c {out}"
    _table(
        "Где посмотреть",
        [
            (
                f"{out / 'mail' / 'out'}",
                "все отправленные письма: откройте .eml почтовой программой",
            ),
            (f"{out / settings.FILE_NAME}", "настройки площадки: люди, исполнители, выгрузки"),
            (f"{mcur} status", "что открыто, просрочено, что впереди"),
            (f"{mcur} tasks", "задачи: номер, у кого, срок"),
            (f"{mcur} explain '#1'", "почему задача поставлена и что с ней было"),
            (f"{mcur} report O-2 --date 2026-11-18", "Отчет 1, как он ушёл 18 ноября"),
            (f"{mcur} letters", "письма, которые ждут человека"),
            (f"{mcur} quarantine", "строки, которые не удалось прочитать"),
            (f"{mcur} journal --verify", "цел ли журнал"),
        ],
    )


def _table(title: str, rows: list[tuple[str, str]]) -> None:
    click.echo(f"\n{click.style(title, bold=True)}")
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        click.echo(f"  {name.ljust(width)}  {value}")


def _program() -> str:
    """Return how this program was called, so that the commands can be copied."""
    called = Path(sys.argv[0])
    return str(called) if called.name == "mcur" and not shutil.which("mcur") else "mcur"
