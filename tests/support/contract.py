"""One table of small apps and what a visitor must get from them, for every way to run a guarded app.

A runner sends each case's request to `app` behind a guard with `POLICY` and `SECRET`, under the
host name `HOST`, and hands what came back to `Case.check`.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from wsgiref.util import FileWrapper

from cookieguard import Policy, visit_from
from cookieguard.testing import consent_cookie

HOST = "shop.example"
SECRET = "a secret for tests only, long enough"
MOUNT = "/privacy-choices"
POLICY: Mapping[str, Any] = {
    "site": {"name": "Example Shop", "languages": ["en"]},
    "providers": {"ga": {"name": "Google Analytics"}},
    "cookies": [
        {"name": "session", "category": "essential", "purpose": "Keeps you signed in.", "lifetime": "1 day"},
        {
            "name": "csrf",
            "category": "essential",
            "purpose": "Guards forms.",
            "lifetime": "session",
            "http_only": True,
        },
        {"name": "_ga", "category": "analytics", "purpose": "Counts.", "provider": "ga", "lifetime": "1 day"},
        {
            "name": "_ga_*",
            "category": "analytics",
            "purpose": "Counts.",
            "provider": "ga",
            "lifetime": "1 day",
        },
        {"name": "ads", "category": "marketing", "purpose": "Shows ads.", "lifetime": "1 day"},
        {
            "name": "chat",
            "category": "functional",
            "purpose": "Support chat.",
            "lifetime": "session",
            "essential_under": ["/clientarea", "/käse"],
        },
    ],
}

PIECES = tuple(bytes([letter]) * 4096 for letter in b"abcdefghijklmnop") * 4
EXPIRED = "Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/"

App = Callable[..., Iterable[bytes]]


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    @property
    def cookies(self) -> list[str]:
        return [value for name, value in self.headers if name.lower() == "set-cookie"]

    @property
    def names(self) -> list[str]:
        """The cookies' names, for want of a value that a test could foresee."""
        return [cookie.partition("=")[0] for cookie in self.cookies]

    def get(self, name: str) -> str | None:
        values = [value for key, value in self.headers if key.lower() == name.lower()]
        return ", ".join(values) if values else None


@dataclass(frozen=True)
class Case:
    """A request to one app, and the answer; `cookies` that end in `=…` are told by their names alone."""

    id: str
    app: App
    method: str = "GET"
    path: str = "/"
    accept: tuple[str, ...] | None = None
    cookie: str = ""
    request: Mapping[str, str] = field(default_factory=dict)
    status: int = 200
    cookies: tuple[str, ...] = ()
    body: bytes | None = b"ok"
    headers: Mapping[str, str | None] = field(default_factory=dict)

    def request_headers(self) -> dict[str, str]:
        """What to send; `X-Case` lets one process serve the whole table."""
        sent = [self.cookie] if self.cookie else []
        if self.accept is not None:
            policy = Policy.from_dict(POLICY)
            sent.append("=".join(consent_cookie(policy, SECRET, self.accept, host=HOST)))
        return {"X-Case": self.id, **({"Cookie": "; ".join(sent)} if sent else {}), **self.request}

    def check(self, answer: Answer) -> None:
        """Assert that the answer is what it must be."""
        assert answer.status == self.status
        assert answer.names == [cookie.partition("=")[0] for cookie in self.cookies]
        for line, want in zip(answer.cookies, self.cookies, strict=True):
            assert want.endswith("=…") or line == want
        if self.body is not None:
            assert answer.body == self.body
        assert {name: answer.get(name) for name in self.headers} == dict(self.headers)


def responding(
    *cookies: str, status: str = "200 OK", headers: Iterable[tuple[str, str]] = (), body: bytes = b"ok"
) -> App:
    """Make an app that sets these cookies, each with a header of its own."""
    bodiless = status[:3] in ("204", "304")
    kind = [] if bodiless else [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))]
    sent = [*kind, *headers, *(("Set-Cookie", cookie) for cookie in cookies)]

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response(status, sent)
        return [] if bodiless or environ["REQUEST_METHOD"] == "HEAD" else [body]

    return app


