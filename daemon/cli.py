"""The command line: names of commands and what they share. Each command is imported when called."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

import click

_COMMANDS = {
    "init": "cli_site",
    "check": "cli_site",
    "run": "cli_run",
    "once": "cli_run",
    "ingest": "cli_run",
    "simulate": "cli_play",
    "demo": "cli_play",
    "status": "cli_status",
    "explain": "cli_explain",
    "tasks": "cli_look",
    "appeals": "cli_look",
    "letters": "cli_look",
    "quarantine": "cli_look",
    "outbox": "cli_look",
    "journal": "cli_look",
    "report": "cli_books",
    "playbook": "cli_books",
    "act": "cli_act",
}

_EXAMPLES = """
\b
Examples:
  mcur init site --playbook odintsovo-1204    make a site that works as it stands
  mcur -c site/mcur.toml once                 one cycle: read, decide, deliver
  mcur -c site/mcur.toml status               what is open, overdue, due next
  mcur demo                                   a working week, told as it runs

\b
The site is found by -c FILE, $MCUR_CONFIG, ./mcur.toml, /etc/mcur/mcur.toml.
Exit status: 0 done; 1 something is wrong and named; 2 usage or configuration
error; 3 an outside system could not be reached.
"""


class _Lazy(click.Group):
    """A group whose commands are imported only when they are called or described."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(f"mcur.daemon.{_COMMANDS[cmd_name]}")
        command: click.Command = getattr(module, cmd_name)
        return command


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]}, epilog=_EXAMPLES)
@click.version_option(version("mcur"), prog_name="mcur")
@click.option("-c", "--config", metavar="FILE", help="The site's mcur.toml.")
@click.pass_context
def cli(ctx: click.Context, config: str | None) -> None:
    """Keep a control centre's tasks, terms, escalations and reports by its regulation."""
    ctx.obj = config


def main(arguments: Sequence[str] | None = None) -> Any:
    """Run the command line; errors that a person can mend are sentences, not tracebacks."""
    try:
        cli(args=arguments, prog_name="mcur", standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as exc:
        exc.show()
        sys.exit(2)
    except BrokenPipeError:
        sys.exit(0)
    except Exception as exc:
        from mcur.daemon.failures import status_of

        status = status_of(exc)
        if status is None:
            raise
        click.echo(str(exc), err=True)
        sys.exit(status)
