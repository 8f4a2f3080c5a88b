"""Single values of ``mcur.toml``: what each may look like, and the sentence when it does not.

Every type here is a field type for pydantic; its validator raises ``ValueError`` with a sentence
that goes to the administrator as it stands. None of them touches the disk or the network.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BeforeValidator,
    InstanceOf,
    PlainSerializer,
    StrictInt,
    ValidationInfo,
)

from mcur.playbooks.durations import Duration, ElapsedField, shown

_EMAIL = re.compile(r"[^@\s<>,;:\"()]+@[^@\s<>,;:\"()]+\.[^@\s<>,;:\"().]+")
_IDENT = re.compile(r"[a-z0-9][a-z0-9_-]*")
_SECONDS = re.compile(r"([0-9]{1,4})s")
_SIZE = re.compile(r"([0-9]{1,6})(KB|MB|GB)")
_SIZES = {"KB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30}


class GateMode(StrEnum):
    """What a channel does with what should leave (contract, "Site folder")."""

    OFF = "off"
    SHADOW = "shadow"
    ON = "on"
    REDIRECT = "redirect"


@dataclass(frozen=True, slots=True)
class Gate:
    """The gate of one channel; ``address`` is where ``redirect`` sends everything instead."""

    mode: GateMode
    address: str = ""

    @property
    def lets_out(self) -> bool:
        """Whether letters leave, to their readers or to somebody else."""
        return self.mode in {GateMode.ON, GateMode.REDIRECT}

    @classmethod
    def parse(cls, value: object) -> Gate:
        """Read ``"shadow"`` or ``"redirect:a@example.ru"``."""
        if isinstance(value, Gate):
            return value
        mode, colon, address = value.partition(":") if isinstance(value, str) else ("", "", "")
        if mode == GateMode.REDIRECT:
            return cls(GateMode.REDIRECT, _email(address))
        if colon or mode not in set(GateMode):
            msg = f"{shown(value)} is not a gate; known: off, shadow, on, redirect:ADDRESS"
            raise ValueError(msg)
        return cls(GateMode(mode))

    def __str__(self) -> str:
        return f"{self.mode}:{self.address}" if self.address else self.mode.value


class ScopeKind(StrEnum):
    """How much an export covers."""

    CUMULATIVE = "cumulative"
    WINDOW = "window"
    DAY = "day"


@dataclass(frozen=True, slots=True)
class Scope:
    """What an export covers; only inside it a row can vanish. ``window`` always elapses."""

    kind: ScopeKind
    window: Duration | None = None

    @classmethod
    def parse(cls, value: object) -> Scope:
        """Read ``"cumulative"``, ``"day"`` or ``"window:7d"``."""
        if isinstance(value, Scope):
            return value
        if isinstance(value, str) and value.startswith("window:"):
            window = Duration.parse(value.removeprefix("window:"))
            return cls(ScopeKind.WINDOW, window if window.timedelta else None)
        if value not in ("cumulative", "day"):
            msg = f"{shown(value)} is not a scope; known: cumulative, day, window:7d"
            raise ValueError(msg)
        return cls(ScopeKind(str(value)))

    def __str__(self) -> str:
        return self.kind.value if self.window is None else f"window:{self.window}"


def _refuse(value: object, noun: str, write: str) -> ValueError:
    return ValueError(f"{shown(value)} is not {noun}; write {write}")


def _email(value: str) -> str:
    if not _EMAIL.fullmatch(value):
        raise _refuse(value, "an e-mail address", '"name@example.ru" and nothing else')
    return value


def _ident(value: str) -> str:
    if not _IDENT.fullmatch(value):
        raise _refuse(value, "an id", "small Latin letters, digits and hyphens")
    return value


def _named(value: str) -> str:
    if not value.strip():
        msg = "must not be empty"
        raise ValueError(msg)
    return value.strip()


def _wiki_title(value: str) -> str:
    if not value.strip() or re.search(r"[,./?;|:\[\]#]", value):
        msg = f'"{value}" is not a title of a wiki page; write a few words without , . / ? ; | : [ ] #'
        raise ValueError(msg)
    return value.strip()


def _glob(value: str) -> str:
    if not value.strip() or value.count("[") != value.count("]"):
        raise _refuse(value, "a pattern", 'text with * and ?, "*.xlsx"; each [ needs its ]')
    return value


def _file_glob(value: str) -> str:
    if "/" in value or "\\" in value:
        raise _refuse(
            value, "a pattern of file names", 'the name alone, "*.xlsx"; the folder is path'
        )
    return _glob(value)


def _some_globs(value: tuple[str, ...]) -> tuple[str, ...]:
    if not value:
        msg = 'is empty, so that no file would be read; write ["*.xlsx"] or leave it out'
        raise ValueError(msg)
    return value


def _sender_glob(value: str) -> str:
    if value.count("@") != 1:
        raise _refuse(value, "a pattern of addresses", '"*@cur.mosreg.ru" or a whole address')
    return _glob(value)


def _zone(value: object) -> ZoneInfo:
    if isinstance(value, ZoneInfo):
        return value
    try:
        return ZoneInfo(str(value))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        pass
    raise _refuse(value, "a time zone", '"Europe/Moscow"')


def _stamp(value: object) -> datetime:
    if not isinstance(value, datetime):
        raise _refuse(value, "a moment", "2026-11-16T00:00:00+03:00 without quotes")
    if value.tzinfo is None:
        msg = f"{value.isoformat()} has no offset; write {value.isoformat()}+03:00"
        raise ValueError(msg)
    return value


def _day(value: object) -> date:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise _refuse(value, "a date", "2026-11-18 without quotes")
    return value


def _seconds(value: object) -> object:
    """Take seconds as well: no regulation counts them, but a mailbox may be asked so often."""
    found = _SECONDS.fullmatch(value) if isinstance(value, str) else None
    return timedelta(seconds=int(found[1])) if found else value


def _pause(value: timedelta) -> timedelta:
    if not value:
        msg = 'is no time at all; write "1m" or more'
        raise ValueError(msg)
    return value


def _size(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    found = _SIZE.fullmatch(value) if isinstance(value, str) else None
    if found is None or not int(found[1]):
        raise _refuse(value, "a size", '"500KB", "25MB" or "1GB"')
    return int(found[1]) * _SIZES[found[2]]


def _url(value: str) -> str:
    try:
        parts = urlsplit(value)
        usable = parts.scheme in {"http", "https"} and parts.hostname and not parts.query
        secret = parts.username is not None or parts.password is not None
    except ValueError:
        usable, secret = None, False
    # The address is not repeated where it may hold a password.
    if secret:
        msg = "must hold no user and no password; write https://HOST/PATH and give the key apart"
        raise ValueError(msg)
    if not usable:
        raise _refuse(value, "an address of a server", '"https://redmine.example.ru"')
    return value.rstrip("/")


def _host(value: str) -> str:
    if "@" in value:
        msg = 'must hold no user and no password; write "mail.example.ru"'
        raise ValueError(msg)
    if not value or not re.fullmatch(r"[^\s/:@]+|\[?[0-9a-fA-F:]+\]?", value):
        raise _refuse(value, "a host", '"mail.example.ru"; the port stands in port')
    return value


def _encoding(value: str) -> str:
    try:
        return codecs.lookup(value).name if value else ""
    except LookupError:
        pass
    raise _refuse(value, "an encoding", '"utf-8", "cp1251", or leave it out to have it found')


def _delimiter(value: str) -> str:
    if len(value) > 1:
        raise _refuse(value, "a delimiter", 'one character, ";", or leave it out to have it found')
    return value


def _date_format(value: str) -> str:
    sample = datetime(2026, 11, 18, 9, 50)  # noqa: DTZ001 - only tries whether the form can be read
    try:
        datetime.strptime(sample.strftime(value), value)  # noqa: DTZ007 - as above
    except ValueError as exc:
        msg = f'{shown(value)} cannot be read back ({exc}); write "%d.%m.%Y %H:%M"'
    else:
        return value
    raise ValueError(msg)


def _afterwards(value: str) -> str:
    folder = value.removeprefix("move:").strip()
    if value != "keep" and not (value.startswith("move:") and folder):
        raise _refuse(value, "something to do with read letters", '"keep" or "move:FOLDER"')
    return value if value == "keep" else f"move:{folder}"


def _site_path(value: object, info: ValidationInfo) -> Path:
    if not isinstance(value, str | Path) or not str(value):
        msg = f"{shown(value)} is not a path; write it in quotes, relative to this file's folder"
        raise ValueError(msg)
    return Path((info.context or {}).get("folder", "."), value)


def _secret_path(value: object, info: ValidationInfo) -> Path | None:
    # A key of Redmine is 40 hexadecimal digits: pasted here it would be printed as a path.
    if isinstance(value, str) and re.fullmatch(r"[0-9a-fA-F]{32,}", value):
        msg = "holds the secret itself; write it into a file and name the file here"
        raise ValueError(msg)
    return _optional_path(value, info)


def _optional_path(value: object, info: ValidationInfo) -> Path | None:
    return None if value is None or value == "" else _site_path(value, info)


def _or_empty(check: Callable[[str], str]) -> Callable[[str], str]:
    return lambda value: check(value) if value else value


Ident = Annotated[str, AfterValidator(_ident)]
Named = Annotated[str, AfterValidator(_named)]
WikiTitle = Annotated[str, AfterValidator(_or_empty(_wiki_title))]
Email = Annotated[str, AfterValidator(_email)]
EmailOrEmpty = Annotated[str, AfterValidator(_or_empty(_email))]
Glob = Annotated[str, AfterValidator(_glob)]
FileGlobs = Annotated[
    tuple[Annotated[str, AfterValidator(_file_glob)], ...], AfterValidator(_some_globs)
]
SenderGlob = Annotated[str, AfterValidator(_sender_glob)]
Url = Annotated[str, AfterValidator(_url)]
Host = Annotated[str, AfterValidator(_host)]
Encoding = Annotated[str, AfterValidator(_encoding)]
Delimiter = Annotated[str, AfterValidator(_delimiter)]
DateFormat = Annotated[str, AfterValidator(_or_empty(_date_format))]
Afterwards = Annotated[str, AfterValidator(_afterwards)]
Stamp = Annotated[datetime, BeforeValidator(_stamp)]
Day = Annotated[date, BeforeValidator(_day)]
Pause = Annotated[ElapsedField, BeforeValidator(_seconds), AfterValidator(_pause)]
"""How long to wait between two looks: a duration, or seconds, `"30s"`."""
ByteSize = Annotated[StrictInt, BeforeValidator(_size)]
Zone = Annotated[InstanceOf[ZoneInfo], BeforeValidator(_zone), PlainSerializer(str)]
GateField = Annotated[InstanceOf[Gate], BeforeValidator(Gate.parse), PlainSerializer(str)]
ScopeField = Annotated[InstanceOf[Scope], BeforeValidator(Scope.parse), PlainSerializer(str)]
SitePath = Annotated[Path, BeforeValidator(_site_path)]
"""A path, made relative to the folder of the configuration (validation context ``folder``)."""
OptionalPath = Annotated[Path | None, BeforeValidator(_optional_path)]
SecretPath = Annotated[Path | None, BeforeValidator(_secret_path)]
