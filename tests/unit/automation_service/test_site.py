"""Where a portal is and when it is left alone."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from pydantic import ValidationError

from automation_service.profile import Site
from automation_service.profile.site import Pace

INDIA = timezone(timedelta(hours=5, minutes=30))


def pace(*hours: dict[str, Any]) -> Pace:
    zoned = [{"zone": "Asia/Kolkata", **some} for some in hours]
    return Pace.model_validate({"maintenance": zoned})


NIGHT = {"begins": "23:00", "ends": "01:30", "days": ["sat"]}


@pytest.mark.parametrize(
    ("moment", "opens"),
    [
        (datetime(2026, 11, 28, 22, 59, tzinfo=INDIA), None),
        (datetime(2026, 11, 28, 23, 0, tzinfo=INDIA), datetime(2026, 11, 29, 1, 30, tzinfo=INDIA)),
        (datetime(2026, 11, 29, 1, 29, tzinfo=INDIA), datetime(2026, 11, 29, 1, 30, tzinfo=INDIA)),
        (
            datetime(2026, 11, 28, 18, 0, tzinfo=timezone.utc),
            datetime(2026, 11, 29, 1, 30, tzinfo=INDIA),
        ),
        (datetime(2026, 11, 29, 1, 30, tzinfo=INDIA), None),
        (datetime(2026, 11, 29, 23, 30, tzinfo=INDIA), None),
        (datetime(2026, 11, 28, 1, 0, tzinfo=INDIA), None),
    ],
    ids=[
        "before",
        "begins",
        "past midnight",
        "seen from elsewhere",
        "ends",
        "sunday",
        "friday night",
    ],
)
def test_hours_past_midnight_belong_to_the_day_they_began(
    moment: datetime, opens: datetime | None
) -> None:
    assert pace(NIGHT).opens_at(moment) == opens


def test_hours_that_follow_each_other_are_waited_for_together() -> None:
    night = pace({"begins": "23:00", "ends": "01:00"}, {"begins": "00:30", "ends": "02:00"})

    opens = night.opens_at(datetime(2026, 11, 28, 23, 30, tzinfo=INDIA))

    assert opens == datetime(2026, 11, 29, 2, 0, tzinfo=INDIA)


def test_a_portal_that_never_opens_is_no_endless_loop() -> None:
    never = pace({"begins": "00:00", "ends": "12:00"}, {"begins": "12:00", "ends": "00:00"})

    assert never.opens_at(datetime(2026, 11, 28, 5, 0, tzinfo=INDIA)) is not None


def test_a_portal_without_hours_is_always_open() -> None:
    assert Pace().opens_at(datetime.now(timezone.utc)) is None


@pytest.mark.parametrize(
    ("base_url", "hosts"),
    [
        ("https://portal.example.org:8443/app", ("portal.example.org",)),
        ("http://[::1]:8000", ("::1",)),
        (
            "https://b\N{LATIN SMALL LETTER U WITH DIAERESIS}cher.example",
            ("xn--bcher-kva.example",),
        ),
    ],
)
def test_the_host_of_the_base_url_is_always_allowed(base_url: str, hosts: tuple[str, ...]) -> None:
    assert Site().hosts_for(base_url) == hosts
    assert Site(hosts=("*.files.example",)).hosts_for(base_url) == (*hosts, "*.files.example")


@pytest.mark.parametrize(
    ("site", "said"),
    [
        ({"base_url": "portal.example.org"}, "https://"),
        ({"hosts": ["https://a.example"]}, "is no host"),
        ({"hosts": ["a.example:80"]}, "is no host"),
        ({"hosts": ["a , EXCLUDE b"]}, "is no host"),
        ({"hosts": ["*"]}, "is no host"),
        ({"pace": {"requests_per_second": 0}}, "greater than or equal to 0.05"),
        ({"pace": {"maintenance": [{**NIGHT, "zone": "Asia/Nowhere"}]}}, "no time zone"),
        (
            {"pace": {"maintenance": [{**NIGHT, "zone": "UTC", "ends": "23:00"}]}},
            "two times of day",
        ),
        ({"pace": {"maintenance": [{**NIGHT, "zone": "UTC", "days": ["sunday"]}]}}, "'sun'"),
    ],
)
def test_a_site_that_could_not_be_is_refused(site: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said.replace("(", ".")):
        Site.model_validate(site)
