"""HTTP to one Redmine through python-redmine; its exceptions end here.

The library's engine is used as it is meant to be extended: it lacks time limits, follows redirects
(which turn a POST into a GET) and forgets the answer that an error came with. Its resource classes
are not used: they guess dates in texts and give stamps without a zone.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import requests
from redminelib import Redmine, exceptions  # type: ignore[import-untyped]  # has none
from redminelib.engines import SyncEngine  # type: ignore[import-untyped]
from urllib3.exceptions import NewConnectionError

from mcur.connectors.ports import Barred, ConnectorError, LostRace, Rejected, Unavailable
from mcur.connectors.redmine.shape import RedmineShape

Json = dict[str, Any]
Params = Sequence[tuple[str, str]]

AFTER_RACE = timedelta(seconds=2)
"""After this long an update that met another one may be repeated."""


class Absent(Rejected):
    """What was asked for is not there, or is hidden from this account (404)."""


class Forbidden(Barred):
    """The account may not do it, or not see it (403)."""


class Invalid(Rejected):
    """Redmine named what is wrong with the values (422); nothing was written."""


class Client:
    """Requests to one Redmine, safe in several threads: each has a session of its own.

    Every call raises :class:`Unavailable` or :class:`Rejected` with a sentence that begins with
    what was being done.
    """

    def __init__(self, shape: RedmineShape) -> None:
        self.shape = shape
        self.base = shape.url.rstrip("/")
        self._local = threading.local()

    def get(self, doing: str, path: str, part: str, params: Params = ()) -> Any:
        """Read a resource; ``part`` names what of the answer is wanted."""
        with self._border(doing):
            return self._engine.request("get", self._url(path), params=params)[part]

    def post(self, doing: str, path: str, part: str, body: Mapping[str, Any]) -> Any:
        """Make a resource and return that part of the answer."""
        with self._border(doing):
            return self._engine.request("post", self._url(path), data=body)[part]

    def put(self, doing: str, path: str, body: Mapping[str, Any]) -> None:
        """Change a resource; Redmine answers nothing to that, not even what it ignored."""
        with self._border(doing):
            self._engine.request("put", self._url(path), data=body)

    def delete(self, doing: str, path: str) -> None:
        """Take a resource away."""
        with self._border(doing):
            self._engine.request("delete", self._url(path))

    def upload(self, doing: str, name: str, content: bytes) -> str:
        """Bring a file over and return its token."""
        headers = {"Content-Type": "application/octet-stream"}
        params = [("filename", name)]
        with self._border(doing):
            answer = self._engine.request(
                "post", self._url("/uploads.json"), headers=headers, params=params, data=content
            )
            token: str = answer["upload"]["token"]
            return token

    def download(self, doing: str, path: str) -> bytes:
        """Read a file."""
        engine = self._engine
        engine.return_raw_response = True
        try:
            with self._border(doing):
                content: bytes = engine.request("get", self._url(path)).content
                return content
        finally:
            engine.return_raw_response = False

    def server_time(self) -> datetime | None:
        """Return the server's clock as this thread's last answer gave it (RFC 9110, 6.6.1)."""
        answer = self._engine.answer
        stamp = answer.headers.get("Date") if answer is not None else None
        try:
            return parsedate_to_datetime(stamp) if stamp else None
        except ValueError:
            return None

    def _url(self, path: str) -> str:
        return self.base + path

    @property
    def _engine(self) -> _Engine:
        engine: _Engine | None = getattr(self._local, "engine", None)
        if engine is None:
            shape = self.shape
            options = {
                "timeout": (shape.connect_timeout, shape.read_timeout),
                "verify": str(shape.ca_file) if shape.ca_file else True,
            }
            redmine = Redmine(self.base, key=shape.key, engine=_Engine, requests=options)
            engine = self._local.engine = redmine.engine
        return engine

    @property
    def _who(self) -> str:
        return f"Redmine «{self.shape.name}»"

    @contextmanager
    def _border(self, doing: str) -> Iterator[None]:
        """Translate whatever the library and its HTTP layer raise."""
        self._engine.answer = None
        try:
            yield
        except exceptions.BaseRedmineError as exc:
            raise self._refusal(exc, doing) from exc
        except requests.exceptions.RequestException as exc:
            raise self._silence(exc, doing) from exc
        except OSError as exc:  # the library passes on that a file of certificates cannot be read
            msg = f"{doing}: ca_file {self.shape.ca_file} of {self._who} cannot be used: {exc}"
            raise Barred(msg) from exc
        except UnicodeError as exc:  # a Cyrillic letter in the key, say
            msg = f"{doing}: the API key or the url of {self._who} has a letter that none has"
            raise Barred(msg) from exc
        except (KeyError, TypeError) as exc:
            msg = f"{doing}: {self._who} answered JSON of another shape: {exc!r}"
            raise Unavailable(msg) from exc

    def _silence(self, exc: requests.exceptions.RequestException, doing: str) -> ConnectorError:
        """Say why there was no answer."""
        if isinstance(exc, requests.exceptions.SSLError) and "VERIFY_FAILED" in str(exc):
            msg = (
                f"{doing}: the certificate of {self._who} at {self.base} is not trusted; "
                "set ca_file of this tracker to the PEM file of the authority that signed it "
                f"({_root(exc)})"
            )
            return Barred(msg)
        if isinstance(exc, ValueError):  # all the library's classes for what is no address
            return Barred(f"{doing}: {self.base} is not an address of a Redmine")
        if isinstance(exc, requests.exceptions.Timeout):
            return Unavailable(f"{doing}: {self._who} did not answer in time")
        msg = f"{doing}: {self._who} at {self.base} cannot be reached: {_root(exc)}"
        return Unavailable(msg, reached=not isinstance(_reason(exc), NewConnectionError))

    def _refusal(self, exc: exceptions.BaseRedmineError, doing: str) -> ConnectorError:
        """Say what the answer meant, by its exception and, where that says too little, its code."""
        who = self._who
        match exc:
            case exceptions.AuthError():
                return Barred(
                    f"{doing}: the API key of {who} is not accepted: it is wrong, or the account "
                    "it belongs to is locked"
                )
            case exceptions.ForbiddenError():
                return Forbidden(
                    f"{doing}: {who} forbids it{self._said()}: the account's role lacks the right, "
                    "or the REST API is switched off (Administration, Settings, API)"
                )
            case exceptions.ResourceNotFoundError():
                return Absent(f"{doing}: {who} has no such thing, or hides it from this account")
            case exceptions.ValidationError() if not str(exc):
                return LostRace(
                    f"{doing}: {who} met another change at the same moment", retry_after=AFTER_RACE
                )
            case exceptions.ValidationError():
                return Invalid(f"{doing}: {who} refuses: {exc}")
            case exceptions.JSONDecodeError():
                return Unavailable(f"{doing}: {who} answered something that is no JSON")
            case exceptions.RequestEntityTooLargeError():
                return Rejected(f"{doing}: {who} finds it too large")
        return self._other(doing)

    def _other(self, doing: str) -> ConnectorError:
        """Judge an answer by its status code (RFC 9110, 15; 429: RFC 6585, 4)."""
        answer = self._engine.answer
        code = answer.status_code if answer is not None else 0
        if answer is not None and answer.is_redirect:
            where = answer.headers["Location"]
            return Barred(f"{doing}: {self._who} sends us to {where}; set its url to that")
        msg = f"{doing}: {self._who} answered {code}{self._said()}"
        if code >= 500 or code in {408, 409, 429}:
            return Unavailable(msg, retry_after=_retry_after(answer))
        return Rejected(msg)

    def _said(self) -> str:
        """Return the words of a short answer, where it has any."""
        answer = self._engine.answer
        words = " ".join(answer.text.split()) if answer is not None else ""
        return f": {words[:200]}" if words and not words.startswith("<") else ""


class _Session(requests.Session):
    """A session with time limits that trusts what it was told and nothing else.

    ``trust_env`` is off: a certificate file, a proxy or a password from the environment of the
    process would otherwise stand over the site's own configuration.
    """

    timeout: tuple[float, float] = (10.0, 30.0)

    def __init__(self) -> None:
        super().__init__()
        self.trust_env = False

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        """Send a request; a redirect comes back as it is."""
        return super().request(
            *args, **{"timeout": self.timeout, **kwargs, "allow_redirects": False}
        )


class _Engine(SyncEngine):  # type: ignore[misc]  # the library has no types
    """python-redmine's engine with time limits and a memory of its last answer."""

    answer: requests.Response | None = None

    @staticmethod
    def create_session(**params: Any) -> _Session:
        """Make a session; the library sets each option as an attribute of it."""
        session = _Session()
        for name, value in params.items():
            setattr(session, name, value)
        return session

    def process_response(self, response: requests.Response) -> object:
        """Keep the answer, and see to it that a 422 can be read as the library expects it."""
        self.answer = response
        if response.status_code == 422 and not _names_errors(response):
            raise exceptions.JSONDecodeError(response)
        return super().process_response(response)


def _names_errors(response: requests.Response) -> bool:
    try:
        return isinstance(response.json()["errors"], list)
    except (ValueError, KeyError, TypeError):
        return False


def _retry_after(answer: requests.Response | None) -> timedelta | None:
    """Read ``Retry-After`` in seconds (RFC 9110, 10.2.3); a date is left to the outbox's own wait."""
    said = answer.headers.get("Retry-After", "") if answer is not None else ""
    return timedelta(seconds=int(said)) if said.isdecimal() else None


def _root(exc: BaseException) -> str:
    """Return the words of the innermost cause: «Connection refused», not a chain of wrappers."""
    return str(_reason(exc)).rpartition(": ")[2] or type(exc).__name__


def _reason(exc: BaseException) -> object:
    """Return what urllib3 found, out of the library's wrappers."""
    reason = exc.args[0] if exc.args else exc
    return getattr(reason, "reason", reason)
