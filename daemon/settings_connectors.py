"""The shapes of the tables in ``mcur.toml`` that name the outside: feeds, mail, trackers.

Strict and frozen: unknown keys are refused. Paths come out relative to the folder of the file.
Names of attributes differ from the keys only where Python forbids them: ``from`` is ``sender``,
``as`` is ``side``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, model_validator

from mcur.daemon.secrets import Secret
from mcur.daemon.settings_values import (
    Afterwards,
    ByteSize,
    DateFormat,
    Delimiter,
    Email,
    EmailOrEmpty,
    Encoding,
    FileGlobs,
    Host,
    Ident,
    Named,
    OptionalPath,
    ScopeField,
    SecretPath,
    SenderGlob,
    SitePath,
    Url,
    WikiTitle,
    Zone,
)
from mcur.playbooks.directory import FeedEntry
from mcur.playbooks.durations import ClockField
from mcur.playbooks.facts import AppealStatus, TaskKind, TaskStatus

Port = Annotated[StrictInt, Field(ge=1, le=65535)]
Security = Literal["tls", "starttls", "none"]

# RFC 8314, 7.3 and the older ports beside them.
_IMAP_PORTS = {"tls": 993, "starttls": 143, "none": 143}
_SMTP_PORTS = {"tls": 465, "starttls": 587, "none": 25}


class Table(BaseModel):
    """What all tables have in common."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", validate_default=True, hide_input_in_errors=True
    )


class FeedSettings(Table):
    """``[[feeds]]``: a folder where exports appear, and how to read them.

    ``mapping`` goes from our field to the heading of the export, ``constants`` from our field to
    a text, ``statuses`` from the export's word to our status. Empty ``encoding``, ``delimiter``,
    ``sheet`` and ``date_format`` are found out; an empty ``municipality`` is the playbook's own. What
    an address of ``mailed_from`` sends by mail, and ``pattern`` fits, is put into the folder. Where a
    fresh export is due by ``expected_by`` of each working day, a task asks for it and takes the file.
    """

    id: Ident
    kind: Literal["appeals", "outages", "inspections"] = "appeals"
    path: SitePath = Path("feeds")
    pattern: FileGlobs = ("*.csv", "*.xlsx", "*.xls", "*.json", "*.jsonl")
    source: str = ""
    """System of rows that do not name theirs; the feed's own id where it is left out."""
    scope: ScopeField | None = None
    zone: Zone = ZoneInfo("Europe/Moscow")
    municipality: str = ""
    expected_by: ClockField | None = None
    playbooks: tuple[str, ...] = ()
    mailed_from: tuple[SenderGlob, ...] = ()
    mapping: dict[str, Named] = Field(default_factory=dict)
    constants: dict[str, str] = Field(default_factory=dict)
    statuses: dict[str, AppealStatus] = Field(default_factory=dict)
    date_format: DateFormat = ""
    encoding: Encoding = ""
    delimiter: Delimiter = ""
    sheet: str = ""

    @model_validator(mode="before")
    @classmethod
    def _own_source(cls, data: object) -> object:
        if isinstance(data, dict) and isinstance(data.get("id"), str):
            return {"source": data["id"], **data}
        return data

    def entry(self, playbooks: Sequence[str]) -> FeedEntry:
        """Return the feed as rules know it; the first regulation that reads it asks for its exports."""
        readers = [p for p in playbooks if not self.playbooks or p in self.playbooks]
        return FeedEntry(
            id=self.id,
            source=self.source,
            playbooks=self.playbooks,
            pattern=self.pattern,
            expected_by=self.expected_by,
            asked=readers[0] if readers else "",
        )


class TrustedSender(Table):
    """Who may give assignments by letter, and on whose behalf."""

    sender: SenderGlob = Field(alias="from")
    side: Literal["cur", "mingos", "gzhi"] = Field(alias="as")


