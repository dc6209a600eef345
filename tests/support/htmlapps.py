"""Apps that answer with HTML, and what the guard must make of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from asking import App, Headers, Server, an_environ, guarded, policy_of
from contract import MOUNT, NAVIGATION

from cookieguard import CookieGuard, Policy
from cookieguard.visitor.script import link_bar, script_tag

PROVIDERS = {"providers": {"ga": {"name": "Google Analytics", "hosts": ["ga.example"]}}}
FRONT = b"<!doctype html><html><head>"
LOADING = b'<title>Shop</title></head><body><script src="//ga.example/ga.js"></script>'
HELD = LOADING.replace(b" src=", b" _rc=")
REST = b"<p>k\xc3\xa4se</p></body></html>\n"
PAGE = FRONT + LOADING + REST
FRAGMENT = b'<li>One</li><img src="https://ga.example/pixel">'
HTML = ("Content-Type", "text/html; charset=utf-8")
PLAIN = ("Content-Type", "text/plain")
GET: dict[str, str] = {"Accept": "text/html", **NAVIGATION}
FETCH = {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}


def paged(app: App, **changes: Any) -> CookieGuard:
    """Guard an app under a policy with one provider's host to hold."""
    return guarded(app, **{**PROVIDERS, **changes})


def paged_policy(**changes: Any) -> Policy:
    return policy_of(**{**PROVIDERS, **changes})


def tag(root: str = "", *, nonce: str | None = None, **changes: Any) -> bytes:
    return script_tag(paged_policy(**changes), root + MOUNT, "en", nonce).encode()


def bar(root: str = "", **changes: Any) -> bytes:
    return link_bar(paged_policy(**changes), root + MOUNT, "en").encode()


def guarded_page(**changes: Any) -> bytes:
    """PAGE as it must leave."""
    return FRONT + tag(**changes) + HELD + REST + bar(**changes)


GUARDED = guarded_page()
GUARDED_FRAGMENT = FRAGMENT.replace(b" src=", b" _rc=")


def serving(
    body: bytes | Callable[[], Iterable[bytes]] = PAGE,
    *headers: tuple[str, str],
    status: str = "200 OK",
    kind: tuple[str, str] = HTML,
) -> App:
    """Make an app with one HTML answer; bytes go as a list of one with their length."""

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if isinstance(body, bytes):
            start_response(status, [kind, ("Content-Length", str(len(body))), *headers])
            return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]
        start_response(status, [kind, *headers])
        return body()

    return app


class Parts:
    """An iterable with close() that counts what is asked of it."""

    def __init__(self, *parts: bytes, fail: bool = False) -> None:
        self.parts, self.fail = parts, fail
        self.taken = self.closed = 0

    def __iter__(self) -> Iterator[bytes]:
        for part in self.parts:
            self.taken += 1
            yield part
        if self.fail:
            raise ValueError("halfway")

    def close(self) -> None:
        self.closed += 1


def run(app: App, **environ: Any) -> tuple[Server, bytes]:
    """Call an app as a plain server does, without lint; return the server's side and the body."""
    server = Server()
    returned = app(an_environ(**environ), server.start_response)
    try:
        body = b"".join(returned)
    finally:
        close = getattr(returned, "close", None)
        if close is not None:
            close()
    return server, b"".join(server.written) + body


def sent(server: Server) -> Headers:
    """Return the headers of the one call that there must be."""
    [call] = server.calls
    headers: Headers = call[1]
    return headers
