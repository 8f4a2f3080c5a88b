"""A report that its author corrects: a revision with the list of what changed."""

from __future__ import annotations

from collections.abc import Iterator

from mcur.playbooks.documents import Bullets, Document, Heading, Table
from mcur.playbooks.facts import Report as Kept
from mcur.playbooks.intents import Intent, KeepReport, ReportState, Tell
from mcur.playbooks.rules.base import Case
from mcur.playbooks.rules.report_document import document, letter, paper
from mcur.playbooks.rules.report_shape import Report


def correct(rule: Report, case: Case, kept: Kept, who: str) -> Iterator[Intent]:
    """Make the next revision and send it."""
    number = 2
    while case.facts.knows(f"{kept.key}:r{number}"):
        number += 1
    key = f"{kept.key}:r{number}"
    made, filled = document(rule, case, who)
    changes = _changes(case, kept.document, made)
    made = made.model_copy(
        update={
            "blocks": (
                Heading(text=case.say("report.changes")),
                Bullets(items=changes),
                *made.blocks,
            )
        }
    )
    cite = case.cite(rule, case.say("report.corrected", rule=rule))
    yield KeepReport(
        key=key,
        cite=cite,
        rule=rule.id,
        day=kept.day,
        state=ReportState.DECIDED,
        document=made,
        reviewed_by=who,
    )
    if rule.filed:
        filed = paper(rule, case, key, kept.day, made)
        name = case.say("report.corrected_subject", subject=filed.name, number=number)
        yield filed.model_copy(update={"name": name, "deadline": None})
    else:
        sent = letter(rule, case, key, kept.day, made, filled)
        subject = case.say("report.corrected_subject", subject=sent.subject, number=number)
        yield sent.model_copy(update={"subject": subject, "deadline": None, "answers": kept.key})
    yield Tell(key=key, cite=cite, event="report.corrected", data={"changes": list(changes)})


def _changes(case: Case, old: Document | None, new: Document) -> tuple[str, ...]:
    before, after = _rows(old), _rows(new)
    added = [
        case.say("report.row_added", row=" | ".join(filter(None, r)))
        for r in after
        if r not in before
    ]
    gone = [
        case.say("report.row_gone", row=" | ".join(filter(None, r)))
        for r in before
        if r not in after
    ]
    return tuple(added + gone) or (case.say("report.no_changes"),)


def _rows(document: Document | None) -> list[tuple[str, ...]]:
    blocks = (document.annex or document.blocks) if document else ()
    return [row for block in blocks if isinstance(block, Table) for row in block.rows]