class MailSettings(Table):
    """``[mail]``: under which name letters leave, and whose letters count.

    ``authserv`` is the authserv-id of the own server (RFC 8601, 2.2); empty: not checked.
    ``unproven`` is what a letter may do of whose sender that server says nothing: give assignments,
    decide too (not where the world may write to the mailbox), or nothing.
    ``max_size`` is in bytes; bigger letters are kept aside. ``recipients`` goes from an address to
    the regulation that takes what is written to it. ``pace``: so many letters leave a minute for one
    mail domain, what is urgent at once; 0 is no limit. ``attachments``: so many bytes of papers go with
    a letter, bigger ones are filed.
    """

    address: EmailOrEmpty = ""
    name: str = ""
    trusted: tuple[TrustedSender, ...] = ()
    authserv: str = ""
    unproven: Literal["nothing", "assignments", "decisions"] = "assignments"
    max_size: ByteSize = 25 << 20
    attachments: ByteSize = 10 << 20
    pace: Annotated[StrictInt, Field(ge=0)] = 60
    recipients: dict[Email, str] = Field(default_factory=dict)


class LoginTable(Table):
    """How a mailbox or the courier logs in by IMAP or SMTP.

    With ``auth = "oauth2"`` it logs in for ``address`` by XOAUTH2: ``user`` is the application's id,
    the password its secret, and tokens for ``scope`` come from ``token_url``. An application that
    does not ask in its own name has a refresh token.
    """

    id: Ident
    user: str
    auth: Literal["password", "oauth2"] = "password"
    address: EmailOrEmpty = ""
    token_url: Url | Literal[""] = ""
    scope: str = ""
    grant: Literal["client_credentials", "refresh_token"] = "client_credentials"
    password_file: SecretPath = None
    refresh_token_file: SecretPath = None
    ca_file: OptionalPath = None

    @property
    def password(self) -> Secret | None:
        """The password of ``user``, still unread; ``None`` where nobody logs in."""
        return Secret(self.id, "password", self.password_file) if self.user else None

    @property
    def refresh_token(self) -> Secret | None:
        """What new tokens are asked for with, still unread; ``None`` where none is needed."""
        needed = self.grant == "refresh_token"
        return Secret(self.id, "refresh_token", self.refresh_token_file) if needed else None

    @model_validator(mode="after")
    def _tokens_are_whole(self) -> Self:
        if self.auth == "oauth2":
            needed = {"token_url": "where tokens are given out", "address": "whose mailbox it is"}
            for key, what in ({"user": "the application's id"} | needed).items():
                if not getattr(self, key):
                    msg = f'auth = "oauth2" needs {key}, {what}'
                    raise ValueError(msg)
        elif found := self.model_fields_set & {"token_url", "scope", "grant", "refresh_token_file"}:
            msg = f'{sorted(found)[0]} belongs to auth = "oauth2", and auth is "{self.auth}"'
            raise ValueError(msg)
        return self


class MaildirSettings(Table):
    """``[[mailboxes]]`` of kind ``maildir``; ``playbook`` takes what comes there, if it is named."""

    id: Ident
    kind: Literal["maildir"]
    path: SitePath = Path("mail/in")
    playbook: str = ""

    @property
    def push(self) -> bool:
        """A Maildir has no bell."""
        return False


class ImapSettings(LoginTable):
    """``[[mailboxes]]`` of kind ``imap``; ``after`` is ``keep`` or ``move:FOLDER``.

    With ``push`` the daemon listens as well (IDLE) and looks when something comes.
    """

    kind: Literal["imap"]
    host: Host
    security: Security = "tls"
    port: Port = 993
    user: Named
    folder: Named = "INBOX"
    after: Afterwards = "keep"
    push: StrictBool = True
    playbook: str = ""

    @model_validator(mode="before")
    @classmethod
    def _usual_port(cls, data: object) -> object:
        return _with_port(data, _IMAP_PORTS)


class ExchangeTable(Table):
    r"""An account on an Exchange server on the premises, as a mailbox and the courier name it.

    ``user`` is ``DOMAIN\login`` or the address. With ``auth = "oauth2"`` it is the application's id,
    the password its secret, and tokens for ``scope`` come from ``token_url``.
    """

    id: Ident
    url: Url
    address: Email
    user: Named
    auth: Literal["ntlm", "basic", "oauth2"] = "ntlm"
    token_url: Url | Literal[""] = ""
    scope: str = ""
    password_file: SecretPath = None
    ca_file: OptionalPath = None

    @property
    def password(self) -> Secret:
        """The password of ``user``, still unread."""
        return Secret(self.id, "password", self.password_file)

    @model_validator(mode="after")
    def _tokens_come_from_somewhere(self) -> Self:
        if self.auth == "oauth2" and not self.token_url:
            msg = 'auth = "oauth2" needs token_url, the address where tokens are given out'
            raise ValueError(msg)
        if self.auth != "oauth2" and (self.token_url or self.scope):
            msg = f'token_url and scope belong to auth = "oauth2", and auth is "{self.auth}"'
            raise ValueError(msg)
        return self


