"""Which site a task works on: its address, and our account there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from automation_service.portal import Credentials, Portal
from automation_service.portal_credentials import ESC, credentials_of
from automation_service.profile import Profile
from automation_service.witness import Place
from shared.contracts import Claim
from shared.errors import ApplicationError, LoginRefused, ProfileMismatch, TaskFailed
from worker_service.context import TaskContext
from worker_service.params import PortalParams


def portal_for(claim: Claim, params: PortalParams, context: TaskContext) -> Portal:
    """The portal asked for, logged in; waiting for that ends when nobody wants the item.

    If logging in fails, what the portal showed is kept.
    """
    profile = context.profile(params.portal)
    site, known_as = base_url(profile, context), credentials(params, context)
    with witnessed(claim, Place.of_login(profile), context):
        return context.portal(profile, site, known_as, claim.still_wanted)


@contextmanager
def witnessed(claim: Claim, place: Place, context: TaskContext) -> Iterator[None]:
    """If what is done inside of this fails, keep what the portal showed there."""
    try:
        yield
    except (ApplicationError, LoginRefused, ProfileMismatch) as error:
        if claim.may_act:
            for piece in context.seen(error, place, claim.key, claim.attempt):
                claim.note_evidence(piece)
        raise


def pending_in(
    profile: Profile, site: str, params: PortalParams, context: TaskContext, limit: int
) -> list[str]:
    """The ids of up to `limit` batches that wait, oldest first.

    If that fails, what the portal showed is kept.
    """
    place = Place.of_login(profile)
    try:
        portal = context.portal(profile, site, credentials(params, context))
        place = Place.of_list(profile)
        return portal.pending(limit)
    except (ApplicationError, LoginRefused, ProfileMismatch) as error:
        context.kept.extend(context.seen(error, place, "planning", context.planning))
        raise


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
