"""What a page says of itself, beside what stands on it: that we are out, or that it failed."""

from __future__ import annotations

from typing import Any

from automation_service.browser import Browser
from shared.errors import PortalTimeout, PortalUnavailable, SessionLost


def raise_for_place(seen: dict[str, Any]) -> None:
    """Raise SessionLost or PortalUnavailable if that is where the page that was seen is."""
    if seen["place"] == "lost":
        raise SessionLost("The portal asks us to log in again.")
    raise_for_status(seen["http"])


def raise_for_status(http: int) -> None:
    """Raise SessionLost or PortalUnavailable for an answer that is no page."""
    if http in (401, 403):
        raise SessionLost(f"The portal answered {http}.")
    if http >= 400:
        raise PortalUnavailable(f"The portal answered {http}.")


def raise_if_troubled(browser: Browser, told: str) -> None:
    """Raise PortalTimeout if the portal failed the page's own scripts, which may then lack things.

    `told` says what is lacking.
    """
    failed = browser.troubles.told
    if failed:
        raise PortalTimeout(f"{told} What the page asked the portal for failed: {failed}")
