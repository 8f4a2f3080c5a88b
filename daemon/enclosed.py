"""Papers beside a letter: as many as its size allows; what does not go with it is filed in the site's folder."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from mcur.connectors.ports import MailFile
from mcur.playbooks.documents import Document, Paragraph, Table
from mcur.playbooks.intents import FileDocument, SendLetter
from mcur.playbooks.playbook import Playbook

_DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_LONG = 100
"""Letters of a title that makes no name of a file: mail programs cut such names."""
_NO_FILE_NAME = re.compile(r'[\\/:*?"<>|\x00-\x1f]+')


@dataclass(frozen=True, slots=True, kw_only=True)
class Enclosed:
    """The papers of a letter: those that go with it, and those that are too big for it."""

    files: tuple[MailFile, ...] = ()
    left_out: tuple[FileDocument, ...] = ()


def enclose(effect: SendLetter, made_at: datetime, limit: int) -> Enclosed:
    """Take the smaller papers first, up to ``limit`` bytes of the letter as it travels."""
    # The subject of a letter says shorter what the title of an appendix says in full.
    title = effect.subject if len(effect.document.title) > _LONG else ""
    made = {form: paper(form, effect.document, made_at, title) for form in effect.papers}
    room, kept = limit, set[str]()
    for form, file in sorted(made.items(), key=lambda pair: len(pair[1].content)):
        room -= len(file.content) * 4 // 3
        if room >= 0:
            kept.add(form)
    return Enclosed(
        files=tuple(file for form, file in made.items() if form in kept),
        left_out=tuple(
            FileDocument(
                key=f"document:{effect.key}:{form}", cite=effect.cite, channel=effect.channel,
                author=effect.sender, name=file.name.rpartition(".")[0], document=effect.document,
                paper=form,
            )
            for form, file in made.items() if form not in kept
        ),
    )  # fmt: skip


def marked(document: Document, left_out: Sequence[FileDocument], playbook: Playbook) -> Document:
    """Say in a letter which of its papers lie elsewhere."""
    return document.model_copy(update={"blocks": (*_marks(left_out, playbook), *document.blocks)})


def _marks(left_out: Sequence[FileDocument], playbook: Playbook) -> Iterator[Paragraph]:
    for one in left_out:
        file = f"{one.name}.{one.paper}"
        text = playbook.texts.say("enclosed.left_out", zone=playbook.calendar.zone, document=file)
        yield Paragraph(text=text, tone="mark")


def file_name(name: str, otherwise: str) -> str:
    """Return a name that every file system takes."""
    return _NO_FILE_NAME.sub(" ", name).strip(" .") or otherwise


def paper(form: str, document: Document, made_at: datetime, title: str = "") -> MailFile:
    """Write a document in one of its forms."""
    title = title or f"{document.title} {document.subtitle.partition(',')[0]}"
    name = file_name(title, "document")
    if form == "docx":
        from mcur.connectors.papers.docx import to_docx

        return MailFile(name=f"{name}.docx", content_type=_DOCX, content=to_docx(document, made_at))
    from mcur.connectors.papers.xlsx import to_xlsx

    tables = tuple(block for block in document.blocks if isinstance(block, Table))
    content = to_xlsx(document.annex or tables[:1], document.title, made_at)
    return MailFile(name=f"{name}.xlsx", content_type=_XLSX, content=content)
