"""Certificates: who gets one, when the portal has made it, and how often it was issued."""

import random
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass

from esc_simulator import vocabulary
from esc_simulator.batch import Batch
from esc_simulator.database import Database, now
from esc_simulator.files.pdf import write_pdf

TEMPLATES = ("Standard", "Merit", "Bilingual")

SECONDS_EACH = 0.02
"""How long the portal takes to make one certificate; one is made after the other."""

NOT_ISSUED = "Not issued"
IN_PREPARATION = "In preparation"
ISSUED = "Issued"


@dataclass(frozen=True)
class Trainee:
    """One candidate of a batch."""

    trainee_id: str
    name: str


@dataclass(frozen=True)
class Certificate:
    """A trainee's latest certificate, or that there is none yet. `number` is the portal's own."""

    trainee: Trainee
    number: str | None
    template: str | None
    is_ready: bool

    @property
    def state(self) -> str:
        """What the list shows for this trainee."""
        if self.number is None:
            return NOT_ISSUED
        return ISSUED if self.is_ready else IN_PREPARATION


def trainees_of(batch: Batch) -> list[Trainee]:
    """Return the batch's candidates; the same batch always has the same."""
    dice = random.Random(f"trainees/{batch.batch_id}/{batch.enrolled}/{batch.course_code}")
    return [
        Trainee(
            f"{batch.batch_id}-T{place:02d}",
            f"{dice.choice(vocabulary.TRAINEE_FIRST_NAMES)}"
            f" {dice.choice(vocabulary.TRAINER_LAST_NAMES)}",
        )
        for place in range(1, batch.enrolled + 1)
    ]


def state_of(certificates: Sequence[Certificate]) -> str:
    """Say how far the batch's certificates are, as its page does."""
    states = {certificate.state for certificate in certificates}
    if states == {ISSUED}:
        return ISSUED
    return IN_PREPARATION if states != {NOT_ISSUED} else NOT_ISSUED


def certificate_file(batch: Batch, certificate: Certificate) -> bytes:
    """Return the certificate as PDF."""
    return write_pdf(
        [
            "Electronics Sector Council",
            f"{certificate.template} Certificate No. {certificate.number}",
            f"This is to certify that {certificate.trainee.name}",
            f"({certificate.trainee.trainee_id})",
            f"has completed the course {batch.course}",
            f"at {batch.college}.",
        ]
    )


class CertificateRegister:
    """Issues certificates. Issuing again is recorded again, as on the portals this one is like."""

    def __init__(self, database: Database) -> None:
        """Work on `database`."""
        self._database = database

    def note_post(self, batch_id: str) -> None:
        """Keep that a request to issue arrived, whatever becomes of it."""
        with self._database.writing() as connection:
            connection.execute(
                "INSERT INTO certificate_posts (batch_id, at) VALUES (?, ?)", (batch_id, now())
            )

    def issue(self, batch: Batch, template: str, who: str, remark: str, each: float) -> None:
        """Issue one to every trainee of the batch; `each` are the seconds that one takes."""
        begins = time.time()
        with self._database.writing() as connection:
            connection.executemany(
                "INSERT INTO certificates (batch_id, trainee_id, template, who, at, ready_at)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                [
                    (batch.batch_id, trainee.trainee_id, template, who, now(), begins + each * n)
                    for n, trainee in enumerate(trainees_of(batch), 1)
                ],
            )
            connection.execute(
                "INSERT INTO history (batch_id, at, who, what, remark) VALUES (?, ?, ?, ?, ?)",
                (batch.batch_id, now(), who, "Certificates Issued", remark),
            )

    def of_batch(self, batch: Batch) -> list[Certificate]:
        """Return where each trainee's latest certificate is, in the order of the trainees."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT * FROM certificates WHERE batch_id = ? ORDER BY issue", (batch.batch_id,)
            ).fetchall()
        latest: dict[str, sqlite3.Row] = {row["trainee_id"]: row for row in rows}
        return [
            _certificate(trainee, latest.get(trainee.trainee_id)) for trainee in trainees_of(batch)
        ]

    def issues(self, batch: Batch) -> dict[str, int]:
        """Return how often each trainee's certificate was issued."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT trainee_id, count(*) FROM certificates WHERE batch_id = ?"
                " GROUP BY trainee_id",
                (batch.batch_id,),
            ).fetchall()
        counts = dict(rows)
        return {t.trainee_id: counts.get(t.trainee_id, 0) for t in trainees_of(batch)}


def _certificate(trainee: Trainee, row: sqlite3.Row | None) -> Certificate:
    if row is None:
        return Certificate(trainee, None, None, is_ready=False)
    ready = time.time() >= row["ready_at"]
    return Certificate(trainee, f"ESC/{row['issue']:07d}", row["template"], ready)
