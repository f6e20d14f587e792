"""How slow the portal is."""

import asyncio

from fastapi import Request

from esc_simulator.faults.answers import AccountSlow, Latency
from esc_simulator.pages.signed_in import SESSION_COOKIE
from esc_simulator.portal import Portal


async def wait_latency(request: Request) -> None:
    """Let the portal's latency pass, and what faults add for this batch, page or account."""
    portal: Portal = request.app.state.portal
    seconds = portal.latency_seconds
    if portal.faults:
        batch_id = request.path_params.get("batch_id")
        latency = portal.faults.fire(Latency, batch_id)
        seconds += latency.ms / 1000 if latency else 0
        slow = portal.faults.fire(AccountSlow, batch_id) if _concerns_account(request) else None
        seconds += slow.ms / 1000 if slow else 0
    if seconds:
        await asyncio.sleep(seconds)


def _concerns_account(request: Request) -> bool:
    signs_in = request.method == "POST" and request.url.path == "/login"
    return signs_in or SESSION_COOKIE in request.cookies
