"""Commands about the regulation: ``playbook``, ``report``."""

from __future__ import annotations

import json
import sys
from collections.abc import Collection
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import click

from mcur.daemon.books import OWN
from mcur.daemon.clock import SystemClock
from mcur.daemon.context import playbooks_of, reading, settings_of, show
from mcur.daemon.settings_errors import SettingsError, not_known
from mcur.playbooks import coverage, load as playbook_files
from mcur.playbooks.documents import Document, Table
from mcur.playbooks.playbook import Playbook
from mcur.playbooks.rules import report as reports
from mcur.playbooks.rules.base import Case, Rule
from mcur.playbooks.rules.report_shape import Report
from mcur.playbooks.schema import schema
from mcur.state.answers import Answers

_json = click.option("--json", "as_json", is_flag=True, help="For scripts.")


@click.group(
    epilog="\b\nExamples:\n  mcur playbook list\n  mcur playbook show odintsovo-1204 --json"
)
def playbook() -> None:
    """The regulations: which there are, and what each says."""


@playbook.command("list", epilog="\b\nExample:\n  mcur playbook list")
@_json
@click.pass_obj
def list_(config: str | None, as_json: bool) -> None:
    """List the regulations that are shipped, and those of the site's folder playbooks/."""
    rows = []
    for name, one in _shelf(config).items():
        rules = sum(len(table) for table in one.rules.values())
        rows.append({"id": name, "rules": rules, "clauses": len(one.clauses), "title": one.title})
    show(rows, ("id", "rules", "clauses", "title"), as_json=as_json, empty="none")


@playbook.command(
    "show",
    epilog="\b\nExamples:\n  mcur playbook show odintsovo-1204\n"
    "  mcur playbook show ruza-679 --overlay practical",
)
@click.argument("name", metavar="ID")
@click.option(
    "--overlay",
    type=click.Choice(["letter", "practical"]),
    help="As shipped with this overlay, without the site's values.",
)
@_json
@click.pass_obj
def show_(config: str | None, name: str, overlay: str | None, as_json: bool) -> None:
    """Show the rules of a regulation with clause, hours and values, as this site runs them."""
    one = _book(config, name)
    if overlay is not None:
        one = playbook_files.load(one.id, overlay=overlay, own=_own_folder(config))
    rows = [
        {
            "rule": f"{one.id}.{kind}.{rule.id}",
            "clause": one.printed(rule.clause),
            "on": "yes" if rule.enabled else "no",
            "values": _values(rule, one.roles),
            "assumption": rule.assumes if rule.assumption else "",
            "title": rule.title,
        }
        for kind, table in one.rules.items()
        for rule in table.values()
    ]
    show(
        rows,
        ("rule", "clause", "on", "title", "values", "assumption"),
        as_json=as_json,
        empty="no rules",
    )


@playbook.command("assumptions", epilog="\b\nExample:\n  mcur playbook assumptions --json")
@_json
@click.pass_obj
def assumptions(config: str | None, as_json: bool) -> None:
    """List every value that stands for a gap of a text, with its clause."""
    rows = [
        {
            "path": f"{one.id}.{kind}.{rule.id}",
            "clause": one.printed(rule.clause),
            "assumes": rule.assumes,
            "value": _values(rule, one.roles),
        }
        for one in _shelf(config).values()
        for kind, table in one.rules.items()
        for rule in table.values()
        if rule.assumption
    ]
    show(rows, ("path", "clause", "value", "assumes"), as_json=as_json, empty="no assumptions")


