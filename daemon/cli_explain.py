"""Command ``explain``: why, and why not."""

from __future__ import annotations

import json

import click

from mcur.daemon.clock import SystemClock
from mcur.daemon.context import moment, playbooks_of, reading
from mcur.daemon.explain import explain_key, explain_rule
from mcur.daemon.failures import WRONG


@click.command(
    epilog="\b\nExamples:\n"
    "  mcur explain task:odintsovo-1204:dobrodel:4711\n"
    "  mcur explain '#12'\n"
    "  mcur explain letter:0f3a9c2e              a letter, by the digest that mcur letters shows\n"
    "  mcur explain odintsovo-1204.report.O-2 --at 2026-11-18T09:00"
)
@click.argument("what", metavar="KEY|#TASK|LETTER|PLAYBOOK.KIND.RULE")
@click.option("--object", "object_", help="The object of the rule, such as an appeal.")
@click.option("--at", "at", metavar="STAMP", help="Ask as of this moment.")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@click.pass_obj
def explain(
    config: str | None, what: str, object_: str | None, at: str | None, as_json: bool
) -> None:
    """Say why something exists, or why a rule did or did not fire: facts, clause, decision, deliveries."""
    with reading(config) as (settings, state):
        playbooks = playbooks_of(settings)
        now = moment(at, playbooks[0].calendar.zone) or SystemClock().now()
        rule_path = what.split(".")
        if len(rule_path) == 3 and any(p.id == rule_path[0] for p in playbooks):
            found = explain_rule(playbooks, state, settings, rule_path, object_, now)
        else:
            found = explain_key(playbooks, state, what)
    if found is None:
        click.echo(
            f'"{what}" is neither a key, a task number nor a rule here: mcur tasks and mcur playbook list help',
            err=True,
        )
        raise SystemExit(WRONG)
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=2, default=str))
        return
    for title, value in found.items():
        _print(title, value)


def _print(title: str, value: object) -> None:
    head = click.style(title.replace("_", " "), bold=True)
    if isinstance(value, dict):
        click.echo(head)
        for name, inner in value.items():
            if inner not in (None, ""):
                click.echo(f"  {name}: {inner}")
    elif isinstance(value, list):
        click.echo(head)
        for item in value or ["nothing"]:
            click.echo(f"  {item}")
    elif value not in (None, ""):
        click.echo(f"{head}: {value}")
