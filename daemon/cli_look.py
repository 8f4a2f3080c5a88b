"""Commands that look and mend: ``tasks``, ``incidents``, ``appeals``, ``letters``, ``quarantine``, ``outbox``, ``journal``."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from mcur.daemon.clock import SystemClock
from mcur.daemon.context import playbooks_of, reading, show
from mcur.daemon.failures import WRONG
from mcur.playbooks.playbook import Playbook
from mcur.playbooks.rules import draft_shape
from mcur.playbooks.waiting import Draft
from mcur.state import journal as journals
from mcur.state.letters import SHORT
from mcur.state.outbox import DROPPABLE

_json = click.option("--json", "as_json", is_flag=True, help="For scripts.")


@click.command(epilog="\b\nExamples:\n  mcur tasks\n  mcur tasks --all --json")
@click.option("--all", "everything", is_flag=True, help="Closed ones too.")
@_json
@click.pass_obj
def tasks(config: str | None, everything: bool, as_json: bool) -> None:
    """List the tasks: number, kind, who has it, due, status."""
    with reading(config) as (settings, state):
        zone = playbooks_of(settings)[0].calendar.zone
        rows = [
            {
                "number": f"#{t.ident}" if t.ident else "",
                "kind": t.kind.value,
                "status": t.status.value,
                "assignee": t.assignee,
                "due": t.due_at.astimezone(zone).strftime("%Y-%m-%d %H:%M") if t.due_at else None,
                "subject": t.subject,
                "key": t.key,
            }
            for t in state.tasks.listing(open_only=not everything)
        ]
    show(
        rows,
        ("number", "kind", "status", "assignee", "due", "subject", "key"),
        as_json=as_json,
        empty="no tasks",
    )


@click.command(epilog="\b\nExamples:\n  mcur incidents\n  mcur incidents --all --json")
@click.option("--all", "everything", is_flag=True, help="Closed and dismissed ones too.")
@_json
@click.pass_obj
def incidents(config: str | None, everything: bool, as_json: bool) -> None:
    """List the emergencies: object, state, appeals, since when and why."""
    with reading(config) as (settings, state):
        zone = playbooks_of(settings)[0].calendar.zone
        rows = [
            row | {name: _minute(row[name], zone) for name in ("detected_at", "closed_at")}
            for row in state.incidents.listing(open_only=not everything)
        ]
    columns = ("object", "mode", "state", "count", "detected_at", "closed_at", "why", "key")
    show(rows, columns, as_json=as_json, empty="no incidents")


@click.command(epilog="\b\nExamples:\n  mcur drafts\n  mcur drafts --all --json")
@click.option("--all", "everything", is_flag=True, help="Released and expired ones too.")
@_json
@click.pass_obj
def drafts(config: str | None, everything: bool, as_json: bool) -> None:
    """List the letters that wait for a person's word: whose, until when, and what became of them."""
    with reading(config) as (settings, state):
        books = {playbook.id: playbook for playbook in playbooks_of(settings)}
        found = state.drafts.listing(waiting_only=not everything)
        rows = [
            _draft_row(draft, books[draft.playbook]) for draft in found if draft.playbook in books
        ]
    columns = ("owner", "state", "prepared", "due", "expires", "subject", "key")
    show(rows, columns, as_json=as_json, empty="no letters wait for a word")


def _draft_row(draft: Draft, playbook: Playbook) -> dict[str, str | None]:
    zone = playbook.calendar.zone
    until = draft_shape.until(playbook, draft.rule, draft.at)
    moments: dict[str, datetime | None] = {"prepared": draft.at}
    if until is not None:
        moments |= {"due": until.due_at, "expires": until.expires_at}
    stamps = {
        name: at.astimezone(zone).strftime("%Y-%m-%d %H:%M") for name, at in moments.items() if at
    }
    return {
        "owner": draft.owner,
        "state": draft.state,
        "due": None,
        "expires": None,
        **stamps,
        "subject": draft.subject,
        "key": draft.key,
    }


def _minute(stamp: str | None, zone: ZoneInfo) -> str | None:
    if stamp is None:
        return None
    return datetime.fromisoformat(stamp).astimezone(zone).strftime("%Y-%m-%d %H:%M")


@click.command(epilog="\b\nExamples:\n  mcur appeals --overdue\n  mcur appeals --limit 20 --json")
@click.option(
    "--overdue", is_flag=True, help="Only those that are, or were closed, past their term."
)
@click.option(
    "--limit",
    type=click.IntRange(1),
    default=50,
    show_default=True,
    help="At most so many; --json has no limit.",
)
@_json
@click.pass_obj
def appeals(config: str | None, overdue: bool, limit: int, as_json: bool) -> None:
    """List the appeals, the newest first."""
    with reading(config) as (_settings, state):
        now = SystemClock().now()
        found = state.appeals.listing(overdue=overdue, now=now, limit=-1 if as_json else limit)
        rows = list(found)
    columns = ("source", "number", "received_at", "status", "topic", "house", "due_at", "closed_at")
    show(rows, columns, as_json=as_json, empty="no appeals")


