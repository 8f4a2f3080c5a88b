"""Letters are read in a process of their own, with a budget of time and memory for each.

What a stranger sends must not stop the daemon: a letter that takes too long, or too much, costs its
process; the letter is :class:`Unreadable` then, and the next one is read by a new process.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import resource
import subprocess
import sys
from multiprocessing.connection import Connection
from typing import Any

from mcur.connectors.mail.mime import Unreadable, parse
from mcur.connectors.ports import Blobs, RawLetter
from mcur.playbooks.facts import Letter

SECONDS = 30.0
"""A letter of 35 MB takes a second; nobody waits longer than this for any."""
MEMORY = 1 << 30
"""Bytes of address space: several times what the largest letter needs."""
LETTERS = 5000
"""After so many letters a process makes room for a new one."""


class ParserFault(Exception):
    """The parser tripped over a letter; the message names the fault."""


class Reader:
    """Reads letters one after the other; not for two threads at once."""

    def __init__(
        self,
        blobs: Blobs,
        trusted_authserv: str | None,
        *,
        seconds: float = SECONDS,
        memory: int = MEMORY,
    ) -> None:
        self._terms = (blobs, trusted_authserv, memory)
        self._seconds = seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._asks: Connection | None = None
        self._answers: Connection | None = None
        self._read = 0

    def __call__(self, raw: RawLetter) -> Letter:
        """Read a letter; raises what :func:`parse` raises, and :class:`Unreadable` beyond the budget."""
        if self._process is None or self._process.poll() is not None or self._read >= LETTERS:
            self.close()
            self._start()
        self._read += 1
        try:
            kind, found = self._ask(raw)
        except (OSError, EOFError) as exc:
            self.close()
            msg = f"письмо {raw.place.uid} не прочитано: разбор прервался, ему не хватило памяти"
            raise Unreadable(msg) from exc
        if kind == "letter":
            return found  # type: ignore[no-any-return]  # the other process answers with a letter
        if kind == "unreadable":
            raise Unreadable(found)
        raise ParserFault(found)

    def close(self) -> None:
        """End the process, whatever it does."""
        for end in (self._asks, self._answers):
            if end is not None:
                end.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._process = self._asks = self._answers = None

    def _ask(self, raw: RawLetter) -> tuple[str, Any]:
        if self._asks is None or self._answers is None:
            raise EOFError
        self._asks.send_bytes(pickle.dumps(raw))
        if not self._answers.poll(self._seconds):
            self.close()
            msg = (
                f"письмо {raw.place.uid} не прочитано за {self._seconds:g} с: "
                "так пишут только вредоносные программы"
            )
            return "unreadable", msg
        return pickle.loads(self._answers.recv_bytes())  # type: ignore[no-any-return]

    def _start(self) -> None:
        self._read = 0
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", __name__], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        ends = (self._process.stdin, self._process.stdout)
        asks, answers = (os.dup(end.fileno()) for end in ends if end)
        for end in ends:
            if end:
                end.close()
        self._asks = Connection(asks, readable=False)
        self._answers = Connection(answers, writable=False)
        self._asks.send_bytes(pickle.dumps(self._terms))


def main() -> None:
    """Read what the daemon sends, until it closes the pipe."""
    asks, answers = Connection(os.dup(0), writable=False), Connection(os.dup(1), readable=False)
    os.dup2(2, 1)  # what a library prints must not stand between the answers
    blobs, authserv, memory = pickle.loads(asks.recv_bytes())
    with contextlib.suppress(
        OSError, ValueError
    ):  # a system that forbids it has a limit of its own
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    with contextlib.suppress(EOFError, BrokenPipeError):
        while True:
            raw = pickle.loads(asks.recv_bytes())
            answers.send_bytes(pickle.dumps(_answer(raw, blobs, authserv)))


def _answer(raw: RawLetter, blobs: Blobs, authserv: str | None) -> tuple[str, Any]:
    try:
        return "letter", parse(raw, blobs, trusted_authserv=authserv)
    except Unreadable as exc:
        return "unreadable", str(exc)
    except MemoryError:
        return (
            "unreadable",
            f"письмо {raw.place.uid} не прочитано: разбор прервался, ему не хватило памяти",
        )
    except Exception as exc:  # noqa: BLE001 - whatever it trips over is told to the daemon
        return "fault", f"{type(exc).__name__}: {exc}"


if __name__ == "__main__":
    main()
