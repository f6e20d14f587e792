"""django-helpdesk, a ticket system: an officer resolves a ticket and writes why.

Pages are rendered by the server; each update of a ticket is taken, also of one that is resolved
already, and leaves a line in its history, where our marker stands.
"""

from __future__ import annotations

from pathlib import Path

from automation_service.portal import Credentials
from tests.portals.application import PythonApplication
from tests.portals.served import serve

SITE = Path(__file__).parent / "site"
OPEN, RESOLVED, CLOSED = 1, 3, 4


class Helpdesk(PythonApplication):
    """A help desk with one queue of tickets."""

    name = "helpdesk"
    credentials = Credentials("officer", "practice-password")
    pending = tuple(str(number) for number in range(1, 13))
    closed = "13"
    absent = "99"
    action = "resolve"

    @property
    def database(self) -> Path:
        """Where the tickets are."""
        return self.folder / "helpdesk.sqlite3"

    def environment(self) -> dict[str, str]:
        """What Django needs to find the site and the officer."""
        return {
            **super().environment(),
            "PYTHONPATH": str(SITE),
            "PYTHONDONTWRITEBYTECODE": "1",
            "DJANGO_SETTINGS_MODULE": "helpdesk_settings",
            "HELPDESK_DATABASE": str(self.database),
            "DJANGO_SUPERUSER_PASSWORD": self.credentials.password,
        }

    def seed(self) -> None:
        """A dozen open tickets, and one that is closed for good."""
        django = (self.python, "-m", "django")
        self.run(*django, "migrate", "--verbosity", "0")
        who = ("--username", self.credentials.username, "--email", "officer@example.com")
        self.run(*django, "createsuperuser", "--noinput", *who)
        self.ask(
            "INSERT INTO helpdesk_queue (id, title, slug, allow_public_submission, "
            "allow_email_submission, email_box_ssl, enable_notifications_on_email_events) "
            "VALUES (1, 'Claims', 'claims', 0, 0, 0, 0)"
        )
        for key in (*self.pending, self.closed):
            when = f"2026-01-02 10:{int(key):02}:00"
            status = CLOSED if key == self.closed else OPEN
            self.ask(
                "INSERT INTO helpdesk_ticket (id, title, created, modified, status, on_hold, "
                "priority, queue_id, secret_key) VALUES (?, ?, ?, ?, ?, 0, 3, 1, ?)",
                *(int(key), f"Claim {key}", when, when, status, f"secret-{key}"),
            )

    def command(self) -> list[str | Path]:
        """Django's own server."""
        serving = ["runserver", "--noreload", "--insecure", f"127.0.0.1:{self.port}"]
        return [self.python, "-m", "django", *serving]

    def approvals(self, key: str) -> int:
        """Lines of the history that resolved it."""
        return self.count(
            "SELECT count(*) FROM helpdesk_followup WHERE ticket_id = ? AND new_status = ?",
            *(int(key), RESOLVED),
        )

    def is_approved(self, key: str) -> bool:
        """True if it is resolved."""
        status = self.count("SELECT status FROM helpdesk_ticket WHERE id = ?", int(key))
        return status == RESOLVED


if __name__ == "__main__":
    serve(Helpdesk)
