"""How the portal writes dates and colours statuses."""

from pathlib import Path

import pytest

import esc_simulator
from esc_simulator.batch import BatchStatus
from esc_simulator.pages.rendering import portal_date, portal_moment


def test_dates_have_the_months_name() -> None:
    assert portal_date("2026-03-09") == "09-Mar-2026"


def test_moments_are_shown_on_the_portals_clock() -> None:
    assert portal_moment("2026-03-09T20:05:59.123+00:00") == "10-Mar-2026 01:35:59 IST"


@pytest.mark.parametrize("status", BatchStatus)
def test_every_status_has_its_colour(status: BatchStatus) -> None:
    css = Path(esc_simulator.__file__).with_name("static").joinpath("portal.css").read_text()
    name = status.value.lower().replace(" ", "-")

    assert f".tile-{name} {{" in css
    assert f".status-{name} {{" in css
