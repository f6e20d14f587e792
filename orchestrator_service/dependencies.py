"""What endpoints are handed: the edge's parts, who calls, links written for the caller."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Path
from starlette.requests import HTTPConnection

from orchestrator_service.authentication import Doorkeeper
from orchestrator_service.catalogue import Catalogue
from orchestrator_service.dispatcher import Dispatcher
from orchestrator_service.event_hub import EventHub
from orchestrator_service.links import Links, Signer
from orchestrator_service.task_service import TaskService
from orchestrator_service.vital_signs import VitalSigns
from shared.config import Settings
from shared.errors import UnknownTask
from shared.record import Record

_HOST = re.compile(r"[A-Za-z0-9.-]{1,255}(:\d{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:\d{1,5})?")


@dataclass(frozen=True)
class Edge:
    """The parts of a running edge."""

    settings: Settings
    record: Record
    dispatcher: Dispatcher
    hub: EventHub
    catalogue: Catalogue
    tasks: TaskService
    signer: Signer
    doorkeeper: Doorkeeper
    vital_signs: VitalSigns


def edge_of(connection: HTTPConnection) -> Edge:
    """The edge that serves this connection."""
    edge: Edge = connection.app.state.edge
    return edge


TheEdge = Annotated[Edge, Depends(edge_of)]


def caller_of(connection: HTTPConnection, edge: TheEdge) -> str:
    """Who calls. Raises KeyRefused."""
    return edge.doorkeeper.caller(connection.headers)


def links_for(connection: HTTPConnection, edge: TheEdge) -> Links:
    """Links with the base URL set by the operator, else as the caller reached us."""
    return Links(edge.signer, edge.settings.public_base_url or _reached_as(connection))


def task_id_of(task_id: Annotated[str, Path(description="The id that assign gave")]) -> str:
    """The task's id as the record spells it. Raises UnknownTask if it cannot be one."""
    try:
        return str(UUID(task_id))
    except ValueError:
        raise UnknownTask(f"There is no task {task_id[:60]!r}.") from None


Caller = Annotated[str, Depends(caller_of)]
LinksForCaller = Annotated[Links, Depends(links_for)]
TaskId = Annotated[str, Depends(task_id_of)]


def _reached_as(connection: HTTPConnection) -> str:
    scheme = connection.url.scheme.replace("ws", "http", 1)
    host = connection.headers.get("host", "")
    if not _HOST.fullmatch(host):
        name, port = connection.scope.get("server") or ("localhost", None)
        host = f"{name}:{port}" if port else name
    return f"{scheme}://{host}"
