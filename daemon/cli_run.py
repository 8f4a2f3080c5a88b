"""Commands that work: ``run``, ``once``, ``ingest``."""

from __future__ import annotations

from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.status import Status

from mcur.connectors.ports import Unavailable
from mcur.daemon import clock as clocks, cycle, log, outside, wiring
from mcur.daemon.context import moment, playbooks_of, settings_of, working
from mcur.daemon.failures import UNREACHABLE, WRONG
from mcur.daemon.settings_connectors import FeedSettings
from mcur.daemon.wiring import Site

if TYPE_CHECKING:
    from mcur.connectors.feeds.shape import FeedShape
    from mcur.playbooks.facts import BadRow
    from mcur.state.imports import Read

_ROUNDS = 3
"""Decisions of ``once``: tasks, then the letters that name them, then none."""


@click.command(epilog="\b\nExamples:\n  mcur -c /etc/mcur/mcur.toml run\n  systemctl start mcur")
@click.option("--verbose", "-v", is_flag=True, help="Say more in the log.")
@click.pass_obj
def run(config: str | None, verbose: bool) -> None:
    """Run the daemon in the foreground (systemd: Type=notify); SIGTERM stops it."""
    from mcur.daemon.service import leave, serve

    log.configure(verbose=verbose)
    with working(settings_of(config), clocks.SystemClock()) as site:
        serve(site)
    leave()


@click.command(epilog="\b\nExamples:\n  mcur once\n  mcur once --at 2026-11-18T09:50 --dry-run")
@click.option("--at", "at", metavar="STAMP", help="Pretend that it is this moment.")
@click.option("--dry-run", is_flag=True, help="Decide, fill the outbox, deliver nothing.")
@click.option("--verbose", "-v", is_flag=True, help="Say more in the log.")
@click.pass_obj
def once(config: str | None, at: str | None, dry_run: bool, verbose: bool) -> None:
    """Run one cycle: read what is new, decide, deliver what is due; then exit."""
    log.configure(verbose=verbose)
    settings = settings_of(config)
    zone = playbooks_of(settings)[0].calendar.zone
    start = moment(at, zone)
    clock = clocks.ShiftedClock(start) if start else clocks.SystemClock()
    with working(settings, clock) as site:
        now = start or clock.now()
        site.live_from()
        site.observers.look_at_all(now)
        if dry_run:
            faults = cycle.decide(site, now)
            _dry(site)
        else:
            faults = _decide_and_deliver(site, now)
        _summary(site)
        troubles = {**site.observers.unreachable, **site.dispatcher.unreachable}
    for name, why in sorted(troubles.items()):
        click.echo(f"{name}: {why}", err=True)
    for fault in faults.values():
        click.echo(f"{fault}; the journal names the line, the other rules were asked", err=True)
    if faults:
        raise SystemExit(WRONG)
    if troubles:
        away = all(isinstance(why, Unavailable) for why in troubles.values())
        raise SystemExit(UNREACHABLE if away else WRONG)


@click.command(
    epilog="\b\nExamples:\n  mcur ingest export.xlsx\n  mcur ingest export.xlsx --source heatmap"
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--source", metavar="ID", help="The feed of mcur.toml that reads it, where several might."
)
@click.option("--strict", is_flag=True, help="Exit with 1 where a row went to quarantine.")
@click.option("--verbose", "-v", is_flag=True, help="Say more in the log.")
@click.pass_obj
def ingest(config: str | None, file: Path, source: str | None, strict: bool, verbose: bool) -> None:
    """Read one export now; the file stays where it is. The next cycle decides on its rows."""
    from mcur.connectors.feeds.exports import digest_of

    log.configure(verbose=verbose)
    settings = settings_of(config)
    shape = _feed_named(settings.feeds, source) if source else _feed_of(settings.feeds, file)
    place = wiring.place_of(shape, settings, playbooks_of(settings))
    reading = outside.feed_shape(shape, place)
    watch = clocks.stopwatch()
    bad: tuple[BadRow, ...] = ()
    with working(settings, clocks.SystemClock()) as site:
        done = site.state.appeals.read_last(shape.id, digest_of(file, reading))
        form = "read last, not read again"
        if done is None:
            done, form, bad = _take(site, file, shape, reading)
    seconds = clocks.stopwatch() - watch
    click.echo(
        f"{file.name} ({form}): {done.rows} rows, new {done.new}, changed {done.changed},"
        f" known {done.repeated}, vanished {done.vanished}, quarantined {done.quarantined};"
        f" {timedelta(seconds=round(seconds, 1)).total_seconds():g} s"
    )
    for row in bad[:5]:
        click.echo(f"  quarantined: {row.file}:{row.line}: {row.reason}", err=True)
    if len(bad) > 5:
        click.echo(f"  … and {len(bad) - 5} more: mcur quarantine", err=True)
    if strict and done.quarantined:
        raise SystemExit(WRONG)


