"""Every failure as a problem (RFC 9457) that a person can act on and that leaks nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import structlog
from asgi_correlation_id import correlation_id
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException

from orchestrator_service.param_faults import in_one_sentence, pointer
from orchestrator_service.refusals import RecordUnavailable
from orchestrator_service.schemas import AssignRequest
from shared.errors import RequestError

log = structlog.get_logger()

TYPE_PREFIX = "urn:ai-agent-backend:problem:"
RETRY_SECONDS = 2
_HEADERS = {401: {"WWW-Authenticate": "ApiKey"}, 503: {"Retry-After": str(RETRY_SECONDS)}}


def install(app: FastAPI) -> None:
    """Answer every exception of this application with a problem."""
    app.add_exception_handler(RequestError, _request_error)
    app.add_exception_handler(RequestValidationError, _invalid_request)
    app.add_exception_handler(HTTPException, _http_exception)
    app.add_exception_handler(SQLAlchemyError, _record_error)
    app.add_exception_handler(Exception, _unexpected)


def problem(
    status: int,
    code: str,
    title: str,
    detail: str,
    *,
    headers: Mapping[str, str] | None = None,
    **more: Any,
) -> JSONResponse:
    """A problem as an answer; `more` are members that apply here, left out where empty."""
    content = {
        "type": TYPE_PREFIX + code,
        "title": title,
        "status": status,
        "detail": detail,
        "code": code,
        "request_id": correlation_id.get(),
        **{name: value for name, value in more.items() if value},
    }
    return JSONResponse(content, status, headers=headers, media_type="application/problem+json")


async def _request_error(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestError)
    headers = _HEADERS.get(error.status)
    return problem(
        error.status,
        error.code,
        error.title,
        error.message,
        headers=headers,
        errors=error.errors,
        task_id=error.task_id,
        state=error.state,
    )


async def _invalid_request(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    errors = [_fault(fault, tuple(AssignRequest.model_fields)) for fault in error.errors()]
    return problem(
        422, "invalid_request", "Invalid request", in_one_sentence(errors), errors=errors
    )


async def _http_exception(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    title = HTTPStatus(error.status_code).phrase
    code = title.lower().replace(" ", "_").replace("-", "_")
    details = {
        404: f"There is nothing at {request.url.path[:200]}; /docs lists what there is.",
        405: f"{request.method} is not taken here; this path takes "
        f"{(error.headers or {}).get('Allow', 'other methods')}.",
    }
    detail = details.get(error.status_code, str(error.detail))
    return problem(error.status_code, code, title, detail, headers=error.headers)


async def _record_error(request: Request, error: Exception) -> JSONResponse:
    """Out of reach or too busy is passing trouble; anything else is ours to mend."""
    if not isinstance(error, (OperationalError, InterfaceError, PoolTimeout)):
        return await _unexpected(request, error)
    log.error("record not reachable", reason=str(error).split("\n")[0])
    return await _request_error(request, RecordUnavailable())


async def _unexpected(_: Request, error: Exception) -> JSONResponse:
    log.error("request failed", exc_info=error)
    return problem(
        500,
        "internal_error",
        "Internal error",
        "Something went wrong on our side; the log tells more under this request_id.",
    )


def _fault(fault: Mapping[str, Any], body_fields: Sequence[str]) -> dict[str, str]:
    place, *path = fault["loc"]
    name = ".".join(str(step) for step in path) or place
    where = pointer(path) if place == "body" else f"{place}/{name}"
    if fault["type"] == "missing" and not path:
        return {"pointer": where, "detail": "The request needs a JSON object as its body."}
    if fault["type"] == "missing":
        return {"pointer": where, "detail": f"'{name}' is missing; it must be given."}
    if fault["type"] == "extra_forbidden":
        known = f"; known are {', '.join(body_fields)}" if place == "body" else ""
        return {"pointer": where, "detail": f"Unknown field '{name[:60]}'{known}."}
    return {"pointer": where, "detail": f"'{name[:60]}': {fault['msg']}."}
