"""A site at real servers: made with ``mcur init``, edited as README says, run as a child process.

The daemon is always the installed ``mcur`` command, so that what is tested is what an
administrator types. Nothing here reaches into its memory; it is seen through Redmine's REST, the
mailboxes and its own commands.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import signal
import subprocess
import sysconfig
import urllib.request
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from imaplib import IMAP4_SSL
from pathlib import Path
from ssl import create_default_context
from typing import Any
from zoneinfo import ZoneInfo

import xlsxwriter  # type: ignore[import-untyped]

from tests.servers.dovecot import PASSWORDS, Dovecot
from tests.servers.redmine import KEYS, Golden, RedmineServer
from tests.servers.redmine_front import Front
from tests.servers.smtp import SmtpServer

MOSCOW = ZoneInfo("Europe/Moscow")
PLAYBOOK = "odintsovo-1204"
ADMINISTRATOR = "officer@firm.test"
MCUR = Path(sysconfig.get_path("scripts")) / "mcur"

SECTIONS: dict[str, str] = {
    "Запуск": """
[live]
from = {live_from}
reports = "on"
executor_mail = "on"
tasks = "on"
escalations = "on"
calls = "on"
""",
    "Люди": """
[[people]]
role = "mcur_head"
name = "Анна Петрова"
position = "руководитель МЦУР"
email = "head@firm.test"
login = "petrova"
[[people]]
role = "mcur_resp"
name = "Иван Иванов"
position = "ответственный сотрудник МЦУР"
email = "officer@firm.test"
login = "ivanov"
[[people]]
role = "okrug_head"
name = "Глебов Г. Г."
email = "mayor@firm.test"
[[people]]
role = "deputy_head"
name = "Замов З. З."
email = "deputy@firm.test"
""",
    "Исполнители": """
[[executors]]
name = "УК «Гарант»"
aliases = ["ООО «УК Гарант»"]
email = "garant@firm.test"
[[executors]]
name = "УК «Уют»"
email = "uyut@firm.test"
""",
    "Почта": """
[mail]
address = "robot@firm.test"
name = "МЦУР Одинцово"
trusted = [{{ from = "*@cur.mosreg.ru", as = "cur" }}]

[[mailboxes]]
id = "inbox"
kind = "imap"
host = "127.0.0.1"
port = {imaps}
user = "robot"
password_file = "secrets/mail.password"
ca_file = "{ca}"

[courier]
kind = "smtp"
host = "127.0.0.1"
port = {smtp}
security = "starttls"
user = "robot"
password_file = "secrets/mail.password"
ca_file = "{ca}"
copies = "inbox"
""",
    "Задачи": """