def _take(
    site: Site, file: Path, shape: FeedSettings, reading: FeedShape
) -> tuple[Read, str, tuple[BadRow, ...]]:
    """Read an export and store it; return what that changed, its form and its bad rows."""
    from mcur.connectors.feeds.exports import read_export

    with _spinner(f"reading {file.name}"):
        export = read_export(file, reading)
    feed = next(s for s in site.observers.sources if s.name == f"feed:{shape.id}")
    with _spinner(f"storing {len(export.appeals) + len(export.mirrored)} rows"):
        done = site.state.take_export(
            export,
            scope=str(shape.scope) if shape.scope else None,
            live_from=site.live_from(),
            now=site.clock.now(),
            cite=feed.cite(),  # type: ignore[attr-defined]  # a feed by its name above
        )
    return done, export.form, export.bad


def _decide_and_deliver(site: Site, now: datetime) -> cycle.Faults:
    """Go round until a decision asks for nothing new: a letter names tasks by their new numbers."""
    asked, faults = -1, cycle.Faults()
    for _ in range(_ROUNDS):
        faults |= cycle.decide(site, now)
        before, asked = asked, sum(site.state.outbox.counts().values())
        if asked == before:
            break
        site.dispatcher.drain(pause=clocks.pause)
        asked = sum(site.state.outbox.counts().values())
    return faults


def _feed_named(feeds: tuple[FeedSettings, ...], name: str) -> FeedSettings:
    found = next((f for f in feeds if f.id == name), None)
    if found is None:
        known = ", ".join(f.id for f in feeds) or "none"
        msg = f'"{name}" is not a feed of this site; known: {known}'
        raise click.BadParameter(msg, param_hint="--source")
    return found


def _feed_of(feeds: tuple[FeedSettings, ...], file: Path) -> FeedSettings:
    """Return the only feed whose files are named so, of several the one whose folder holds the file."""
    named = [f for f in feeds if any(_is_named(file, glob) for glob in f.pattern)]
    inside = [f for f in named if f.path.resolve() == file.resolve().parent]
    found = inside or named
    if len(found) == 1:
        return found[0]
    several = ", ".join(f.id for f in found or feeds) or "none"
    what = "several feeds take" if found else "no feed takes"
    msg = f"{what} {file.name}; name the one that reads it: {several}"
    raise click.BadParameter(msg, param_hint="--source")


def _is_named(file: Path, glob: str) -> bool:
    return fnmatchcase(file.name.lower(), glob.lower())


def _spinner(text: str) -> Status:
    return Console(stderr=True).status(text)


def _dry(site: Site) -> None:
    rows = site.state.outbox.listing(["waiting", "held"])
    for row in rows:
        click.echo(f"would deliver {row['effect']} {row['key']} to {row['destination']}")
    click.echo(f"dry run: {len(rows)} in the outbox, nothing delivered")


def _summary(site: Site) -> None:
    counts = site.state.outbox.counts()
    words = [
        f"{name} {counts[name]}"
        for name in ("done", "waiting", "held", "dead", "shadow")
        if counts.get(name)
    ]
    click.echo(f"outbox: {', '.join(words) or 'empty'}")
