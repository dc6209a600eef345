"""The gate again, in Firefox: its parser ends a script in another order than Chromium's, and freezes its address."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from contract import SECRET

from browser.chromium import SITE
from browser.differential import firefox
from browser.differential.firefox import Firefox
from browser.providers import HOSTS, LOG, Providers
from browser.serving import serve_http
from browser.test_gate import GATED, MADE, PARSED, POLICY, Row
from cookieguard import CookieGuard, Policy
from cookieguard.testing import consent_cookie

pytestmark = pytest.mark.browser

QUIET, PATIENCE = 0.3, 8.0
"""Seconds."""

# One of each kind: the whole table takes a quarter of an hour. Those that are parsed count most.
CHOSEN = (
    *("script", "script-in-head", "script-with-text", "script-async", "script-defer", "script-module"),
    *("script-data-x", "script-onload", "script-svg-href", "script-order", "script-order-module"),
    *("image", "image-srcset", "stylesheet", "iframe", "iframe-srcdoc-script", "body-background"),
    *("made-src", "made-src-setAttribute", "made-innerHTML", "made-insertAdjacentHTML", "made-write"),
    *("made-shadow-root", "made-image", "made-frame-srcdoc", "made-fetch", "made-fetch-request"),
    *("gated-text", "gated-src-of-held-host", "gated-iframe", "gated-order", "gated-writing"),
)
TABLE = {param.id: param for param in [*PARSED, *MADE, *GATED]}
GATED_IDS = {param.id for param in GATED}

Asked, Log = set[str], list[Any]


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firefox]:
    with firefox.start(tmp_path_factory.mktemp("firefox")) as judge:
        yield judge


@contextmanager
def serving(row: Row) -> Iterator[tuple[Providers, str, str, Policy]]:
    """Serve a row's page bare and guarded, and what it loads from the providers' hosts at a port of ours."""
    providers, policy = Providers(), Policy.from_dict(POLICY)
    with serve_http(providers) as port:
        page = replace(row, head=f"<script>{LOG}</script>{row.head}")

        def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
            # Names lead to this machine in this Firefox, but ports to themselves.
            return [_at_port(part, port) for part in page.app(environ, start_response)]

        with (
            serve_http(app) as bare,
            serve_http(CookieGuard(app, policy, secret_key=SECRET)) as guarded,
        ):
            yield providers, f"http://{SITE}:{bare}/", f"http://{SITE}:{guarded}/", policy


def _at_port(html: bytes, port: int) -> bytes:
    for host in HOSTS:
        html = html.replace(f"https://{host}/".encode(), f"http://{host}:{port}/".encode())
    return html


def happened(judge: Firefox, providers: Providers, wanted: Callable[[Asked, Log], bool]) -> tuple[Asked, Log]:
    """Wait until nothing has happened for a while, and longest for what is wanted."""
    began, last, seen = time.monotonic(), time.monotonic(), None
    while True:
        asked = {f"{request.host}{request.path}" for request in providers.requests}
        now, log = time.monotonic(), judge.run("() => log")
        if (asked, log) != seen:
            last, seen = now, (asked, log)
        if now - last > QUIET and (wanted(asked, log) or now - began > PATIENCE):
            return asked, log
        time.sleep(0.05)


@pytest.mark.parametrize("id", CHOSEN)
def test_waits_and_then_works(judge: Firefox, id: str) -> None:
    [row] = TABLE[id].values
    judge.clear()
    with serving(row) as (providers, bare, guarded, policy):
        judge.goto(bare)
        # Without a guard, what the page gates does nothing.
        plain = happened(judge, providers, lambda asked, log: bool(asked or log or id in GATED_IDS))
        expected = plain[0], [*row.log] if row.log is not None else plain[1]
        providers.requests.clear()

        name, value = consent_cookie(policy, SECRET, ["marketing"], host=SITE, https=False)
        judge.put(name, value, SITE, secure=False)
        judge.goto(guarded)
        waiting, _ = happened(judge, providers, lambda asked, log: True)
        judge.run("() => cookieguard.accept(['analytics'])")
        given = happened(judge, providers, lambda asked, log: len(log) >= len(expected[1]))
        providers.requests.clear()
        judge.goto(guarded)
        stored = happened(judge, providers, lambda asked, log: len(log) >= len(expected[1]))

    assert waiting == set()
    if id not in GATED_IDS:
        assert (given[0], stored[0]) == (expected[0], expected[0])
    assert given[1] == expected[1]
    assert sorted(stored[1], key=str) == sorted(expected[1] if row.stored is None else row.stored, key=str)
