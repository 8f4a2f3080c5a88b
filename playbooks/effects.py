"""Effects: what is done under a unique key: a task, a change of a task, a letter, a document filed.

Pydantic models, because the outbox keeps them as JSON. Rules and tests name them by ``intents``.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from mcur.playbooks.documents import Chart, Document
from mcur.playbooks.facts import Attachment, TaskKind, TaskStatus


class Cite(BaseModel):
    """Why something is: the rule that wants it, the clause that demands it, the words for people.

    ``clause`` is one id of the regulation's clause table; ``why`` is Russian.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    playbook: str
    rule: str
    clause: str
    why: str
    clauses: tuple[str, ...] = ()


class Channel(StrEnum):
    """What an effect belongs to; the site opens and closes each channel (``[live]``)."""

    REPORTS = "reports"
    EXECUTOR_MAIL = "executor_mail"
    TASKS = "tasks"
    ESCALATIONS = "escalations"
    CALLS = "calls"
    SERVICE = "service"
    """Words of the daemon to its administrator; never gated."""


class _Effect(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str
    cite: Cite
    channel: Channel
    urgent: bool = False
    not_after: datetime | None = None
    """After this moment the effect is worth nothing and is recorded as missed."""


class CreateTask(_Effect):
    """A task to be made. ``assignee`` is a role, ``executor:NAME`` or ``None``.

    ``appeal`` is ``(source, number)``; ``letter`` the digest of the letter it came from;
    ``project`` is the project's name as the regulation prints it.
    """

    effect: Literal["create_task"] = "create_task"
    channel: Channel = Channel.TASKS
    kind: TaskKind
    project: str
    subject: str
    body: Document
    assignee: str | None = None
    start: datetime | None = None
    due_at: datetime | None = None
    parent: str | None = None
    appeal: tuple[str, str] | None = None
    letter: str | None = None
    topic: str | None = None
    """What is wrong, in a few words; reports name the task by it."""
    fields: dict[str, str] = {}
    attachments: tuple[Attachment, ...] = ()
    announce: bool = False
    """Whether an executor is told of it by letter."""
    rings: tuple[str, ...] = ()
    """Roles whom the assignee rings; the timeline tells of a call beside its task."""


class UpdateTask(_Effect):
    """A change of a task that we keep, named by its key; ``None`` leaves a value as it is.

    ``at`` is when what it tells of happened, where that was before this cycle. ``proof`` says of
    an executor's report whether it came with its materials. ``said`` and ``moved`` are the note and the
    status of a person who gave them in the tracker: they are told, not written.
    """

    effect: Literal["update_task"] = "update_task"
    channel: Channel = Channel.TASKS
    task: str
    note: Document | None = None
    subject: str | None = None
    body: Document | None = None
    status: TaskStatus | None = None
    assignee: str | None = None
    due_at: datetime | None = None
    fields: dict[str, str] = {}
    attachments: tuple[Attachment, ...] = ()
    at: datetime | None = None
    proof: bool | None = None
    said: Document | None = None
    moved: TaskStatus | None = None


class SendLetter(_Effect):
    """A letter to leave. ``to`` and ``cc`` hold recipients as the directory resolves them.

    ``sender`` is the role in whose name it is written. ``deadline`` is the clause's: delivered at
    or after it, the letter says so. ``papers`` are the forms of the document that are attached.
    ``answers`` is a key whose letter this one continues, or a Message-ID in its brackets.
    ``windowed``: it leaves only while the playbook's ``send_window`` is open.
    """

    effect: Literal["send_letter"] = "send_letter"
    sender: str
    to: tuple[str, ...]
    cc: tuple[str, ...] = ()
    subject: str
    document: Document
    deadline: datetime | None = None
    papers: tuple[Literal["docx", "xlsx"], ...] = ()
    answers: str | None = None
    windowed: bool = False


class FileDocument(_Effect):
    """A document that is put into the site's folder of documents and mailed to nobody.

    ``author`` is the role who answers for it, ``name`` what its file is called. ``deadline`` as with
    a letter.
    """

    effect: Literal["file_document"] = "file_document"
    author: str
    name: str
    document: Document
    paper: Literal["docx", "xlsx"]
    deadline: datetime | None = None


class PassFile(_Effect):
    """A file of a letter that is an export: it is put where its feed looks for exports."""

    effect: Literal["pass_file"] = "pass_file"
    channel: Channel = Channel.SERVICE
    feed: str
    name: str
    digest: str


class FetchFile(_Effect):
    """A file that a person put on a task, and that is an export: it goes the way of mailed ones."""

    effect: Literal["fetch_file"] = "fetch_file"
    channel: Channel = Channel.SERVICE
    task: str
    feed: str
    name: str


class KeepCopy(_Effect):
    """A copy of a letter that left, for the folder of sent ones; ``digest`` names its bytes."""

    effect: Literal["keep_copy"] = "keep_copy"
    channel: Channel = Channel.SERVICE
    message_id: str
    digest: str


class KeepPage(_Effect):
    """A page for readers in the wiki of a tracker, as it shall stand now; an older one is worth nothing.

    ``chart`` is the picture under it, ``caption`` the line that says what the picture shows.
    """

    effect: Literal["keep_page"] = "keep_page"
    channel: Channel = Channel.TASKS
    tracker: str
    title: str
    document: Document
    chart: Chart
    caption: str


Effect = (
    CreateTask | UpdateTask | SendLetter | FileDocument | PassFile | FetchFile | KeepCopy | KeepPage
)
EFFECT: TypeAdapter[Effect] = TypeAdapter(Annotated[Effect, Field(discriminator="effect")])
