"""What this service is, and its documentation, served without anybody else's server."""

from __future__ import annotations

from pathlib import Path

import fastapi_offline
from fastapi import APIRouter, FastAPI
from fastapi.openapi.docs import get_redoc_html, get_swagger_ui_html
from fastapi.staticfiles import StaticFiles
from starlette.responses import HTMLResponse

from orchestrator_service import __version__
from orchestrator_service.dependencies import ThisVisit
from orchestrator_service.documentation import problems
from orchestrator_service.schemas import ServiceInfo

router = APIRouter(tags=["service"])

TITLE = "AI Agent Backend"
_ASSETS = "/docs-assets"
_SCHEMA = "/openapi.json"
_PAGES = {
    "docs": "/docs",
    "redoc": "/redoc",
    "schema": _SCHEMA,
    "health": "/health",
    "task_types": "/tasks/",
    "assign": "/assign-task/",
    "history": "/tasks/history",
}


@router.get("/", operation_id="get_service", summary="What this is", responses=problems())
async def get_service(visit: ThisVisit) -> ServiceInfo:
    """Name, version and where to go from here."""
    pages = {name: visit.links.page(path) for name, path in _PAGES.items()}
    return ServiceInfo(service=TITLE, version=__version__, links=pages)


@router.get("/docs", include_in_schema=False)
async def get_docs() -> HTMLResponse:
    """The schema to try out."""
    return get_swagger_ui_html(
        openapi_url=_SCHEMA,
        title=TITLE,
        swagger_js_url=f"{_ASSETS}/swagger-ui-bundle.js",
        swagger_css_url=f"{_ASSETS}/swagger-ui.css",
        swagger_favicon_url=f"{_ASSETS}/favicon.png",
    )


@router.get("/redoc", include_in_schema=False)
async def get_redoc() -> HTMLResponse:
    """The schema to read."""
    return get_redoc_html(
        openapi_url=_SCHEMA,
        title=TITLE,
        redoc_js_url=f"{_ASSETS}/redoc.standalone.js",
        redoc_favicon_url=f"{_ASSETS}/favicon.png",
        with_google_fonts=False,
    )


def serve_assets(app: FastAPI) -> None:
    """Serve what the documentation pages load."""
    assets = Path(fastapi_offline.__file__).parent / "static"
    app.mount(_ASSETS, StaticFiles(directory=assets), name="docs-assets")
