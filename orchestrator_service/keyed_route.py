"""Routes that look at the API key before anything else, and read bodies strictly."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from typing import Any, NoReturn

from fastapi import Request, Response
from fastapi.routing import APIRoute

from orchestrator_service.dependencies import edge_of
from orchestrator_service.refusals import BodyTooLarge, MalformedBody, UnsupportedMediaType

NEEDS_KEY: dict[str, list[str]] = {"ApiKey": []}
"""The schema's name for the API key; documentation.py says what it is."""


class StrictRequest(Request):
    """A request whose body is JSON in UTF-8 of bounded length, or refused saying why."""

    async def read_json(self, most_bytes: int) -> None:
        """Read the body; `json()` then gives it without reading again.

        Raises UnsupportedMediaType, BodyTooLarge and MalformedBody.
        """
        media_type = self.headers.get("content-type", "application/json").partition(";")[0]
        if media_type.strip().lower() != "application/json":
            raise UnsupportedMediaType
        body = await self._read_body(most_bytes)
        try:
            text = body.decode("utf-8")
            content = json.loads(text, parse_constant=_not_json)
            json.dumps(content, ensure_ascii=False).encode("utf-8")
        except UnicodeDecodeError:
            raise MalformedBody("The body is not UTF-8; send JSON in UTF-8.") from None
        except UnicodeEncodeError:
            raise MalformedBody(
                "The body holds half of a character (a lone surrogate); send whole characters."
            ) from None
        except json.JSONDecodeError as error:
            raise MalformedBody(
                f"The body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}."
            ) from None
        except (ValueError, RecursionError) as error:
            reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
            raise MalformedBody(f"The body is not JSON that can be read: {reason}.") from None
        self._json = content

    async def _read_body(self, most_bytes: int) -> bytes:
        too_large = BodyTooLarge(f"The body is longer than {most_bytes} bytes; send less at once.")
        if int(self.headers.get("content-length") or 0) > most_bytes:
            raise too_large
        chunks: list[bytes] = []
        length = 0
        async for chunk in self.stream():
            length += len(chunk)
            if length > most_bytes:
                raise too_large
            chunks.append(chunk)
        self._body = b"".join(chunks)
        return self._body


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


def _not_json(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a JSON value")