class EwsMailboxSettings(ExchangeTable):
    """``[[mailboxes]]`` of kind ``ews``; ``folder`` is a path below the mailbox.

    With ``push`` the daemon listens as well (streaming) and looks when something comes.
    """

    kind: Literal["ews"]
    folder: Named = "INBOX"
    after: Afterwards = "keep"
    push: StrictBool = True
    playbook: str = ""


class EwsCourierSettings(ExchangeTable):
    """``[courier]`` of kind ``ews``."""

    id: Ident = "courier"
    kind: Literal["ews"]


class FilesSettings(Table):
    """``[courier]`` of kind ``files``: one ``.eml`` for each letter."""

    id: Ident = "courier"
    kind: Literal["files"]
    path: SitePath = Path("mail/out")


class SmtpSettings(LoginTable):
    """``[courier]`` of kind ``smtp``; without ``user`` nobody logs in.

    ``copies`` is the id of the IMAP mailbox in whose account a copy of each letter is kept, in
    ``copies_folder``: where it is empty, in the one that the server keeps sent letters in.
    """

    id: Ident = "courier"
    kind: Literal["smtp"]
    host: Host
    security: Security = "starttls"
    port: Port = 587
    user: str = ""
    copies: str = ""
    copies_folder: str = ""

    @model_validator(mode="before")
    @classmethod
    def _usual_port(cls, data: object) -> object:
        return _with_port(data, _SMTP_PORTS)


class EmbeddedSettings(Table):
    """``[[tracker]]`` of kind ``embedded``; empty ``kinds`` take what no other table takes."""

    id: Ident
    kind: Literal["embedded"]
    path: SitePath = Path("state/tracker.db")
    kinds: tuple[TaskKind, ...] = ()


class RedmineSettings(Table):
    """``[[tracker]]`` of kind ``redmine``.

    ``projects`` and ``trackers`` go from a task kind, ``statuses`` from our status, ``fields`` from
    our field to the name that this Redmine has for it, ``statuses_of`` from our status to what it is
    called on one task kind alone, which needs a tracker of its own. A kind without a project of
    its own stands in the project that ``blocks`` has for its block, else in ``project``.
    """

    id: Ident
    kind: Literal["redmine"]
    url: Url
    key_file: SecretPath = None
    ca_file: OptionalPath = None
    profile: Literal["full", "mapped", "bare"] = "full"
    project: Named
    projects: dict[TaskKind, Named] = Field(default_factory=dict)
    blocks: dict[str, Named] = Field(default_factory=dict)
    trackers: dict[TaskKind, Named] = Field(default_factory=dict)
    statuses: dict[TaskStatus, Named] = Field(default_factory=dict)
    statuses_of: dict[TaskKind, dict[TaskStatus, Named]] = Field(default_factory=dict)
    fields: dict[str, Named] = Field(default_factory=dict)
    markup: Literal["textile", "markdown"] = "textile"
    page: WikiTitle = ""
    """Title of the page for managers in the wiki of ``project``; empty: none is kept."""
    pool: Annotated[StrictInt, Field(ge=1, le=16)] = 4
    """Writers at once; more makes a small Redmine answer 500."""
    kinds: tuple[TaskKind, ...] = ()

    @property
    def key(self) -> Secret:
        """The REST key, still unread."""
        return Secret(self.id, "key", self.key_file)


MailboxSettings = Annotated[
    MaildirSettings | ImapSettings | EwsMailboxSettings, Field(discriminator="kind")
]
CourierSettings = Annotated[
    FilesSettings | SmtpSettings | EwsCourierSettings, Field(discriminator="kind")
]
TrackerSettings = Annotated[EmbeddedSettings | RedmineSettings, Field(discriminator="kind")]


def _with_port(data: object, ports: Mapping[str, int]) -> object:
    """Put the usual port of the security that is written beside what is written."""
    security = data.get("security") if isinstance(data, dict) else None
    if isinstance(data, dict) and isinstance(security, str) and security in ports:
        return {"port": ports[security], **data}
    return data
