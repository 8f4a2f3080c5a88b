"""Changes of one task that one decision makes leave as one."""

from __future__ import annotations

from mcur.playbooks.documents import Block, Document, Heading, Paragraph
from mcur.playbooks.intents import UpdateTask


def merged(old: UpdateTask, new: UpdateTask) -> UpdateTask:
    """Make one change of two: later values win, notes follow each other."""
    note = joined(old.note, new.note)
    before, after = old.cite.why, new.cite.why
    why = after if before == after else f"{before.removesuffix('.')}; {after}"
    picked = {
        name: getattr(new, name)
        for name in ("subject", "body", "status", "assignee", "due_at", "at", "proof", "moved")
        if getattr(new, name) is not None
    }
    if "moved" in picked:  # a person's own move comes after what was to be written
        picked.setdefault("status", None)
    return old.model_copy(
        update={
            **picked,
            "note": note,
            "said": joined(old.said, new.said),
            "urgent": old.urgent or new.urgent,
            "cite": old.cite.model_copy(update={"why": why}),
            "fields": {**old.fields, **new.fields},
            "not_after": max(old.not_after, new.not_after)
            if old.not_after and new.not_after
            else None,
            "attachments": (*old.attachments, *new.attachments),
        }
    )


def joined(first: Document | None, second: Document | None) -> Document | None:
    """Let one note follow another; what stood around the second stands inside now."""
    if first is None or second is None:
        return first or second
    inner: list[Block] = []
    if second.title:
        inner.append(Heading(text=second.title))
    inner += [Paragraph(text=line) for line in second.lead]
    inner += second.blocks
    footer = dict.fromkeys((*first.footer, *second.footer))
    return first.model_copy(update={"blocks": (*first.blocks, *inner), "footer": tuple(footer)})
