"""The visitor's pages over the wire: who may post what, and what comes back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

import pytest
import webtest

from cookieguard import CookieGuard, Policy
from cookieguard.visitor.style import STYLE

KEY = "k" * 32
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp()
MOUNT = "/privacy-choices"
GPC = "/.well-known/gpc.json"
OURS = {"Origin": "http://localhost:80"}
FOREIGN = {"Origin": "http://evil.test"}
JSON = {"Accept": "application/json"}
PAST = "Expires=Thu, 01 Jan 1970 00:00:00 GMT"
OLD = "x" * 11


def policy_of(model: str = "opt-in", **tables: Any) -> Policy:
    def cookie(name: str, category: str) -> dict[str, str]:
        return {"name": name, "category": category, "purpose": "P.", "lifetime": "30 days"}

    return Policy.from_dict(
        {
            "consent": {"model": model},
            "cookies": [cookie("sid", "essential"), cookie("stats", "analytics"), cookie("ads", "marketing")],
            **tables,
        }
    )


POLICY = policy_of()
REPORT = policy_of(guard={"mode": "report"})
SHOWN = {category.id: category.token for category in POLICY.optional}


def client(policy: Policy = POLICY, *, accept: list[str] | None = None, **cookies: str) -> webtest.TestApp:
    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"the app"]

    guard = CookieGuard(validator(app), policy, secret_key=KEY, clock=lambda: NOON)
    browser = webtest.TestApp(guard)
    if accept is not None:
        browser.post(MOUNT, form("some", *accept), headers=OURS, status=303)
    for name, value in cookies.items():
        browser.set_cookie(name, value)
    return browser


def form(choice: str, *accept: str, shown: Mapping[str, str] = SHOWN, **more: str) -> str:
    fields = [("accept", id) for id in accept] + [("digest", f"{id}:{token}") for id, token in shown.items()]
    return urlencode([("choice", choice), *fields, *more.items()])


def states(browser: webtest.TestApp) -> dict[str, str]:
    categories = browser.get(MOUNT, headers=JSON).json["categories"]
    return {id: category["state"] for id, category in categories.items() if id != "essential"}


def stored(response: webtest.TestResponse) -> list[str]:
    return [value for value in response.headers.getall("Set-Cookie") if value.startswith("cookieguard=")]


# Choosing.


@pytest.mark.parametrize(
    ("body", "analytics", "marketing"),
    [
        pytest.param(form("all"), "accepted", "accepted", id="accept-all"),
        pytest.param(form("none"), "refused", "refused", id="reject-all"),
        pytest.param(form("some", "analytics"), "accepted", "refused", id="some"),
        pytest.param(form("some"), "refused", "refused", id="some-but-none"),
    ],
)
@pytest.mark.parametrize("before", [None, [], ["marketing"], ["analytics", "marketing"]])
def test_a_choice_is_stored(body: str, analytics: str, marketing: str, before: list[str] | None) -> None:
    browser = client(accept=before)
    response = browser.post(MOUNT, body, headers=OURS)

    assert response.status_int == 303
    assert response.headers["Location"].endswith(f"{MOUNT}?saved")
    assert states(browser) == {"analytics": analytics, "marketing": marketing}
    assert "Your choice is stored." in response.follow().text


@pytest.mark.parametrize("button", ["all", "none", "some"])
def test_the_pages_own_form_works(button: str) -> None:
    browser = client()
    browser.get(MOUNT).forms[0].submit("choice", value=button, headers=OURS)

    expected = "accepted" if button == "all" else "refused"
    assert states(browser) == {"analytics": expected, "marketing": expected}


def test_withdrawing_takes_as_many_actions_as_accepting() -> None:
    browser = client(accept=["analytics"], stats="1")
    response = browser.get(MOUNT).forms[0].submit("choice", value="none", headers=OURS)

    assert states(browser) == {"analytics": "refused", "marketing": "refused"}
    assert f"stats=; {PAST}; Path=/" in response.headers.getall("Set-Cookie")


def test_the_same_choice_again_is_no_new_cookie() -> None:
    response = client(accept=["analytics"]).post(MOUNT, form("some", "analytics"), headers=OURS)

    assert response.status_int == 303 and not stored(response)


@pytest.mark.parametrize(
    ("target", "location"),
    [
        pytest.param("/shop?a=b", "/shop?a=b", id="local"),
        pytest.param("//evil.test", f"{MOUNT}?saved", id="other-host"),
        pytest.param("\\\\evil.test", f"{MOUNT}?saved", id="backslashes"),
        pytest.param("http://evil.test", f"{MOUNT}?saved", id="other-site"),
        pytest.param("/x\r\nSet-Cookie: a=b", f"{MOUNT}?saved", id="lines"),
    ],
)
def test_next(target: str, location: str) -> None:
    response = client().post(MOUNT, form("none", next=target), headers=OURS)

    assert response.status_int == 303
    assert re.sub(r"^http://localhost(:80)?", "", response.headers["Location"]) == location


def test_under_a_script_name() -> None:
    browser = client()
    browser.extra_environ = {"SCRIPT_NAME": "/app"}
    page = browser.get(MOUNT)
    response = browser.post(MOUNT, form("none"), headers=OURS)

    assert page.forms[0].action == f"/app{MOUNT}"
    assert f'href="/app{MOUNT}{STYLE.address}"' in page.text
    assert response.headers["Location"].endswith(f"/app{MOUNT}?saved")


# Who may choose.


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        pytest.param(form("all"), {}, 403, id="grant-from-nobody-knows-where"),
        pytest.param(form("none"), {}, 303, id="refusal-from-nobody-knows-where"),
        pytest.param(form("some"), {}, 303, id="empty-choice-from-nobody-knows-where"),
        pytest.param(form("all", shown={}), {}, 403, id="stale-grant-from-nobody-knows-where"),
        pytest.param(form("all"), FOREIGN, 403, id="grant-from-elsewhere"),
        pytest.param(form("none"), FOREIGN, 403, id="refusal-from-elsewhere"),
        pytest.param(form("all"), {"Origin": "null"}, 403, id="null-origin"),
        pytest.param(form("all"), {"Sec-Fetch-Site": "same-site", **OURS}, 403, id="sibling"),
        pytest.param(form("all"), {"Referer": "http://localhost:80/x"}, 303, id="referer"),
        pytest.param(form("all"), {"Sec-Fetch-Site": "same-origin"}, 303, id="fetch-metadata"),
    ],
)
def test_sender(body: str, headers: dict[str, str], status: int) -> None:
    browser = client(accept=None)
    response = browser.post(MOUNT, body, headers=headers, expect_errors=True)

    assert response.status_int == status
    assert bool(stored(response)) == (status == 303)
    if status == 403:
        assert MOUNT in response.text and states(browser)["analytics"] == "undecided"


# A choice under another wording than today's.


@pytest.mark.parametrize("model", ["opt-in", "opt-out"])
@pytest.mark.parametrize("before", [None, [], ["marketing"]])
def test_a_stale_grant_asks_again(model: str, before: list[str] | None) -> None:
    policy = policy_of(model)
    browser = client(policy, accept=before)
    response = browser.post(
        MOUNT, form("some", "analytics", shown={**SHOWN, "analytics": OLD}), headers=OURS, status=409
    )

    assert "Statistics" in response.text and "changed while you decided" in response.text
    # Nothing is granted, but what was refused in the same form is.
    assert states(browser)["analytics"] != "accepted"
    assert states(browser)["marketing"] == "refused"
    assert [box.attrs["value"] for box in response.html.select("input[checked]")] in ([], ["analytics"])


def test_a_stale_grant_leaves_the_other_grants_standing() -> None:
    browser = client()
    browser.post(MOUNT, form("all", shown={**SHOWN, "analytics": OLD}), headers=OURS, status=409)

    assert states(browser) == {"analytics": "undecided", "marketing": "accepted"}


def test_a_refusal_works_under_any_wording() -> None:
    browser = client(accept=["analytics"])
    browser.post(MOUNT, form("none", shown=dict.fromkeys(SHOWN, OLD)), headers=OURS, status=303)

    assert states(browser) == {"analytics": "refused", "marketing": "refused"}


# JSON.


def test_state_as_json() -> None:
    response = client(accept=["analytics"]).get(MOUNT, headers={**JSON, "Sec-GPC": "1"})

    assert response.content_type == "application/json"
    assert response.json == {
        "enforced": True,
        "categories": {
            "essential": {
                "allowed": True,
                "state": "accepted",
                "reason": "essential",
                "digest": POLICY.category("essential").token,
            },
            "analytics": {
                "allowed": True,
                "state": "accepted",
                "reason": "accepted",
                "digest": SHOWN["analytics"],
            },
            "marketing": {
                "allowed": False,
                "state": "refused",
                "reason": "gpc",
                "digest": SHOWN["marketing"],
            },
        },
        "undecided": [],
        "decided_on": "2026-11-22",
        "gpc": True,
    }


def test_state_of_a_newcomer() -> None:
    state = client().get(MOUNT, headers=JSON).json

    assert (state["undecided"], state["decided_on"], state["gpc"]) == (
        ["analytics", "marketing"],
        None,
        False,
    )


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("application/json", "application/json"),
        ("text/html,application/xhtml+xml,*/*;q=0.8", "text/html"),
        ("*/*", "text/html"),
        ("", "text/html"),
        ("text/html;q=0.1, application/json", "application/json"),
        ("garbage;;q=x", "text/html"),
    ],
)
def test_negotiated(accept: str, kind: str) -> None:
    response = client().get(MOUNT, headers={"Accept": accept})

    assert response.content_type == kind
    assert "Accept" in response.headers["Vary"]


def test_choice_as_json() -> None:
    browser = client()
    response = browser.post_json(MOUNT, {"accept": ["analytics"], "digests": SHOWN}, headers=OURS)

    assert response.json["categories"]["analytics"]["state"] == "accepted"
    assert response.json["categories"]["marketing"]["state"] == "refused"
    assert states(browser) == {"analytics": "accepted", "marketing": "refused"}


def test_stale_choice_as_json() -> None:
    response = client().post_json(MOUNT, {"accept": ["analytics"]}, headers=OURS, status=409)

    assert response.json["stale"] == ["analytics"]
    assert response.json["categories"]["analytics"]["state"] == "undecided"
    assert response.json["categories"]["marketing"]["state"] == "refused"


@pytest.mark.parametrize(
    ("body", "kind", "status", "words"),
    [
        pytest.param('{"accept": "analytics"}', "application/json", 400, '{"accept"', id="non-list"),
        pytest.param(
            '{"accept": ["statistics"]}', "application/json", 400, "'statistics'", id="unknown-category"
        ),
        pytest.param("{", "application/json", 400, "isn't JSON", id="broken"),
        pytest.param('{"a": "' + "x" * 70000 + '"}', "application/json", 413, "64 KiB", id="too-large"),
    ],
)
def test_bad_json(body: str, kind: str, status: int, words: str) -> None:
    response = client().post(MOUNT, body, content_type=kind, headers=OURS, status=status)

    assert words in response.json["error"]
    assert not stored(response)


@pytest.mark.parametrize(
    ("body", "kind", "status", "words"),
    [
        pytest.param(form("some", "statistics"), "", 400, "statistics", id="unknown-category"),
        pytest.param(form("some", "<script>"), "", 400, "&lt;script&gt;", id="markup"),
        pytest.param("", "application/x-www-form-urlencoded", 400, "choice must be", id="empty"),
        pytest.param("x" * 70000, "application/x-www-form-urlencoded", 413, "64 KiB", id="too-large"),
        pytest.param("<x/>", "text/xml", 415, "application/json", id="wrong-type"),
    ],
)
def test_bad_forms(body: str, kind: str, status: int, words: str) -> None:
    kind = kind or "application/x-www-form-urlencoded"
    response = client().post(MOUNT, body, content_type=kind, headers=OURS, status=status)

    assert words in response.text and response.text.count("<script") == 1
    assert f'href="{MOUNT}"' in response.text
    assert not stored(response)


def test_a_strangers_body_is_not_waited_for() -> None:
    class Slow:
        def read(self, *sizes: int) -> bytes:
            raise AssertionError("read")

    environ: dict[str, Any] = {}
    setup_testing_defaults(environ)
    environ |= {"REQUEST_METHOD": "POST", "PATH_INFO": MOUNT, "CONTENT_LENGTH": "10", "wsgi.input": Slow()}
    statuses: list[str] = []
    guard = CookieGuard(lambda environ, start: [], POLICY, secret_key=KEY)
    guard(
        environ | {"HTTP_ORIGIN": "http://evil.test"},
        lambda status, headers, exc_info=None: statuses.append(status) or statuses.append,
    )

    assert statuses == ["403 Forbidden"]


@pytest.mark.parametrize("length", ["", "abc", "-1", "9" * 30, "１２", None])
def test_a_length_that_is_none(length: str | None) -> None:
    environ: dict[str, Any] = {}
    setup_testing_defaults(environ)
    environ |= {"REQUEST_METHOD": "POST", "PATH_INFO": MOUNT, "HTTP_ORIGIN": "http://127.0.0.1"}
    if length is not None:
        environ["CONTENT_LENGTH"] = length
    guard = CookieGuard(lambda environ, start: [], POLICY, secret_key=KEY)
    statuses: list[str] = []
    guard(environ, lambda status, headers, exc_info=None: statuses.append(status) or statuses.append)

    assert statuses == ["413 Content Too Large"]


# What else is there.


@pytest.mark.parametrize(
    ("method", "path", "status", "allow"),
    [
        pytest.param("PUT", MOUNT, 405, "GET, HEAD, POST", id="put"),
        pytest.param("DELETE", MOUNT, 405, "GET, HEAD, POST", id="delete"),
        pytest.param("OPTIONS", MOUNT, 405, "GET, HEAD, POST", id="options"),
        pytest.param("POST", f"{MOUNT}/", 405, "GET, HEAD", id="post-with-slash"),
        pytest.param("POST", f"{MOUNT}{STYLE.address}", 405, "GET, HEAD", id="post-to-the-style"),
        pytest.param("POST", GPC, 405, "GET, HEAD", id="post-to-gpc"),
        pytest.param("GET", f"{MOUNT}/", 303, None, id="slash"),
    ],
)
def test_other_requests(method: str, path: str, status: int, allow: str | None) -> None:
    response = client().request(path, method=method, headers=OURS, expect_errors=True)

    assert response.status_int == status
    assert response.headers.get("Allow") == allow
    if status == 303:
        assert response.headers["Location"].endswith(MOUNT)


@pytest.mark.parametrize(
    "path",
    ["/", "/privacy", f"{MOUNT}x", f"{MOUNT}/nothing", f"/x{MOUNT}", f"{GPC}x", f"{GPC}/", "/.well-known/"],
)
def test_all_others_are_the_apps(path: str) -> None:
    assert client().get(path).text == "the app"


def test_mounted_elsewhere() -> None:
    browser = client(policy_of(guard={"mount": "/legal/cookies"}))

    assert "<form" in browser.get("/legal/cookies").text
    assert browser.get(MOUNT).text == "the app"


OURS_TOO = [f"{MOUNT}/policy", f"{MOUNT}/policy.md", f"{MOUNT}/banner", f"{MOUNT}/dialog"]


@pytest.mark.parametrize(
    ("said", "scheme", "told"),
    [
        pytest.param("https", "http", 1, id="the app isn't told"),
        pytest.param("https, http", "http", 1, id="several proxies"),
        pytest.param("https", "https", 0, id="the app is told"),
        pytest.param("http", "http", 0, id="no https"),
    ],
)
def test_a_proxy_that_the_app_does_not_know_of_is_warned_of_once(
    said: str, scheme: str, told: int, caplog: pytest.LogCaptureFixture
) -> None:
    browser = client()
    for _ in range(3):
        browser.get(MOUNT, headers={"X-Forwarded-Proto": said}, extra_environ={"wsgi.url_scheme": scheme})

    assert sum("cookieguard.W305" in record.message for record in caplog.records) == told


@pytest.mark.parametrize("path", [MOUNT, *OURS_TOO, f"{MOUNT}{STYLE.address}", GPC])
def test_head_is_get_without_body(path: str) -> None:
    browser = client()
    asked, got = browser.head(path, expect_errors=True), browser.get(path, expect_errors=True)

    assert asked.body == b"" and got.body
    assert dict(asked.headers) == dict(got.headers)


@pytest.mark.parametrize("path", OURS_TOO)
def test_documents_are_read_only(path: str) -> None:
    assert client().post(path, form("none"), headers=OURS, status=405).headers["Allow"] == "GET, HEAD"


def test_policy_as_markdown() -> None:
    response = client().get(f"{MOUNT}/policy.md", headers={"Accept-Language": "de"})

    assert response.headers["Content-Type"] == "text/markdown; charset=utf-8"
    assert response.text.startswith("# Cookie-Richtlinie") and "](</privacy-choices>)" in response.text
    assert "Accept-Language" in response.headers["Vary"]


def test_policy_says_the_consent_cookies_name_of_this_scheme() -> None:
    assert "| cookieguard |" in client().get(f"{MOUNT}/policy.md").text
    secure = client().get(f"https://localhost{MOUNT}/policy.md")
    assert "Host-cookieguard |" in secure.text and "| cookieguard |" not in secure.text


def test_policy_under_a_script_name() -> None:
    browser = client()
    browser.extra_environ = {"SCRIPT_NAME": "/app"}

    assert f"](</app{MOUNT}?lang=de>)" in browser.get(f"{MOUNT}/policy.md?lang=de").text
    assert f'href="/app{MOUNT}/policy.md"' in browser.get(f"{MOUNT}/policy").text


def test_style_is_cached_by_its_content() -> None:
    response = client().get(f"{MOUNT}{STYLE.address}")

    assert response.body == STYLE.body and response.content_type == "text/css"
    assert "immutable" in response.headers["Cache-Control"]


def test_an_old_page_gets_todays_style_uncached() -> None:
    response = client().get(f"{MOUNT}{STYLE.path}?v=0123456789ab")

    assert response.body == STYLE.body
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(("method", "path"), [("GET", MOUNT), ("PUT", MOUNT), ("GET", GPC)])
def test_nothing_else_is_cached(method: str, path: str) -> None:
    response = client().request(path, method=method, expect_errors=True)
    assert "no-store" in response.headers["Cache-Control"]


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_cannot_be_framed_or_scripted(method: str) -> None:
    headers = client().request(MOUNT, method=method, expect_errors=True).headers

    assert "default-src 'none'; script-src 'self'; connect-src 'self';" in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_reading_the_page_stores_nothing() -> None:
    response = client().get(MOUNT, headers={"Sec-GPC": "1"})

    assert not response.headers.getall("Set-Cookie")


def test_gpc_support() -> None:
    response = client(policy_of(site={"updated": "2026-11-01"})).get(GPC)

    assert response.content_type == "application/json"
    assert response.json == {"gpc": True, "lastUpdate": "2026-11-01"}


def test_gpc_support_without_a_date() -> None:
    assert client().get(GPC).json == {"gpc": True}


def test_gpc_ignored_claims_nothing() -> None:
    assert client(policy_of(consent={"gpc": "ignore"})).get(GPC).text == "the app"


# Report mode.


@pytest.mark.parametrize("body", [form("all"), form("none")], ids=["accept", "reject"])
def test_report_mode_takes_no_choice(body: str) -> None:
    browser = client(REPORT)
    response = browser.post(MOUNT, body, headers=OURS, status=409)

    assert "only being counted" in response.text
    assert not response.headers.getall("Set-Cookie")
    assert (
        browser.post_json(MOUNT, {"accept": []}, headers=OURS, status=409).json["error"].startswith("Cookies")
    )


def test_report_mode_leaves_the_word_on_gpc_to_the_app() -> None:
    assert client(REPORT).get(GPC).text == "the app"


def test_report_mode_says_so_in_json() -> None:
    state = client(REPORT).get(MOUNT, headers={**JSON, "Sec-GPC": "1"}).json

    assert (state["enforced"], state["categories"]["marketing"]["allowed"]) == (False, False)


def test_the_policy_page_promises_no_choice_in_report_mode() -> None:
    for path in OURS_TOO[:2]:
        text = client(REPORT).get(path).text
        assert "only being counted" in text and "withdraw" not in text


def test_report_mode_shows_the_page() -> None:
    page = client(REPORT).get(MOUNT)

    assert "only being counted" in page.text and "<button" not in page.text


def test_off_leaves_the_path_to_the_app(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COOKIEGUARD_MODE", "off")

    assert client().get(MOUNT).text == "the app"


def test_errors_speak_the_visitors_language() -> None:
    response = client().request(MOUNT, method="PUT", headers={"Accept-Language": "de"}, status=405)

    assert "Diese Seite kann man lesen und absenden, sonst nichts." in response.text
    assert '<html lang="de"' in response.text
