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
    """Seconds. `click_budget` and `settle` are C and S of the approval protocol.

    `step` is how long the portal may take to show what one step brings; without it the browser's
    own timeout counts.
    """

    click_budget: float = Field(gt=0, le=600)
    settle: float = Field(gt=0, le=3600)
    step: float | None = Field(default=None, gt=0, le=600)
