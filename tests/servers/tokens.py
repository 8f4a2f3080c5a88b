"""Tokens given out and looked up over HTTP on the loopback: RFC 6749 for clients, RFC 7662 for Dovecot."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast
from urllib.parse import parse_qs

CLIENT = ("mcur-app", "app-secret")
"""The application that may ask for tokens."""

USER = "robot"
"""Whose mailbox the tokens open."""


@dataclass
class TokenServer:
    """A running server; ``faults`` are the answers that the next questions get instead of a token."""

    life: int = 3600
    refresh: str = "allowed-once"
    """The refresh token that is good now; with ``rotates`` each use of it makes another one."""
    rotates: bool = False
    faults: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    asked: list[dict[str, str]] = field(default_factory=list)
    good: dict[str, float] = field(default_factory=dict)
    """Tokens and the moments of their ends."""

    def __post_init__(self) -> None:
        self._http = _Http(("127.0.0.1", 0), _Call)
        self._http.tokens = self
        threading.Thread(target=self._http.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """Where tokens are given out."""
        return f"http://127.0.0.1:{self._http.server_address[1]}/token"

    @property
    def introspection(self) -> str:
        """Where a mail server asks whether a token is good."""
        return f"http://127.0.0.1:{self._http.server_address[1]}/introspect"

    def forget(self) -> None:
        """Begin anew for the next test."""
        self.life, self.refresh, self.rotates = 3600, "allowed-once", False
        self.faults.clear()
        self.asked.clear()
        self.good.clear()

    def knows(self, login: str, token: str) -> bool:
        """Whether a token opens a mailbox."""
        return login.partition("@")[0] == USER and self.good.get(token, 0) > time.monotonic()

    def stop(self) -> None:
        """Close the port."""
        self._http.shutdown()
        self._http.server_close()

    def give(self, asked: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """Answer a question for a token."""
        self.asked.append(asked)
        if self.faults:
            return self.faults.pop(0)
        if (asked.get("client_id"), asked.get("client_secret")) != CLIENT:
            return 401, {
                "error": "invalid_client",
                "error_description": "AADSTS7000215: bad secret",
            }
        if (
            asked.get("grant_type") == "refresh_token"
            and asked.get("refresh_token") != self.refresh
        ):
            return 400, {"error": "invalid_grant"}
        token = f"token-{time.monotonic_ns()}"
        self.good[token] = time.monotonic() + self.life
        given = {"token_type": "Bearer", "expires_in": self.life, "access_token": token}
        if asked.get("grant_type") == "refresh_token" and self.rotates:
            self.refresh = given["refresh_token"] = f"refresh-{time.monotonic_ns()}"
        return 200, given


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    tokens: TokenServer


class _Call(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Be silent."""

    def do_POST(self) -> None:
        server = cast(_Http, self.server).tokens
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        asked = {name: values[0] for name, values in parse_qs(raw).items()}
        status, answer = 200, {"active": True, "username": USER}
        if self.path == "/token":
            status, answer = server.give(asked)
        elif not server.knows(USER, asked.get("token", "")):
            answer = {"active": False}
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
