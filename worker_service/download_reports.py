"""The task type `download_reports`: one of the portal's reports, fetched and checked."""

from __future__ import annotations

import shutil
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints
from pydantic.json_schema import WithJsonSchema

from automation_service.downloads import task_folder
from automation_service.file_kinds import FileKind
from automation_service.report_desk import FetchedReport, ReportWish
from automation_service.tables import read_table
from automation_service.witness import Place
from shared.contracts import Claim, EvidenceKind, ItemOutcome
from shared.errors import AgentError, DownloadFailed, TaskFailed
from shared.task_state import ItemStatus
from worker_service.context import TaskContext
from worker_service.params import PortalParams
from worker_service.portal_site import portal_for, witnessed
from worker_service.registry import Plan, task

ACTION = "download_reports"
_DAY = r"\d{4}-\d{2}-\d{2}"
_RANGE = rf"^{_DAY} to {_DAY}$"
_RANGE_FAULT = "'date_range' has two days, as in \"2026-01-01 to 2026-01-31\"."

DateRange = Annotated[
    str,
    StringConstraints(strip_whitespace=True, pattern=_RANGE),
    WithJsonSchema({"type": "string", "pattern": _RANGE, "x-fault": _RANGE_FAULT}),
]


class DownloadReportsParams(PortalParams):
    """Which report, of which days, as which kind of file."""

    report_type: Literal["batches", "approvals", "colleges"] = Field(
        title="Report", description="batches, approvals or colleges."
    )
    date_range: DateRange = Field(
        title="Dates",
        description="First and last day, both included: 2026-01-01 to 2026-01-31.",
        examples=["2026-01-01 to 2026-01-31"],
    )
    format: Literal["csv", "xlsx"] = Field("csv", title="Format", description="csv or xlsx.")

    def days(self) -> tuple[date, date]:
        """First and last day. Raises TaskFailed if there is no such day, or they are reversed."""
        begins, _, ends = self.date_range.partition(" to ")
        try:
            first, last = date.fromisoformat(begins), date.fromisoformat(ends)
        except ValueError as error:
            raise TaskFailed(f"{_RANGE_FAULT} {self.date_range!r}: {error}.") from None
        if first > last:
            raise TaskFailed(f"The first day of {self.date_range!r} is after the last.")
        return first, last


def plan_report(params: DownloadReportsParams, context: TaskContext) -> Plan:
    """One item: the report."""
    params.days()
    return Plan(
        portal=f"task:{context.task_id}",
        action=ACTION,
        keys=[f"{params.report_type} {params.date_range}"],
        params_for=lambda _: params.model_dump(),
    )


@dataclass(frozen=True)
class CheckedReport:
    """A report whose headings and number of rows are as they should be."""

    columns: list[str]
    rows: int


@task(
    name=ACTION,
    title="Download Reports",
    description="Fetches a report of a portal as CSV or XLSX and checks what is in it.",
    side_effect="read",
    params=DownloadReportsParams,
    plan=plan_report,
    words={ItemStatus.DONE: "downloaded"},
)
def download_reports(
    claim: Claim, params: DownloadReportsParams, context: TaskContext
) -> ItemOutcome:
    """Fetch the report, check it, and link it."""
    portal = portal_for(claim, params, context)
    first, last = params.days()
    wish = ReportWish(params.report_type, first, last, FileKind(params.format))
    folder = task_folder(context.settings.download_path, claim.task_id, context.slot_id)
    evidence = context.evidence()
    try:
        with (
            portal.files.downloads(folder) as downloads,
            witnessed(claim, Place.of_reports(portal.profile), context),
        ):
            report: FetchedReport = portal.logged_in_again(
                lambda: portal.files.reports().fetch(wish, downloads, claim.check)
            )
            expected = portal.files.reports().columns(params.report_type)
            checked = check_report(report, wish.file_kind, list(expected))
            path = report.file.path
            name = f"{params.report_type}-{first}-to-{last}.{params.format}"
            file = evidence.keep(
                lambda into: shutil.copyfile(path, into), name, wish.file_kind.content_type
            )
        claim.note_evidence(file)
        # The page is no proof of anything; without its picture the file is no less right.
        with suppress(AgentError):
            picture = evidence.take(portal, EvidenceKind.AFTER, params.report_type, claim.attempt)
            claim.note_evidence(picture)
    finally:
        portal.served_item()
    return ItemOutcome(ItemStatus.DONE, _told(checked.rows), details=_details(report, checked))


def check_report(report: FetchedReport, kind: FileKind, expected: list[str]) -> CheckedReport:
    """The fetched file, read as the table it should be.

    Raises DownloadFailed if its headings are not `expected`, or if it has more or fewer rows than
    the portal said.
    """
    table = read_table(report.file.path, kind)
    columns = table[0] if table else []
    if columns != expected:
        raise DownloadFailed(
            f"The report has the headings {', '.join(columns) or '(none)'}"
            f" instead of {', '.join(expected)}."
        )
    rows = len(table) - 1
    if report.rows is not None and rows != report.rows:
        raise DownloadFailed(f"The report has {rows} rows; the portal says {report.rows}.")
    return CheckedReport(columns, rows)


def _told(rows: int) -> str:
    return f"{rows} rows" if rows else "The portal has nothing for these days: no rows"


def _details(report: FetchedReport, checked: CheckedReport) -> dict[str, Any]:
    return {
        "rows": checked.rows,
        "columns": checked.columns,
        "portal_says_rows": report.rows,
        "portal_calls_it": report.file.name,
        "bytes": report.file.size,
    }
