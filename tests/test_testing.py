"""The helper for an app's own tests makes what a visitor's decision would have made."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from wsgiref.validate import validator

import pytest
import webtest

from cookieguard import CookieGuard, Policy, UnknownCategory, UsageError, visit_from
from cookieguard.testing import consent_cookie

KEY = "k" * 32


def policy_of(**consent: Any) -> Policy:
    def cookie(name: str, category: str) -> dict[str, str]:
        return {"name": name, "category": category, "purpose": "P.", "lifetime": "30 days"}

    return Policy.from_dict(
        {
            "consent": consent,
            "cookies": [cookie("sid", "essential"), cookie("stats", "analytics"), cookie("ads", "marketing")],
        }
    )


POLICY = policy_of()


def states(policy: Policy, cookie: tuple[str, str] | None, **environ: str) -> dict[str, str]:
    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        consent = visit_from(environ).consent
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps({id: consent.state(id) for id in policy.categories}).encode()]

    client = webtest.TestApp(CookieGuard(validator(app), policy, secret_key=KEY), extra_environ=environ)
    headers = {"Cookie": "=".join(cookie)} if cookie else {}
    return dict(client.get("/", headers=headers).json)


@pytest.mark.parametrize(
    ("accept", "analytics", "marketing"),
    [
        pytest.param([], "refused", "refused", id="none"),
        pytest.param(["analytics"], "accepted", "refused", id="one"),
        pytest.param(["analytics", "marketing"], "accepted", "accepted", id="all"),
        pytest.param(["essential", "marketing"], "refused", "accepted", id="essential-goes-without-saying"),
    ],
)
def test_is_read_by_the_guard(accept: list[str], analytics: str, marketing: str) -> None:
    decided = states(POLICY, consent_cookie(POLICY, KEY, accept))

    assert (decided["analytics"], decided["marketing"]) == (analytics, marketing)
    assert states(POLICY, None)["analytics"] == "undecided"


@pytest.mark.parametrize(
    ("policy", "host", "https", "name"),
    [
        pytest.param(POLICY, "localhost", False, "cookieguard", id="http"),
        pytest.param(POLICY, "Shop.Test", True, "__Host-cookieguard", id="https"),
        pytest.param(policy_of(domain="shop.test"), "www.shop.test", True, "cookieguard", id="shared"),
    ],
)
def test_host_and_scheme(policy: Policy, host: str, https: bool, name: str) -> None:
    cookie = consent_cookie(policy, KEY, ["analytics"], host=host, https=https)
    scheme = "https" if https else "http"

    assert cookie[0] == name
    environ = {"HTTP_HOST": host, "wsgi.url_scheme": scheme}
    assert states(policy, cookie, **environ)["analytics"] == "accepted"
    assert states(policy, cookie, **{**environ, "HTTP_HOST": "else.test"})["analytics"] == "undecided"


@pytest.mark.parametrize(("under_gpc", "state"), [(True, "accepted"), (False, "refused")])
def test_under_gpc(under_gpc: bool, state: str) -> None:
    cookie = consent_cookie(POLICY, KEY, ["marketing"], under_gpc=under_gpc)

    assert states(POLICY, cookie, HTTP_SEC_GPC="1")["marketing"] == state


@pytest.mark.parametrize(("age", "state"), [(0, "accepted"), (200, "undecided")])
def test_day(age: int, state: str) -> None:
    day = datetime.now(UTC).date() - timedelta(age)

    assert states(POLICY, consent_cookie(POLICY, KEY, ["analytics"], day=day))["analytics"] == state


def test_unknown_category() -> None:
    with pytest.raises(UnknownCategory, match="statistics"):
        consent_cookie(POLICY, KEY, ["statistics"])


def test_the_newest_of_several_keys_signs() -> None:
    assert states(POLICY, consent_cookie(POLICY, ["o" * 32, KEY], ["analytics"]))["analytics"] == "accepted"


@pytest.mark.parametrize("host", ["localhost:5000", "http://localhost", "a b", "x" * 300])
def test_what_is_no_host_is_refused(host: str) -> None:
    with pytest.raises(UsageError, match="give the name alone"):
        consent_cookie(POLICY, KEY, ["analytics"], host=host)


def test_a_text_is_one_category() -> None:
    assert consent_cookie(POLICY, KEY, "analytics") == consent_cookie(POLICY, KEY, ["analytics"])
