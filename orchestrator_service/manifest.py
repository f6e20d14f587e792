"""What a manifest says: a final task as the record holds it at one moment, and its files.

Made again from the same record and the same files it is the same but for its number: nothing in it
tells when it was made.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from shared.code_version import code_version
from shared.contracts import Evidence
from shared.record import artifacts, case_file, items, task_types, tasks
from shared.record.case_file import Hand, ItemFile
from shared.record.conclusion import public_counts
from shared.record.task_types import VERSION_DIGITS, TaskType, word
from shared.record.tasks import Task
from shared.seal import FORMAT
from shared.utils import rfc3339

_ASKED = (
    "id",
    "task_type",
    "caller",
    "request_id",
    "retry_of",
    "params",
    "task_version",
    "decision",
    "state",
    "error",
    "error_code",
    "created_at",
    "started_at",
    "finished_at",
)
_ABOUT_ITEM = (
    "key",
    "portal",
    "action",
    "status",
    "detail",
    "details",
    "error",
    "attempts",
    "review",
    "started_at",
    "finished_at",
)


@dataclass(frozen=True)
class RecordedFile:
    """A file that the record speaks of; `key` is that of the item it belongs to, None for none."""

    name: str
    key: str | None
    evidence: Evidence


@dataclass(frozen=True)
class FoundFile:
    """A file in the task's folder that the record does not speak of."""

    name: str
    sha256: str
    size: int


@dataclass(frozen=True)
class Account:
    """All that the record tells of a task, and the files it speaks of."""

    told: dict[str, Any]
    files: list[RecordedFile]


def account_of(connection: Connection, task_id: str) -> Account:
    """What this moment of the record tells of a task; the task must exist."""
    task = tasks.get(connection, task_id)
    assert task is not None
    task_type = task_types.get(connection, task.task_type)
    counts = items.counts(connection, [task_id]).get(task_id, {})
    rows: list[dict[str, Any]] = []
    keys: dict[int, str] = {}
    for file in case_file.of_task(connection, task_id):
        rows.append(_item(file, task, task_type))
        keys[file.item.id] = file.item.key
    files = [
        RecordedFile(
            name_in(task_id, found.evidence.path), keys.get(found.item_id or -1), found.evidence
        )
        for found in artifacts.every(connection, task_id)
    ]
    told = {"task": {**_task(task), "counts": public_counts(counts, task_type)}, "items": rows}
    return Account(told, files)


def text_of(
    account: Account,
    number: int,
    key_id: str,
    missing: Sequence[str],
    unrecorded: Sequence[FoundFile],
) -> bytes:
    """The manifest; the higher `number`, the newer it is.

    `missing` names recorded files that are not in the folder any more.
    """
    gone = set(missing)
    content = {
        "format": FORMAT,
        "seal": number,
        "key_id": key_id,
        "code_version": code_version(),
        **account.told,
        "files": [_file(file, file.name in gone) for file in account.files],
        "unrecorded_files": [_plain(found) for found in unrecorded],
    }
    return (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode()


def name_in(task_id: str, path: str) -> str:
    """What a path below the results folder is called in the task's own folder."""
    return path.removeprefix(f"{task_id}/")


def _task(task: Task) -> dict[str, Any]:
    return {name: _plain(getattr(task, name)) for name in _ASKED}


def _item(file: ItemFile, task: Task, task_type: TaskType | None) -> dict[str, Any]:
    item = file.item
    return {
        **{name: _plain(getattr(item, name)) for name in _ABOUT_ITEM},
        "word": word(task_type, item.status),
        "outcome": _plain(file.outcome),
        "rests_on": _plain(file.rests_on),
        "intents": _plain(file.intents),
        "late_findings": _plain(file.late_findings),
        "worked_by": _hand(file.worked_by, task.task_type),
        "files": [name_in(task.id, piece.path) for piece in file.evidence],
        "missing_pictures": _plain(file.missing_pictures),
    }


def _hand(hand: Hand | None, task_type: str) -> dict[str, Any] | None:
    if hand is None:
        return None
    profile = None
    if hand.profile and hand.profile_hash:
        version = hand.profile_hash[:12]
        profile = {"name": hand.profile, "version": version, "sha256": hand.profile_hash}
    task_code = None
    if hand.task_version:
        version = hand.task_version[:VERSION_DIGITS]
        task_code = {"name": task_type, "version": version, "sha256": hand.task_version}
    return {
        "worker": hand.worker,
        "code_version": hand.code_version,
        "profile": profile,
        "task_code": task_code,
    }


def _file(file: RecordedFile, missing: bool) -> dict[str, Any]:
    piece = file.evidence
    return {
        "name": file.name,
        "sha256": piece.sha256,
        "size": piece.size,
        "kind": piece.kind.value,
        "content_type": piece.content_type,
        "taken_at": rfc3339(piece.taken_at),
        "item": file.key,
        "missing": missing,
    }


def _plain(value: Any) -> Any:
    """A value of the record as JSON holds it."""
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    return value
