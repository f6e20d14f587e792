"""Passing on in two directions at once."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any


async def until_one_side_leaves(*halves: Coroutine[Any, Any, None]) -> None:
    """Let each half pass on what comes its way; when one is through, the other ends too."""
    running = [asyncio.create_task(half) for half in halves]
    try:
        await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for half in running:
            half.cancel()
        await asyncio.gather(*running, return_exceptions=True)
