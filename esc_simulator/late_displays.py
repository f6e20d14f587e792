"""Decisions that are stored already and that the portal's pages show only later."""

import sqlite3
import time
from dataclasses import fields

from esc_simulator.batch import Batch, BatchStatus
from esc_simulator.database import Database

_UNIX_NOW = "((julianday('now') - 2440587.5) * 86400)"

_IS_SHOWN = f"entry NOT IN (SELECT entry FROM late_displays WHERE shown_from > {_UNIX_NOW})"

_DECISIONS = ", ".join(f"'{status.value}'" for status in BatchStatus)

_OTHER_COLUMNS = ", ".join(field.name for field in fields(Batch) if field.name != "status")

_SHOWN_BATCHES = f"""(
SELECT {_OTHER_COLUMNS}, coalesce((
    SELECT what FROM history
    WHERE history.batch_id = batches.batch_id AND what IN ({_DECISIONS}) AND {_IS_SHOWN}
    ORDER BY entry DESC LIMIT 1
), '{BatchStatus.PENDING.value}') AS status
FROM batches)"""


class LateDisplays:
    """Tells the register what its pages may read, in SQL.

    Kept in the database: a portal that is restarted shows nothing earlier.
    """

    def __init__(self, database: Database) -> None:
        """Find what `database` still hides."""
        with database.reading() as connection:
            (latest,) = connection.execute("SELECT max(shown_from) FROM late_displays").fetchone()
        self._all_shown_from: float = latest or 0.0

    @property
    def batches(self) -> str:
        """Where to select batches from, with the status that pages show."""
        return _SHOWN_BATCHES if self._hides_any else "batches"

    @property
    def entries(self) -> str:
        """The condition under which pages show a line of the history."""
        return _IS_SHOWN if self._hides_any else "TRUE"

    def hide(self, connection: sqlite3.Connection, entry: int, seconds: float) -> None:
        """Let pages show this line of the history, and what it decided, only in so many seconds."""
        shown_from = time.time() + seconds
        connection.execute("INSERT INTO late_displays VALUES (?, ?)", (entry, shown_from))
        self._all_shown_from = max(self._all_shown_from, shown_from)

    @property
    def _hides_any(self) -> bool:
        return time.time() <= self._all_shown_from