[[tracker]]
id = "redmine"
kind = "redmine"
url = "{url}"
key_file = "secrets/redmine.key"
ca_file = "{ca}"
profile = "{profile}"
project = "support"
""",
}
"""What an administrator writes in place of the sections of the new ``mcur.toml``."""

ECUR = (
    "Номер ЕЦУР", "Номер в источнике", "Дата (первого взятия в работу)", "Направление",
    "Синт. группа", "Факт", "Подтема", "Статус", "Куратор", "Исполнитель", "ОМСУ", "Источник",
    "Спам (да/нет)", "Тип сообщения", "Описание", "Адрес (формат)", "Срок",
)  # fmt: skip


@dataclass(frozen=True)
class Servers:
    """What a site is connected to; with a ``front`` Redmine stands behind a web server with TLS."""

    redmine: RedmineServer
    dovecot: Dovecot
    smtp: SmtpServer
    front: Front | None = None


@dataclass
class RealSite:
    """A folder with a configuration, and the commands in it."""

    folder: Path
    servers: Servers
    children: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def config(self) -> Path:
        """The site's file."""
        return self.folder / "mcur.toml"

    def edit(self, old: str, new: str) -> None:
        """Change the configuration as an administrator does."""
        text = self.config.read_text(encoding="utf-8")
        assert old in text
        self.config.write_text(text.replace(old, new), encoding="utf-8")

    def mcur(self, *arguments: str, expect: int = 0) -> str:
        """Run a command to its end and return what it said, on both channels."""
        child = self.start(*arguments)
        said = child.communicate(timeout=120)[0]
        assert child.returncode == expect, f"exit status {child.returncode}: {said}"
        return said

    def json(self, *arguments: str) -> Any:
        """Run a listing and return its JSON."""
        return json.loads(self.mcur(*arguments, "--json"))

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command in a process group of its own."""
        child = subprocess.Popen(
            [str(MCUR), "-c", str(self.config), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={k: v for k, v in os.environ.items() if not k.startswith("MCUR_")},
            start_new_session=True,
        )
        self.children.append(child)
        return child

    def kill(self, child: subprocess.Popen[str]) -> None:
        """``kill -9`` the whole group of a command."""
        if child.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()
        if child.stdout is not None:
            child.stdout.close()

    def stop(self) -> None:
        """Kill what a failed test has left running."""
        for child in self.children:
            self.kill(child)

    def drop(self, name: str, content: bytes) -> None:
        """Put an export into the folder of feeds, whole at once."""
        hidden = self.folder / f".{name}"
        hidden.write_bytes(content)
        hidden.rename(self.folder / "feeds" / name)


@contextlib.contextmanager
def real_site(
    folder: Path, servers: Servers, profile: Golden, live_from: datetime
) -> Iterator[RealSite]:
    """Make a site over servers with a clean database, empty mailboxes and all gates open."""
    servers.redmine.reset(profile)
    servers.smtp.forget()
    for user in PASSWORDS:
        servers.dovecot.wipe(user)
    site = RealSite(folder, servers)
    subprocess.run([str(MCUR), "init", str(folder), "--playbook", PLAYBOOK], check=True)
    values = {
        "live_from": live_from.isoformat(),
        "imaps": servers.dovecot.imaps,
        "smtp": servers.smtp.starttls,
        "ca": servers.dovecot.certificates.ca,
        "url": servers.front.url if servers.front else servers.redmine.url,
        "profile": profile,
    }
    text = site.config.read_text(encoding="utf-8").replace("admin@mcur.example", ADMINISTRATOR)
    for title, table in SECTIONS.items():
        text = with_section(text, title, table.format(**values))
    site.config.write_text(text, encoding="utf-8")
    secrets = folder / "secrets"
    secrets.mkdir(exist_ok=True)
    for name, secret in (("mail.password", PASSWORDS["robot"]), ("redmine.key", KEYS["robot"])):
        (secrets / name).write_text(f"{secret}\n")
        (secrets / name).chmod(0o600)
    try:
        yield site
    finally:
        site.stop()


def with_section(text: str, title: str, table: str) -> str:
    """Put tables in place of a section of the file that ``init`` made."""
    pattern = re.compile(rf"(^# --- {title} -+\n)(.*?)(?=^# --- |\Z)", re.MULTILINE | re.DOTALL)
    replaced, count = pattern.subn(lambda found: found[1] + table + "\n", text)
    assert count == 1, f"mcur.toml has no section «{title}»"
    return replaced


# --- what comes in ------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row of the export, and what shall become of it."""

    source: str
    number: str
    received: datetime
    topic: str
    address: str
    said_executor: str
    executor: str | None
    due: datetime

    @property
    def key(self) -> str:
        """The key of its task."""
        return f"task:{PLAYBOOK}:{self.source}:{self.number}"


def rows_of_a_day(day: datetime, count: int = 300) -> list[Row]:
    """Make appeals of one day, three minutes apart, as a town has them."""
    executors = (
        ("ООО «УК Гарант»", "УК «Гарант»"),
        ("УК «Уют»", "УК «Уют»"),
        ("МУП «Неизвестное»", None),
        ("", None),
    )
    topics = ("Отсутствие отопления", "Не убран снег", "Протечка кровли")
    found = []
    for n in range(count):
        said, known = executors[(0, 0, 1, 0, 1, 2, 1, 3)[n % 8]]
        due = datetime.combine(day.date() + timedelta(days=1 + n % 5), time(23, 59, 59), MOSCOW)
        found.append(
            Row(
                source="eds" if n % 7 == 0 else "dobrodel",
                number=f"{7_000_000 + n}-1",
                received=day + timedelta(hours=6, minutes=3 * n),
                topic=topics[n % 3],
                address=f"Одинцово, ул. Солнцева, д. {1 + n % 40}, кв. {1 + n}",
                said_executor=said,
                executor=known,
                due=due.replace(hour=18, minute=0, second=0) if n % 2 else due,
            )
        )
    return found


