"""How long things take on a portal, and whether it is asked twice."""

from __future__ import annotations

from enum import Enum

from pydantic import Field

from automation_service.profile.part import Part


class Reclick(str, Enum):
    """Whether a batch is tried again once the portal shows that a click did not take."""

    AFTER_SETTLE = "after_settle"
    NEVER = "never"


class Timings(Part):
    """How long things may take, in seconds."""

    click_budget: float = Field(
        gt=0,
        le=600,
        description="From the look at a batch to the last moment a click may happen; C of the "
        "approval protocol.",
    )
    settle: float = Field(
        gt=0,
        le=3600,
        description="After which an effect that was going to show does show; S of the protocol. "
        "It has to be measured.",
    )
    step: float | None = Field(
        default=None,
        gt=0,
        le=600,
        description="How long the portal may take to show something; without it the browser's "
        "own timeout counts.",
    )
