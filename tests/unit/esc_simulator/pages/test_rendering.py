"""How the portal writes dates."""

from esc_simulator.pages.rendering import portal_date, portal_moment


def test_dates_have_the_months_name() -> None:
    assert portal_date("2026-03-09") == "09-Mar-2026"


def test_moments_are_shown_on_the_portals_clock() -> None:
    assert portal_moment("2026-03-09T20:05:59.123+00:00") == "10-Mar-2026 01:35:59 IST"
