"""How tests put questions to a guarded app: through lint, with the contract's policy and secret."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any
from wsgiref.handlers import SimpleHandler
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

import pytest
from contract import HOST, POLICY, SECRET, Answer
from webtest import TestApp

from cookieguard import CookieGuard, Policy
from cookieguard.testing import consent_cookie

App = Callable[..., Iterable[bytes]]
Headers = list[tuple[str, str]]

OWN = f"http://{HOST}"
CHOICE_NONE = b"choice=none"
FORM = {"Content-Type": "application/x-www-form-urlencoded", "Origin": f"http://{HOST}"}
JSON = {"Content-Type": "application/json", "Origin": f"http://{HOST}"}
ROOTS = [
    pytest.param("", "", id="at the root"),
    pytest.param("/shop", "/shop", id="below a path"),
    pytest.param("/k\xc3\xa4se", "/k%C3%A4se", id="mojibake"),
    pytest.param("//evil.example", "/evil.example", id="never another host"),
    pytest.param('/a"><script>', "/a%22%3E%3Cscript%3E", id="markup"),
]
"""Where an app is mounted (SCRIPT_NAME), and how links to our pages begin there."""


def policy_of(**changes: Any) -> Policy:
    """The contract's policy, with whole tables replaced."""
    return Policy.from_dict({**POLICY, **changes})


def guarded(app: App, /, *, secret_key: Any = SECRET, **changes: Any) -> CookieGuard:
    options = {key: changes.pop(key) for key in ("override", "clock") if key in changes}
    return CookieGuard(app, policy_of(**changes), secret_key=secret_key, **options)


def ask(
    app: App,
    path: str = "/",
    *,
    method: str = "GET",
    scheme: str = "http",
    cookie: str | None = None,
    headers: Mapping[str, str] | None = None,
    environ: Mapping[str, Any] | None = None,
    body: bytes = b"",
) -> Answer:
    """Send a request through WebTest's lint and wsgiref's validator."""
    sent = {**(headers or {}), **({"Cookie": cookie} if cookie is not None else {})}
    # A fresh client each time: its cookie jar is no part of what is tested.
    response = TestApp(validator(app)).request(
        f"{scheme}://{HOST}{path}",
        method=method,
        headers=sent,
        environ=dict(environ or {}),
        body=body,
        status="*",
        expect_errors=True,
    )
    return Answer(response.status_int, list(response.headerlist), response.body)


def lined(app: App, **changes: Any) -> CookieGuard:
    """Guard an app that sits under the validator, too: both sides of the guard are checked."""
    return guarded(validator(app), **changes)


def consent(*accept: str, scheme: str = "http", day: date | None = None, **changes: Any) -> str:
    policy = policy_of(**changes)
    return "=".join(consent_cookie(policy, SECRET, accept, host=HOST, https=scheme == "https", day=day))


def an_environ(**changes: Any) -> dict[str, Any]:
    environ: dict[str, Any] = {}
    setup_testing_defaults(environ)
    return {**environ, "HTTP_HOST": HOST, "QUERY_STRING": "", **changes}


class Server:
    """The server's side of one raw call: what start_response was given, and what write got."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.written: list[bytes] = []

    def start_response(self, *arguments: Any) -> Callable[[bytes], object]:
        self.calls.append(arguments)
        return self.write

    def write(self, data: bytes) -> None:
        self.written.append(data)


def through_a_handler(app: App) -> str:
    """Run an app under wsgiref's own handler, without lint, and return the bytes on the wire."""
    out = io.BytesIO()
    handler = SimpleHandler(io.BytesIO(), out, io.StringIO(), an_environ(), multithread=False)
    handler.run(app)
    return out.getvalue().decode("latin-1")
