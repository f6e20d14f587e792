"""Routes that look at the API key before anything else, and next at what else was sent."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

from orchestrator_service.dependencies import edge_of
from orchestrator_service.param_faults import MOST_FAULTS, in_one_sentence
from orchestrator_service.refusals import InvalidRequest
from orchestrator_service.strict_request import StrictRequest

NEEDS_KEY: dict[str, list[str]] = {"ApiKey": []}
"""The schema's name for the API key; documentation.py says what it is."""

LONGEST_SHOWN = 60


class KeyedRoute(APIRoute):
    """Refuses a caller without the key before the request's body or parameters are looked at.

    A call that takes no body or no query parameters refuses by name whatever comes there.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        """As any route, and the schema says that it needs the key."""
        super().__init__(path, endpoint, **{**options, "openapi_extra": {"security": [NEEDS_KEY]}})

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler with the check of the key, and the reading of a body, in front."""
        handle = super().get_route_handler()

        async def check_key_and_handle(request: Request) -> Response:
            edge = edge_of(request)
            request.state.caller = edge.doorkeeper.caller(request.headers)
            strict = StrictRequest(request.scope, request.receive)
            if not self.dependant.query_params:
                refuse_fields("query", request.query_params)
            if self.body_field is not None:
                await strict.read_json(edge.settings.max_body_bytes)
            elif request.method == "POST":
                body = await strict.read_nothing(edge.settings.max_body_bytes)
                refuse_fields("body", body)
            return await handle(strict)

        return check_key_and_handle


def refuse_fields(place: str, given: Iterable[str]) -> None:
    """Raises InvalidRequest naming what a call was given that takes nothing there."""
    parts = {"query": ("query/{}", "query parameters"), "body": ("#/{}", "fields in its body")}
    where, what = parts[place]
    errors = [
        {
            "pointer": where.format(name[:LONGEST_SHOWN]),
            "detail": f"Unknown field '{name[:LONGEST_SHOWN]}'; this call takes no {what}.",
        }
        for name in dict.fromkeys(given)
    ][:MOST_FAULTS]
    if errors:
        raise InvalidRequest(in_one_sentence(errors), errors=list(errors))