@playbook.command(
    "coverage",
    epilog="\b\nExamples:\n  mcur playbook coverage\n  mcur playbook coverage --clauses --json",
)
@click.option("--clauses", "by_clause", is_flag=True, help="Each clause with its rules or reason.")
@_json
@click.pass_obj
def coverage_(config: str | None, by_clause: bool, as_json: bool) -> None:
    """Count per regulation the clauses that are performed, helped with and left to people."""
    totals = []
    clauses = []
    for name, one in _shelf(config).items():
        found = coverage.coverage(one)
        rows = [_covered(name, one) for one in found]
        clauses += rows
        total: dict[str, Any] = {"regulation": name, **coverage.counts(found)}
        totals.append(total | {"rows": rows} if by_clause else total)
    if by_clause and not as_json:
        told = ("regulation", "clause", "how", "rules", "reason")
        show(clauses, told, as_json=False, empty="no clauses")
        return
    columns = ("regulation", "clauses", "performed", "helped", "human", "uncovered")
    show(totals, columns, as_json=as_json, empty="no regulations")


@playbook.command(
    "schema",
    epilog="\b\nExample:\n  mcur playbook schema > playbooks/playbook.schema.json\n\n"
    "A first line of a playbook tells the editor:\n\n  #:schema ./playbook.schema.json",
)
def schema_() -> None:
    """Print the JSON Schema of a playbook file, for an editor that completes and checks."""
    click.echo(json.dumps(schema(), ensure_ascii=False, indent=2))


def _covered(name: str, one: coverage.Covered) -> dict[str, str]:
    return {
        "regulation": name,
        "clause": one.clause.id,
        "how": one.how,
        "rules": ", ".join(one.rules),
        "reason": one.reason,
    }


def _values(rule: Rule, roles: Collection[str]) -> str:
    """Write what a site may change in a rule: numbers, hours, waits, lists; not its people and clauses."""
    fixed = {*Rule.model_fields, "columns"}
    told = {name: v for name, v in rule if name not in fixed and v is not None and v != ""}
    return ", ".join(
        f"{name} = {_value(value)}"
        for name, value in told.items()
        if not name.endswith("_clause") and not _names_people(value, roles) and not _is_parts(value)
    )


def _value(value: object) -> str:
    match value:
        case timedelta():
            minutes = value // timedelta(minutes=1)
            return f'"{minutes // 60}h"' if minutes % 60 == 0 else f'"{minutes}m"'
        case time():
            return f'"{value:%H:%M}"'
        case (timedelta(), *_):  # waits of several steps; that of one may be written bare
            inner = ", ".join(map(_value, value))
            return inner if len(value) == 1 else f"[{inner}]"
        case _:
            return json.dumps(value, ensure_ascii=False, default=str)


def _names_people(value: object, roles: Collection[str]) -> bool:
    names = value if isinstance(value, tuple) else (value,)
    return bool(names) and all(isinstance(n, str) and n in roles for n in names)


def _is_parts(value: object) -> bool:
    return isinstance(value, tuple) and any(isinstance(part, Rule) for part in value)


@click.command(
    epilog="\b\nExamples:\n"
    "  mcur report O-2 --date 2026-11-18\n"
    "  mcur report O-3 --date 2026-11-18 --format docx -o report.docx"
)
@click.argument("name", metavar="ID")
@click.option(
    "--date", "day", metavar="DATE", help="The day on which it is due to leave; default: today."
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["txt", "html", "docx", "xlsx"]),
    default="txt",
    show_default=True,
)
@click.option("-o", "output", type=click.Path(dir_okay=False, path_type=Path), help="Write here.")
@click.option("--send", is_flag=True, help="Send it again to its readers as a corrected edition.")
@click.pass_context
def report(
    ctx: click.Context, name: str, day: str | None, form: str, output: Path | None, send: bool
) -> None:
    """Show a report as it left, or as it would leave now."""
    config: str | None = ctx.obj
    with reading(config) as (settings, state):
        books = playbooks_of(settings)
        now = SystemClock().now()
        book, rule = _rule(books, name)
        wanted = _day(day, book, now)
        key = f"report:{book.id}:{rule.id}:{wanted}"
        facts = Answers(state, settings.directory(), state.live_from(settings.live.since) or now)
        kept = facts.report(key)
        if kept and kept.document and kept.decided_at and kept.state in {"decided", "sent"}:
            document, made_at = kept.document, kept.decided_at
        else:
            made_at = _moment(book, rule, wanted, now)
            document = reports.preview(rule, Case(facts, book, made_at))
    if send:
        _send(ctx, key, rule.author)
        return
    _write(document, form, output, made_at)


