"""What really happened in the portal, counted from its own database."""

from collections import defaultdict
from dataclasses import asdict
from typing import Any

from esc_simulator.batch import BatchStatus
from esc_simulator.batch_register import read_batch
from esc_simulator.database import Database

_SUMMARY = """
SELECT
    (SELECT count(*) FROM batches) AS batches,
    (SELECT count(*) FROM batches WHERE status = :pending) AS pending,
    (SELECT count(*) FROM batches WHERE status = :approved) AS approved,
    (SELECT count(*) FROM history WHERE what = :approved) AS approvals,
    (SELECT count(*) FROM (
        SELECT 1 FROM history WHERE what = :approved GROUP BY batch_id HAVING count(*) > 1
    )) AS double_approved,
    (SELECT count(*) FROM approve_posts) AS approve_posts,
    (SELECT count(*) FROM login_attempts WHERE succeeded) AS logins,
    (SELECT count(*) FROM login_attempts WHERE NOT succeeded) AS failed_logins
"""

_WANTED = ":batch_id IS NULL OR batch_id = :batch_id"

_BATCHES = f"SELECT * FROM batches WHERE {_WANTED} ORDER BY number"

_APPROVALS = f"""
SELECT batch_id, who, at, remark FROM history
WHERE what = :approved AND ({_WANTED}) ORDER BY entry
"""

_POSTS = f"""
SELECT batch_id, count(*) AS posts FROM approve_posts WHERE {_WANTED} GROUP BY batch_id
"""


class Truth:
    """Reads the portal's database for tests."""

    def __init__(self, database: Database) -> None:
        """Work on `database`."""
        self._database = database

    def summary(self) -> dict[str, int]:
        """Count batches, approvals, requests to approve and sign-ins."""
        words = {"pending": BatchStatus.PENDING.value, "approved": BatchStatus.APPROVED.value}
        with self._database.reading() as connection:
            return dict(connection.execute(_SUMMARY, words).fetchone())

    def batches(self, batch_id: str | None = None) -> list[dict[str, Any]]:
        """Return all batches in the order of their numbers, or the one with this id.

        Each has its fields, `id`, `refusal` (why the portal would refuse to approve it, or
        None), `approvals` (`by`, `at` in UTC, `remark`) and `posts`, the number of requests to
        approve it that arrived.
        """
        approvals: dict[str, list[dict[str, str]]] = defaultdict(list)
        wanted = {"batch_id": batch_id, "approved": BatchStatus.APPROVED.value}
        with self._database.reading() as connection:
            for row in connection.execute(_APPROVALS, wanted):
                approvals[row["batch_id"]].append(
                    {"by": row["who"], "at": row["at"], "remark": row["remark"]}
                )
            posts = {row["batch_id"]: row["posts"] for row in connection.execute(_POSTS, wanted)}
            batches = [read_batch(row) for row in connection.execute(_BATCHES, wanted)]
        return [
            {
                "id": batch.batch_id,
                **asdict(batch),
                "refusal": batch.refusal,
                "approvals": approvals[batch.batch_id],
                "posts": posts.get(batch.batch_id, 0),
            }
            for batch in batches
        ]
