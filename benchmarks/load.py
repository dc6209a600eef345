"""Ask one address again and again, from its own process: python load.py HOST PORT SECONDS PATH

Prints the answers a second. Beside it, `wrk` (Debian: wrk) takes less of the machine for itself.
"""

from __future__ import annotations

import selectors
import socket
import sys
import time

REQUEST = (
    b"GET %s HTTP/1.1\r\nHost: shop.example\r\nAccept: text/html\r\nSec-Fetch-Mode: navigate\r\n"
    b"Connection: close\r\n\r\n"
)
VISITORS = 8


def open_one(selector: selectors.BaseSelector, address: tuple[str, int], request: bytes) -> None:
    connection = socket.create_connection(address)
    connection.sendall(request)
    selector.register(connection, selectors.EVENT_READ, bytearray())


def main(host: str, port: int, seconds: float, path: str) -> float:
    """Return the whole answers a second, each on a connection of its own."""
    selector, request = selectors.DefaultSelector(), REQUEST % path.encode()
    for _ in range(VISITORS):
        open_one(selector, (host, port), request)
    answered, begun = 0, time.perf_counter()
    while (now := time.perf_counter()) < begun + seconds:
        for key, _ in selector.select(timeout=1):
            connection: socket.socket = key.fileobj  # type: ignore[assignment]
            if part := connection.recv(65536):
                key.data.extend(part)
                continue
            if not key.data.startswith(b"HTTP/1.1 200"):
                raise SystemExit(f"the site answered {bytes(key.data[:80])!r}")
            answered += 1
            selector.unregister(connection)
            connection.close()
            open_one(selector, (host, port), request)
    return answered / (now - begun)


if __name__ == "__main__":
    print(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), sys.argv[4]))
