"""Two sites on this machine, the shop and the provider of its chat, until Ctrl-C."""

from __future__ import annotations

import os
import signal
import sys
import webbrowser
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from socketserver import ThreadingMixIn
from threading import Thread
from typing import TYPE_CHECKING
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from werkzeug.utils import redirect

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

SITE, PROVIDER = "127.0.0.1", "localhost"


class Server(ThreadingMixIn, WSGIServer):
    """A thread a connection: browsers open some ahead, and leave them idle."""

    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        # A browser drops connections as it likes.
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class Quiet(WSGIRequestHandler):
    """Leaves the terminal to the guard's own log."""

    def log_message(self, format: str, *args: object) -> None:
        pass


def listen(port: int) -> Server:
    """Listen on a port of this machine, or on a free one where that is taken."""
    try:
        server = make_server(SITE, port, _nothing, server_class=Server, handler_class=Quiet)
    except OSError:
        server = make_server(SITE, 0, _nothing, server_class=Server, handler_class=Quiet)
    return server


def _nothing(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    raise RuntimeError("the server has no app yet")


@contextmanager
def played(provider: WSGIApplication) -> Iterator[str]:
    """Serve a provider beside the site, under the other name of this machine; yield its address."""
    with listen(0) as server:
        server.set_app(provider)
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://{PROVIDER}:{server.server_port}"
        server.shutdown()


def site_only(app: WSGIApplication) -> WSGIApplication:
    """Send who comes by the provider's name on to the site's."""

    def named(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        host, _, port = environ.get("HTTP_HOST", "").partition(":")
        if host == PROVIDER:
            elsewhere = redirect(f"http://{SITE}:{port or 80}{environ['PATH_INFO']}")
            return elsewhere(environ, start_response)
        return app(environ, start_response)

    return named


def serve(server: Server, app: WSGIApplication) -> None:
    """Serve an app until Ctrl-C."""
    server.set_app(site_only(app))
    # A KeyboardInterrupt would be lost in wsgiref while it answers.
    signal.signal(signal.SIGINT, lambda *_: Thread(target=server.shutdown).start())
    server.serve_forever()


def open_browser(address: str) -> None:
    """Open a page where a person sits: at a terminal, with a desktop."""
    desktop = sys.platform in ("win32", "darwin") or any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY")))
    if desktop and sys.stdout.isatty() and not os.environ.get("CI"):
        # Some browsers return only when they are closed.
        Thread(target=webbrowser.open, args=(address,), daemon=True).start()
