"""Real servers on loopback, over http and https, that end with their `with` block."""

from __future__ import annotations

import base64
import hashlib
import ssl
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from http.server import HTTPServer
from socketserver import ThreadingMixIn
from typing import Any, NamedTuple
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

App = Callable[..., Iterable[bytes]]


class Certificate(NamedTuple):
    """A new certificate: the server's context, and the base64 SHA-256 of its public key."""

    context: ssl.SSLContext
    fingerprint: str


def make_certificate(*names: str) -> Certificate:
    """Make a certificate for these names, valid for this run alone."""
    import trustme
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    issued = trustme.CA().issue_cert(*names)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    issued.configure_cert(context)
    key = x509.load_pem_x509_certificate(issued.cert_chain_pems[0].bytes()).public_key()
    digest = hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()
    return Certificate(context, base64.b64encode(digest).decode())


@contextmanager
def serve_http(app: App) -> Iterator[int]:
    """Serve an app by waitress on a free port, and yield the port."""
    from waitress import wasyncore
    from waitress.server import create_server

    server: Any = create_server(app, host="127.0.0.1", port=0, threads=4)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield server.effective_port
    finally:
        # Waitress serves until it has nothing left to listen to, in its own thread.
        server.trigger.pull_trigger(lambda: wasyncore.close_all(server._map))
        thread.join(10)
        server.task_dispatcher.shutdown()


@contextmanager
def serve_https(app: App, certificate: Certificate) -> Iterator[int]:
    """Serve an app over TLS, a thread a connection, on a free port, and yield the port."""
    server = _Server(("127.0.0.1", 0), _Handler)
    # The handshake happens at the first read, in the connection's own thread: browsers open
    # connections ahead, and leave them idle.
    server.socket = certificate.context.wrap_socket(
        server.socket, server_side=True, do_handshake_on_connect=False
    )
    server.base_environ["HTTPS"] = "on"
    server.set_app(app)
    with running(server) as port:
        yield port


@contextmanager
def running(server: HTTPServer) -> Iterator[int]:
    """Let a server serve in a thread, and yield its port."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        # A browser drops connections as it likes.
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Handler(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass
