"""Isso, a server for comments: whoever knows the password lets a comment be seen.

A page made by scripts that says nothing in words: once a comment is validated it fades away. The
link carries a signature of its own, so it works without a session.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from automation_service.portal import Credentials
from tests.portals.application import PythonApplication
from tests.portals.served import serve

PUBLIC, PENDING, DELETED = 1, 2, 4
ANSWER = "14"
"""Answers the deleted comment, which is kept for its sake."""
SETTINGS = """
[general]
dbpath = {database}
host = {url}/
[admin]
enabled = true
password = {password}
[server]
listen = {url}
[moderation]
enabled = true
purge-after = 36500d
"""


class Isso(PythonApplication):
    """Isso with one thread of comments."""

    name = "isso"
    credentials = Credentials("", "practice-password")
    pending = tuple(str(number) for number in range(1, 13))
    closed = "13"
    absent = "99"
    survives_logout = True

    @property
    def database(self) -> Path:
        """Where the comments are."""
        return self.folder / "comments.sqlite3"

    @property
    def _settings(self) -> Path:
        return self.folder / "isso.cfg"

    def seed(self) -> None:
        """A dozen comments that wait, and one that was deleted while it had answers."""
        password = self.credentials.password
        written = SETTINGS.format(database=self.database, url=self.url, password=password)
        self._settings.write_text(written)
        make = "import sys; from isso import config, db; from isso.db import SQLite3; "
        make += "SQLite3(sys.argv[1], config.load(config.default_file(), sys.argv[2]))"
        self.run(self.python, "-c", make, self.database, self._settings)
        with closing(sqlite3.connect(self.database)) as database, database:
            database.execute("INSERT INTO threads VALUES (1, '/thread', 'A thread')")
            modes = {**dict.fromkeys(self.pending, PENDING), self.closed: DELETED, ANSWER: PUBLIC}
            for key, mode in modes.items():
                parent = 13 if key == ANSWER else None
                database.execute(
                    "INSERT INTO comments (tid, id, parent, created, mode, text, author, voters) "
                    "VALUES (1, ?, ?, ?, ?, ?, ?, x'')",
                    (int(key), parent, 1.7e9 + int(key), mode, f"Comment {key}", f"Author {key}"),
                )
            # Isso keeps the mode alone; its database counts every change to it.
            database.execute("CREATE TABLE activations (id INTEGER)")
            database.execute(
                "CREATE TRIGGER count_activations AFTER UPDATE OF mode ON comments "
                f"WHEN NEW.mode = {PUBLIC} BEGIN INSERT INTO activations VALUES (NEW.id); END"
            )

    def command(self) -> list[str | Path]:
        """Its own server."""
        return [self.python.parent / "isso", "-c", self._settings, "run"]

    def approvals(self, key: str) -> int:
        """Changes to public."""
        return self.count("SELECT count(*) FROM activations WHERE id = ?", int(key))

    def is_approved(self, key: str) -> bool:
        """True if everybody sees it."""
        return self.count("SELECT mode FROM comments WHERE id = ?", int(key)) == PUBLIC


if __name__ == "__main__":
    serve(Isso)
