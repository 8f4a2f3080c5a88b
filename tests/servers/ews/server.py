"""The server on a loopback port with TLS: who may come in, which fault comes next, what was asked.

Logins are those of the Dovecot of the tests. A fault is the fate of the next call:
``server.faults.append(Fault(status=503))``.
"""

from __future__ import annotations

import base64
import json
import os
import socket
import ssl
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Literal, cast
from urllib.parse import parse_qs

import spnego
from lxml import etree  # type: ignore[import-untyped]

from tests.servers.dovecot import PASSWORDS
from tests.servers.ews.mailboxes import Box, EwsError, Firm
from tests.servers.ews.operations import Operations
from tests.servers.ews.shapes import parsed
from tests.servers.ews.streaming import Streams
from tests.servers.ews.words import ERRORS, SOAP, SPACES, TYPES, Element, local
from tests.servers.tls import Certificates, make_certificates

Door = Literal["basic", "ntlm", "oauth2"]
"""How people log in."""

PATH = "/EWS/Exchange.asmx"
CLIENT = ("mcur-app", "app-secret")
"""The application that may ask for tokens."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What happens to a call instead of an answer; ``after`` delays a good one, in seconds."""

    status: int | None = None
    retry_after: int | None = None
    code: str | None = None
    back_off: int | None = None
    """Milliseconds that a SOAP fault asks for."""
    hangs_up: bool = False
    after: float = 0


