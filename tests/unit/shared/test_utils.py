"""Moments are in UTC, and ids cannot be guessed."""

from __future__ import annotations

import re
import uuid
from datetime import datetime, timedelta, timezone

import time_machine
from hypothesis import given
from hypothesis import strategies as st

from shared.utils import new_id, rfc3339, utc_now

ZONES = st.builds(timezone, st.timedeltas(timedelta(hours=-12), timedelta(hours=14)))
MOMENTS = st.datetimes(datetime(1970, 1, 3), datetime(2200, 1, 1), timezones=ZONES)


def test_now_is_in_utc_wherever_the_machine_stands() -> None:
    moment = datetime(2026, 1, 1, 17, 30, tzinfo=timezone(timedelta(hours=5, minutes=30)))

    with time_machine.travel(moment, tick=False):
        assert utc_now() == moment
        assert utc_now().utcoffset() == timedelta(0)


def test_ids_are_random_uuids() -> None:
    ids = {new_id() for _ in range(100)}

    assert len(ids) == 100
    assert all(uuid.UUID(one).version == 4 and str(uuid.UUID(one)) == one for one in ids)


@given(MOMENTS)
def test_a_moment_is_written_to_the_millisecond_in_utc_with_a_z(moment: datetime) -> None:
    written = rfc3339(moment)

    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", written)
    read = datetime.fromisoformat(written.replace("Z", "+00:00"))
    assert timedelta(0) <= moment - read < timedelta(milliseconds=1)
