"""Wagtail, a content management system: a moderator approves pages in a dialog made by script.

Its own id of a page is not the page's title, so pages are found in a report. Its history names who
approved and holds our remark, with our marker.
"""

from __future__ import annotations

from tests.portals.django_application import DjangoApplication
from tests.portals.served import serve


class Wagtail(DjangoApplication):
    """A site with pages by a writer, under Wagtail's own workflow of moderators."""

    name = "wagtail"
    pending = tuple(f"Claim {number:02}" for number in range(1, 15))
    closed = "Claim 15"
    absent = "Claim 99"
    takes_two_at_once = True

    def seed(self) -> None:
        """Pages that wait for a moderator, and one that was sent back."""
        super().seed()
        self.run(self.python, "-m", "wagtail_seed", ",".join(self.pending), self.closed)

    def approvals(self, key: str) -> int:
        """Lines of the page's log that approved it."""
        return self.count(
            "SELECT count(*) FROM wagtailcore_pagelogentry "
            "WHERE label = ? AND action = 'wagtail.workflow.approve'",
            key,
        )

    def is_approved(self, key: str) -> bool:
        """True if it is published."""
        return bool(self.count("SELECT live FROM wagtailcore_page WHERE title = ?", key))


if __name__ == "__main__":
    serve(Wagtail)