@dataclass
class ExchangeServer:
    """A running server and what it has seen."""

    door: Door = "basic"
    firm: Firm = field(default_factory=lambda: Firm(
        (f"{name}@firm.test", name) for name in PASSWORDS))  # fmt: skip
    faults: list[Fault] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    """Calls that are done, and whose answer is lost on its way, once each."""
    calls: list[str] = field(default_factory=list)
    logins: list[bool] = field(default_factory=list)
    """Each attempt to log in, whether it was good."""
    tokens: dict[str, float] = field(default_factory=dict)
    token_life: int = 3600
    base: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="ews")))

    def __post_init__(self) -> None:
        self.streams = Streams(self.firm)
        self.certificates: Certificates = make_certificates(self.base)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificates.server, self.certificates.key)
        self._http = _Http(("127.0.0.1", 0), _Call)
        self._http.exchange = self
        self._http.socket = context.wrap_socket(
            self._http.socket, server_side=True, do_handshake_on_connect=False
        )
        threading.Thread(target=self._http.serve_forever, daemon=True).start()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._http.server_address[1])

    @property
    def url(self) -> str:
        """Its address, as an administrator writes it."""
        return f"https://localhost:{self.port}{PATH}"

    @property
    def token_url(self) -> str:
        """Where tokens are given out."""
        return f"https://localhost:{self.port}/oauth2/v2.0/token"

    def deliver(self, user: str, letters: list[bytes]) -> None:
        """Put letters into INBOX."""
        box = self.firm.box(f"{user}@firm.test")
        for letter in letters:
            box.add(box.well_known["inbox"], letter)

    def forget(self, door: Door = "basic") -> None:
        """Begin anew for the next test."""
        self.door = door
        self.firm.forget()
        self.faults.clear()
        self.lost.clear()
        self.calls.clear()
        self.logins.clear()
        self.tokens.clear()
        self.token_life = 3600
        self.streams.subscriptions.clear()

    def stop(self) -> None:
        """Close the port."""
        self._http.shutdown()
        self._http.server_close()

    def box_of(self, login: str, password: str | None = None) -> Box | None:
        """Return the mailbox of a login, ``None`` where the password is wrong."""
        name = login.rpartition("\\")[2].partition("@")[0].lower()
        known = PASSWORDS.get(name)
        good = known is not None and password in (None, known)
        self.logins.append(good)
        return self.firm.box(f"{name}@firm.test") if good else None


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64
    exchange: ExchangeServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a client that has hung up, or did not trust us: tests order both."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Call(BaseHTTPRequestHandler):
    """One connection: NTLM logs in once for all calls on it, the others with each call."""

    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        super().setup()
        self._exchange = cast(_Http, self.server).exchange
        self._ntlm: Any = None
        self._known: Box | None = None
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Be silent."""

    def do_GET(self) -> None:
        self._reply(200 if self._box(b"") else 401, b"")

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path.endswith("/token"):
            self._give_token(raw)
            return
        if self.path.lower() != PATH.lower():
            self._reply(404, b"")
            return
        box = self._box(raw)
        if box is None:
            return
        call = parsed(raw).find("s:Body", SPACES)
        assert call is not None
        self._exchange.calls.append(local(call[0]))
        if not self._suffers():
            self._answer(call[0], box)

    def _answer(self, call: Element, box: Box) -> None:
        streams = self._exchange.streams
        special: dict[str, Callable[[], Element]] = {
            "Subscribe": lambda: streams.subscribe(call, box),
            "Unsubscribe": lambda: streams.unsubscribe(call),
        }
        if local(call) == "GetStreamingEvents":
            self._stream(streams.stream(call))
            return
        answer = special.get(local(call), lambda: Operations(self._exchange.firm, box).answer(call))
        try:
            body = _envelope(answer())
            if local(call) in self._exchange.lost:
                self._exchange.lost.remove(local(call))
                self._hang_up()
                return
            self._reply(200, body)
        except EwsError as exc:
            self._reply(500, _envelope(_fault(exc.code, str(exc), None)))

    def _stream(self, parts: Iterator[Element]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/xml; charset=utf-8")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        try:
            for part in parts:
                text = _envelope(part)
                self.wfile.write(b"%x\r\n%s\r\n" % (len(text), text))
                self.wfile.flush()
                if self._exchange.faults and self._exchange.faults[0].hangs_up:
                    self._suffers()
                    return
            self.wfile.write(b"0\r\n\r\n")
        except OSError:
            self.close_connection = True

    def _suffers(self) -> bool:
        """Let the next fault happen; return whether the call is over by it."""
        if not self._exchange.faults:
            return False
        fault = self._exchange.faults.pop(0)
        time.sleep(fault.after)
        if fault.hangs_up:
            self._hang_up()
        elif fault.status:
            later = [("Retry-After", str(fault.retry_after))] if fault.retry_after else []
            self._reply(fault.status, b"Service Unavailable", *later)
        elif fault.code:
            text = "The server cannot service this request right now. Try again later."
            self._reply(500, _envelope(_fault(fault.code, text, fault.back_off)))
        return bool(fault.hangs_up or fault.status or fault.code)

    def _hang_up(self) -> None:
        self.close_connection = True
        self.request.shutdown(socket.SHUT_RDWR)

    # --- who comes in ----------------------------------------------------------------------------

    def _box(self, raw: bytes) -> Box | None:
        """Return the mailbox of who is logged in; answer 401 where nobody is."""
        if self._known is not None:
            return self._known
        scheme, _, secret = (self.headers.get("Authorization") or "").partition(" ")
        box: Box | None = None
        wanted = {"basic": 'Basic realm="test"', "ntlm": "NTLM", "oauth2": "Bearer"}
        offer = wanted[self._exchange.door]
        if self._exchange.door == "basic" and scheme == "Basic":
            login, _, password = base64.b64decode(secret).decode().partition(":")
            box = self._exchange.box_of(login, password)
        elif self._exchange.door == "ntlm" and scheme in {"NTLM", "Negotiate"}:
            box, offer = self._by_ntlm(base64.b64decode(secret))
        elif self._exchange.door == "oauth2" and scheme == "Bearer":
            box = self._by_token(secret, raw)
        if box is None:
            self._reply(401, b"", ("WWW-Authenticate", offer))
        return box

    def _by_ntlm(self, token: bytes) -> tuple[Box | None, str]:
        """Go one step of the handshake (MS-NLMP); return the mailbox and what to offer next."""
        if self._ntlm is None:
            os.environ["NTLM_USER_FILE"] = str(_ntlm_users(self._exchange.base))
            options = spnego.NegotiateOptions.use_ntlm
            self._ntlm = cast(Any, spnego).server(protocol="ntlm", options=options)
        try:
            answer = self._ntlm.step(token)
        except spnego.exceptions.SpnegoError:
            self._ntlm = None
            self._exchange.logins.append(False)
            return None, "NTLM"
        if not self._ntlm.complete:
            return None, f"NTLM {base64.b64encode(answer or b'').decode()}"
        self._known = self._exchange.box_of(str(self._ntlm.client_principal))
        return self._known, "NTLM"

    def _by_token(self, token: str, raw: bytes) -> Box | None:
        """Let an application act for the person whom it names."""
        good = self._exchange.tokens.get(token, 0) > time.monotonic()
        if not good:
            self._exchange.logins.append(False)
            return None
        address = (
            parsed(raw).findtext(".//t:PrimarySmtpAddress", namespaces=SPACES) if raw else None
        )
        return self._exchange.box_of(address or "robot@firm.test")

    def _give_token(self, raw: bytes) -> None:
        asked = {name: values[0] for name, values in parse_qs(raw.decode()).items()}
        basic = (self.headers.get("Authorization") or "").partition(" ")[2]
        secret = tuple(base64.b64decode(basic).decode().split(":")) if basic else (
            asked.get("client_id"), asked.get("client_secret"))  # fmt: skip
        if asked.get("grant_type") != "client_credentials":
            self._reply(400, b'{"error": "invalid_request"}', kind="application/json")
            return
        if secret != CLIENT:
            self._reply(401, b'{"error": "invalid_client"}', kind="application/json")
            return
        token = f"token-{time.monotonic_ns()}"
        life = self._exchange.token_life
        self._exchange.tokens[token] = time.monotonic() + life
        given = {"token_type": "Bearer", "expires_in": life, "access_token": token}
        self._reply(200, json.dumps(given).encode(), kind="application/json")

    def _reply(
        self,
        status: int,
        body: bytes,
        *more: tuple[str, str],
        kind: str = "text/xml; charset=utf-8",
    ) -> None:
        self.send_response(status)
        for name, value in (("Content-Type", kind), ("Content-Length", str(len(body))), *more):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def _ntlm_users(base: Path) -> Path:
    file = base / "ntlm"
    if not file.exists():
        lines = (f"FIRM:{name}:{password}\n" for name, password in PASSWORDS.items())
        file.write_text("".join(lines), encoding="utf-8")
    return file


def _envelope(body: Element) -> bytes:
    envelope = etree.Element(f"{{{SOAP}}}Envelope", nsmap={"s": SOAP})
    header = etree.SubElement(envelope, f"{{{SOAP}}}Header")
    version = etree.SubElement(header, f"{{{TYPES}}}ServerVersionInfo", nsmap={"h": TYPES})
    build = {
        "MajorVersion": 15,
        "MinorVersion": 1,
        "MajorBuildNumber": 2507,
        "MinorBuildNumber": 39,
    }
    for name, number in build.items():
        version.set(name, str(number))
    version.set("Version", "V2017_07_11")
    etree.SubElement(envelope, f"{{{SOAP}}}Body").append(body)
    return bytes(etree.tostring(envelope, xml_declaration=True, encoding="utf-8"))


def _fault(code: str, text: str, back_off: int | None) -> Element:
    fault = etree.Element(f"{{{SOAP}}}Fault", nsmap={"s": SOAP})
    etree.SubElement(fault, "faultcode", nsmap={"a": TYPES}).text = f"a:{code}"
    etree.SubElement(fault, "faultstring").text = text
    detail = etree.SubElement(fault, "detail")
    etree.SubElement(detail, f"{{{ERRORS}}}ResponseCode", nsmap={"e": ERRORS}).text = code
    etree.SubElement(detail, f"{{{ERRORS}}}Message").text = text
    if back_off is not None:
        more = etree.SubElement(detail, f"{{{TYPES}}}MessageXml", nsmap={"t": TYPES})
        value = etree.SubElement(more, f"{{{TYPES}}}Value", Name="BackOffMilliseconds")
        value.text = str(back_off)
    return fault
