"""A report is believed with the headings it should have and as many rows as the portal says."""

from __future__ import annotations

from pathlib import Path

import pytest

from automation_service.downloads import Download
from automation_service.file_kinds import FileKind
from automation_service.report_desk import FetchedReport
from shared.errors import DownloadFailed
from worker_service.download_reports import check_report

COLUMNS = ["Batch ID", "Status"]


def fetched(folder: Path, text: str, rows: int | None) -> FetchedReport:
    """A file with this text, of a portal that says it has so many rows."""
    path = folder / "report"
    path.write_text(text)
    return FetchedReport(Download(path, "report.csv", len(text)), rows)


@pytest.mark.parametrize("said", [2, None])
def test_a_report_with_its_headings_and_rows_is_believed(tmp_path: Path, said: int | None) -> None:
    report = fetched(tmp_path, "Batch ID,Status\nBATCH001,Approved\nBATCH002,Pending\n", said)

    checked = check_report(report, FileKind.CSV, COLUMNS)

    assert (checked.columns, checked.rows) == (COLUMNS, 2)


@pytest.mark.parametrize(
    ("text", "said", "told"),
    [
        ("Batch ID,Status\nBATCH001,Approved\n", 2, "has 1 rows; the portal says 2"),
        ("Batch ID,Status\nBATCH001,Approved\n", 0, "has 1 rows; the portal says 0"),
        ("Batch ID,Status\n", 1, "has 0 rows; the portal says 1"),
        ("Batch ID,State\nBATCH001,Approved\n", 1, "headings Batch ID, State instead of"),
        ("Status,Batch ID\nApproved,BATCH001\n", 1, "headings Status, Batch ID instead of"),
        ("", 0, r"headings \(none\) instead of Batch ID, Status"),
    ],
)
def test_any_other_is_an_error_that_says_what_is_wrong(
    tmp_path: Path, text: str, said: int, told: str
) -> None:
    with pytest.raises(DownloadFailed, match=told):
        check_report(fetched(tmp_path, text, said), FileKind.CSV, COLUMNS)
