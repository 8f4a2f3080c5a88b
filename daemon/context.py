"""What commands share: finding the site, opening its state, printing lists."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mcur.daemon.books import known_needs, load_playbooks
from mcur.daemon.settings import Settings, find_config, load
from mcur.daemon.settings_values import GateMode
from mcur.playbooks.playbook import Playbook
from mcur.state import systems
from mcur.state.store import State

if TYPE_CHECKING:
    from mcur.daemon.clock import Clock
    from mcur.daemon.wiring import Site


def settings_of(config: str | None) -> Settings:
    """Find and load the site's configuration."""
    path = find_config(config, os.environ, Path.cwd())
    return load(path, known_needs(path.parent))


@contextmanager
def reading(config: str | None) -> Iterator[tuple[Settings, State]]:
    """Open the state only to look, also beside a running daemon."""
    settings = settings_of(config)
    state = State(settings.state.path, writing=False)
    try:
        yield settings, state
    finally:
        state.close()


@contextmanager
def working(settings: Settings, clock: Clock) -> Iterator[Site]:
    """Open the whole site and own its state."""
    from mcur.daemon import wiring

    site = wiring.open_site(settings, clock)
    try:
        with site.state.atomic():
            site.state.outbox.recover(clock.now())
            systems.forget_others(site.state.db, site.systems())
            if settings.gate("tasks").mode is GateMode.ON:
                site.state.outbox.open_tasks(clock.now())
        yield site
    finally:
        site.close()


def playbooks_of(settings: Settings) -> tuple[Playbook, ...]:
    """Load the playbooks of a site."""
    return load_playbooks(settings)


def moment(text: str | None, zone: Any) -> datetime | None:
    """Read a stamp of the command line; without a zone it is the playbook's."""
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as exc:
        msg = f'"{text}" is not a moment; write 2026-11-18T09:50 or 2026-11-18T09:50:00+03:00'
        raise click.BadParameter(msg) from exc
    return found if found.tzinfo else found.replace(tzinfo=zone)


def show(
    rows: Sequence[Mapping[str, Any]], columns: Iterable[str], *, as_json: bool, empty: str
) -> None:
    """Print a list: JSON for scripts, a table for people."""
    if as_json:
        click.echo(json.dumps([dict(r) for r in rows], ensure_ascii=False, indent=2, default=str))
        return
    if not rows:
        click.echo(empty)
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    names = list(columns)
    for name in names:
        table.add_column(name.replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*(_cell(row.get(name)) for name in names))
    width = None if sys.stdout.isatty() else 200
    Console(width=width, highlight=False, soft_wrap=False).print(table)


def _cell(value: Any) -> str:
    from rich.markup import escape

    return "" if value is None else escape(str(value))
