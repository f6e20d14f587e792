"""Turning what the portal knows into HTML."""

from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from fastapi.templating import Jinja2Templates

from esc_simulator.pages.signed_in import session_of
from esc_simulator.portal import Portal

_PORTAL_CLOCK = timezone(timedelta(hours=5, minutes=30), "IST")


def portal_date(iso_date: str) -> str:
    """Write a date as the portal does: 09-Mar-2025."""
    return date.fromisoformat(iso_date).strftime("%d-%b-%Y")


def portal_moment(iso_moment: str) -> str:
    """Write a moment as the portal does, on its own clock: 09-Mar-2025 14:05:59 IST."""
    moment = datetime.fromisoformat(iso_moment).astimezone(_PORTAL_CLOCK)
    return moment.strftime("%d-%b-%Y %H:%M:%S %Z")


def _templates() -> Jinja2Templates:
    templates = Jinja2Templates(Path(__file__).parent.parent / "templates")
    templates.env.filters["portal_date"] = portal_date
    templates.env.filters["portal_moment"] = portal_moment
    return templates


_TEMPLATES = _templates()


def render(request: Request, template: str, status_code: int = 200, **values: Any) -> HTMLResponse:
    """Answer with a template. Every page knows who is signed in and counts as a visit."""
    portal: Portal = request.app.state.portal
    context = {"session": session_of(request), "visitor": next(portal.visitors), **values}
    return _TEMPLATES.TemplateResponse(
        request, template, context, status_code, headers={"Cache-Control": "no-store"}
    )
