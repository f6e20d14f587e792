"""Screenshots and files: only what the record knows, by signed link or with the key."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Header, Request, Response
from fastapi.responses import FileResponse
from starlette.convertors import Convertor, register_url_convertor

from orchestrator_service.dependencies import Edge, ThisVisit
from orchestrator_service.documentation import problems
from orchestrator_service.keyed_route import KeyedRoute
from orchestrator_service.links import SIGNATURE_LENGTH, Purpose
from orchestrator_service.refusals import InvalidRequest, KeyRefused, LinkRefused, UnknownFile
from shared.contracts import Evidence
from shared.record import artifacts

log = structlog.get_logger()

signed = APIRouter(tags=["files"])
keyed = APIRouter(route_class=KeyedRoute, tags=["files"])

_CACHE_SECONDS = 3600
_FILE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The file",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    },
    304: {"description": "The file is what If-None-Match names"},
}


class SignatureConvertor(Convertor[str]):
    """Tells a signature from a task's id in a path, by its length."""

    regex = f"[A-Za-z0-9_-]{{{SIGNATURE_LENGTH}}}"

    def convert(self, value: str) -> str:
        """As it is."""
        return value

    def to_string(self, value: str) -> str:
        """As it is."""
        return value


register_url_convertor("signature", SignatureConvertor())

_RANGE = re.compile(r"bytes=\s*(\d+-\d*|-\d+)(\s*,\s*(\d+-\d*|-\d+)){0,99}\s*", re.ASCII)
_BOUNDS = re.compile(r"(\d{1,30})-(\d{1,30})", re.ASCII)

IfNoneMatch = Annotated[str | None, Header()]


@signed.get(
    "/static/{signature:signature}/{path:path}",
    operation_id="get_file_by_link",
    summary="A screenshot or file, by its signed link",
    response_class=FileResponse,
    responses={**_FILE, **problems(LinkRefused, UnknownFile)},
)
def get_file_by_link(
    request: Request, signature: str, path: str, visit: ThisVisit, if_none_match: IfNoneMatch = None
) -> Response:
    """What `screenshot_url`, `download_links` and evidence links lead to; needs no header."""
    if not visit.edge.signer.check(signature, Purpose.FILES, path.partition("/")[0]):
        raise LinkRefused
    _forget_senseless_range(request)
    return _file(visit.edge, path, if_none_match)


@keyed.get(
    "/static/{path:path}",
    operation_id="get_file",
    summary="A screenshot or file, with the key",
    response_class=FileResponse,
    responses={**_FILE, **problems(KeyRefused, InvalidRequest, UnknownFile)},
)
def get_file(
    request: Request, path: str, visit: ThisVisit, if_none_match: IfNoneMatch = None
) -> Response:
    """The same files for callers that can send a header."""
    _forget_senseless_range(request)
    return _file(visit.edge, path, if_none_match)


def _forget_senseless_range(request: Request) -> None:
    """A Range that makes no sense is to be ignored (RFC 9110); Starlette would answer in text."""
    asked = request.headers.get("range")
    if asked is not None and not makes_sense(asked):
        headers = request.scope["headers"]
        request.scope["headers"] = [pair for pair in headers if pair[0] != b"range"]


def makes_sense(asked: str) -> bool:
    """True for a Range header such as `bytes=0-99` or `bytes=-5,10-`."""
    if _RANGE.fullmatch(asked) is None:
        return False
    bounds = _BOUNDS.findall(asked)
    return all(int(first) <= int(last) for first, last in bounds)


def _file(edge: Edge, path: str, if_none_match: str | None) -> Response:
    with edge.record.read() as connection:
        artifact = artifacts.by_path(connection, path) if "\0" not in path else None
    if artifact is None:
        raise UnknownFile
    place = (edge.settings.results_dir / path).resolve()
    if not place.is_relative_to(edge.settings.results_dir) or not place.is_file():
        log.error("file of the record is missing", path=path, task_id=artifact.task_id)
        raise UnknownFile("The record knows this file but it is not there any more.")
    headers = _headers(artifact.evidence)
    if if_none_match and headers["ETag"] in if_none_match:
        return Response(status_code=304, headers=headers)
    return _response(place, artifact.evidence, headers)


def _headers(evidence: Evidence) -> dict[str, str]:
    return {
        "ETag": f'"{evidence.sha256}"',
        "Cache-Control": f"private, max-age={_CACHE_SECONDS}",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "sandbox; default-src 'none'",
    }


def _response(place: Path, evidence: Evidence, headers: dict[str, str]) -> FileResponse:
    is_image = evidence.content_type.startswith("image/")
    return FileResponse(
        place,
        media_type=evidence.content_type,
        filename=place.name,
        headers=headers,
        content_disposition_type="inline" if is_image else "attachment",
    )
