"""Plain WSGI under the guard: python examples/plain_wsgi.py"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING
from wsgiref.simple_server import make_server

from cookieguard import CookieGuard, Policy

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

# For development only. A real site reads a secret of its own, and refuses to start without it.
SECRET_KEY = os.environ.get("COOKIEGUARD_SECRET") or "development-only-change-me"

PAGE = """<!doctype html>
<html lang="en">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>Hello</title>
<p>Hello. <a href="/privacy-choices">Cookie settings</a>
"""


def hello(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    body = PAGE.encode()
    headers = [
        ("Content-Type", "text/html; charset=utf-8"),
        ("Content-Length", str(len(body))),
        ("Set-Cookie", "session=8f2c; Path=/; HttpOnly; SameSite=Lax"),
        ("Set-Cookie", "theme=dark; Path=/; Max-Age=15552000"),
        ("Set-Cookie", "_ga=GA1.1.1604.1795305600; Path=/; Max-Age=34560000"),
    ]
    start_response("200 OK", headers)
    return [body]


app = CookieGuard(hello, Policy.from_file(Path(__file__).with_name("cookies.toml")), secret_key=SECRET_KEY)


if __name__ == "__main__":
    with make_server("127.0.0.1", 8000, app) as server:
        print("http://127.0.0.1:8000/")
        server.serve_forever()
