"""An event of the record as the stream sends it; links are signed here, also on replay."""

from __future__ import annotations

import json
from typing import Any

from orchestrator_service.links import Links
from orchestrator_service.task_view import signed_output
from shared.contracts import EventType
from shared.record.events import Event
from shared.utils import rfc3339, utc_now


def message(event: Event, links: Links) -> str:
    """The text of one message of the stream."""
    return _text(
        {
            "id": event.id,
            "type": event.type.value,
            "task_id": event.task_id,
            "timestamp": rfc3339(event.timestamp),
            "data": _data(event, links),
        }
    )


def unknown_task(task_id: str) -> str:
    """The one message of a task that does not exist, so that no dashboard reconnects for ever."""
    data = {
        "error": f"There is no task {task_id}.",
        "code": "unknown_task",
        "screenshot": None,
    }
    return _text(
        {
            "id": 1,
            "type": EventType.FAILED.value,
            "task_id": task_id,
            "timestamp": rfc3339(utc_now()),
            "data": data,
        }
    )


def _data(event: Event, links: Links) -> dict[str, Any]:
    data = event.data
    if event.type is EventType.ITEM:
        evidence = [_linked(piece, links) for piece in data.get("evidence", ())]
        # What is found later is in /result only: by then the stream has come to its end.
        return {**data, "evidence": evidence, "late_findings": []}
    if event.type is EventType.SCREENSHOT:
        return _linked(data, links)
    if event.type is EventType.COMPLETED:
        return {**data, "result": signed_output(data.get("result") or {}, links)}
    if event.type is EventType.FAILED and data.get("screenshot"):
        return {**data, "screenshot": links.file_path(data["screenshot"])}
    return data


def _linked(piece: dict[str, Any], links: Links) -> dict[str, Any]:
    rest = {name: value for name, value in piece.items() if name != "path"}
    return {**rest, "url": links.file(piece["path"])}


def _text(content: dict[str, Any]) -> str:
    return json.dumps(content, separators=(",", ":"))
