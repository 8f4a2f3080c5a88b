"""What the daemon writes into an issue for itself: the key, the term's hour, the marks of notes.

Where a Redmine has no custom fields, a token made of the key ends the subject («… [k3vq…]»), for
only that can be searched, and the last lines of the description hold what has no place of its own::

    Срок: 20.11.2026 18:00
    Состояние: на контроле
    Ключ: task:odintsovo-1204:dobrodel:4711

A citizen's text may hold such lines too; they count only as the last lines, and the key only where
the subject's token is made of it.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b32encode
from dataclasses import dataclass
from datetime import datetime, time, tzinfo

from mcur.playbooks.facts import TaskStatus

SUBJECT_LIMIT = 255
"""Characters that Redmine takes in a subject."""

DAY_END = time(23, 59, 59)
"""A term without an hour ends with its day."""

_STATES: dict[TaskStatus, str] = {
    TaskStatus.NEW: "новая",
    TaskStatus.IN_WORK: "в работе",
    TaskStatus.ON_CONTROL: "на контроле",
    TaskStatus.EXTENSION_REQUESTED: "запрошен перенос",
    TaskStatus.DONE: "на подтверждении",
    TaskStatus.RETURNED: "возвращена",
    TaskStatus.REFUSED: "отказ исполнителя",
    TaskStatus.CLOSED: "закрыта",
    TaskStatus.REJECTED: "отклонена",
}
_STATUSES = {word: status for status, word in _STATES.items()}
_FOOTER = re.compile(
    r"(?:\A|\n)(?:---\n+)?(?:Срок: (?P<due>[^\n]*)\n)?(?:Состояние: (?P<state>[^\n]*)\n)?"
    r"Ключ: (?P<key>[^\n]+)\s*\Z"
)
_DUE_FORMS = (
    "%d.%m.%Y %H:%M:%S",
    "%d.%m.%Y %H:%M",
    "%d.%m.%Y",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%d",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Footer:
    """The last lines of a description; ``due`` as written there."""

    key: str
    due: str | None = None
    status: TaskStatus | None = None


def key_token(key: str) -> str:
    """Make the token of a key: 13 letters and digits, 65 bits of its SHA-256."""
    return _digest(key)[:13]


def note_mark(token: str) -> str:
    """Make the mark that the note of an effect ends with; unique within one issue."""
    return f"‹mcur:{_digest(token)[:10]}›"


def without_mark(text: str) -> str:
    """Return a note without the daemon's mark."""
    return re.sub(r"\s*(%\{[^}]*\})?‹mcur:[a-z2-7]{10}›%?\s*", "", text).strip()


def subject_line(subject: str, key: str | None) -> str:
    """Make a subject of one line that fits, with the key's token at its end if there is one."""
    end = f" [{key_token(key)}]" if key else ""
    line = " ".join(re.sub(r"[\x00-\x1f\x7f]", " ", subject).split())
    room = SUBJECT_LIMIT - len(end)
    return (line if len(line) <= room else line[: room - 1].rstrip() + "…") + end


def subject_without_token(subject: str, key: str | None) -> str:
    """Return the subject as people mean it."""
    return subject.replace(f"[{key_token(key)}]", "").strip() if key else subject


def with_footer(body: str, footer: Footer) -> str:
    """Put the footer under a body."""
    lines = ["---", "", f"Ключ: {footer.key}"]
    if footer.status is not None:
        lines.insert(2, f"Состояние: {_STATES[footer.status]}")
    if footer.due:
        lines.insert(2, f"Срок: {footer.due}")
    return (body.rstrip() + "\n\n" if body.strip() else "") + "\n".join(lines)


def read_footer(subject: str, description: str) -> tuple[str, Footer | None]:
    """Split a description into the body and the footer, which must fit the subject's token."""
    text = description.replace("\r\n", "\n").rstrip()
    found = _FOOTER.search(text)
    if found is None or f"[{key_token(found['key'])}]" not in subject:
        return text, None
    footer = Footer(
        key=found["key"],
        due=found["due"],
        status=_STATUSES.get((found["state"] or "").strip()),
    )
    return text[: found.start()].rstrip(), footer


def write_due(due: datetime, zone: tzinfo) -> str:
    """Write a term as people read and change it: «20.11.2026 18:00» in the tracker's zone."""
    local = due.astimezone(zone)
    return local.strftime("%d.%m.%Y %H:%M:%S" if local.second else "%d.%m.%Y %H:%M")


def read_due(text: str | None, zone: tzinfo) -> datetime | None:
    """Read a term that a person may have typed; ``None`` where no form fits."""
    for form in _DUE_FORMS:
        try:
            local = datetime.strptime((text or "").strip(), form).replace(tzinfo=zone)
        except ValueError:
            continue
        return local if "%H" in form else datetime.combine(local.date(), DAY_END, zone)
    return None


def _digest(text: str) -> str:
    return b32encode(hashlib.sha256(text.encode()).digest()).decode().lower()