def ecur_workbook(rows: Sequence[Row]) -> bytes:
    """Write the rows as ЕЦУР prints them: a title, headings, dates in two forms, a total."""
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content, {"in_memory": True})
    stamp = book.add_format({"num_format": "dd.mm.yyyy hh:mm"})
    sheet = book.add_worksheet("Выгрузка")
    sheet.write_string(0, 0, "Выгрузка ЕЦУР")
    sheet.write_row(2, 0, ECUR)
    for n, row in enumerate(rows):
        at = 3 + n
        sheet.write_row(at, 0, _cells(row, n))
        if n % 2:
            sheet.write_datetime(at, 2, row.received.replace(tzinfo=None), stamp)
        else:
            sheet.write_string(at, 2, row.received.strftime("%d.%m.%Y %H:%M"))
    sheet.write_row(3 + len(rows), 0, ("Итого", len(rows)))
    book.close()
    return content.getvalue()


def _cells(row: Row, n: int) -> list[str]:
    due = row.due.strftime("%d.%m.%Y" if row.due.second else "%d.%m.%Y %H:%M")
    source = {"eds": "ЕДС", "dobrodel": "Добродел"}[row.source]
    return [
        f"E-{n}", row.number, "", "ЖКХ", "МКД", "", row.topic, "Новая", "", row.said_executor,
        "Одинцовский г.о.", source, "нет", "Проблемы",
        f"Жалоба {n}: {row.topic.lower()} который день.", row.address, due,
    ]  # fmt: skip


def a_letter(sender: str, subject: str, text: str, ident: str) -> bytes:
    """Write a letter as a mail program does."""
    letter = EmailMessage(policy=policy.SMTP)
    letter["From"] = f"Дежурный <{sender}>"
    letter["To"] = "robot@firm.test"
    letter["Subject"] = subject
    letter["Message-ID"] = f"<{ident}@{sender.partition('@')[2]}>"
    letter["Date"] = datetime.now(MOSCOW)
    letter.set_content(text)
    return letter.as_bytes()


# --- what stands there --------------------------------------------------------------------------


def mailbox(dovecot: Dovecot, user: str) -> list[bytes]:
    """Fetch every letter of a mailbox with nothing but the standard library."""
    trusted = create_default_context(cafile=str(dovecot.certificates.ca))
    with IMAP4_SSL("127.0.0.1", dovecot.imaps, ssl_context=trusted) as link:
        # Not login(): it knows only ASCII, and one of the passwords is Russian.
        link.authenticate("PLAIN", lambda _: f"\0{user}\0{PASSWORDS[user]}".encode())
        link.select("INBOX", readonly=True)
        numbers = link.search(None, "ALL")[1][0].split()
        answers = [link.fetch(number.decode(), "(BODY.PEEK[])")[1][0] for number in numbers]
    return [answer[1] for answer in answers if isinstance(answer, tuple)]


def parsed(raw: bytes) -> EmailMessage:
    """Parse a letter with the standard library."""
    letter = message_from_bytes(raw, policy=policy.default)
    assert isinstance(letter, EmailMessage)
    return letter


def sent_letters(dovecot: Dovecot) -> Counter[tuple[str, str]]:
    """Count the daemon's letters by mailbox and Message-ID."""
    return Counter(
        (user, str(parsed(raw)["Message-ID"]))
        for user in PASSWORDS
        for raw in mailbox(dovecot, user)
        if user != "robot"
    )


def issues(server: RedmineServer, login: str = "ivanov") -> list[dict[str, Any]]:
    """List every issue, open and closed, as a person at work sees them."""
    found: list[dict[str, Any]] = []
    while True:
        path = f"/issues.json?status_id=*&sort=id&limit=100&offset={len(found)}"
        request = urllib.request.Request(
            server.url + path, headers={"X-Redmine-API-Key": KEYS[login]}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            page = json.load(answer)
        found += page["issues"]
        if len(found) >= page["total_count"]:
            return found


def key_of(issue: dict[str, Any]) -> str | None:
    """Read our key of an issue: from its field, else from the last line of its text."""
    fields = {f["name"]: f.get("value") for f in issue.get("custom_fields", ())}
    if fields.get("Ключ"):
        return str(fields["Ключ"])
    found = re.search(r"^Ключ: (.+?)\s*\Z", issue.get("description") or "", re.MULTILINE)
    return found[1] if found else None


def writes(server: RedmineServer) -> list[str]:
    """List the requests that wrote something, since they were last forgotten."""
    return [line for line in server.requests() if not line.startswith("GET ")]
