"""The command line: names of commands and what they share. Each command is imported when called."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from typing import Any

import click

_COMMANDS = {
    "init": ("cli_site", "Make a new site that works as it stands."),
    "check": ("cli_site", "Check configuration and playbooks; --connect: logins too."),
    "run": ("cli_run", "Run the daemon in the foreground; SIGTERM stops it."),
    "once": ("cli_run", "Run one cycle: read, decide, deliver; then exit."),
    "ingest": ("cli_run", "Read one export now; the file stays where it is."),
    "simulate": ("cli_play", "Play a scenario under a virtual clock."),
    "demo": ("cli_play", "Run a working week of a made-up town, told as it goes."),
    "status": ("cli_status", "Say what is open, overdue, due next and held up."),
    "explain": ("cli_explain", "Say why something exists, or why a rule did not fire."),
    "tasks": ("cli_look", "List the tasks: number, kind, who has it, due, status."),
    "incidents": ("cli_look", "List the emergencies: object, state, appeals, since when."),
    "drafts": ("cli_look", "List the letters that wait for a person's word, and until when."),
    "appeals": ("cli_look", "List the appeals, the newest first."),
    "letters": ("cli_look", "List the letters that wait for a person."),
    "quarantine": ("cli_look", "List what could not be read, each with its reason."),
    "outbox": ("cli_look", "Look at what has not left, let it go, or drop it."),
    "journal": ("cli_look", "List the last entries of the journal, or verify it."),
    "report": ("cli_books", "Show a report as it left, or as it would leave now."),
    "playbook": ("cli_books", "List the regulations, show what each says."),
    "redmine": ("cli_redmine", "Make a Redmine ready: setup, and the script for what REST cannot."),
    "act": ("cli_act", "Do an act of a person: close, refuse, declare, approve, …"),
}
"""Where each command stands, and its line in ``mcur --help``, which so need not import them all."""

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
    """A group whose commands are imported only when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(f"mcur.daemon.{_COMMANDS[cmd_name][0]}")
        command: click.Command = getattr(module, cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in _COMMANDS.items()])


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]}, epilog=_EXAMPLES)
@click.version_option(package_name="mcur", prog_name="mcur")
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
    except Exception as exc:  # which of them are sentences and which are faults ``failures`` says
        from mcur.daemon.failures import status_of

        status = status_of(exc)
        if status is None:
            raise
        click.echo(str(exc), err=True)
        sys.exit(status)
