"""A line to PostgreSQL that breaks after a commit has arrived and before its answer has."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from pathlib import Path

SOCKET = ".s.PGSQL.5432"
COMMIT = b"COMMIT\x00"


class AnswerlessProxy:
    """Stands between a record and its server; passes everything on, unless told otherwise."""

    def __init__(self, folder: Path, server_folder: Path) -> None:
        """Clients find it in `folder` as they would find the server in `server_folder`."""
        self.lost_answers = 0
        self._server = str(server_folder / SOCKET)
        self._answers_to_lose = 0
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(folder / SOCKET))
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def lose_the_next_answer(self) -> None:
        """Break the line after the next commit was carried out."""
        self._answers_to_lose = 1

    def close(self) -> None:
        """Take no more clients."""
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            server.connect(self._server)
            broken = threading.Event()
            for forward in (self._ask, self._answer):
                threading.Thread(target=forward, args=(client, server, broken), daemon=True).start()

    def _ask(self, client: socket.socket, server: socket.socket, broken: threading.Event) -> None:
        while chunk := _received(client):
            if COMMIT in chunk and self._answers_to_lose:
                self._answers_to_lose -= 1
                broken.set()
            server.sendall(chunk)
        _hang_up(server)

    def _answer(
        self, client: socket.socket, server: socket.socket, broken: threading.Event
    ) -> None:
        while chunk := _received(server):
            if broken.is_set():
                self.lost_answers += 1
                break
            client.sendall(chunk)
        _hang_up(client)


def _received(end: socket.socket) -> bytes:
    try:
        return end.recv(65536)
    except OSError:
        return b""


def _hang_up(end: socket.socket) -> None:
    with suppress(OSError):  # the other side was faster
        end.shutdown(socket.SHUT_RDWR)
    end.close()
