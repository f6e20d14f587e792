"""The help desk's tickets by Django's own administration, resolved in a popup or in a frame.

From a line of a ticket's history an officer opens the ticket in a window of its own, resolves it
there, and saves: the window closes itself. django-admin-interface shows the same form in a frame
over the page. Each save is taken, also of a ticket that is resolved already, and is a line in the
administration's own log.
"""

from __future__ import annotations

from tests.portals.helpdesk import Helpdesk
from tests.portals.served import serve

CHANGED = 2


class HelpdeskPopup(Helpdesk):
    """By a popup."""

    name = "helpdesk-popup"
    approves_again = True

    @property
    def package(self) -> str:
        """The help desk's own."""
        return Helpdesk.name

    def seed(self) -> None:
        """Tickets with the line in their history that asks for them to be resolved."""
        super().seed()
        for key in (*self.pending, self.closed):
            self.ask(
                "INSERT INTO helpdesk_followup (id, ticket_id, title, date, public) "
                "VALUES (?, ?, 'Please resolve', '2026-01-03', 0)",
                *(int(key), int(key)),
            )

    def approvals(self, key: str) -> int:
        """Saves of the ticket, by the administration's log."""
        return self.count(
            "SELECT count(*) FROM django_admin_log JOIN django_content_type AS kind "
            "ON kind.id = content_type_id WHERE app_label = 'helpdesk' AND model = 'ticket' "
            "AND object_id = ? AND action_flag = ?",
            *(key, CHANGED),
        )


class HelpdeskFrame(HelpdeskPopup):
    """By a frame."""

    name = "helpdesk-frame"
    additions = ("admin_interface", "colorfield")


if __name__ == "__main__":
    serve(HelpdeskPopup)
