"""Signing in and out."""

import hmac
import secrets
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from esc_simulator.accounts import LoginAnswer, LoginVerdict
from esc_simulator.pages.interruption import interruption
from esc_simulator.pages.latency import wait_latency
from esc_simulator.pages.rendering import render
from esc_simulator.pages.signed_in import SESSION_COOKIE
from esc_simulator.portal import ThePortal

router = APIRouter(dependencies=[Depends(wait_latency)])

# Nobody has a session yet when signing in, so the form's token is checked against a cookie.
_FORM_COOKIE = "ESCFORMTOKEN"

_STALE_FORM = "The sign-in form has expired. Please try again."


@router.get("/login")
def show_login(request: Request, portal: ThePortal, expired: str = "") -> Response:
    """Show the sign-in form; those who are signed in go to the dashboard."""
    instead = interruption(request, "login")
    if instead:
        return instead
    session_id = request.cookies.get(SESSION_COOKIE)
    if session_id and portal.sessions.find(session_id):
        return RedirectResponse("/esc/dashboard", status_code=303)
    response = _form(request, 200, expired=bool(expired))
    if session_id:
        response.delete_cookie(SESSION_COOKIE)
    return response


@router.post("/login")
def log_in(
    request: Request,
    portal: ThePortal,
    username: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    csrf_token: Annotated[str, Form()] = "",
) -> Response:
    """Check the password and open a session."""
    instead = interruption(request, "login")
    if instead:
        return instead
    expected = request.cookies.get(_FORM_COOKIE, "")
    if not expected or not hmac.compare_digest(expected.encode(), csrf_token.encode()):
        return _form(request, 403, error=_STALE_FORM, username=username)
    answer = portal.accounts.log_in(username.strip(), password)
    if answer.verdict is not LoginVerdict.ACCEPTED:
        return _form(request, 401, error=_refusal(answer), username=username)
    response = RedirectResponse("/esc/dashboard", status_code=303)
    session = portal.sessions.open(username.strip())
    response.set_cookie(SESSION_COOKIE, session.session_id, httponly=True, samesite="lax")
    response.delete_cookie(_FORM_COOKIE)
    return response


@router.get("/logout")
def log_out(request: Request, portal: ThePortal) -> Response:
    """End the session and show the sign-in form."""
    portal.sessions.end(request.cookies.get(SESSION_COOKIE, ""))
    response = RedirectResponse("/login", status_code=303)
    response.delete_cookie(SESSION_COOKIE)
    return response


def _form(
    request: Request,
    status_code: int,
    error: str | None = None,
    username: str = "",
    expired: bool = False,
) -> Response:
    form_token = request.cookies.get(_FORM_COOKIE) or secrets.token_urlsafe(16)
    response = render(
        request,
        "login.html",
        status_code,
        error=error,
        username=username,
        expired=expired,
        form_token=form_token,
    )
    response.set_cookie(_FORM_COOKIE, form_token, httponly=True, samesite="lax")
    return response


def _refusal(answer: LoginAnswer) -> str:
    if answer.verdict is LoginVerdict.LOCKED:
        return (
            "Your account has been locked after five unsuccessful sign-in attempts."
            " Please contact the ESC Helpdesk."
        )
    return (
        "Invalid username or password."
        f" {answer.attempts_left} attempt(s) left before the account is locked."
    )
