"""A throwaway PostgreSQL: durable as a real one, in a folder of its own, gone with the tests."""

from __future__ import annotations

import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psycopg

START_SECONDS = 60.0
STOP_SECONDS = 20.0
POLL_SECONDS = 0.02
PR_SET_PDEATHSIG = 1
UNPRIVILEGED = ("postgres", "nobody")
"""Accounts to run as when the tests run as root, whom PostgreSQL refuses."""


class PostgresqlServer:
    """A server on a Unix socket, trusting whoever can reach the socket's folder."""

    def __init__(self, binaries: Path) -> None:
        """`binaries` is the folder that `launcher.postgresql.find` found."""
        self._binaries = binaries
        self._account = _unprivileged_account() if os.geteuid() == 0 else None
        # Not below pytest's own folder: that one is closed to other accounts.
        self.folder = Path(tempfile.mkdtemp(prefix="record-postgresql-"))
        self._server: subprocess.Popen[bytes] | None = None

    def create(self) -> None:
        """Make the cluster and start it."""
        if self._account is not None:
            os.chown(self.folder, self._account.pw_uid, self._account.pw_gid)
        options = ["--auth=trust", "--username=postgres", "--encoding=UTF8", "--no-sync"]
        made = subprocess.run(
            [self._binaries / "initdb", "--pgdata", self.folder / "data", "--locale=C", *options],
            cwd=self.folder,
            capture_output=True,
            text=True,
            user=self._user,
            group=self._group,
            extra_groups=self._no_more_groups,
            timeout=START_SECONDS,
        )
        if made.returncode != 0:
            raise RuntimeError(f"initdb failed: {made.stderr}{made.stdout}")
        self.start()

    def start(self) -> None:
        """Start the server, the first time or again, and wait until it answers."""
        with (self.folder / "server.log").open("ab") as log:
            self._server = subprocess.Popen(
                [
                    self._binaries / "postgres",
                    *("-D", self.folder / "data", "-k", self.folder),
                    *("-c", "listen_addresses="),
                    *("-c", "shared_buffers=32MB"),
                    *("-c", "max_connections=200"),
                ],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                user=self._user,
                group=self._group,
                extra_groups=self._no_more_groups,
                start_new_session=True,
                preexec_fn=_end_with_parent if sys.platform == "linux" else None,
            )
        self._wait_until_it_answers()

    def stop(self) -> None:
        """Disconnect everyone and end the server, as `systemctl stop` does."""
        if self._server is None:
            return
        self._server.send_signal(signal.SIGINT)
        try:
            self._server.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._server.send_signal(signal.SIGQUIT)
            self._server.wait(STOP_SECONDS)
        self._server = None

    def remove(self) -> None:
        """Stop the server and leave nothing behind."""
        try:
            self.stop()
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, database: str) -> str:
        """SQLAlchemy URL of one of its databases."""
        return f"postgresql+psycopg://postgres@/{database}?host={self.folder}"

    def create_database(self, name: str) -> None:
        """Make an empty database."""
        self.execute("postgres", f"CREATE DATABASE {name}")

    def drop_database(self, name: str) -> None:
        """Remove a database, whoever is still connected to it."""
        self.execute("postgres", f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def disconnect_everyone(self, name: str) -> None:
        """Cut every connection to a database, as an administrator or a fail-over would."""
        others = f"datname = '{name}' AND pid <> pg_backend_pid()"
        terminate = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        self.execute("postgres", f"{terminate} WHERE {others}")

    def execute(self, database: str, statements: str) -> None:
        """Run statements as the administrator."""
        with self._connect(database) as connection:
            connection.execute(statements.encode())

    @property
    def _user(self) -> int | None:
        return None if self._account is None else self._account.pw_uid

    @property
    def _group(self) -> int | None:
        return None if self._account is None else self._account.pw_gid

    @property
    def _no_more_groups(self) -> list[int] | None:
        return None if self._account is None else []

    def _connect(self, database: str) -> psycopg.Connection:
        return psycopg.connect(
            host=str(self.folder), user="postgres", dbname=database, autocommit=True
        )

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                self._connect("postgres").close()
            except psycopg.OperationalError as error:
                ended = self._server is None or self._server.poll() is not None
                if ended or time.monotonic() > deadline:
                    log = (self.folder / "server.log").read_text(errors="replace")
                    raise RuntimeError(f"PostgreSQL did not start: {error}\n{log}") from error
                time.sleep(POLL_SECONDS)
            else:
                return


def _unprivileged_account() -> pwd.struct_passwd:
    for name in UNPRIVILEGED:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise RuntimeError(f"PostgreSQL does not run as root, and there is no {UNPRIVILEGED}")


def _end_with_parent() -> None:
    """Let the kernel end the server when the tests are killed."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGINT)
