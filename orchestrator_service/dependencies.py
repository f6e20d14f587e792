"""What endpoints are handed: the edge's parts, who calls, links written for the caller."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Path
from starlette.requests import HTTPConnection

from orchestrator_service.authentication import Doorkeeper
from orchestrator_service.catalogue import Catalogue
from orchestrator_service.dispatcher import Dispatcher
from orchestrator_service.event_hub import EventHub
from orchestrator_service.evidence_archive import EvidenceArchive
from orchestrator_service.links import Links, Signer
from orchestrator_service.task_service import TaskService
from orchestrator_service.vital_signs import VitalSigns
from shared.config import Settings
from shared.errors import UnknownTask
from shared.record import Record
from shared.seal import PublicKey

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
    archive: EvidenceArchive
    evidence_key: PublicKey
    doorkeeper: Doorkeeper
    vital_signs: VitalSigns


def edge_of(connection: HTTPConnection) -> Edge:
    """The edge that serves this connection."""
    edge: Edge = connection.app.state.edge
    return edge


def links_for(connection: HTTPConnection, edge: Edge) -> Links:
    """Links with the base URL set by the operator, else as the caller reached us."""
    return Links(edge.signer, edge.settings.public_base_url or _reached_as(connection))


def known_form(task_id: str) -> str:
    """The task's id as the record spells it. Raises UnknownTask if it cannot be one."""
    try:
        return str(UUID(task_id))
    except ValueError:
        raise UnknownTask(f"There is no task {task_id[:60]!r}.") from None


class Visit:
    """One request: the edge it came to, who makes it, and links written for them."""

    def __init__(self, connection: HTTPConnection) -> None:
        """`connection` is the request."""
        self._connection = connection
        self.edge = edge_of(connection)

    @property
    def caller(self) -> str:
        """Who calls, as the keyed route found out."""
        caller: str = self._connection.state.caller
        return caller

    @cached_property
    def links(self) -> Links:
        """Links that reach us the way this request did."""
        return links_for(self._connection, self.edge)


# Dependencies are coroutines, because FastAPI hands a plain function to a thread; and there is one
# instead of three, because each costs as much as checking the params.


async def _visit(connection: HTTPConnection) -> Visit:
    return Visit(connection)


async def _task_id(
    task_id: Annotated[str, Path(description="The id that assign gave")],
) -> str:
    return known_form(task_id)


ThisVisit = Annotated[Visit, Depends(_visit)]
TaskId = Annotated[str, Depends(_task_id)]


def _reached_as(connection: HTTPConnection) -> str:
    scheme = connection.url.scheme.replace("ws", "http", 1)
    host = connection.headers.get("host", "")
    if not _HOST.fullmatch(host):
        name, port = connection.scope.get("server") or ("localhost", None)
        host = f"{name}:{port}" if port else name
    return f"{scheme}://{host}"
