"""Command ``act``: what a person does where the tracker is not at hand."""

from __future__ import annotations

import uuid
from typing import Any

import click

from mcur.daemon import clock as clocks, cycle, log
from mcur.daemon.context import reading, settings_of, working
from mcur.daemon.doing import acts_for
from mcur.daemon.failures import WRONG
from mcur.playbooks.directory import Directory
from mcur.playbooks.facts import Act
from mcur.state.opening import StateLocked
from mcur.state.store import State


@click.command(
    epilog="\b\nExamples:\n"
    '  mcur act note task:odintsovo-1204:dobrodel:4711 --by mcur_resp --text "Меры: заменён стояк"\n'
    "  mcur act refuse task:odintsovo-1204:dobrodel:4711 --by mcur_resp\n"
    "  mcur act status KEY --by executor --field status=done\n"
    "  mcur act review report:odintsovo-1204:O-2:2026-11-18 --by mcur_resp"
)
@click.argument("do")
@click.argument("key", required=False)
@click.option(
    "--by", required=True, metavar="ROLE", help="The role that acts: mcur_resp, executor …"
)
@click.option("--text", default="", help="What is said.")
@click.option("--field", "fields", multiple=True, metavar="NAME=VALUE", help="A field of the act.")
@click.pass_obj
def act(
    config: str | None, do: str, key: str | None, by: str, text: str, fields: tuple[str, ...]
) -> None:
    """Do an act of a person: note, status, close, refuse, review, release, declare, approve and others.

    While the daemon runs it takes the act within a moment; otherwise it is carried out at once.
    """
    log.configure(quiet=True)
    pairs = dict(_pair(field) for field in fields)
    said = {"do": do, "key": key, "by": by, "text": text}
    try:
        with working(settings_of(config), clocks.SystemClock()) as site:
            acts = _add(site.state, site.directory, fields=pairs, **said)
            cycle.decide(site, site.clock.now())
            site.dispatcher.drain(pause=clocks.pause)
            refused = [why for why in map(site.state.refusal, (a.ident for a in acts)) if why]
    except StateLocked:
        refused = []
        with reading(config) as (settings, state):
            acts = _add(state, settings.directory(), fields=pairs, **said)
        click.echo("noted: the running daemon takes it up now")
    for why in refused:
        click.echo(why, err=True)
    if refused:
        raise SystemExit(WRONG)
    click.echo(f"{do}: {len(acts)} done" if acts else "nothing was done")


def _pair(field: str) -> tuple[str, str]:
    name, sign, value = field.partition("=")
    if not sign:
        msg = f'"{field}" is not NAME=VALUE'
        raise click.BadParameter(msg, param_hint="--field")
    return name, value


def _add(state: State, directory: Directory, *, fields: dict[str, str], **said: Any) -> list[Act]:
    ident = f"cli:{uuid.uuid4().hex}"
    at = clocks.SystemClock().now()
    acts = acts_for(state, directory, ident, at=at, fields=fields, origin="cli", **said)
    with state.atomic():
        for one in acts:
            state.add_act(one)
    return acts
