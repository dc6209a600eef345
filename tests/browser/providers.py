"""The providers' hosts, played on loopback: every request is noted, and the browser gets what it would."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs

HOSTS = (
    "www.googletagmanager.com",
    "www.google-analytics.com",
    "*.google-analytics.com",
    "connect.facebook.net",
    "www.facebook.com",
    "embed.tawk.to",
    "*.tawk.to",
)
"""Host names, `*.` for all below, that lead to the played providers."""

_PLAYED = Path(__file__).parent / "played"
PIXEL = bytes.fromhex(
    "47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b"
)
_SCRIPT = "text/javascript; charset=utf-8"
_THIRD_PARTY = "fr=0played; Domain=.facebook.com; Path=/; Max-Age=7776000; Secure; HttpOnly; SameSite=None"


# In the frames too; the page's own scripts and the played ones write to the top's.
LOG = """
window.log = []
window == top && addEventListener('message', event => typeof event.data == 'string' && log.push(event.data))
"""
# A script says in it that it ran, and as what.
RUN = """\
top.log.push("%s" + (document.currentScript && document.currentScript.dataset.x || ""))
"""
# What else a page may ask a provider for, by the path's ending.
_KINDS = {
    ".mjs": ("text/javascript; charset=utf-8", b'top.log.push("module")\n'),
    ".css": ("text/css", b"main { --played: 1 }\n"),
    ".gif": ("image/gif", PIXEL),
    ".svg": ("image/svg+xml", b'<svg xmlns="http://www.w3.org/2000/svg"><g id="a"/></svg>'),
    ".json": ("application/json", b'{"played": 1}'),
    ".sse": ("text/event-stream", b"data: played\n\n"),
    ".vtt": ("text/vtt", b"WEBVTT\n"),
    ".html": (
        "text/html; charset=utf-8",
        b"<!doctype html><script>parent.postMessage('framed','*')</script>",
    ),
}


class Request(NamedTuple):
    """What a provider was asked."""

    scheme: str
    host: str
    path: str
    query: str
    headers: dict[str, str]


class Answer(NamedTuple):
    """What it answers; nothing at all is 204."""

    body: bytes = b""
    content_type: str = _SCRIPT
    cookie: str = ""


class Providers:
    """A WSGI app that plays every provider at once; `requests` holds what it was asked, in order."""

    def __init__(self) -> None:
        self.requests: list[Request] = []

    @property
    def hosts(self) -> set[str]:
        return {request.host for request in self.requests}

    def paths(self, host: str) -> list[str]:
        """What one host was asked for."""
        return [request.path for request in self.requests if request.host == host]

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        request = _read(environ)
        self.requests.append(request)
        answer = _answer(request)
        # `crossorigin` asks for leave, and what a cache answers would never be noted here.
        headers = [("Access-Control-Allow-Origin", "*"), ("Cache-Control", "no-store")]
        if answer.cookie:
            headers.append(("Set-Cookie", answer.cookie))
        if not answer.body:
            start_response("204 No Content", headers)
            return []
        length = ("Content-Length", str(len(answer.body)))
        start_response("200 OK", [("Content-Type", answer.content_type), length, *headers])
        return [answer.body]


def _read(environ: dict[str, Any]) -> Request:
    headers = {
        key[5:].replace("_", "-").lower(): value for key, value in environ.items() if key.startswith("HTTP_")
    }
    host = headers.get("host", "").partition(":")[0]
    return Request(
        environ["wsgi.url_scheme"], host, environ["PATH_INFO"], environ.get("QUERY_STRING", ""), headers
    )


def _answer(request: Request) -> Answer:
    if request.path == "/gtag/js":
        return _script("gtag.js", request.query.partition("id=")[2].partition("&")[0])
    if request.path.endswith("/fbevents.js"):
        return _script("fbevents.js")
    if request.host == "embed.tawk.to" and not request.path.startswith("/_s/"):
        return _script("tawk.js", request.path.split("/")[1])
    if request.host == "www.facebook.com" and request.path.rstrip("/") == "/tr":
        return Answer(PIXEL, "image/gif", _THIRD_PARTY)
    if request.path.startswith("/run/"):
        return _played(request)
    if request.path.endswith(".html"):
        return Answer(b"<!doctype html><title>played</title>", "text/html; charset=utf-8")
    if request.path.endswith(".js") or request.path.startswith(("/gtag/", "/signals/config/")):
        return Answer(b"// played\n")
    return Answer()


def _played(request: Request) -> Answer:
    """Answer under `/run/` by the path's ending, after `?wait=` seconds."""
    time.sleep(float(parse_qs(request.query).get("wait", ["0"])[0]))
    name = request.path.removeprefix("/run/")
    if name.endswith(".js"):
        return Answer((RUN % name.removesuffix(".js")).encode())
    kind, body = _KINDS["." + name.rpartition(".")[2]]
    return Answer(body, kind)


def _script(name: str, id: str = "") -> Answer:
    return Answer((_PLAYED / name).read_bytes().replace(b"PLAYED_ID", id.encode()))
