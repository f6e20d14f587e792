"""Keeps one browser warm and logged in from item to item and from task to task."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import structlog

from automation_service.browser import Browser, BrowserOptions, BrowserProcess
from automation_service.keeper import Keeper
from automation_service.pace import NoPace
from automation_service.portal import Credentials, Portal
from automation_service.profile import Profile
from shared.contracts import LoginGate, Pacer

log = structlog.get_logger()

_NO_PACE = NoPace()


class WarmBrowser:
    """One per worker child. Gives out a logged-in portal, on a browser that was checked first."""

    def __init__(self, options: BrowserOptions, announce: Callable[[BrowserProcess], None]) -> None:
        """Start nothing yet; `announce` hears of every browser started from here on."""
        self._options = options
        self._announce = announce
        self.keeper = Keeper()
        """Ends whatever browser there is at the deadlines that are set."""
        self._browser: Browser | None = None
        self._portal: Portal | None = None

    def portal(
        self,
        profile: Profile,
        base_url: str,
        credentials: Credentials,
        gate: LoginGate,
        pacer: Pacer = _NO_PACE,
    ) -> Portal:
        """The portal, logged in; whatever is asked of it from now on is asked at `pacer`'s pace.

        The browser of the last call is used again if it answers, has not served its number of
        items, and is at the same portal under the same credentials; else it is replaced. Raises
        what logging in raises, and BrowserDied if no browser starts.
        """
        portal = self._warm_portal(profile, base_url, credentials)
        if portal is None:
            self.discard()
            hosts = profile.site.hosts_for(base_url)
            options = replace(self._options, hosts=hosts, joined=profile.joins_hosts)
            self._browser = Browser(options, self._announce, self.keeper)
            self._browser.mask.cover(credentials.password)
            portal = Portal(self._browser, profile, base_url, credentials, gate)
            self._portal = portal
        portal.gate = gate
        portal.pace(pacer)
        if not portal.has_logged_in:
            portal.log_in()
        return portal

    @property
    def current(self) -> Portal | None:
        """The portal that the browser is at, logged in or not; None if there is no browser."""
        return self._portal

    @property
    def name(self) -> str | None:
        """The browser's name for the record; None if there is none."""
        return None if self._browser is None else self._browser.process.name

    def discard(self) -> None:
        """End the browser; the next call of `portal` starts another."""
        self._portal = None
        browser, self._browser = self._browser, None
        if browser is not None:
            browser.quit()

    def close(self) -> None:
        """End the browser for good."""
        self.discard()

    def _warm_portal(
        self, profile: Profile, base_url: str, credentials: Credentials
    ) -> Portal | None:
        browser, portal = self._browser, self._portal
        if browser is None or portal is None:
            return None
        if browser.items_served >= self._options.max_items:
            log.info("browser_replaced", items=browser.items_served)
            return None
        if not portal.serves(profile, base_url, credentials) or not browser.alive():
            return None
        return portal
