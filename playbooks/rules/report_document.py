"""What a report says: its form filled in, with what the figures rest on. The letter around it."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from mcur.playbooks import crowded, data_quality, forms, sections
from mcur.playbooks.documents import Block, Bullets, Document, Heading, Paragraph
from mcur.playbooks.filled import Filled
from mcur.playbooks.intents import Channel, FileDocument, SendLetter
from mcur.playbooks.rules.base import Case
from mcur.playbooks.rules.report_shape import Report, period


def letter(
    rule: Report, case: Case, key: str, day: date, document: Document, filled: Filled
) -> SendLetter:
    """Put a report into the letter that takes it to its readers."""
    first, last = period(rule.covers, case)
    return SendLetter(
        key=key,
        cite=case.cite(rule, case.say("report.why", rule=rule)),
        channel=Channel.REPORTS,
        urgent=True,
        sender=rule.author,
        to=rule.to,
        cc=rule.cc,
        subject=case.say(
            f"form.{rule.form}.subject",
            rule=rule,
            first=first,
            through=_through(first, last),
            last=last,
            figures=filled.figures,
        ),
        document=document,
        deadline=rule.late_from(case.playbook.calendar, day),
        not_after=_day_ends(case, day),
        papers=("docx", "xlsx") if document.annex else ("docx",),
    )


def paper(rule: Report, case: Case, key: str, day: date, document: Document) -> FileDocument:
    """Put a report that nobody gets by mail into the folder of documents."""
    return FileDocument(
        key=key,
        cite=case.cite(rule, case.say("report.why", rule=rule)),
        channel=Channel.REPORTS,
        urgent=True,
        author=rule.author,
        name=case.say("report.file_name", rule=rule, through=_through(*period(rule.covers, case))),
        document=document,
        paper="xlsx",
        deadline=rule.late_from(case.playbook.calendar, day),
        not_after=_day_ends(case, day),
    )


def _day_ends(case: Case, day: date) -> datetime:
    """Return when a report of a day is worth nothing any more."""
    calendar = case.playbook.calendar
    return calendar.at(day + timedelta(days=1), calendar.day_starts)


def document(rule: Report, case: Case, reviewed_by: str | None) -> tuple[Document, Filled]:
    """Fill the report as it stands at ``case.now``."""
    first, last = period(rule.covers, case)
    filled = forms.FORMS[rule.form](rule, case, first, last)
    mark = (
        case.say("report.reviewed", by=reviewed_by) if reviewed_by else case.say("report.unchecked")
    )
    blocks: list[Block] = [
        Paragraph(text=mark, tone="quiet" if reviewed_by else "mark"),
        *(Paragraph(text=line, tone="mark") for line in _missed_lines(rule, case)),
        *(Paragraph(text=line, tone="mark") for line in _troubles(case)),
        *filled.blocks,
        *sections.blocks(rule, case, first, last),
    ]
    quality = data_quality.lines(rule, case, first, last)
    if quality:
        blocks += [Heading(text=case.say("report.quality")), Bullets(items=quality)]
    assumed = _assumptions(case) if case.playbook.calendar.show_assumptions else ()
    if assumed:
        blocks += [Heading(text=case.say("report.assumptions")), Bullets(items=assumed)]
    head = f"report.covers_{rule.covers}"
    made = crowded.fitted(
        case,
        Document(
            title=rule.title,
            subtitle=case.say(head, first=first, last=last, through=_through(first, last)),
            lead=filled.lead,
            blocks=tuple(blocks),
            footer=(case.say("report.as_of", at=case.now), case.clause_line(rule.clause)),
            landscape=filled.landscape,
            annex=filled.annex,
        ),
        rule.max_rows,
    )
    return made, filled


def _assumptions(case: Case) -> tuple[str, ...]:
    """Name the values that stand for gaps of the text, for whoever wants to see them in each report."""
    running = (rule for kind in case.playbook.rules for rule in case.playbook.enabled(kind))
    return tuple(
        case.say("report.assumption", printed=case.playbook.printed(r.clause), assumes=r.assumes)
        for r in running
        if r.assumption
    )


def _through(first: datetime, last: datetime) -> datetime:
    return max(first, last - timedelta(days=1))


def _missed_lines(rule: Report, case: Case) -> list[str]:
    today = case.playbook.calendar.local(case.now).date()
    missed = case.facts.missed_reports(case.playbook.id, rule.id, today)
    shift = timedelta(days=1 if rule.covers == "previous_day" else 0)
    newest = missed[-rule.max_rows :]
    lines = [case.say("report.not_sent", rule=rule, due_day=kept.day - shift) for kept in newest]
    rest = len(missed) - len(newest)
    return [case.say("report.not_sent_more", rule=rule, count=rest), *lines] if rest else lines


def _troubles(case: Case) -> list[str]:
    down = (system for system in case.facts.health() if system.down_since is not None)
    return [
        case.say("report.system_down", system=system, source=_source(case, system.system))
        for system in down
    ]


def _source(case: Case, system: str) -> str:
    """Name the source of a feed as people know it."""
    return case.say("source", source=system.removeprefix("feed:"))
