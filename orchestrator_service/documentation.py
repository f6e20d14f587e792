"""The OpenAPI schema's common parts: how failures look, and which examples to show."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from orchestrator_service.authentication import KEY_HEADER
from orchestrator_service.exception_handlers import TYPE_PREFIX
from orchestrator_service.refusals import KeyRefused, RecordUnavailable
from orchestrator_service.schemas import Problem
from shared.errors import RequestError

_API_KEY = {
    "type": "apiKey",
    "in": "header",
    "name": KEY_HEADER,
    "description": "The key printed at first start, kept in data/api_key.",
}
_RETRY_AFTER = {"description": "Seconds to wait", "schema": {"type": "integer"}}
_PROBLEM = {"$ref": "#/components/schemas/Problem"}

DESCRIPTION = """\
Gives work to workers that drive a portal which has no API, and tells how it goes.

1. `GET /tasks/` lists what can be done. 2. `POST /assign-task/` gives a task; answered means
durable. 3. Follow `ws_url`, or poll `GET /status/{task_id}`. 4. `GET /result/{task_id}` has every
item with its evidence.

Every call but the health checks and these pages needs the header `x-api-key`. Failures are
`application/problem+json` with a stable `code` and a `detail` to act on.
"""


def problems(*kinds: type[RequestError]) -> dict[int | str, dict[str, Any]]:
    """The failures of an operation, for the schema; any other one looks the same.

    A call that needs a key works on the record, which may be out of reach.
    """
    if KeyRefused in kinds:
        kinds = (*kinds, RecordUnavailable)
    by_status: dict[int, list[type[RequestError]]] = {}
    for kind in kinds:
        by_status.setdefault(kind.status, []).append(kind)
    responses: dict[int | str, dict[str, Any]] = {
        status: _response(" Or: ".join(_sentence(kind) for kind in same), same)
        for status, same in sorted(by_status.items())
    }
    return responses | {"default": _response("Any other failure.", [])}


def openapi(app: FastAPI) -> dict[str, Any]:
    """The schema, made once."""
    if not app.openapi_schema:
        schema = get_openapi(
            title=app.title, version=app.version, description=DESCRIPTION, routes=app.routes
        )
        components = schema.setdefault("components", {})
        components["securitySchemes"] = {"ApiKey": _API_KEY}
        shapes = components.setdefault("schemas", {})
        problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        shapes.update(problem.pop("$defs", {}))
        shapes["Problem"] = problem
        app.openapi_schema = schema
    return app.openapi_schema


def _response(description: str, kinds: list[type[RequestError]]) -> dict[str, Any]:
    media: dict[str, Any] = {"schema": _PROBLEM}
    if kinds:
        media["examples"] = {kind.code: {"value": _example(kind)} for kind in kinds}
    response: dict[str, Any] = {
        "description": description,
        "content": {"application/problem+json": media},
    }
    if any(kind.status == 503 for kind in kinds):
        response["headers"] = {"Retry-After": _RETRY_AFTER}
    return response


def _example(kind: type[RequestError]) -> dict[str, Any]:
    return {
        "type": TYPE_PREFIX + kind.code,
        "title": kind.title,
        "status": kind.status,
        "detail": _sentence(kind),
        "code": kind.code,
        "request_id": "b4d0c7c2f7a94c6f8f0a",
    }


def _sentence(kind: type[RequestError]) -> str:
    return (kind.__doc__ or "").strip()
