"""Which site a task works on: its address, and our account there."""

from __future__ import annotations

from automation_service.portal import Credentials, Portal
from automation_service.portal_credentials import ESC, credentials_of
from automation_service.profile import Profile
from shared.contracts import Claim
from shared.errors import TaskFailed
from worker_service.context import TaskContext
from worker_service.params import PortalParams


def portal_for(claim: Claim, params: PortalParams, context: TaskContext) -> Portal:
    """The portal asked for, logged in; waiting for that ends when nobody wants the item."""
    profile = context.profile(params.portal)
    site, known_as = base_url(profile, context), credentials(params, context)
    return context.portal(profile, site, known_as, claim.still_wanted)


def credentials(params: PortalParams, context: TaskContext) -> Credentials:
    """Whom the portal knows us as. Raises CredentialsMissing if nobody said so."""
    return credentials_of(context.settings, params.portal, params.account)


def base_url(profile: Profile, context: TaskContext) -> str:
    """Where the portal is: for esc ESC_BASE_URL, else what the profile says.

    Raises TaskFailed if neither does.
    """
    setting = context.settings.esc_base_url if profile.name == ESC else ""
    url = setting or profile.site.base_url or ""
    if url:
        return url.rstrip("/")
    missing = f"site.base_url is not in the profile {profile.name!r}"
    if profile.name == ESC:
        missing = "ESC_BASE_URL is not set"
    raise TaskFailed(f"{missing}: the worker does not know where the portal is.")
