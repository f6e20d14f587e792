"""Where a portal is, and how gently it is to be used."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from automation_service.profile.part import Part
from shared.addresses import web_address

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_HOST = re.compile(r"(?:\*\.)?[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?", re.IGNORECASE)


def _be_a_host(given: str) -> str:
    if not _HOST.fullmatch(given):
        raise PydanticCustomError(
            "host",
            "'{host}' is no host: a name such as files.example.com or *.example.com, without "
            "scheme, port or path",
            {"host": given},
        )
    return given.lower()


Host = Annotated[str, AfterValidator(_be_a_host)]


class Maintenance(Part):
    """Hours in which nobody uses the portal. Past midnight they belong to the day they began."""

    begins: time = Field(description="The portal's time of day, such as 23:30.")
    ends: time = Field(description="The time of day from which it may be used again.")
    days: tuple[Day, ...] = Field(default=DAYS, min_length=1, description="The days they begin on.")
    zone: str = Field(description="The portal's time zone, such as Asia/Kolkata.")

    @field_validator("zone")
    @classmethod
    def _be_a_zone(cls, given: str) -> str:
        try:
            ZoneInfo(given)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise PydanticCustomError(
                "zone", "there is no time zone '{zone}'; one is Asia/Kolkata", {"zone": given}
            ) from None
        return given

    @model_validator(mode="after")
    def _take_some_of_the_day(self) -> Maintenance:
        if self.begins == self.ends or self.begins.tzinfo or self.ends.tzinfo:
            raise PydanticCustomError(
                "maintenance", "'begins' and 'ends' are two times of day such as 23:30 and 01:00"
            )
        return self

    def end_for(self, moment: datetime) -> datetime | None:
        """When the hours end that `moment`, a time with its zone, is in; None if it is in none."""
        here = moment.astimezone(ZoneInfo(self.zone))
        for day in (here.date(), here.date() - timedelta(days=1)):
            begin, end = self._on(day)
            if DAYS[day.weekday()] in self.days and begin <= here < end:
                return end
        return None

    def _on(self, day: date) -> tuple[datetime, datetime]:
        zone = ZoneInfo(self.zone)
        last = day if self.ends > self.begins else day + timedelta(days=1)
        return (
            datetime.combine(day, self.begins, zone),
            datetime.combine(last, self.ends, zone),
        )


class Pace(Part):
    """How gently the portal is to be used by all workers together."""

    requests_per_second: float | None = Field(
        default=None,
        ge=0.05,
        le=1000,
        description="The most pages a second that are loaded, and forms sent.",
    )
    sessions_per_account: int | None = Field(
        default=None,
        ge=1,
        le=1000,
        description="The most browsers that use one account at a time.",
    )
    maintenance: tuple[Maintenance, ...] = Field(
        default=(),
        description="Hours in which it is left alone: tasks wait, and go on afterwards. What was "
        "begun before is brought to its end.",
    )

    def opens_at(self, moment: datetime) -> datetime | None:
        """When the portal may be used again, if `moment` is in its maintenance hours; else None."""
        opens = moment
        # One after another within a week; more would be a portal that never opens.
        for _ in range(len(DAYS) * len(self.maintenance)):
            ends = [end for hours in self.maintenance if (end := hours.end_for(opens))]
            if not ends:
                break
            opens = max(ends)
        return None if opens == moment else opens


class Site(Part):
    """Where a portal is, and how gently it is to be used."""

    base_url: str | None = Field(
        default=None,
        description="Where the profile's paths begin; for esc only where ESC_BASE_URL is not set.",
    )
    hosts: tuple[Host, ...] = Field(
        default=(),
        description="Hosts beside that of the base URL which the pages may use. Nothing else is "
        "ever asked for anything: the browser does not find it. `*.example.com` means all below "
        "example.com.",
    )
    pace: Pace = Field(default=Pace(), description="How gently it is used.")

    @field_validator("base_url")
    @classmethod
    def _be_an_address(cls, given: str | None) -> str | None:
        try:
            return given if given is None else web_address(given)
        except ValueError as error:
            raise PydanticCustomError("base_url", "{why}", {"why": str(error)}) from None

    def hosts_for(self, base_url: str) -> tuple[str, ...]:
        """Every host that a browser may reach where `base_url` is in force."""
        own = urlsplit(base_url).hostname or ""
        return (own if own.isascii() else own.encode("idna").decode(), *self.hosts)
