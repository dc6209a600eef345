"""uvicorn's protocol, with what ASGI has no words for: the reset of a connection."""

from __future__ import annotations

import asyncio
import socket
import struct
from functools import partial

from uvicorn.protocols.http.h11_impl import H11Protocol

from .app import RESET


class ResettableProtocol(H11Protocol):
    """Lets an app reset the connection of a request, as `scope["state"][RESET]()`."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app_state = {**self.app_state, RESET: partial(_reset, transport)}


def _reset(transport: asyncio.Transport) -> None:
    # Closed without lingering, a socket resets its connection.
    no_linger = struct.pack("ii", 1, 0)
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, no_linger)
    transport.abort()
