"""Effects become what a connector takes: logins, addresses, papers, the late mark.

Rendering happens when a row is claimed, for only then is it known whether it leaves late.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from mcur.connectors.ports import (
    MailFile,
    NewTask,
    OutgoingLetter,
    Page,
    Rejected,
    TaskChange,
)
from mcur.daemon import administrator, enclosed
from mcur.daemon.enclosed import Enclosed, file_name, paper
from mcur.daemon.settings import Settings
from mcur.daemon.settings_values import Gate, GateMode
from mcur.playbooks.directory import Directory, Notify, Recipient
from mcur.playbooks.documents import Document, Paragraph
from mcur.playbooks.intents import (
    CreateTask,
    Effect,
    FetchFile,
    FileDocument,
    KeepCopy,
    KeepPage,
    PassFile,
    SendLetter,
    UpdateTask,
)
from mcur.playbooks.owning import reader_of
from mcur.playbooks.permits import OFFICERS
from mcur.playbooks.playbook import Playbook
from mcur.playbooks.threads import thread_of
from mcur.state.answers import with_absences
from mcur.state.store import State
from mcur.state.tasks import token_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressed:
    """A letter ready to leave, with what the timeline says of its readers."""

    letter: OutgoingLetter
    to: tuple[str, ...]
    cc: tuple[str, ...]
    late: bool
    left_out: tuple[FileDocument, ...] = ()
    """Papers that are too big for it: they are filed instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filed:
    """A document as a file, ready to be put away."""

    file: MailFile
    text: str
    """What it says, as plain text."""
    late: bool


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file of a task, by the task's number."""

    ident: str
    name: str


