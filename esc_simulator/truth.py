"""What really happened in the portal, counted from its own database."""

from collections import defaultdict
from dataclasses import asdict
from typing import Any

from esc_simulator.batch import BatchStatus
from esc_simulator.batch_register import read_batch
from esc_simulator.database import Database
from esc_simulator.later import Deed, Later

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
    (SELECT count(*) FROM batches WHERE status = :rejected) AS rejected,
    (SELECT count(*) FROM history WHERE what = :rejected) AS rejections,
    (SELECT count(*) FROM (
        SELECT 1 FROM history WHERE what = :rejected GROUP BY batch_id HAVING count(*) > 1
    )) AS double_rejected,
    (SELECT count(*) FROM reject_posts) AS reject_posts,
    (SELECT count(*) FROM certificates) AS certificates,
    (SELECT count(*) FROM (
        SELECT 1 FROM certificates GROUP BY batch_id, trainee_id HAVING count(*) > 1
    )) AS double_certificates,
    (SELECT count(*) FROM certificate_posts) AS certificate_posts,
    (SELECT count(*) FROM reports) AS reports,
    (SELECT count(*) FROM login_attempts WHERE succeeded) AS logins,
    (SELECT count(*) FROM login_attempts WHERE NOT succeeded) AS failed_logins
"""

_WANTED = ":batch_id IS NULL OR batch_id = :batch_id"

_BATCHES = f"SELECT * FROM batches WHERE {_WANTED} ORDER BY number"

_HISTORY = f"""
SELECT batch_id, who, at, what, remark FROM history WHERE {_WANTED} ORDER BY entry
"""

_POSTS = """
SELECT batch_id, count(*) AS posts FROM {table} WHERE {wanted} GROUP BY batch_id
"""
_APPROVE_POSTS = _POSTS.format(table="approve_posts", wanted=_WANTED)
_REJECT_POSTS = _POSTS.format(table="reject_posts", wanted=_WANTED)


class Truth:
    """Reads the portal's database, and what the portal still will do by itself, for tests."""

    def __init__(self, database: Database, later: Later) -> None:
        """Work on `database`; `later` is what is still to come."""
        self._database = database
        self._later = later

    def summary(self) -> dict[str, int]:
        """Count batches, decisions, requests for them, sign-ins, and what is still to come.

        `late_requests` are requests whose decision is not stored yet, `late_moves` batches that
        will move on by themselves. Where they are 0 the rest is final.
        """
        counted = (BatchStatus.PENDING, BatchStatus.APPROVED, BatchStatus.REJECTED)
        words = {status.value.lower(): status.value for status in counted}
        # What is to come is counted first: so nothing is missing from both.
        to_come = {
            "late_requests": self._later.waiting(Deed.LATE_DECISION).total(),
            "late_moves": self._later.waiting(Deed.MOVE).total(),
        }
        with self._database.reading() as connection:
            return {**dict(connection.execute(_SUMMARY, words).fetchone()), **to_come}

    def batches(self, batch_id: str | None = None) -> list[dict[str, Any]]:
        """Return all batches in the order of their numbers, or the one with this id.

        Each has its fields, `id`, `refusal` (why the portal would refuse to approve it, or
        None), `history` (`by`, `what`, `at` in UTC, `remark`, oldest first), those of its lines
        that are `approvals` and `rejections`, `posts` and `reject_posts`, the numbers of requests
        to approve and to reject it that arrived, and `late_requests`, those of them whose
        decision is not stored yet.
        """
        history: dict[str, list[dict[str, str]]] = defaultdict(list)
        wanted = {"batch_id": batch_id}
        late_requests = self._later.waiting(Deed.LATE_DECISION)
        with self._database.reading() as connection:
            for row in connection.execute(_HISTORY, wanted):
                line = {"by": row["who"], "what": row["what"]}
                history[row["batch_id"]].append({**line, "at": row["at"], "remark": row["remark"]})
            posts = dict(connection.execute(_APPROVE_POSTS, wanted).fetchall())
            reject_posts = dict(connection.execute(_REJECT_POSTS, wanted).fetchall())
            batches = [read_batch(row) for row in connection.execute(_BATCHES, wanted)]
        return [
            {
                "id": batch.batch_id,
                **asdict(batch),
                "refusal": batch.refusal,
                "history": history[batch.batch_id],
                "approvals": _lines_of(history[batch.batch_id], BatchStatus.APPROVED),
                "rejections": _lines_of(history[batch.batch_id], BatchStatus.REJECTED),
                "posts": posts.get(batch.batch_id, 0),
                "reject_posts": reject_posts.get(batch.batch_id, 0),
                "late_requests": late_requests[batch.batch_id],
            }
            for batch in batches
        ]


def _lines_of(history: list[dict[str, str]], decision: BatchStatus) -> list[dict[str, str]]:
    return [
        {"by": line["by"], "at": line["at"], "remark": line["remark"]}
        for line in history
        if line["what"] == decision.value
    ]
