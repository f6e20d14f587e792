"""django-helpdesk, a ticket system: an officer resolves a ticket and writes why.

Pages are rendered by the server; each update of a ticket is taken, also of one that is resolved
already, and leaves a line in its history, where our marker stands.
"""

from __future__ import annotations

from tests.portals.django_application import DjangoApplication
from tests.portals.served import serve

OPEN, RESOLVED, CLOSED = 1, 3, 4


class Helpdesk(DjangoApplication):
    """A help desk with one queue of tickets."""

    name = "helpdesk"
    pending = tuple(str(number) for number in range(1, 13))
    closed = "13"
    absent = "99"
    action = "resolve"
    takes_two_at_once = True

    def seed(self) -> None:
        """A dozen open tickets, and one that is closed for good."""
        super().seed()
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
