"""Which site a task works on: its address, our account there, and its name in claims."""

from __future__ import annotations

from urllib.parse import urlsplit

from automation_service.portal import Credentials, Portal
from shared.contracts import Claim
from shared.errors import TaskFailed
from worker_service.context import TaskContext
from worker_service.portal_credentials import portal_credentials

USUAL_PORTS = {"http": 80, "https": 443}


def portal_for(claim: Claim, profile_name: str, context: TaskContext) -> Portal:
    """The portal of this profile, logged in; waiting for that ends when nobody wants the item."""
    profile = context.profile(profile_name)
    return context.portal(profile, base_url(context), credentials(context), claim.still_wanted)


def credentials(context: TaskContext) -> Credentials:
    """Whom the portal knows us as. Raises CredentialsMissing if nobody said so."""
    return portal_credentials(context.settings)


def base_url(context: TaskContext) -> str:
    """Where the portal is. Raises TaskFailed if nobody said so."""
    url = context.settings.esc_base_url.rstrip("/")
    if not url:
        raise TaskFailed("ESC_BASE_URL is not set: the worker does not know where the portal is.")
    return url


def origin_of(url: str) -> str:
    """The site as claims name it: two spellings of one portal share their claims."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    scheme = parts.scheme.lower()
    is_usual = parts.port is None or parts.port == USUAL_PORTS.get(scheme)
    return f"{scheme}://{host}" if is_usual else f"{scheme}://{host}:{parts.port}"
