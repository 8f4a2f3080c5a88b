"""A tap on a loopback connection: what the client says, and a server that freezes or forgets."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress


class Tap:
    """Forwards connections to a port and writes down what the client said.

    ``hides`` are words that are taken out of what the server says (its capabilities); while
    ``frozen`` is set, nothing comes back.
    """

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._sockets: list[socket.socket] = []
        self.port: int = self._listener.getsockname()[1]
        self.said = b""
        self.connections = 0
        self.hides: tuple[bytes, ...] = ()
        self.frozen = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Break the connections that are there."""
        for one in self._sockets:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        self._sockets.clear()

    def close(self) -> None:
        """Stop."""
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._target))
                self.connections += 1
                self._sockets += [client, server]
                threading.Thread(target=self._up, args=(client, server), daemon=True).start()
                threading.Thread(target=self._down, args=(server, client), daemon=True).start()

    def _up(self, client: socket.socket, server: socket.socket) -> None:
        with client, suppress(OSError):
            while content := client.recv(65536):
                self.said += content
                server.sendall(content)
            server.shutdown(socket.SHUT_WR)

    def _down(self, server: socket.socket, client: socket.socket) -> None:
        with server, suppress(OSError):
            while content := server.recv(65536):
                for word in self.hides:
                    content = content.replace(word, b"")
                if not self.frozen.is_set():
                    client.sendall(content)
            client.shutdown(socket.SHUT_WR)
