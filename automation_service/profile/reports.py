"""The portal's reports: how one is asked for, and where its file is."""

from __future__ import annotations

from pydantic import Field

from automation_service.profile.locator import Locator
from automation_service.profile.part import Part
from automation_service.profile.value import Value


class ReportKind(Part):
    """One kind of report."""

    choose: str = Field(description="The value of its choice in the form's list.")
    columns: tuple[str, ...] = Field(
        min_length=1, description="The headings that its file begins with, exactly."
    )


class Reports(Part):
    """The form for reports, and the list of those that were asked for."""

    path: str = Field(description="Where the form is.")
    kind: Locator = Field(description="The list of kinds of reports.")
    kinds: dict[str, ReportKind] = Field(
        min_length=1, description="What callers name, and which report of the portal that is."
    )
    from_date: Locator = Field(description="The field for the first day.")
    to_date: Locator = Field(description="The field for the last day.")
    date_format: str = Field(
        default="%Y-%m-%d", description="How days are written there, as strftime has it."
    )
    format: Locator = Field(description="The list of kinds of files.")
    formats: dict[str, str] = Field(
        min_length=1, description="`csv` and `xlsx`, and the value of each choice in that list."
    )
    submit: Locator = Field(description="The button that asks for the report.")
    asked: Value = Field(
        description="What shows once it was taken, and tells the report's id: `{report}`."
    )
    refused: Locator = Field(description="Where the portal says why it was not.")
    passing: tuple[str, ...] = Field(
        default=(), description="Texts in there that mean passing trouble and no refusal."
    )
    row: Locator = Field(description="The report's row in the list; `{report}` is its id.")
    rows: Value | None = Field(
        default=None, description="In the row: how many records the portal says it has."
    )
    file: Locator = Field(description="In the row: the link to its file, there once it is ready.")
    patience: float = Field(
        default=120, gt=0, le=3600, description="Seconds that making a report may take."
    )
