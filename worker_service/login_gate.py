"""One login at a time for one account, over all workers, and none after a refusal."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache

from automation_service.portal import Credentials
from shared.errors import AccountLocked, LoginRefused, PortalTimeout
from shared.record import Record, logins
from shared.record.logins import Account, LoginRow
from shared.record.persistence import persist

TURN_SECONDS = 120.0
"""How long to wait for the turn before the attempt is given up (and tried again later)."""
SILENT_SECONDS = 60.0
"""A turn that did not change hands for so long is taken from its holder: a login is shorter."""
LOOK_SECONDS = 0.1


class RecordLoginGate:
    """Implements `shared.contracts.LoginGate` with the record's `logins` row."""

    def __init__(
        self,
        record: Record,
        origin: str,
        credentials: Credentials,
        holder: str,
        still_wanted: Callable[[], None] = lambda: None,
    ) -> None:
        """`holder` is the slot that logs in; its turn is freed with it if it dies.

        `still_wanted` ends the waiting for a turn by raising.
        """
        self._still_wanted = still_wanted
        self._record = record
        self._account = Account(origin, credentials.username, _fingerprint(origin, credentials))
        self._holder = holder

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for our turn and hold it. Raises LoginRefused or PortalTimeout.

        Raises whatever says that nobody wants it any more, too.
        """
        self._take()
        try:
            yield
        finally:
            persist(self._record, lambda connection: logins.free(connection, self._holder))

    def refused(self, error: LoginRefused) -> None:
        """Record the refusal for every worker."""
        persist(
            self._record,
            lambda c: logins.refuse(c, self._account, error.code, error.message),
        )

    def _take(self) -> None:
        ends = time.monotonic() + TURN_SECONDS
        seen, since = self._look(), time.monotonic()
        while True:
            silent = time.monotonic() - since >= SILENT_SECONDS
            if (seen.holder is None or silent) and self._try(seen):
                return
            if time.monotonic() >= ends:
                raise PortalTimeout(f"The turn to log in as {self._account.account} did not come.")
            self._still_wanted()
            time.sleep(LOOK_SECONDS)
            now = self._look()
            if now != seen:
                seen, since = now, time.monotonic()

    def _look(self) -> LoginRow:
        row = persist(self._record, lambda connection: logins.get(connection, self._account))
        if row.refused is not None:
            kind = AccountLocked if row.refused == AccountLocked.code else LoginRefused
            raise kind(
                f"{row.refused_detail} Nobody tries this password for {self._account.account} "
                "again; write the right one into SECRETS_DIR, or set it and restart the worker."
            )
        return row

    def _try(self, seen: LoginRow) -> bool:
        return persist(self._record, lambda c: logins.take(c, self._account, self._holder, seen))


@lru_cache(maxsize=32)
def _fingerprint(origin: str, credentials: Credentials) -> str:
    """Tells one password from another without giving it away (scrypt, RFC 7914)."""
    salt = f"{origin} {credentials.username}".encode()
    return hashlib.scrypt(
        credentials.password.encode(), salt=salt, n=2**14, r=8, p=1, dklen=32
    ).hex()
