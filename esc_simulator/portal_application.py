"""The portal as a web application."""

from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.staticfiles import StaticFiles

from esc_simulator.pages import batch, batches, certificates, decision, login, reports
from esc_simulator.pages.rendering import render
from esc_simulator.pages.signed_in import NotSignedInError, send_to_login
from esc_simulator.portal import Portal


def create_portal_application(portal: Portal) -> FastAPI:
    """Return the web application that officers see."""
    application = FastAPI(openapi_url=None)
    application.state.portal = portal
    application.include_router(login.router)
    application.include_router(batches.router)
    application.include_router(batch.router)
    application.include_router(decision.router)
    application.include_router(certificates.router)
    application.include_router(reports.router)
    application.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"))
    application.add_exception_handler(NotSignedInError, send_to_login)
    application.add_exception_handler(404, _show_not_found)
    return application


def _show_not_found(request: Request, error: Exception) -> Response:
    return render(request, "not_found.html", 404, what="The page")