def echo_cookie(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Answer with the cookies that the app may see."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [environ.get("HTTP_COOKIE", "(none)").encode("latin-1")]


def generator(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain"), ("Set-Cookie", "ads=1")])
    yield b"o"
    yield b""
    yield b"k"


def write_callable(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    write = start_response("200 OK", [("Content-Type", "text/plain"), ("Set-Cookie", "ads=1")])
    write(b"written, ")
    return [b"then ", b"returned"]


def file_wrapper(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    file = tempfile.TemporaryFile()  # noqa: SIM115 (the wrapper closes it)
    file.writelines(PIECES)
    file.seek(0)
    length = ("Content-Length", str(sum(map(len, PIECES))))
    start_response("200 OK", [("Content-Type", "application/octet-stream"), length, ("Set-Cookie", "ads=1")])
    return environ.get("wsgi.file_wrapper", FileWrapper)(file, 8192)


def fails_before_the_body(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    # gunicorn sends the first call's headers too, so an essential cookie would tell servers apart.
    start_response("200 OK", [("Content-Type", "text/plain"), ("Set-Cookie", "_ga=1")])
    try:
        raise ValueError("the view failed")
    except ValueError:
        headers = [
            ("Content-Type", "text/plain"),
            ("Set-Cookie", "ads=1"),
            ("Set-Cookie", "csrf=1; HttpOnly"),
        ]
        start_response("500 Internal Server Error", headers, sys.exc_info())
    return [b"sorry"]


def grants(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    visit_from(environ).grant(["analytics"])
    return responding("_ga=1", "ads=1")(environ, start_response)


def withdraws(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    visit_from(environ).withdraw()
    return responding("_ga=1")(environ, start_response)


def a_page_that_reads_the_consent(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
    start_response("200 OK", [("Content-Type", "text/html; charset=utf-8"), ("Set-Cookie", "session=1")])
    # Its headers wait for this.
    allowed = visit_from(environ).consent.allows("analytics")
    yield f"<!doctype html><title>{allowed}</title>".encode()


def a_page_that_grants(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
    start_response("200 OK", [("Content-Type", "text/html; charset=utf-8"), ("Set-Cookie", "_ga=1")])
    assert visit_from(environ).grant(["analytics"])
    yield b"<!doctype html><title>granted</title>"


def reads_the_consent(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    allowed = visit_from(environ).consent.allows("analytics")
    return responding(body=str(allowed).encode())(environ, start_response)


NAVIGATION = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "same-origin"}
FOREIGN_IMAGE = {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Site": "cross-site"}
ALL = ("session=1", "_ga=1", "_ga_X1=1", "ads=1", "chat=1", "unheard-of=1")
PRIVATE = {"cache-control": "private"}

CASES = (
    Case("nothing-to-decide", responding(), headers={"cache-control": None, "vary": None}),
    Case("first-visit", responding(*ALL), cookies=("session=1",), headers=PRIVATE),
    Case("refused", responding(*ALL), accept=(), cookies=("session=1",), headers=PRIVATE),
    Case(
        "accepted",
        responding(*ALL),
        accept=("analytics",),
        cookies=("session=1", "_ga=1", "_ga_X1=1"),
        headers=PRIVATE,
    ),
    Case(
        "in-order-and-byte-for-byte",
        responding('session="a, b" ; path=/;X', "ads=1", "session=\xe4; PATH=/b", "session={1:2}"),
        cookies=('session="a, b" ; path=/;X', "session=\xe4; PATH=/b", "session={1:2}"),
    ),
    Case(
        "header-names-in-any-case",
        responding(headers=[("set-cookie", "ads=1"), ("SET-COOKIE", "_ga=1"), ("sEt-CoOkIe", "session=1")]),
        cookies=("session=1",),
    ),
    Case("capped-lifetime", responding("session=1; Max-Age=999999"), cookies=("session=1; Max-Age=86400",)),
    Case("minimum-attributes", responding("csrf=1; Path=/"), cookies=("csrf=1; Path=/; HttpOnly",)),
    Case("deletion", responding("ads=; Max-Age=0; Path=/"), cookies=("ads=; Max-Age=0; Path=/",)),
    Case("head", responding(*ALL), method="HEAD", cookies=("session=1",), body=b"", headers=PRIVATE),
    Case(
        "redirect",
        responding(*ALL, status="302 Found", headers=[("Location", "/there")]),
        status=302,
        cookies=("session=1",),
        headers={"location": "/there"},
    ),
    Case(
        "not-modified",
        responding(*ALL, status="304 Not Modified", headers=[("ETag", '"1"')]),
        status=304,
        cookies=("session=1",),
        body=b"",
        headers={"etag": '"1"', "content-type": None},
    ),
    Case(
        "no-content",
        responding(*ALL, status="204 No Content"),
        status=204,
        cookies=("session=1",),
        body=b"",
        headers={"content-type": None},
    ),
    Case("not-found", responding(*ALL, status="404 Not Found"), status=404, cookies=("session=1",)),
    Case("error", responding(*ALL, status="500 Oh No"), status=500, cookies=("session=1",)),
    Case(
        "exc-info-before-the-body",
        fails_before_the_body,
        status=500,
        cookies=("csrf=1; HttpOnly",),
        body=b"sorry",
    ),
    Case("generator", generator),
    Case("write-callable", write_callable, body=b"written, then returned"),
    Case("file-wrapper", file_wrapper, body=b"".join(PIECES)),
    Case(
        "hides-refused-cookies",
        echo_cookie,
        cookie="session=1; _ga=2;ads=3; mine=4",
        body=b"session=1; mine=4",
    ),
    Case("hides-the-whole-header", echo_cookie, cookie="_ga=2; ads=3", body=b"(none)"),
    Case(
        "sweeps-on-navigation",
        responding(),
        cookie="session=1; ads=2",
        request=NAVIGATION,
        cookies=(f"ads=; {EXPIRED}", f"ads=; {EXPIRED}; Domain={HOST}"),
        headers=PRIVATE,
    ),
    Case("sweeps-no-subresource", responding(), cookie="ads=2", request=FOREIGN_IMAGE),
    Case("grant", grants, cookies=("_ga=1", "cookieguard=…"), headers=PRIVATE),
    Case("withdrawal", withdraws, accept=("analytics",), cookies=("cookieguard=…",), headers=PRIVATE),
    Case("reads-the-consent", reads_the_consent, body=b"False", headers={"vary": "Cookie, Sec-GPC"}),
    Case(
        "a-page-that-reads-the-consent",
        a_page_that_reads_the_consent,
        cookies=("session=1",),
        body=None,
        headers={"vary": "Cookie, Sec-GPC"},
    ),
    Case(
        "a-page-that-grants",
        a_page_that_grants,
        cookies=("_ga=1", "cookieguard=…"),
        body=None,
        headers=PRIVATE,
    ),
    Case("essential-under", responding("chat=1"), path="/clientarea/tickets", cookies=("chat=1",)),
    Case("essential-under-a-segment-only", responding("chat=1"), path="/clientareas"),
    Case("essential-under-no-traversal", responding("chat=1"), path="/clientarea/%2e%2e/blog"),
    Case("essential-under-mojibake", responding("chat=1"), path="/k%C3%A4se/1?q=1", cookies=("chat=1",)),
    Case(
        "essential-under-not-across-sites",
        responding("chat=1"),
        path="/clientarea/tickets",
        request=FOREIGN_IMAGE,
    ),
    Case(
        "visitor-page",
        responding(),
        path=MOUNT,
        body=None,
        headers={"content-type": "text/html; charset=utf-8", "cache-control": "no-store"},
    ),
    Case("visitor-page-head", responding(), method="HEAD", path=MOUNT, body=b""),
    Case("visitor-page-put", responding(), method="PUT", path=MOUNT, status=405, body=None),
)

_BY_ID = {case.id: case for case in CASES}


def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Serve the whole table, unguarded: the request's `X-Case` says which app answers."""
    return _BY_ID[environ["HTTP_X_CASE"]].app(environ, start_response)
