"""The register of batches: what the portal shows, and what approving does to it."""

import sqlite3
from dataclasses import dataclass, fields

from esc_simulator.batch import Batch, BatchStatus, HistoryEntry
from esc_simulator.database import Database, now
from esc_simulator.late_displays import LateDisplays

PAGE_SIZE = 25

ORDERS = {
    "oldest": "submitted_on, number",
    "newest": "submitted_on DESC, number DESC",
    "id": "number",
}
DEFAULT_ORDER = "oldest"

_POSTS_OF = {"approve": "approve_posts", "reject": "reject_posts"}


@dataclass(frozen=True)
class BatchPage:
    """One page of a list. `first` is the place of its first batch in the whole list, from 1."""

    batches: list[Batch]
    page: int
    pages: int
    total: int

    @property
    def first(self) -> int:
        """The place of the page's first batch in the whole list; 0 when the list is empty."""
        return (self.page - 1) * PAGE_SIZE + 1 if self.total else 0

    @property
    def last(self) -> int:
        """The place of the page's last batch in the whole list."""
        return (self.page - 1) * PAGE_SIZE + len(self.batches)


class BatchRegister:
    """Finds, lists and decides batches in the portal's database."""

    def __init__(self, database: Database) -> None:
        """Work on `database`, which must be filled."""
        self._database = database
        self._late = LateDisplays(database)

    def find(self, batch_id: str) -> Batch | None:
        """Return the batch with exactly this id, or None."""
        with self._database.reading() as connection:
            row = connection.execute(
                f"SELECT * FROM {self._late.batches} WHERE batch_id = ?", (batch_id,)
            ).fetchone()
        return read_batch(row) if row else None

    def list_page(
        self, status: BatchStatus | None, id_part: str, order: str, page: int
    ) -> BatchPage:
        """Return one page of the batches with this status (None: any) and this text in their id.

        A page number outside the list gives the nearest page there is; an unknown order gives
        the oldest first.
        """
        where = "(? IS NULL OR status = ?) AND instr(batch_id, upper(?)) > 0"
        wanted = status.value if status else None
        narrowed = (wanted, wanted, id_part)
        order_by = ORDERS.get(order, ORDERS[DEFAULT_ORDER])
        batches = self._late.batches
        with self._database.reading() as connection:
            (total,) = connection.execute(
                f"SELECT count(*) FROM {batches} WHERE {where}", narrowed
            ).fetchone()
            pages = max(1, -(-total // PAGE_SIZE))
            page = min(max(1, page), pages)
            rows = connection.execute(
                f"SELECT * FROM {batches} WHERE {where} ORDER BY {order_by} LIMIT ? OFFSET ?",
                (*narrowed, PAGE_SIZE, (page - 1) * PAGE_SIZE),
            ).fetchall()
        return BatchPage([read_batch(row) for row in rows], page, pages, total)

    def history(self, batch_id: str) -> list[HistoryEntry]:
        """Return what happened to the batch, oldest first."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT at, who, what, remark FROM history"
                f" WHERE batch_id = ? AND {self._late.entries} ORDER BY entry",
                (batch_id,),
            ).fetchall()
        return [HistoryEntry(*row) for row in rows]

    def counts(self) -> dict[BatchStatus, int]:
        """Return how many batches have each status."""
        with self._database.reading() as connection:
            rows = connection.execute(
                f"SELECT status, count(*) FROM {self._late.batches} GROUP BY status"
            ).fetchall()
        found = {BatchStatus(status): count for status, count in rows}
        return {status: found.get(status, 0) for status in BatchStatus}

    def note_post(self, batch_id: str, verb: str) -> None:
        """Keep that a request to `approve` or `reject` this id arrived, whatever becomes of it."""
        with self._database.writing() as connection:
            connection.execute(
                f"INSERT INTO {_POSTS_OF[verb]} (batch_id, at) VALUES (?, ?)", (batch_id, now())
            )

    def posts(self, batch_id: str) -> int:
        """Return how many requests to decide this id have arrived."""
        counts = " + ".join(
            f"(SELECT count(*) FROM {table} WHERE batch_id = :id)" for table in _POSTS_OF.values()
        )
        with self._database.reading() as connection:
            (count,) = connection.execute(f"SELECT {counts}", {"id": batch_id}).fetchone()
        return int(count)

    def neighbour(self, batch_id: str) -> Batch | None:
        """Return the next batch that is pending, beginning again after the last; None if none."""
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT * FROM batches WHERE status = ? AND batch_id != ? ORDER BY number <"
                " (SELECT number FROM batches WHERE batch_id = ?), number LIMIT 1",
                (BatchStatus.PENDING.value, batch_id, batch_id),
            ).fetchone()
        return read_batch(row) if row else None

    def decide(
        self,
        batch_id: str,
        decision: BatchStatus,
        who: str,
        remark: str,
        shown_after: float = 0.0,
    ) -> None:
        """Store the decision, whatever the batch's status is; pages show it in so many seconds.

        Deciding again is stored again: like the worst real portals, an approved batch that is
        approved once more has two approvals, and so with rejecting.
        """
        with self._database.writing() as connection:
            connection.execute(
                "UPDATE batches SET status = ? WHERE batch_id = ?", (decision.value, batch_id)
            )
            entry = connection.execute(
                "INSERT INTO history (batch_id, at, who, what, remark) VALUES (?, ?, ?, ?, ?)",
                (batch_id, now(), who, decision.value, remark),
            ).lastrowid
            if shown_after and entry is not None:
                self._late.hide(connection, entry, shown_after)


def read_batch(row: sqlite3.Row) -> Batch:
    """Return the batch that a row of the `batches` table holds."""
    values = {field.name: row[field.name] for field in fields(Batch)}
    return Batch(**{**values, "status": BatchStatus(values["status"])})
