"""How one logs in, and how a page tells whether we are."""

from __future__ import annotations

from automation_service.profile.locator import Locator
from automation_service.profile.part import Part


class Session(Part):
    """How a page tells that we are logged in, and how it tells that we no longer are."""

    logged_in: Locator
    lost: Locator


class Login(Part):
    """The login form. `locked` is a text in the refusal that means the account is locked."""

    path: str
    username: Locator
    password: Locator
    submit: Locator
    success: Locator
    refused: Locator
    locked: str | None = None
