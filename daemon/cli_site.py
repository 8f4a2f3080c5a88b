"""Commands that make and check a site: ``init``, ``check``."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

import click

from mcur.connectors.ports import ConnectorError, Unavailable
from mcur.daemon import outside, settings as settings_files
from mcur.daemon.books import known_needs, load_playbooks
from mcur.daemon.clock import SystemClock
from mcur.daemon.copies import COPIES
from mcur.daemon.failures import UNREACHABLE, WRONG
from mcur.daemon.settings import Settings, examine, find_config
from mcur.daemon.site_template import make_site
from mcur.playbooks import load as playbook_files
from mcur.playbooks.playbook import Playbook
from mcur.state.blobs import BlobStore
from mcur.state.store import State


@click.command(epilog="\b\nExample:\n  mcur init /srv/mcur --playbook odintsovo-1204")
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
@click.option(
    "--playbook", "playbooks", multiple=True, required=True, help="Regulation; may repeat."
)
@click.option(
    "--overlay", type=click.Choice(["letter", "practical"]), default="letter", show_default=True
)
def init(folder: Path, playbooks: tuple[str, ...], overlay: str) -> None:
    """Make a new site that works as it stands, with the embedded tracker and mail as files."""
    for name in playbooks:
        playbook_files.load(name)
    made = make_site(folder, list(playbooks), overlay, known_needs())
    click.echo(f"made the site {folder} ({len(made)} entries); its configuration is {made[0]}")
    click.echo(f"next: mcur -c {made[0]} check, then mcur -c {made[0]} once")


@click.command(epilog="\b\nExamples:\n  mcur check\n  mcur -c site/mcur.toml check --connect")
@click.option("--connect", is_flag=True, help="Log in to each system and say what it lacks.")
@click.pass_obj
def check(config: str | None, connect: bool) -> None:
    """Check configuration and playbooks; every error at once, with file and key path."""
    path = find_config(config, os.environ, Path.cwd())
    known = known_needs(path.parent)
    settings = settings_files.load(path, known)
    playbooks = load_playbooks(settings, path.name)
    complaints = [c for c in (s.complaint() for s in settings.secrets()) if c]
    for warning in examine(settings, known, source=path.name):
        click.echo(f"warning: {warning}")
    for complaint in complaints:
        click.echo(complaint, err=True)
    for trouble in (*_troubles(settings), *_unknown_years(playbooks, SystemClock().now())):
        click.echo(f"warning: {trouble}")
    failed = unreachable = False
    if connect and not complaints:
        failed, unreachable = _connect(settings, playbooks[0].calendar.zone)
    if complaints or failed:
        raise SystemExit(WRONG)
    if unreachable:
        raise SystemExit(UNREACHABLE)
    click.echo(f"{path}: in order; playbooks {', '.join(settings.playbooks)}")


def _troubles(settings: Settings) -> list[str]:
    """Say what the daemon of this site cannot reach by its own last look."""
    if not settings.state.path.exists():
        return []
    state = State(settings.state.path, writing=False)
    down = [one for one in state.health() if one.down_since is not None]
    state.close()
    return [
        f"{one.system}: down since {one.down_since:%Y-%m-%d %H:%M} UTC: {one.why}" for one in down
    ]


def _unknown_years(playbooks: Sequence[Playbook], now: datetime) -> Iterator[str]:
    """Name the playbooks whose calendar does not know which days off this year, or the next, moves.

    The decree of a year comes in the autumn before it.
    """
    for year in range(now.year, now.year + (2 if now.month >= 11 else 1)):
        unknown = [book.id for book in playbooks if not book.calendar.knows_transfers_of(year)]
        if unknown:
            yield (
                f"calendar of {', '.join(unknown)}: this version does not know which days off are "
                f"moved in {year}; write them in holidays and extra_workdays, or update mcur"
            )


class Checked(Protocol):
    """Anything that can say what is wrong with it."""

    def check(self) -> list[str]:
        """Return sentences; none where all is well."""
        ...


def _connect(settings: Settings, zone: ZoneInfo) -> tuple[bool, bool]:
    """Ask each connector; print its sentences; return (something is wrong, something is unreachable)."""
    failed = unreachable = False
    for name, make in _connectors(settings, zone):
        try:
            sentences = make().check()
        except Unavailable as exc:
            click.echo(f"{name}: cannot be reached: {_bare(name, exc)}", err=True)
            unreachable = True
        except ConnectorError as exc:
            click.echo(f"{name}: {_bare(name, exc)}", err=True)
            failed = True
        else:
            for sentence in sentences:
                click.echo(f"{name}: {_bare(name, sentence)}", err=True)
            failed |= bool(sentences)
            if not sentences:
                click.echo(f"{name}: answers, nothing is missing")
    return failed, unreachable


def _bare(name: str, sentence: object) -> str:
    """Return a sentence without its connector's name, which stands before it already."""
    text = str(sentence)
    return (
        text.removeprefix(f"{name}: ") if name != "courier" else re.sub(r"^courier \S+: ", "", text)
    )


def _connectors(settings: Settings, zone: ZoneInfo) -> Iterator[tuple[str, Callable[[], Checked]]]:
    home = settings.state.path.parent
    blobs = BlobStore(home / "blobs")
    boxes = {m.id: partial(outside.mailbox, m, settings.mail, home) for m in settings.mailboxes}
    yield from ((f"mailbox {ident}", make) for ident, make in boxes.items())
    yield "courier", partial(outside.courier, settings.courier, home)
    if shape := settings.copying:
        yield COPIES, lambda: outside.copies(shape, boxes[shape.copies]())
    for tracker in settings.trackers:
        yield f"tracker {tracker.id}", partial(outside.tracker, tracker, settings, blobs, zone)
