"""A server that puts an app's headers on the wire octet for octet, whatever stands in them.

Others refuse control characters, each in its own way and each year more of them; here the browser and
the guard are judged, not the server between them.
"""

from __future__ import annotations

import io
import ssl
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote_to_bytes

from browser.serving import App, running


@contextmanager
def serve(app: App, context: ssl.SSLContext | None = None) -> Iterator[int]:
    """Serve an app on a free port of loopback, over TLS if there is a context, and yield the port."""
    with running(_Server(app, context)) as port:
        yield port


class _Server(ThreadingHTTPServer):
    # Browsers open connections in bursts.
    request_queue_size = 64

    def __init__(self, app: App, context: ssl.SSLContext | None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.app, self.scheme = app, "https" if context else "http"
        if context:
            # The handshake is left to the connection's own thread.
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def handle_error(self, request: Any, client_address: Any) -> None:
        # A browser drops connections as it likes.
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    # Seconds: who speaks TLS here may never end a line.
    timeout = 20

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        sent: list[Any] = []
        answer = self.server.app(self._environ(body), lambda *given: sent.append(given))
        try:
            content = b"".join(answer)
        finally:
            getattr(answer, "close", lambda: None)()
        status, headers, *_ = sent[-1]
        given = {name.lower() for name, _ in headers}
        # In front, for what the app gives may end the head.
        if "content-length" not in given:
            headers = [("Content-Length", str(len(content))), *headers]
        if "date" not in given:
            headers = [("Date", self.date_time_string()), *headers]
        lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers), "", ""]
        self.wfile.write("\r\n".join(lines).encode("latin-1") + content)

    do_POST = do_GET  # noqa: N815

    def _environ(self, body: bytes) -> dict[str, Any]:
        path, _, query = self.path.partition("?")
        environ = {
            "REQUEST_METHOD": self.command,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
            "QUERY_STRING": query,
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": str(self.server.server_port),
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": self.client_address[0],
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": self.server.scheme,
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        for name, value in self.headers.items():
            environ[f"HTTP_{name.upper().replace('-', '_')}"] = value
        return environ

    def log_message(self, format: str, *args: Any) -> None:
        pass
