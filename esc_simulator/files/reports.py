"""Reports: tables over the batches of a range of dates, made by the portal in a while."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from esc_simulator.database import Database, now
from esc_simulator.files.table import write_csv, write_xlsx

SECONDS_EACH = 0.2
"""How long the portal takes to make a report."""

FORMATS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}

_BATCHES = (
    ("Batch ID", "District", "Course", "College", "Enrolled", "Submitted On", "Status"),
    "SELECT batch_id, district, course, college, enrolled, submitted_on, status FROM batches"
    " WHERE submitted_on BETWEEN ? AND ? ORDER BY submitted_on, number",
)
_APPROVALS = (
    ("Batch ID", "Approved By", "Approved At", "Remark"),
    "SELECT batch_id, who, at, remark FROM history"
    " WHERE what = 'Approved' AND substr(at, 1, 10) BETWEEN ? AND ? ORDER BY entry",
)
_COLLEGES = (
    ("College", "Batches", "Enrolled"),
    "SELECT college, count(*), sum(enrolled) FROM batches"
    " WHERE submitted_on BETWEEN ? AND ? GROUP BY college ORDER BY college",
)

TYPES = {"Batches": _BATCHES, "Approvals": _APPROVALS, "Colleges": _COLLEGES}


@dataclass(frozen=True)
class Wish:
    """What an officer asked for. Dates are ISO 8601 and both are included."""

    report_type: str
    from_date: str
    to_date: str
    file_format: str


@dataclass(frozen=True)
class Report:
    """A report that was asked for; its file can be had once it is ready."""

    number: int
    wish: Wish
    rows: int
    is_ready: bool

    @property
    def report_id(self) -> str:
        """The id that the portal prints."""
        return f"REP{self.number:05d}"

    @property
    def file_name(self) -> str:
        """The name under which browsers keep it."""
        wish = self.wish
        about = f"{wish.report_type.lower()}-{wish.from_date}-{wish.to_date}"
        return f"{about}.{wish.file_format}"


class ReportRegister:
    """Makes and keeps reports."""

    def __init__(self, database: Database) -> None:
        """Work on `database`."""
        self._database = database

    def make(self, wish: Wish, who: str, seconds: float, *, is_empty: bool = False) -> Report:
        """Make the report now and show it as ready in so many seconds."""
        header, query = TYPES[wish.report_type]
        with self._database.reading() as connection:
            found = connection.execute(query, (wish.from_date, wish.to_date)).fetchall()
        rows: Sequence[tuple[str | int, ...]] = [] if is_empty else [tuple(row) for row in found]
        write = write_csv if wish.file_format == "csv" else write_xlsx
        with self._database.writing() as connection:
            number = connection.execute(
                "INSERT INTO reports (who, at, report_type, from_date, to_date, file_format,"
                " rows, ready_at, file) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    *(who, now(), wish.report_type, wish.from_date, wish.to_date),
                    *(wish.file_format, len(rows), time.time() + seconds, write(header, rows)),
                ),
            ).lastrowid
        assert number is not None
        return Report(number, wish, len(rows), is_ready=seconds <= 0)

    def asked_by(self, who: str) -> list[Report]:
        """Return this officer's reports, newest first."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT report, report_type, from_date, to_date, file_format, rows, ready_at"
                " FROM reports WHERE who = ? ORDER BY report DESC LIMIT 50",
                (who,),
            ).fetchall()
        return [Report(r[0], Wish(*r[1:5]), r[5], time.time() >= r[6]) for r in rows]

    def file(self, number: int) -> bytes:
        """Return the report's file."""
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT file FROM reports WHERE report = ?", (number,)
            ).fetchone()
        return bytes(row["file"])