def _shelf(config: str | None) -> dict[str, Playbook]:
    """Return every playbook that is known here: those of the site with its values, the others as shipped.

    Where there is no site, or its file is in disorder, the regulations can be looked at all the same.
    """
    own: Path | None = None
    running: dict[str, Playbook] = {}
    try:
        settings = settings_of(config)
        own = settings.folder / OWN
        running = {book.id: book for book in playbooks_of(settings)}
    except SettingsError:
        # Nobody asked for this site: the regulations are there without it. Who named one is told.
        if config is not None:
            raise
    names = playbook_files.known_playbooks(own)
    return {name: running.get(name) or playbook_files.load(name, own=own) for name in names}


def _own_folder(config: str | None) -> Path | None:
    try:
        return settings_of(config).folder / OWN
    except SettingsError:
        return None


def _book(config: str | None, name: str) -> Playbook:
    shelf = _shelf(config)
    if name not in shelf:
        raise click.BadParameter(not_known(name, "playbook", shelf))
    return shelf[name]


def _rule(books: tuple[Playbook, ...], name: str) -> tuple[Playbook, Report]:
    ident, _, short = name.rpartition(".")
    for book in books:
        rule = book.rules["report"].get(short)
        if isinstance(rule, Report) and ident in {"", book.id, f"{book.id}.report"}:
            return book, rule
    known = ", ".join(r for b in books for r in b.rules["report"])
    msg = f'"{name}" is not a report of this site; known: {known}'
    raise click.BadParameter(msg)


def _day(text: str | None, book: Playbook, now: datetime) -> date:
    if text is None:
        return book.calendar.local(now).date()
    try:
        return date.fromisoformat(text)
    except ValueError as exc:
        msg = f'"{text}" is not a date; write 2026-11-18'
        raise click.BadParameter(msg, param_hint="--date") from exc


def _moment(book: Playbook, rule: Report, day: date, now: datetime) -> datetime:
    """A report of a past day is shown as of its hour, one of today as of now."""
    if day == book.calendar.local(now).date():
        return now
    return rule.leaves_at(book.calendar, day)


def _write(document: Document, form: str, output: Path | None, made_at: datetime) -> None:
    content = _rendered(document, form, made_at)
    if output is not None:
        output.write_bytes(content)
        click.echo(f"wrote {output} ({len(content)} bytes)")
    elif form in {"docx", "xlsx"} and sys.stdout.isatty():
        msg = f"a {form} file is not for the terminal: name a file with -o"
        raise click.UsageError(msg)
    else:
        sys.stdout.buffer.write(content)


def _rendered(document: Document, form: str, made_at: datetime) -> bytes:
    match form:
        case "html":
            from mcur.connectors.papers.html import to_html

            return to_html(document).encode()
        case "docx":
            from mcur.connectors.papers.docx import to_docx

            return to_docx(document, made_at)
        case "xlsx":
            from mcur.connectors.papers.xlsx import to_xlsx

            tables = document.annex or tuple(b for b in document.blocks if isinstance(b, Table))[:1]
            if not tables:
                msg = "this report has no table for a workbook; take --format docx"
                raise click.UsageError(msg)
            return to_xlsx(tables, document.title, made_at)
        case _:
            from mcur.connectors.papers.text import to_text

            return to_text(document).encode()


def _send(ctx: click.Context, key: str, author: str) -> None:
    from mcur.daemon.cli_act import act

    ctx.invoke(act, do="correct", key=key, by=author, text="", fields=())
