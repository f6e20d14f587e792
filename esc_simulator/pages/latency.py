"""How slow the portal is."""

import asyncio

from fastapi import Request

from esc_simulator import faults
from esc_simulator.portal import Portal


async def wait_latency(request: Request) -> None:
    """Let the portal's latency pass, and what a latency fault adds for this batch or page."""
    portal: Portal = request.app.state.portal
    fault = portal.faults.fire(faults.LATENCY, request.path_params.get("batch_id"))
    seconds = portal.latency_seconds
    if fault and fault.ms:
        seconds += fault.ms / 1000
    if seconds:
        await asyncio.sleep(seconds)
