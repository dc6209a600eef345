"""The guarded app that tests run under real servers.

`python servers_app.py waitress|wsgiref FD` serves it on a socket that is listening already.
"""

from __future__ import annotations

import socket
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import contract

from cookieguard import CookieGuard, Policy

FIRST, LAST = b"first piece\n", b"last piece\n"


def in_pieces(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
    """Yield the last piece only once the client says, by a file, that it has read the first."""
    start_response("200 OK", [("Content-Type", "text/plain"), ("Set-Cookie", "ads=1")])
    yield FIRST
    gate = Path(environ["HTTP_X_GATE"])
    for _ in range(300):
        if gate.exists():
            yield LAST
            return
        time.sleep(0.01)
    yield b"the first piece was never read\n"


def fails_after_a_piece(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
    """Call start_response again when the headers are gone: the server must raise, through the guard."""
    start_response("200 OK", [("Content-Type", "text/plain"), ("Set-Cookie", "session=1")])
    yield FIRST
    try:
        raise ValueError("the view failed halfway")
    except ValueError:
        start_response("500 Oh No", [("Content-Type", "text/plain"), ("Set-Cookie", "ads=1")], sys.exc_info())
    yield LAST


def unguarded(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    if environ["PATH_INFO"] == "/pieces":
        return in_pieces(environ, start_response)
    if environ["PATH_INFO"] == "/failure":
        return fails_after_a_piece(environ, start_response)
    if "HTTP_X_CASE" in environ:
        return contract.app(environ, start_response)
    return contract.responding(*contract.ALL)(environ, start_response)


app = CookieGuard(unguarded, Policy.from_dict(contract.POLICY), secret_key=contract.SECRET)


def serve(server: str, listening: socket.socket) -> None:
    if server == "waitress":
        import waitress

        waitress.serve(app, sockets=[listening], threads=2)
    else:
        from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

        httpd = WSGIServer(("127.0.0.1", 0), WSGIRequestHandler, bind_and_activate=False)
        httpd.socket.close()
        httpd.socket = listening
        httpd.server_address = listening.getsockname()
        httpd.server_name, httpd.server_port = "localhost", httpd.server_address[1]
        httpd.setup_environ()
        httpd.set_app(app)
        httpd.serve_forever()


if __name__ == "__main__":
    serve(sys.argv[1], socket.socket(fileno=int(sys.argv[2])))
