"""What may block, beside the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

_Result = TypeVar("_Result")


async def aside(call: Callable[..., _Result], *arguments: Any) -> _Result:
    """Call what may block in a thread, where the event loop is asyncio's; else at once."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return call(*arguments)
    return await asyncio.to_thread(call, *arguments)
