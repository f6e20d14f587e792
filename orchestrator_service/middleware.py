"""What wraps every request, from the outside in: request id, CORS, log line, spelling."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence

import structlog
from asgi_correlation_id import CorrelationIdMiddleware, correlation_id
from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bound_contextvars

log = structlog.get_logger("orchestrator_service.access")

ALLOWED_HEADERS = (
    "content-type",
    "x-api-key",
    "authorization",
    "idempotency-key",
    "last-event-id",
    "x-request-id",
)
EXPOSED_HEADERS = (
    "Link",
    "X-Total-Count",
    "Idempotent-Replayed",
    "Retry-After",
    "X-Request-ID",
    "Deprecation",
    "Sunset",
)
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:/+=-]{1,128}")
_SPELT_WITH_SLASH = {"/tasks", "/assign-task", "/start_task"}
_SIGNED_FILE = re.compile(r"^/static/[A-Za-z0-9_-]{32}/")


def wrap(app: ASGIApp, cors_origins: Sequence[str]) -> ASGIApp:
    """The application with everything around it, so that errors and files are wrapped too."""
    wrapped: ASGIApp = Spelling(app)
    wrapped = AccessLog(wrapped)
    wrapped = Cors(
        wrapped,
        allow_origins=[origin for origin in cors_origins if "*" not in origin or origin == "*"],
        allow_origin_regex=origin_pattern(cors_origins),
        allow_methods=("GET", "HEAD", "POST", "OPTIONS"),
        allow_headers=ALLOWED_HEADERS,
        expose_headers=EXPOSED_HEADERS,
        allow_private_network=True,
    )
    return CorrelationIdMiddleware(
        wrapped, validator=lambda given: _REQUEST_ID.fullmatch(given) is not None
    )


def origin_pattern(origins: Sequence[str]) -> str | None:
    """A regular expression for the origins that hold a `*`, which stands for host labels."""
    patterns = [
        re.escape(origin).replace(r"\*", r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
        for origin in origins
        if "*" in origin and origin != "*"
    ]
    return "|".join(patterns) or None


class Cors(CORSMiddleware):
    """Starlette's, with answers to preflights that carry headers only: every body is JSON here."""

    def preflight_response(self, request_headers: Headers) -> Response:
        """204 with what is allowed; 403 where something is not, without a body either."""
        told = super().preflight_response(request_headers)
        allowed = told.status_code == 200
        headers = {
            name: value
            for name, value in told.headers.items()
            if name not in ("content-length", "content-type")
        }
        return Response(status_code=204 if allowed else 403, headers=headers)


class AccessLog:
    """One line a request, with the path only: query strings and signatures are secrets."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap `app`."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through, and tell of it when it is over."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 500

        async def note_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        with bound_contextvars(request_id=correlation_id.get()):
            try:
                await self.app(scope, receive, note_status)
            finally:
                log.info(
                    "request",
                    method=scope["method"],
                    path=_SIGNED_FILE.sub("/static/***/", scope["path"]),
                    status=status,
                    milliseconds=round((time.perf_counter() - began) * 1000, 1),
                )


class Spelling:
    """Takes what is meant: a path with or without its last slash, HEAD as a GET without a body.

    A redirect to the other spelling would lose a POST's body; servers drop a HEAD's themselves.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Wrap `app`."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Spell the request as the routes do."""
        if scope["type"] in ("http", "websocket"):
            bare = scope["path"].rstrip("/") or "/"
            scope = {**scope, "path": f"{bare}/" if bare in _SPELT_WITH_SLASH else bare}
        if scope.get("method") == "HEAD":
            scope["method"] = "GET"
        await self.app(scope, receive, send)
