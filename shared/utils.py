"""Two things too small for a room of their own."""

from __future__ import annotations

import uuid
from datetime import datetime, timezone


def utc_now() -> datetime:
    """The wall clock, in UTC with its zone."""
    return datetime.now(timezone.utc)


def new_id() -> str:
    """A fresh unguessable id (UUID version 4, RFC 9562)."""
    return str(uuid.uuid4())


def rfc3339(moment: datetime) -> str:
    """`moment` as RFC 3339 text in UTC with milliseconds and a `Z`."""
    utc = moment.astimezone(timezone.utc)
    return utc.isoformat(timespec="milliseconds").replace("+00:00", "Z")
