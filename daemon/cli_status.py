"""Command ``status``: what is open, overdue, due next, held up."""

from __future__ import annotations

import json
from typing import Any

import click

from mcur.daemon.clock import SystemClock
from mcur.daemon.context import playbooks_of, reading
from mcur.daemon.status import gather


@click.command(epilog="\b\nExamples:\n  mcur status\n  mcur status --json")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@click.pass_obj
def status(config: str | None, as_json: bool) -> None:
    """Say what is open, overdue, due next and held up, and how each connector does."""
    with reading(config) as (settings, state):
        found = gather(settings, playbooks_of(settings), state, SystemClock().now())
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=2, default=str))
        return
    for title, pairs in found.items():
        click.echo(click.style(title.replace("_", " "), bold=True))
        for line in _lines(pairs):
            click.echo(f"  {line}")


def _lines(pairs: Any) -> list[str]:
    if isinstance(pairs, dict):
        width = max((len(k) for k in pairs), default=0)
        return [f"{k.ljust(width)}  {v}" for k, v in pairs.items()] or ["nothing"]
    return [str(item) for item in pairs] or ["nothing"]
