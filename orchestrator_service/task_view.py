"""A task of the record as clients see it: words for states, links for paths."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator_service.catalogue import Catalogue
from orchestrator_service.links import Links
from orchestrator_service.schemas import (
    EvidenceLink,
    ItemView,
    LateFindingView,
    ResultBody,
    TaskOutput,
    TaskResult,
    TaskStatus,
)
from orchestrator_service.task_service import ResultPage, TaskReading
from shared.record.conclusion import message_of, public_counts
from shared.record.events import Event
from shared.record.items import Item
from shared.record.steering import abilities
from shared.record.task_types import VERSION_DIGITS, TaskType, word
from shared.record.tasks import Task
from shared.task_state import TaskState
from shared.utils import rfc3339, utc_now

REMOVED = "The files and the log of this task were kept for RETENTION_DAYS and then removed."


def task_status(reading: TaskReading, catalogue: Catalogue, links: Links) -> TaskStatus:
    """The task as /status and /tasks/history show it."""
    task = reading.task
    return TaskStatus(
        id=task.id,
        task_id=task.id,
        name=task.task_type,
        task_type=task.task_type,
        status=task.state.status,
        state=task.state,
        progress=task.progress,
        created_at=task.created_at,
        started_at=task.started_at,
        completed_at=task.finished_at,
        params=task.params,
        error=_error(reading),
        result=_output(reading, links),
        counts=public_counts(reading.counts, catalogue.words(task.task_type)),
        can=abilities(task, reading.counts, retried=reading.retried),
        retry_of=task.retry_of,
        ws_url=links.socket(task.id),
        note=_note(reading, catalogue),
    )


def task_result(page: ResultPage, catalogue: Catalogue, links: Links) -> TaskResult:
    """The task as /result shows it."""
    reading = page.reading
    task = reading.task
    task_type = catalogue.words(task.task_type)
    counts = public_counts(reading.counts, task_type)
    stored = task.result or {}
    screenshot = stored.get("screenshot")
    return TaskResult(
        task_id=task.id,
        status=task.state.status,
        state=task.state,
        result=ResultBody(
            message=stored.get("message") or _so_far(task, counts),
            counts=counts,
            items=[_item(item, page, task_type, links) for item in page.items],
        ),
        error=_error(reading),
        logs=_logs(page),
        screenshot_url=links.file(screenshot) if screenshot else None,
        download_links=[links.file(path) for path in stored.get("files", ())],
        evidence_url=links.evidence(task.id) if _is_kept(page) else None,
        seal=(page.seal.made or None) if page.seal is not None and _is_kept(page) else None,
        task_version=_shown(task.task_version),
        started_at=task.started_at,
        finished_at=task.finished_at,
        timestamp=utc_now(),
        next=links.result(task.id, page.next_query) if page.next_query else None,
    )


def signed_output(stored: Mapping[str, Any], links: Links) -> dict[str, Any]:
    """A stored result with its paths signed, ready to append to /static/."""
    screenshot = stored.get("screenshot")
    return {
        **stored,
        "screenshot": links.file_path(screenshot) if screenshot else None,
        "files": [links.file_path(path) for path in stored.get("files", ())],
    }


def log_line(event: Event) -> str:
    """A log event as one line of text."""
    level = str(event.data.get("level", "info")).upper()
    return f"{rfc3339(event.timestamp)} {level} {event.data.get('message', '')}"


def _shown(sha256: str | None) -> str | None:
    return sha256[:VERSION_DIGITS] if sha256 else None


def _is_kept(page: ResultPage) -> bool:
    return page.seal is not None and page.seal.removed_at is None


def _logs(page: ResultPage) -> list[str]:
    if page.seal is None or page.seal.removed_at is None:
        return [log_line(event) for event in page.logs]
    return [f"{rfc3339(page.seal.removed_at)} INFO {REMOVED}"]


def _so_far(task: Task, counts: Mapping[str, int]) -> str:
    return "Nothing done yet" if task.total is None and not counts else message_of(counts)


def _output(reading: TaskReading, links: Links) -> TaskOutput | None:
    stored = reading.task.result
    if stored is None:
        return None
    signed = signed_output(stored, links)
    return TaskOutput(
        message=signed.get("message") or "",
        screenshot=signed["screenshot"],
        files=signed["files"],
    )


def _error(reading: TaskReading) -> str | None:
    task = reading.task
    if task.state in (TaskState.FAILED, TaskState.CANCELLED):
        return task.error or "The task failed without telling why."
    return task.error


def _note(reading: TaskReading, catalogue: Catalogue) -> str | None:
    task = reading.task
    if task.state.is_final:
        return None
    return catalogue.waits_for(task.task_type) or task.waits_for


def _item(item: Item, page: ResultPage, task_type: TaskType | None, links: Links) -> ItemView:
    return ItemView(
        key=item.key,
        batch_id=item.key,
        status=word(task_type, item.status),
        detail=item.detail,
        attempts=item.attempts,
        started_at=item.started_at,
        finished_at=item.finished_at,
        details=item.details or {},
        evidence=[
            EvidenceLink(
                kind=piece.kind.value,
                url=links.file(piece.path),
                sha256=piece.sha256,
                taken_at=piece.taken_at,
            )
            for piece in page.evidence.get(item.id, ())
        ],
        late_findings=[
            LateFindingView(finding=finding, recorded_at=moment)
            for finding, moment in page.late_findings.get(item.id, ())
        ],
        error=item.error,
        task_version=_shown(page.versions.get(item.slot_id or "")),
    )
