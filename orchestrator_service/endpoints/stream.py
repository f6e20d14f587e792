"""The live stream of a task over a WebSocket."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import aclosing, suppress
from typing import Any

import structlog
from fastapi import APIRouter, WebSocket
from sqlalchemy.exc import SQLAlchemyError
from starlette.websockets import WebSocketDisconnect

from orchestrator_service import event_view
from orchestrator_service.authentication import SocketEntry
from orchestrator_service.dependencies import Edge, edge_of, known_form, links_for
from orchestrator_service.event_hub import GoingDown
from orchestrator_service.links import Links
from shared.errors import UnknownTask

log = structlog.get_logger()

router = APIRouter()

DONE = 1000
COME_BACK_LATER = 1013
BAD_AFTER = 4400
BAD_TOKEN = 4401
UNKNOWN = 4404


@router.websocket("/ws/task/{task_id}")
async def stream_task(socket: WebSocket, task_id: str) -> None:
    """Replay the task's history, or what follows `?after=`, then go on live to its end."""
    edge = edge_of(socket)
    entry = edge.doorkeeper.socket_entry(task_id, socket.query_params.get("token"), socket.headers)
    if entry is SocketEntry.REFUSED:
        await socket.close()  # before accepting: the handshake is answered with 403
        return
    await socket.accept()
    with suppress(WebSocketDisconnect):
        if entry is SocketEntry.BAD_TOKEN:
            reason = "token not valid or expired; GET /status gives a fresh ws_url"
            await socket.close(BAD_TOKEN, reason)
            return
        await _serve(socket, task_id, entry, edge, links_for(socket, edge))


async def _serve(
    socket: WebSocket, task_id: str, entry: SocketEntry, edge: Edge, links: Links
) -> None:
    after = socket.query_params.get("after", "0")
    if not (after.isascii() and after.isdigit() and len(after) < 10):
        await socket.close(BAD_AFTER, "after must be the id of the last event seen")
        return
    try:
        known_id = known_form(task_id)
        finished = await _until_gone(socket, _send(socket, known_id, int(after), edge, links))
    except UnknownTask:
        if entry is SocketEntry.BY_TASK_ID:
            await socket.send_text(event_view.unknown_task(task_id[:60]))
            await socket.close(DONE)
        else:
            await socket.close(UNKNOWN, "unknown task")
    except GoingDown:
        await socket.close(COME_BACK_LATER, "going down, reconnect with after")
    except SQLAlchemyError as error:
        log.warning("stream broken off", task_id=task_id, reason=str(error).split("\n")[0])
        await socket.close(COME_BACK_LATER, "record unavailable, reconnect with after")
    else:
        if finished:
            await socket.close(DONE)


async def _send(socket: WebSocket, task_id: str, after: int, edge: Edge, links: Links) -> None:
    async with aclosing(edge.hub.follow(task_id, after)) as pages:
        async for page in pages:
            for event in page:
                await socket.send_text(event_view.message(event, links))


async def _until_gone(socket: WebSocket, sending: Coroutine[Any, Any, None]) -> bool:
    """Run `sending` while the client is there; True if it came to its end."""
    sender = asyncio.create_task(sending)
    listener = asyncio.create_task(_listen(socket))
    try:
        await asyncio.wait({sender, listener}, return_when=asyncio.FIRST_COMPLETED)
        if sender.done():
            sender.result()
            return True
        return False
    finally:
        for task in (sender, listener):
            task.cancel()
        await asyncio.gather(sender, listener, return_exceptions=True)


async def _listen(socket: WebSocket) -> None:
    """Read and forget what the client says, until it is gone."""
    with suppress(WebSocketDisconnect):
        while True:
            await socket.receive()
