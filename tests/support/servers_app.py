"""The guarded apps that tests run under real servers: the contract's, and below /html the pages.

`python servers_app.py waitress|wsgiref FD` serves it on a socket that is listening already.
"""

from __future__ import annotations

import socket
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from wsgiref.util import FileWrapper

import contract
from htmlapps import FRAGMENT, FRONT, HTML, LOADING, PAGE, REST, paged, serving

from cookieguard import CookieGuard, Policy

FIRST, LAST = b"first piece\n", b"last piece\n"
NEVER_READ = b"the first piece was never read\n"
LARGE = PAGE + b"<p>text</p>\n" * 200_000
ETAG = '"1"'


def is_open(environ: dict[str, Any]) -> bool:
    """Wait for the client to say, by a file, that it has read what came so far."""
    gate = Path(environ["HTTP_X_GATE"])
    for _ in range(300):
        if gate.exists():
            return True
        time.sleep(0.01)
    return False


def in_pieces(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
    """Yield the last piece only once the client says, by a file, that it has read the first."""
    start_response("200 OK", [("Content-Type", "text/plain"), ("Set-Cookie", "ads=1")])
    yield FIRST
    yield LAST if is_open(environ) else NEVER_READ


def fails_after_a_piece(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
    """Call start_response again when the headers are gone: the server must raise, through the guard."""
    start_response("200 OK", [("Content-Type", "text/plain"), ("Set-Cookie", "session=1")])
    yield FIRST
    try:
        raise ValueError("the view failed halfway")
    except ValueError:
        start_response("500 Oh No", [("Content-Type", "text/plain"), ("Set-Cookie", "ads=1")], sys.exc_info())
    yield LAST


def hinting(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Send early hints where the server can."""
    send = environ.get("wsgi.early_hints", lambda fields: None)
    send([("Link", "</style.css>; rel=preload"), ("Set-Cookie", "session=1")])
    return contract.responding(*contract.ALL)(environ, start_response)


def unguarded(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    if environ["PATH_INFO"] == "/pieces":
        return in_pieces(environ, start_response)
    if environ["PATH_INFO"] == "/failure":
        return fails_after_a_piece(environ, start_response)
    if environ["PATH_INFO"] == "/hints":
        return hinting(environ, start_response)
    if "HTTP_X_CASE" in environ:
        return contract.app(environ, start_response)
    return contract.responding(*contract.ALL)(environ, start_response)


def streamed_page(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
    start_response("200 OK", [HTML])
    yield FRONT
    yield LOADING
    yield REST if is_open(environ) else NEVER_READ


def file_page(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Serve a large file as servers do it fastest; as HTML, or as none."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 (the wrapper closes it)
    file.write(LARGE)
    file.seek(0)
    kind = HTML if environ["PATH_INFO"] == "/html/large" else ("Content-Type", "application/zip")
    start_response("200 OK", [kind, ("Content-Length", str(len(LARGE)))])
    return environ.get("wsgi.file_wrapper", FileWrapper)(file, 8192)


def revalidated_page(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    if environ.get("HTTP_IF_NONE_MATCH") == ETAG:
        start_response("304 Not Modified", [("ETag", ETAG)])
        return []
    return serving(PAGE, ("ETag", ETAG))(environ, start_response)


def careless_page(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Say no length, and give HEAD a body too."""
    start_response("200 OK", [HTML])
    return [PAGE]


def written_page(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    write = start_response("200 OK", [HTML])
    write(FRONT[:7])
    write(FRONT[7:] + LOADING)
    return [REST]


def failing_page(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", [HTML, ("Set-Cookie", "session=1")])
    try:
        raise ValueError("the view failed")
    except ValueError:
        start_response("500 Internal Server Error", [HTML], sys.exc_info())
    return [PAGE]


def page_cut_short(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
    """Fail while the guard holds the headers back."""
    start_response("200 OK", [HTML])
    yield FRONT[:4]
    raise ValueError("the view failed while its headers waited")


PAGES = {
    "/html/page": revalidated_page,
    "/html/fragment": serving(FRAGMENT),
    "/html/stream": streamed_page,
    "/html/large": file_page,
    "/html/zip": file_page,
    "/html/careless": careless_page,
    "/html/written": written_page,
    "/html/failing": failing_page,
    "/html/cut-short": page_cut_short,
}


def page(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    return PAGES[environ["PATH_INFO"]](environ, start_response)


contracted = CookieGuard(unguarded, Policy.from_dict(contract.POLICY), secret_key=contract.SECRET)
pages = paged(page)


def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    return (pages if environ["PATH_INFO"] in PAGES else contracted)(environ, start_response)


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
