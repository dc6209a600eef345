"""`demo`: a small guarded site to click through."""

from __future__ import annotations

import logging
import secrets
import signal
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from socketserver import ThreadingMixIn
from threading import Thread
from typing import TYPE_CHECKING
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import click
from werkzeug import Request, Response
from werkzeug.test import Client

from ..guard.verdict import Verdict
from ..logger import logger
from ..policy.policy import Policy
from ..testing import consent_cookie
from ..wsgi import CookieGuard, visit_from
from .manual import Command, Failure
from .output import json_option, print_json, print_table, say

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_HOST = "127.0.0.1"
_POLICY = {
    "use": ["google-analytics"],
    "site": {"name": "Demonstration", "contact": "privacy@demo.example"},
    "cookies": [
        {
            "name": "session",
            "category": "essential",
            "purpose": "Keeps together what you do on this page.",
            "lifetime": "session",
        },
        {
            "name": "theme",
            "category": "functional",
            "purpose": "Remembers whether you like the page light or dark.",
            "lifetime": "6 months",
        },
    ],
}
_COOKIES = (
    "session=8f2c; Path=/; HttpOnly; SameSite=Lax",
    "theme=dark; Path=/; Max-Age=15552000",
    "_ga=GA1.1.1604.1795305600; Path=/; Max-Age=34560000",
    "visitor_id=4711; Path=/; Max-Age=31536000",
)
_VISITORS: Mapping[str, tuple[str, ...] | None] = {
    "hasn't decided": None,
    "refuses": (),
    "accepts statistics": ("analytics",),
}
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>A guarded page</title>
<style>
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 40rem; margin: 2rem auto; padding: 0 1rem }}
</style>
</head>
<body>
<h1>A guarded page</h1>
<p>With each answer this app sets four cookies: <code>session</code> (essential), <code>theme</code>
(functional), <code>_ga</code> (analytics) and <code>visitor_id</code>, which its policy doesn't declare.</p>
<p>With this request the app was sent: {}.</p>
<p><a href="/">Load again</a> · <a href="/privacy-choices">Cookie settings</a> ·
<a href="/privacy-choices/policy">Cookie policy</a></p>
</body>
</html>
"""


@Request.application
def _site(request: Request) -> Response:
    sent = ", ".join(
        f"<code>{name}</code>" for name in ("session", "theme", "_ga") if name in request.cookies
    )
    response = Response(_PAGE.format(sent or "none of them"), mimetype="text/html")
    for cookie in _COOKIES:
        response.headers.add("Set-Cookie", cookie)
    return response


class _Server(ThreadingMixIn, WSGIServer):
    """A thread a connection: browsers open some ahead, and leave them idle."""

    daemon_threads = True


class _Handler(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Leave the terminal to the guard's own log."""


@click.command(
    cls=Command,
    examples=("cookieguard demo", "cookieguard demo --once"),
)
@click.option(
    "--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one."
)
@click.option("--once", is_flag=True, help="Print what the guard does, and end.")
@json_option
def demo(port: int, once: bool, as_json: bool) -> None:
    """Serve a small guarded site on this machine.

    It sets four cookies with each answer; the guard's log says what happens to them, and in a browser you
    see the banner, the settings and the cookie policy. Ctrl-C ends it. It never listens on another address
    than 127.0.0.1, and its secret is made anew each time.
    """
    if as_json and not once:
        raise click.UsageError("--json is for --once")
    policy, secret = Policy.from_dict(_POLICY), secrets.token_urlsafe(32)
    if once:
        with _hushed():
            visitors = {title: _visit(policy, secret, accepted) for title, accepted in _VISITORS.items()}
        _print_json(visitors) if as_json else _print(visitors)
        return
    guarded = CookieGuard(_site, policy, secret_key=secret)
    try:
        server = make_server(_HOST, port, guarded, _Server, _Handler)
    except OSError as error:
        raise Failure(f"port {port}: {error.strerror}; give another with --port, or --port 0") from error
    logging.basicConfig(format="%(message)s", level=logging.INFO)
    with server:
        say(f"http://{_HOST}:{server.server_port}/ (Ctrl-C ends it)", style="bold")
        # A KeyboardInterrupt would be lost in wsgiref while it answers.
        signal.signal(signal.SIGINT, lambda *_: Thread(target=server.shutdown).start())
        server.serve_forever()


def _print_json(visitors: Mapping[str, list[Verdict]]) -> None:
    print_json(
        {
            title: [
                {
                    "cookie": each.name,
                    "category": each.category,
                    "verdict": each.action,
                    "reason": each.reason,
                }
                for each in verdicts
            ]
            for title, verdicts in visitors.items()
        }
    )


def _print(visitors: Mapping[str, list[Verdict]]) -> None:
    for title, verdicts in visitors.items():
        say(f"A visitor who {title}", style="bold")
        rows = [(each.name, each.category or "undeclared", each.action, each.reason) for each in verdicts]
        print_table(("cookie", "category", "verdict", "reason"), rows)
        say("")


@contextmanager
def _hushed() -> Iterator[None]:
    # The tables say what the log would warn of.
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def _visit(policy: Policy, secret: str, accepted: Iterable[str] | None) -> list[Verdict]:
    told: list[Verdict] = []

    def watched(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        body = guarded(environ, start_response)
        told.extend(visit_from(environ).verdicts)
        return body

    guarded: WSGIApplication = CookieGuard(_site, policy, secret_key=secret)
    client = Client(watched)
    if accepted is not None:
        client.set_cookie(*consent_cookie(policy, secret, accepted))
    client.get("/")
    return told
