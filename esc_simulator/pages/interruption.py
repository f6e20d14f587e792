"""What a fault answers in the portal's place, at a step that it strikes."""

from fastapi import Request, Response
from fastapi.responses import HTMLResponse, JSONResponse

from esc_simulator.connection import NeverAnswered
from esc_simulator.faults.answers import Hang, ServerError, SessionDropped
from esc_simulator.faults.fault import Step
from esc_simulator.pages.rendering import render
from esc_simulator.pages.signed_in import (
    NotSignedInError,
    forget_session,
    is_from_script,
    send_to_login,
    session_of,
)
from esc_simulator.portal import Portal

_OWN_ERROR = 500

_WORDS = {
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Time-out",
}


def interruption(request: Request, step: Step, batch_id: str | None = None) -> Response | None:
    """Return what is answered instead, with the effect that goes with it; None if all is well."""
    portal: Portal = request.app.state.portal
    if not portal.faults:
        return None
    error = portal.faults.fire(ServerError, batch_id, step)
    if error:
        return _error(request, error.http)
    if portal.faults.fire(Hang, batch_id, step):
        return NeverAnswered()
    dropped = portal.faults.fire(SessionDropped, batch_id, step)
    if dropped:
        return _without_session(request, dropped)
    return None


def _error(request: Request, http: int) -> Response:
    words = f"{http} {_WORDS[http]}"
    if http == _OWN_ERROR and is_from_script(request):
        return JSONResponse({"message": f"{words}. Please contact the ESC Helpdesk."}, http)
    # A gateway knows neither the portal's pages nor its scripts.
    page = f"<html><head><title>{words}</title></head><body><h1>{words}</h1></body></html>"
    return HTMLResponse(page, http)


def _without_session(request: Request, dropped: SessionDropped) -> Response:
    portal: Portal = request.app.state.portal
    session = session_of(request)
    if session:
        portal.sessions.end(session.session_id)
    forget_session(request)
    if dropped.form == "forbidden":
        return render(request, "forbidden.html", 403)
    if dropped.form == "public":
        return render(request, "public.html")
    return send_to_login(request, NotSignedInError(expired=True))
