"""A batch's certificates, on its own page: a row for each trainee."""

from __future__ import annotations

from pydantic import Field

from automation_service.profile.locator import Locator
from automation_service.profile.part import Part
from automation_service.profile.value import Value


class Certificates(Part):
    """The list that fills while the portal makes certificates."""

    actions: dict[str, str] = Field(
        min_length=1,
        description="The templates that callers name, and which action issues certificates so.",
    )
    row: Locator = Field(description="Every row of the list, one for each trainee.")
    trainee: Value = Field(
        description="In the row: the trainee's id, which must stand in the trainee's certificate."
    )
    name: Value = Field(description="In the row: what the trainee is called; likewise.")
    file: Locator = Field(description="In the row: the link to the file, there once it is made.")
    patience: float = Field(
        default=600,
        gt=0,
        le=3600,
        description="Seconds within which the portal makes one certificate more.",
    )
