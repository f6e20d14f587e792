"""Whether a task may use a portal now: its hours, and the sessions that an account may have."""

from __future__ import annotations

from automation_service.profile import Profile
from automation_service.warm_browser import WarmBrowser
from shared.errors import PortalClosed
from shared.record import Record, seats
from shared.record.persistence import persist
from shared.record.seats import Seat, Seating, Sitter
from shared.utils import utc_now
from worker_service.old_browsers import end_browsers_named

LONGEST_WAIT = 15.0
"""Seconds after which a task that waits for the end of maintenance hours is looked at again."""
SEAT_SECONDS = 2.0


class Admission:
    """Lets one slot use a portal, or tells it to come again; it never waits."""

    def __init__(self, record: Record, browser: WarmBrowser, task_id: str, slot_id: str) -> None:
        """`browser` is the slot's own."""
        self._record = record
        self._browser = browser
        self._task_id = task_id
        self._slot_id = slot_id

    def enter(self, profile: Profile, portal: str, account: str) -> None:
        """Return if the portal may be used by this account now, and one more session begun.

        Raises PortalClosed.
        """
        self._keep_hours(profile)
        most = profile.site.pace.sessions_per_account
        if most is not None:
            self._take_seat(profile, Seating(portal, account, most))

    def note_browser(self, profile: Profile) -> None:
        """Note which browser is logged in, where sessions are counted."""
        name = self._browser.name
        if profile.site.pace.sessions_per_account is None or name is None:
            return
        persist(self._record, lambda c: seats.note_browser(c, self._slot_id, name))

    def _keep_hours(self, profile: Profile) -> None:
        now = utc_now()
        opens = profile.site.pace.opens_at(now)
        if opens is None:
            return
        zone = opens.tzinfo
        raise PortalClosed(
            f"{profile.title} has its maintenance hours until {opens:%Y-%m-%d %H:%M} ({zone}); "
            "the task goes on then.",
            min(LONGEST_WAIT, (opens - now).total_seconds()),
        )

    def _take_seat(self, profile: Profile, place: Seating) -> None:
        sitter = Sitter(self._slot_id, self._task_id, self._browser.name)
        seat: Seat | None = persist(self._record, lambda c: seats.take(c, place, sitter))
        if seat is None:
            # It may be logged in still, from an earlier task: then it would be one too many.
            self._browser.discard()
            raise PortalClosed(
                f"All {place.most} sessions that {place.account or 'an account'} may have at "
                f"{profile.title} at a time are in use; the task goes on when one is free.",
                SEAT_SECONDS,
            )
        if seat.left_by is not None:
            end_browsers_named(self._record, {seat.left_by})
