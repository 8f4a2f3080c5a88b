"""A small web server in front of a Redmine, as sites have one, that can be told to misbehave.

It adds the ``Date`` header that puma alone does not send, may speak TLS, and answers something
else than Redmine did when a test asks for it: before Redmine has seen the request, or after.
"""

from __future__ import annotations

import http.client
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from tests.servers.tls import Certificates


@dataclass
class Fault:
    """An answer in place of Redmine's. ``status`` 0 breaks the connection off."""

    method: str
    path: str
    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    after: bool = False
    """Whether Redmine gets the request all the same."""
    times: int = 1


class Front:
    """The server; use it in a ``with`` statement."""

    def __init__(self, target: str, certificates: Certificates | None = None) -> None:
        self.faults: list[Fault] = []
        self.seen: list[str] = []
        self.ahead = timedelta(0)
        """How far the clock of the Date header is ahead."""
        self.sends_date = True
        self.before: Callable[[str, str], None] = lambda _method, _path: None
        """Called with each request before Redmine gets it."""
        self.after: Callable[[int], None] = lambda _status: None
        """Called with each status that Redmine answered, before its client has it."""
        self._target = urlsplit(target)
        self._server = _Quiet(("127.0.0.1", 0), self._handler())
        if certificates is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificates.server, certificates.key)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        scheme = "https" if certificates else "http"
        self.url = f"{scheme}://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    def __enter__(self) -> Front:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def due_fault(self, method: str, path: str) -> Fault | None:
        """Take the next fault that fits a request."""
        for fault in self.faults:
            if fault.times and fault.method == method and path.startswith(fault.path):
                fault.times -= 1
                return fault
        return None

    def forward(
        self, method: str, path: str, body: bytes, headers: dict[str, str]
    ) -> tuple[int, dict[str, str], bytes]:
        """Ask Redmine."""
        upstream = http.client.HTTPConnection(
            self._target.hostname or "", self._target.port, timeout=30
        )
        upstream.request(method, path, body or None, headers)
        answer = upstream.getresponse()
        content = answer.read()
        upstream.close()
        kept = {"Content-Type", "Location"}
        return answer.status, {k: v for k, v in answer.getheaders() if k in kept}, content

    def date(self) -> str:
        """Return the Date header of this moment."""
        return format_datetime(datetime.now(UTC) + self.ahead, usegmt=True)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        return type("Handler", (_Handler,), {"front": self})


class _Quiet(ThreadingHTTPServer):
    """A server whose clients may die and whose Redmine may be stopped: nobody is told of it."""

    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Break the connection off, as after any error, and say nothing."""


class _Handler(BaseHTTPRequestHandler):
    """One connection to the front."""

    front: Front
    protocol_version = "HTTP/1.1"

    def answer(self) -> None:
        """Answer one request: by a fault, or as Redmine does."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.front.seen.append(f"{self.command} {self.path}")
        self.front.before(self.command, self.path)
        fault = self.front.due_fault(self.command, self.path)
        status, headers, content = 0, dict[str, str](), b""
        if fault is None or fault.after:
            passed = {k: v for k, v in self.headers.items() if k.lower() != "host"}
            status, headers, content = self.front.forward(self.command, self.path, body, passed)
            self.front.after(status)
        if fault is not None:
            status, headers, content = fault.status, fault.headers, fault.body
        if status == 0:
            self.close_connection = True
        else:
            self.reply(status, headers, content)

    do_GET = do_POST = do_PUT = answer  # noqa: N815  # names of the standard library

    def reply(self, status: int, headers: dict[str, str], content: bytes) -> None:
        """Send an answer."""
        self.send_response_only(status)
        if self.front.sends_date:
            self.send_header("Date", self.front.date())
        for name, value in headers.items():
            self.send_header(name, value)
        if status != http.HTTPStatus.NO_CONTENT:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""