@click.command(epilog="\b\nExamples:\n  mcur letters\n  mcur letters --all")
@click.option("--all", "everything", is_flag=True, help="Every letter, not only those for review.")
@_json
@click.pass_obj
def letters(config: str | None, everything: bool, as_json: bool) -> None:
    """List the letters that wait for a person to look at them."""
    with reading(config) as (_settings, state):
        found = state.letters.listing(None if everything else "review")
        rows = [row | {"letter": row["digest"][:SHORT]} for row in found]
    columns = ("letter", "received_at", "sender", "subject", "state", "what", "why")
    show(rows, columns, as_json=as_json, empty="no letters wait for review")


@click.command(
    epilog="\b\nExamples:\n  mcur quarantine --json\n  mcur quarantine --save /tmp/letters"
)
@click.option(
    "--save",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write the letters there as they came, one .eml each.",
)
@_json
@click.pass_obj
def quarantine(config: str | None, save: Path | None, as_json: bool) -> None:
    """List what could not be read: rows, files and letters, each with its reason."""
    with reading(config) as (_settings, state):
        rows = state.quarantine()
        if save is not None:
            save.mkdir(parents=True, exist_ok=True)
            for row in rows:
                if row["kind"] == "letter":
                    raw = state.blobs.get(row["raw"])
                    (save / f"{row['raw'][:16]}.eml").write_bytes(raw)
    show(
        rows,
        ("at", "kind", "feed", "file", "line", "reason"),
        as_json=as_json,
        empty="nothing in quarantine",
    )


@click.command(
    epilog="\b\nExamples:\n"
    "  mcur outbox\n"
    "  mcur outbox list --state done\n"
    "  mcur outbox retry                 let go whatever is held, dead or waiting\n"
    "  mcur outbox drop KEY\n"
    "  mcur outbox drop --state held     give up all that the fuse holds"
)
@click.argument("what", type=click.Choice(["list", "retry", "drop"]), default="list")
@click.argument("keys", nargs=-1)
@click.option(
    "--state", "states", multiple=True, help="States to list (default: all but done) or drop."
)
@_json
@click.pass_obj
def outbox(
    config: str | None, what: str, keys: tuple[str, ...], states: tuple[str, ...], as_json: bool
) -> None:
    """Look at what has not left, let it go, or drop it."""
    with reading(config) as (_settings, state):
        if what == "list":
            shown = states or ("waiting", "claimed", "held", "dead", "expired")
            rows = state.outbox.listing(shown)
            columns = ("id", "state", "destination", "attempts", "next_at", "key", "why")
            show(rows, columns, as_json=as_json, empty="nothing waits")
            return
        _check_drop(what, keys, states)
        now = SystemClock().now()
        with state.atomic():
            if what == "retry":
                count = state.outbox.retry(keys or None, now)
            else:
                why = "dropped by the administrator"
                count = state.outbox.drop(keys or None, why, now, states or DROPPABLE)
    if keys and not count:
        click.echo(f"{what}: nothing under {', '.join(keys)} is held, dead or waiting", err=True)
        raise SystemExit(WRONG)
    click.echo(f"{what}: {count}; the next cycle delivers" if what == "retry" else f"drop: {count}")


def _check_drop(what: str, keys: tuple[str, ...], states: tuple[str, ...]) -> None:
    """Refuse what would drop everything, or what has left already."""
    if what == "drop" and not keys and not states:
        msg = "name the keys to drop: mcur outbox lists them"
        raise click.UsageError(msg)
    wrong = [name for name in states if what == "drop" and name not in DROPPABLE]
    if wrong:
        msg = f'rows that are "{wrong[0]}" cannot be dropped; take {", ".join(DROPPABLE)}'
        raise click.BadParameter(msg, param_hint="--state")


@click.command(epilog="\b\nExamples:\n  mcur journal\n  mcur journal --verify")
@click.option("--verify", is_flag=True, help="Walk the chain and say whether it holds.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True)
@_json
@click.pass_obj
def journal(config: str | None, verify: bool, limit: int, as_json: bool) -> None:
    """List the last entries of the journal, or verify that none was altered."""
    with reading(config) as (_settings, state):
        if verify:
            count, broken = journals.verify(state.db)
            if broken:
                click.echo(
                    f"the journal is broken: {broken}; {count} entries before it hold", err=True
                )
                raise SystemExit(WRONG)
            click.echo(f"the journal holds: {count} entries")
            return
        rows = journals.last(state.db, limit)
    show(
        rows,
        ("seq", "at", "event", "rule", "clause", "key", "by"),
        as_json=as_json,
        empty="the journal is empty",
    )
