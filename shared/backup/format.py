"""What a backup holds: a ZIP file with a list of its contents.

backup.json             the list: what is in it, how much, and the SHA-256 of each part
record/TABLE.jsonl      a row a line
results/TASK/NAME       the files of tasks, with their manifests and signatures
evidence_key.pub        the public key that checks those signatures
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field

from shared.errors import AgentError

FORMAT = "ai-agent-backend backup 1"
"""Stands in every list; the number grows when a reader of the old ones would be misled."""

CONTENTS = "backup.json"
RECORD_FOLDER = "record"
RESULTS_FOLDER = "results"

LEFT_OUT_TABLES = frozenset({"workers", "browsers", "logins", "seats", "paces"})
"""Who runs where, logged in as whom, means nothing in another deployment, and `logins` has
fingerprints of passwords: those are typed anew there."""

BACKUP_TASKS = "backup_data"
"""Files of tasks of this type are backups themselves; a backup of backups would double for ever."""


class UnusableBackup(AgentError):
    """The backup cannot be restored here."""

    code = "unusable_backup"


@dataclass(frozen=True)
class Part:
    """One member of the ZIP file: its name there, its SHA-256, and its size in bytes or rows."""

    name: str
    sha256: str
    size: int


@dataclass(frozen=True)
class Contents:
    """What a backup says it holds. `schema` is the version of the record's tables.

    `left_out` are files that the record speaks of and the backup does not hold: other backups, and
    what was not on disk as the record has it.
    """

    made_at: str
    schema: str
    code_version: str
    tables: list[Part] = field(default_factory=list)
    files: list[Part] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    @property
    def rows(self) -> dict[str, int]:
        """How many rows of each table."""
        return {part.name.split("/")[1].removesuffix(".jsonl"): part.size for part in self.tables}

    def as_json(self) -> str:
        """The list as it stands in the backup."""
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=1) + "\n"

    @classmethod
    def read(cls, text: str) -> Contents:
        """The list that a backup holds. Raises UnusableBackup if it is none that we know."""
        try:
            told = json.loads(text)
            if told.pop("format") != FORMAT:
                raise UnusableBackup(f"It is not a backup of the kind {FORMAT!r}.")
            for name in ("tables", "files"):
                told[name] = [Part(**part) for part in told[name]]
            return cls(**told)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise UnusableBackup(f"Its {CONTENTS} cannot be read: {error}.") from error
