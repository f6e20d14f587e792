"""Payload, a content management system from npm: an officer decides a claim and publishes it.

The server's pages are there before their scripts, which then do everything: a drop-down that opens
on its field's focus, a button with a menu beside it, passing toasts. Each time that a claim is
published Payload keeps a version of it.
"""

from __future__ import annotations

from pathlib import Path

from automation_service.portal import Credentials
from tests.portals.node_application import NodeApplication
from tests.portals.served import serve


class Payload(NodeApplication):
    """Claims, each a draft until it is published; one has changed since."""

    name = "payload"
    node = (20, 9)
    credentials = Credentials("officer@example.org", "practice-password")
    pending = tuple(f"CLAIM-{number:02}" for number in range(1, 15))
    closed = "CLAIM-15"
    absent = "CLAIM-99"
    approves_again = True

    @property
    def database(self) -> Path:
        """Where everything is."""
        return self.folder / "claims.sqlite3"

    def environment(self) -> dict[str, str]:
        """Where the database is."""
        return {**super().environment(), "DATABASE_URL": f"file:{self.database}"}

    def seed(self) -> None:
        """Make the database, the officer, and the claims."""
        who = self.credentials
        officer = (who.username, who.password)
        self.run("node", self.packages / "seed.mjs", *officer, self.closed, *self.pending)

    def command(self) -> list[str | Path]:
        """Next.js's own server."""
        where = ("--hostname", "127.0.0.1", "--port", str(self.port))
        return [*self.next, "start", self.packages, *where]

    def approvals(self, key: str) -> int:
        """Versions of it that were published as approved."""
        return self.count(
            "SELECT count(*) FROM _claims_v WHERE version_number = ? "
            "AND version__status = 'published' AND version_decision = 'approved'",
            key,
        )

    def is_approved(self, key: str) -> bool:
        """True if it is published as approved."""
        return bool(
            self.count(
                "SELECT _status = 'published' AND decision = 'approved' FROM claims "
                "WHERE number = ?",
                key,
            )
        )


if __name__ == "__main__":
    serve(Payload)