class Desk:
    """Prepares what leaves, from the directory and the playbooks of the site."""

    def __init__(
        self,
        settings: Settings,
        playbooks: Sequence[Playbook],
        state: State,
        directory: Directory,
    ) -> None:
        self._settings = settings
        self._playbooks = {p.id: p for p in playbooks}
        self._state = state
        self._directory = directory

    def task(self, effect: CreateTask, now: datetime) -> NewTask:
        """Prepare a task for its tracker."""
        playbook = self.playbook(effect)
        return NewTask(
            key=effect.key,
            kind=effect.kind,
            project=effect.project,
            block=self._block(effect),
            subject=effect.subject,
            body=effect.body,
            assignee=self._login(effect.assignee, playbook, now),
            start=effect.start,
            due_at=effect.due_at,
            parent=self._parent(effect),
            urgent=effect.urgent,
            fields={**effect.fields, "clause": playbook.printed(effect.cite.clause)},
            attachments=effect.attachments,
        )

    def _block(self, effect: CreateTask) -> str:
        """Return the block of a task: of the role that has it, else of its appeal; empty for none."""
        role = effect.assignee or ""
        named = "" if role.startswith(("executor:", "?")) else role.partition("@")[2]
        if named or effect.appeal is None:
            return named
        appeal = self._state.appeals.get(*effect.appeal)
        return (appeal.block if appeal else None) or ""

    def _parent(self, effect: CreateTask) -> str | None:
        """Return the parent's number where both live in one tracker: elsewhere it names another task."""
        task = self._state.tasks.get(effect.key)
        parent = self._state.tasks.get(effect.parent) if effect.parent else None
        same = task is not None and parent is not None and task.tracker == parent.tracker
        return parent.ident if parent and same else None

    def change(self, effect: UpdateTask, now: datetime) -> TaskChange:
        """Prepare a change of a task."""
        task = self._state.tasks.get(effect.task)
        if task is None or task.ident is None:  # claimed only once the number is known
            msg = f"change task {effect.task}: it has no number in its tracker"
            raise Rejected(msg)
        return TaskChange(
            ident=task.ident,
            token=effect.key,
            note=effect.note,
            subject=effect.subject,
            body=effect.body,
            status=effect.status,
            assignee=self._login(effect.assignee, self.playbook(effect), now),
            due_at=effect.due_at,
            fields=effect.fields,
            attachments=effect.attachments,
            last_look=self._state.tasks.last_look(effect.task),
        )

    def letter(self, effect: SendLetter, gate: Gate, made_at: datetime, now: datetime) -> Addressed:
        """Prepare a letter; who is absent is replaced, and a late letter says so."""
        playbook = self.playbook(effect)
        to = self._recipients(effect.to, playbook, now)
        cc = self._recipients(effect.cc, playbook, now)
        if not to:
            to, cc = cc, []
        reachable = [r for r in to if r.email]
        if not reachable:
            msg = f"send {effect.key}: nobody with an address holds {', '.join(effect.to)}"
            raise Rejected(msg)
        late = effect.deadline is not None and now >= effect.deadline
        papers = enclosed.enclose(effect, made_at, self._settings.mail.attachments)
        document = self._marked(effect, playbook, late, now)
        document = enclosed.marked(document, papers.left_out, playbook)
        subject, addressed_to, addressed_cc = effect.subject, reachable, [r for r in cc if r.email]
        if gate.mode is GateMode.REDIRECT:
            readers = ", ".join(r.ref for r in to)
            subject = playbook.texts.say(
                "service.redirected", zone=playbook.calendar.zone, to=readers, subject=subject
            )
            addressed_to, addressed_cc = [Recipient(ref="", name="", email=gate.address)], []
        letter = replace(
            self._outgoing(effect, subject, made_at, document, papers),
            to=tuple(_address(r) for r in addressed_to),
            cc=tuple(_address(r) for r in addressed_cc),
            date=now,
        )
        refs = (tuple(dict.fromkeys(r.ref for r in people)) for people in (to, cc))
        to_refs, cc_refs = refs
        return Addressed(letter=letter, to=to_refs, cc=cc_refs, late=late, left_out=papers.left_out)

    def domains(self, effect: SendLetter, gate: Gate, now: datetime) -> frozenset[str]:
        """Return the mail domains that a letter goes to."""
        if gate.mode is GateMode.REDIRECT:
            addresses = [gate.address]
        else:
            people = self._recipients((*effect.to, *effect.cc), self.playbook(effect), now)
            addresses = [one.email for one in people if one.email]
        return frozenset(one.rpartition("@")[2].casefold() for one in addresses)

    def may_leave_at(self, effect: SendLetter, now: datetime) -> datetime:
        """Return from when on a letter may leave: one of a ladder may keep to the send window."""
        if not effect.windowed:
            return now
        calendar = self.playbook(effect).calendar
        return self.playbook(effect).on(calendar.day_of(now)).calendar.sends_at(now)

    def file(self, effect: FileDocument, made_at: datetime, now: datetime) -> Filed:
        """Prepare a document that is put away."""
        from mcur.connectors.papers.text import to_text

        return Filed(
            file=paper(effect.paper, effect.document, made_at, effect.name),
            text=to_text(effect.document),
            late=effect.deadline is not None and now >= effect.deadline,
        )

    def silent(self, effect: PassFile | FetchFile | KeepCopy | KeepPage) -> Filed | Wanted | Page:
        """Prepare what nobody is told of."""
        match effect:
            case PassFile():
                return self.passed(effect)
            case FetchFile():
                return self.wanted(effect.task, effect.name)
            case KeepCopy():
                return self.copied(effect)
            case KeepPage():
                return self.page(effect)

    def passed(self, effect: PassFile) -> Filed:
        """Prepare a mailed export for the folder of its feed."""
        name = file_name(effect.name, "export")
        content = self._state.blobs.get(effect.digest)
        kind = "application/octet-stream"
        file = MailFile(name=name, content_type=kind, content=content)
        return Filed(file=file, text="", late=False)

    def copied(self, effect: KeepCopy) -> Filed:
        """Prepare a copy for the folder of sent letters, which knows it by its Message-ID."""
        content = self._state.blobs.get(effect.digest)
        file = MailFile(name=effect.message_id, content_type="message/rfc822", content=content)
        return Filed(file=file, text="", late=False)

    def wanted(self, key: str, name: str) -> Wanted:
        """Name a file of a task by the number that the task has in its tracker."""
        task = self._state.tasks.get(key)
        if task is None or task.ident is None:
            msg = f"fetch file {name} of {key}: it has no number in its tracker"
            raise Rejected(msg)
        return Wanted(task.ident, name)

    def page(self, effect: KeepPage) -> Page:
        """Prepare a page of a wiki with its picture."""
        from mcur.connectors.papers.chart import to_png

        return Page(
            title=effect.title,
            document=effect.document,
            picture=to_png(effect.chart),
            caption=effect.caption,
        )

    def to_administrator(
        self,
        effect: Effect,
        what: str,
        destination: str,
        why: str,
        now: datetime,
    ) -> SendLetter | None:
        """Write to the administrator that something waits for him: once a day and destination."""
        if not self._directory.administrator:
            return None
        playbook = self._playbooks.get(effect.cite.playbook) or next(iter(self._playbooks.values()))
        return administrator.letter(
            self._directory.administrator, playbook, effect.cite, what, destination, now,
            destination=destination, key=effect.key, why=why,
        )  # fmt: skip

    def recovered(
        self, destination: str, since: datetime, waiting: int, now: datetime
    ) -> SendLetter | None:
        """Write to the administrator that letters leave again, and how many of them still wait."""
        to, books = self._directory.administrator, list(self._playbooks.values())
        if not to:
            return None
        cite = reader_of(books)
        about = f"{destination}:{since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        return administrator.letter(
            to, self._playbooks[cite.playbook], cite, "recovered", about, now,
            since=since, until=now, count=waiting, pace=self._settings.mail.pace,
        )  # fmt: skip

    def playbook(self, effect: Effect) -> Playbook:
        """Return the regulation behind an effect; :class:`Rejected` where the site has it no more."""
        name = effect.cite.playbook
        if name not in self._playbooks:
            msg = f"deliver {effect.key}: {name} is not a playbook of this site any more"
            raise Rejected(msg)
        return self._playbooks[name]

    def message_id(self, key: str) -> str:
        """Return the Message-ID of the letter with a key; the same key gives the same one."""
        domain = self._settings.mail.address.rpartition("@")[2] or "mcur.invalid"
        return f"<mcur.{token_of(key)}@{domain}>"

    def _outgoing(
        self,
        effect: SendLetter,
        subject: str,
        made_at: datetime,
        document: Document,
        papers: Enclosed,
    ) -> OutgoingLetter:
        from mcur.connectors.papers.html import to_html
        from mcur.connectors.papers.text import to_text

        answers = effect.answers
        if answers and not answers.startswith("<"):
            answers = self.message_id(answers)
        thread = thread_of(effect.key)
        begun = self.message_id(thread) if thread else None
        return OutgoingLetter(
            message_id=self.message_id(effect.key),
            sender=(self._sender_name(effect.sender), self._settings.mail.address),
            to=(),
            subject=subject,
            text=to_text(document),
            html=to_html(document),
            files=papers.files,
            date=made_at,
            in_reply_to=answers or begun,
            references=tuple(filter(None, (begun, answers))),
            urgent=effect.urgent and effect.deadline is None,
        )

    def _sender_name(self, role: str) -> str:
        holders = self._people().holders(role) if role else []
        return holders[0].name if holders else (self._settings.mail.name or self._settings.name)

    def _marked(
        self, effect: SendLetter, playbook: Playbook, late: bool, now: datetime
    ) -> Document:
        if not late:
            return effect.document
        text = playbook.texts.say(
            "report.late", zone=playbook.calendar.zone, deadline=effect.deadline, sent=now
        )
        mark = Paragraph(text=text, tone="mark")
        blocks = (mark, *effect.document.blocks)
        return effect.document.model_copy(update={"blocks": blocks})

    def _recipients(
        self, refs: Sequence[str], playbook: Playbook, now: datetime
    ) -> list[Recipient]:
        day = playbook.calendar.local(now).date()
        people = self._people()
        found = [r for ref in refs for r in people.recipients(ref, day)]
        return list({(r.ref, r.email or r.name): r for r in found}.values())

    def _people(self) -> Directory:
        """Return the directory with the absences that people told since the start."""
        return with_absences(self._state.db, self._directory)

    def _login(self, assignee: str | None, playbook: Playbook, now: datetime) -> str | None:
        """Return the login that a task is assigned to.

        An executor who does not work in the tracker leaves it with the officer who controls him.
        """
        if assignee is None:
            return None
        if assignee.startswith("executor:"):
            executor = self._directory.executor(assignee.removeprefix("executor:"))
            if executor and executor.login and executor.notify is Notify.REDMINE:
                return executor.login
            assignee = next((role for role in playbook.roles if role in OFFICERS), "")
        if assignee.startswith("?"):
            return assignee[1:]
        day = playbook.calendar.local(now).date()
        return next((r.login for r in self._people().recipients(assignee, day) if r.login), None)


def _address(recipient: Recipient) -> tuple[str, str]:
    return recipient.name, recipient.email
