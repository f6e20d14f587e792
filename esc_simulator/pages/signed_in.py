"""Who is asking: the session cookie, and what happens to those who have none."""

from typing import Annotated

from fastapi import Depends, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse

from esc_simulator.portal import ThePortal
from esc_simulator.sessions import Session

SESSION_COOKIE = "ESCSESSIONID"


class NotSignedInError(Exception):
    """The page is for officers who are signed in."""

    def __init__(self, expired: bool) -> None:
        """`expired` tells that the browser came with a session that is no longer alive."""
        super().__init__("session expired" if expired else "not signed in")
        self.login_url = "/login?expired=1" if expired else "/login"


def _require_session(request: Request, portal: ThePortal) -> Session:
    session_id = request.cookies.get(SESSION_COOKIE)
    session = portal.sessions.find(session_id) if session_id else None
    if session is None:
        raise NotSignedInError(expired=session_id is not None)
    request.state.session = session
    return session


SignedIn = Annotated[Session, Depends(_require_session)]


def session_of(request: Request) -> Session | None:
    """Return the session that the request was found to have, if its page asked for one."""
    return getattr(request.state, "session", None)


def forget_session(request: Request) -> None:
    """Take the request for one of a visitor who is not signed in."""
    request.state.session = None


def is_from_script(request: Request) -> bool:
    """Tell whether one of the pages' own scripts asks."""
    return request.headers.get("X-Requested-With") == "XMLHttpRequest"


def send_to_login(request: Request, error: Exception) -> Response:
    """Answer `NotSignedInError`: pages are redirected, the pages' own scripts are told where to."""
    assert isinstance(error, NotSignedInError)
    if is_from_script(request):
        return JSONResponse({"login_url": error.login_url}, status_code=401)
    return RedirectResponse(error.login_url, status_code=303)
