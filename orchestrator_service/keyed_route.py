"""Routes that look at the API key before anything else, and at the body next."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

from orchestrator_service.dependencies import edge_of
from orchestrator_service.strict_request import StrictRequest

NEEDS_KEY: dict[str, list[str]] = {"ApiKey": []}
"""The schema's name for the API key; documentation.py says what it is."""


class KeyedRoute(APIRoute):
    """Refuses a caller without the key before the request's body or parameters are looked at."""

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
            if self.body_field is not None:
                await strict.read_json(edge.settings.max_body_bytes)
            return await handle(strict)

        return check_key_and_handle
