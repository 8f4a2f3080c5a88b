"""Commands that play: ``simulate``, ``demo``."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import click

from mcur.daemon import expectations, log, scenario as scenarios
from mcur.daemon.failures import WRONG
from mcur.daemon.simulate import timeline_of


@click.command(
    epilog="\b\nExamples:\n"
    "  mcur simulate tests/days/odintsovo-normal-day.toml\n"
    "  mcur simulate day.toml --timeline day.jsonl --out day-site"
)
@click.argument("scenario", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--timeline",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write what happened, one JSON object a line.",
)
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), help="Keep the site folder here."
)
def simulate(scenario: Path, timeline: Path | None, out: Path | None) -> None:
    """Play a scenario under a virtual clock and compare it with what it expects.

    Exit status 1 where an expectation is not met; without a timeline file the events are printed.
    """
    log.configure(quiet=True)
    play = scenarios.read(scenario)
    if out is not None and out.exists() and any(out.iterdir()):
        msg = f"{out} is not empty: name a new folder"
        raise click.BadParameter(msg, param_hint="--out")
    with tempfile.TemporaryDirectory(prefix="mcur-") as scratch:
        lines = timeline_of(play, out or Path(scratch), scenario.name)
    if timeline is not None:
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        timeline.write_text(text, "utf-8")
    elif not play.expect:
        for line in lines:
            click.echo(json.dumps(line, ensure_ascii=False))
    differences = expectations.check(play.expect, lines)
    for difference in differences:
        click.echo(difference, err=True)
    met = len(play.expect) - len(differences)
    click.echo(
        f"{scenario.name}: {len(lines)} events, {met} of {len(play.expect)} expectations met"
    )
    if differences:
        raise SystemExit(WRONG)


@click.command(epilog="\b\nExample:\n  mcur demo --out demo-site")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("demo-site"),
    show_default=True,
    help="The site folder to leave behind; an older demo in it is replaced.",
)
@click.option(
    "--days", type=click.IntRange(1, 5), default=5, show_default=True, help="Working days to play."
)
def demo(out: Path, days: int) -> None:
    """Run one working week of a made-up Odintsovo, told as it goes, and leave the site to look at."""
    from mcur.daemon.demo import tell

    log.configure(quiet=True)
    tell(out, days)
