"""Letters are read in a process of their own, with a budget of time and memory for each.

What a stranger sends must not stop the daemon: a letter that takes too long, or too much, costs its
process; the letter is :class:`Unreadable` then, and the next one is read by a new process.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pickle
import resource
import subprocess
import sys
import threading
from collections.abc import Generator, Iterator, Sequence
from multiprocessing.connection import Connection
from typing import Any

from mcur.connectors.mail.mime import Unreadable, parse
from mcur.connectors.ports import Blobs, RawLetter
from mcur.playbooks.facts import Letter

SECONDS = 30.0
"""A letter of 35 MB takes a second; nobody waits longer than this for any."""
MEMORY = 1 << 30
"""Bytes of address space: several times what the largest letter needs."""
PIPE = 1 << 20
"""Bytes on their way to the process and back, so that neither side waits for the other."""
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

    def begin(self) -> None:
        """Have the process start now, while other work is done."""
        if self._process is None:
            self._start()

    def __call__(self, raws: Sequence[RawLetter]) -> Generator[Letter | Exception, None, None]:
        """Read letters in their order; what went wrong with one stands in its place.

        It is what :func:`parse` raises, :class:`Unreadable` beyond the budget, or
        :class:`ParserFault`.
        """
        done = 0
        while done < len(raws):
            if self._process is None or self._process.poll() is not None or self._read >= LETTERS:
                self.close()
                self._start()
            some = raws[done : done + LETTERS - self._read]
            for found in self._answered(some):
                done += 1
                yield found

    def _answered(self, raws: Sequence[RawLetter]) -> Iterator[Letter | Exception]:
        """Read until all are read or one has cost the process; the next ones wait in the pipe."""
        gate = threading.Thread(target=_send, args=(self._asks, raws), daemon=True)
        gate.start()
        try:
            for raw in raws:
                self._read += 1
                yield self._answer(raw)
                if self._process is None or self._process.poll() is not None:
                    return
        except GeneratorExit:
            self._kill()  # nobody takes what is still being sent
            raise
        finally:
            gate.join()

    def _answer(self, raw: RawLetter) -> Letter | Exception:
        try:
            kind, found = self._next(raw)
        except (OSError, EOFError):
            self._kill()
            return Unreadable(
                f"письмо {raw.place.uid} не прочитано: разбор прервался, ему не хватило памяти"
            )
        if kind == "letter":
            return found  # type: ignore[no-any-return]  # the other process answers with a letter
        return Unreadable(found) if kind == "unreadable" else ParserFault(found)

    def close(self) -> None:
        """End the process, whatever it does."""
        self._kill()
        for end in (self._asks, self._answers):
            if end is not None:
                end.close()
        self._process = self._asks = self._answers = None

    def _kill(self) -> None:
        """End the process and leave its pipes to who still writes into them."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def _next(self, raw: RawLetter) -> tuple[str, Any]:
        if self._answers is None:
            raise EOFError
        if not self._answers.poll(self._seconds):
            self._kill()
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
        with contextlib.suppress(
            OSError
        ):  # a system that forbids it: they wait for each other more
            for pipe in (asks, answers):
                fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE)
        for end in ends:
            if end:
                end.close()
        self._asks = Connection(asks, readable=False)
        self._answers = Connection(answers, writable=False)
        self._asks.send_bytes(pickle.dumps(self._terms))


def _send(asks: Connection, raws: Sequence[RawLetter]) -> None:
    """Send letters ahead of their answers, so that neither side waits for the other."""
    # The process has ended, or its pipe was closed under the hand: who waits for answers sees it.
    with contextlib.suppress(OSError, TypeError):
        for raw in raws:
            asks.send_bytes(pickle.dumps(raw))


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
