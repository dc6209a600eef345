"""What scripts write: the browser guard decides as the server's does."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from typing import Any

import pytest

from browser.vectors import LINES, ODD_DATES, POLICY
from cookieguard import Policy, SetCookie, parse_set_cookie
from cookieguard.consent.consent import Consent
from cookieguard.guard.ruling import rule
from cookieguard.guard.verdict import Rules, Situation
from cookieguard.testing import consent_cookie
from cookieguard.visitor.script import script_for

pytestmark = pytest.mark.browser

KEY = "key-of-the-browser-tests"
# A jar of our own, beneath the guard: it shows what would be stored, and holds the consent.
STUB = """
window.written = []
Object.defineProperty(Document.prototype, 'cookie', {
  configurable: true,
  get: () => %s,
  set: line => { written.push(line) },
})
"""
WRITE = """lines => lines.map(line => {
  written.length = 0
  document.cookie = line
  return written[0] === undefined ? null : written[0]
})"""


def in_the_browser(
    page: Any, policy: Policy, url: str, consent: str, lines: Iterable[str]
) -> list[str | None]:
    script = script_for(policy, "en").body.decode()

    def answer(route: Any) -> None:
        path = route.request.url.partition("/checkout")[0]
        if path.endswith(".js"):
            route.fulfill(body=script, content_type="text/javascript")
        else:
            route.fulfill(body="<!doctype html><title>.</title>", content_type="text/html")

    page.add_init_script(STUB % json.dumps(consent))
    page.route("**/*", answer)
    page.goto(url)
    page.add_script_tag(url="/privacy-choices/guard.js")
    written: list[str | None] = page.evaluate(WRITE, list(lines))
    return written


def on_the_server(policy: Policy, accepted: Iterable[str], https: bool, path: str, line: str) -> str | None:
    # The server sees bytes.
    header = line.encode().decode("latin-1")
    from cookieguard.consent.consent import Choice, Record, day_of

    now = time.time()
    record = Record(
        day_of(now),
        tuple(Choice(c.id, c.id in set(accepted), c.token) for c in policy.optional),
    )
    consent = Consent.of(record if set(accepted) != {"nothing"} else None, policy, day_of(now))
    ruling = rule(header, Rules.of(policy), consent, Situation("shop.test", https, path, now))
    return None if ruling.stripped else ruling.apply(header).encode("latin-1").decode()


def stored(line: str | None) -> Any:
    """What a browser would make of a line, so far as the policy has a say in it."""
    cookie = parse_set_cookie(line) if line is not None else None
    if cookie is None:
        return None
    now = time.time()
    attributes = cookie.attributes
    return {
        "names": cookie.judged_names,
        "value": cookie.value,
        "ends": _end(cookie, now),
        "secure": attributes.secure,
        "same_site": attributes.same_site,
        "domain": attributes.domain,
        "path": attributes.path,
    }


def _end(cookie: SetCookie, now: float) -> float | None:
    if cookie.deletes(now):
        return 0
    if cookie.max_age is not None:
        return min(cookie.max_age, 10**9)
    return round((cookie.expires.timestamp() - now) / 60) * 60 if cookie.expires else None


@pytest.mark.parametrize("accepted", [["nothing"], [], ["functional"], ["analytics", "marketing"]])
@pytest.mark.parametrize(
    "url", ["http://shop.test/", "https://shop.test/checkout/x", "http://shop.test/checkout%2Fx"]
)
def test_one_table_two_languages(visitor: Any, url: str, accepted: list[str]) -> None:
    policy = Policy.from_dict(POLICY)
    https, path = url.startswith("https"), "/checkout/x" if url.endswith("out/x") else None
    name, value = consent_cookie(
        policy, KEY, [c for c in accepted if c != "nothing"], host="shop.test", https=https
    )
    sent = "" if accepted == ["nothing"] else f"{name}={value}"

    written = in_the_browser(visitor().page, policy, url, sent, [*LINES, *ODD_DATES])

    differing = {}
    for line, browsers in zip([*LINES, *ODD_DATES], written, strict=True):
        expected = stored(on_the_server(policy, accepted, https, path or "/", line))
        if line in ODD_DATES and expected is not None:
            expected |= {"ends": None}
        # A line that every browser drops may be handed on to them.
        if parse_set_cookie(line) is not None and stored(browsers) != expected:
            differing[line] = stored(browsers), expected
    assert differing == {}
