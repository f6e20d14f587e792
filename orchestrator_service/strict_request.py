"""Reading a request's body: JSON in UTF-8 of bounded length and depth, or refused saying why."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from fastapi import Request

from orchestrator_service.refusals import (
    BodyTooLarge,
    InvalidRequest,
    MalformedBody,
    UnsupportedMediaType,
)

MOST_LEVELS = 64
"""What is nested deeper could be taken in and stored, but never shown again."""


class StrictRequest(Request):
    """A request whose body is read once, strictly, before anything else looks at it."""

    async def read_json(self, most_bytes: int) -> None:
        """Read the body; `json()` then gives it without reading again.

        Where nothing says what it is, it is taken to be JSON.

        Raises UnsupportedMediaType, BodyTooLarge and MalformedBody.
        """
        media_type = self.headers.get("content-type", "application/json").partition(";")[0]
        if media_type.strip().lower() != "application/json":
            raise UnsupportedMediaType
        self._json = parse(await self._read_body(most_bytes))

    async def read_nothing(self, most_bytes: int) -> dict[str, Any]:
        """The fields of a body that should have none: it may be left out, blank, or `{}`.

        Raises BodyTooLarge and MalformedBody, and InvalidRequest for what is no object.
        """
        body = await self._read_body(most_bytes)
        content = parse(body) if body.strip() else {}
        if not isinstance(content, dict):
            raise InvalidRequest(
                "This call takes no body; leave it out, or send {}.",
                errors=[{"pointer": "#", "detail": "This call takes no body."}],
            )
        return content

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


def parse(body: bytes) -> Any:
    """The value the body holds. Raises MalformedBody for all that could not be answered as JSON."""
    if not body:
        raise MalformedBody("The body is empty; send a JSON object.")
    try:
        text = body.decode("utf-8")
        content = json.loads(text, parse_constant=_not_json)
        json.dumps(content, ensure_ascii=False, allow_nan=False).encode("utf-8")
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
    except RecursionError:
        raise _too_deep() from None
    except ValueError as error:
        raise MalformedBody(f"The body is not JSON that can be read: {error}.") from None
    if text.count("[") + text.count("{") > MOST_LEVELS and _depth(content) > MOST_LEVELS:
        raise _too_deep()
    return content


def _depth(content: Any) -> int:
    level = [content]
    depth = 0
    while level:
        depth += 1
        inner: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                inner.extend(value.values())
            elif isinstance(value, list):
                inner.extend(value)
        level = inner
    return depth


def _too_deep() -> MalformedBody:
    return MalformedBody(f"The body is nested too deeply; at most {MOST_LEVELS} levels are read.")


def _not_json(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a JSON value")
