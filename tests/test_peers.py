"""What the peers' users found, carried over."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from wsgiref.validate import validator

import pytest
from asking import (
    CHOICE_NONE,
    FORM,
    JSON,
    App,
    ask,
    consent,
    guarded,
    lined,
)
from contract import ALL, EXPIRED, HOST, MOUNT, NAVIGATION, POLICY, responding
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix

from cookieguard import (
    UsageError,
    visit_from,
)

# What the peers' users found, carried over: NET = ASP.NET Core, FAZ = FAZ Cookie Manager, SW5 =
# Shopware 5, RP = rack-policy, DCC = django-cookie-consent, FC = Flask-Consent, GR = Granit.


def deciding(*decisions: Callable[[Any], object], cookies: Iterable[str] = ("_ga=1", "ads=1")) -> App:
    """Make an app that decides, then sets cookies."""

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        for decide in decisions:
            decide(visit_from(environ))
        return responding(*cookies)(environ, start_response)

    return app


def test_net_grant_lets_the_responses_cookies_through() -> None:
    app = lined(deciding(lambda visit: visit.grant(["analytics"])))

    assert ask(app).names == ["_ga", "cookieguard"]


def test_net_withdrawal_counts_for_cookies_set_earlier_in_the_response() -> None:
    app = lined(deciding(lambda visit: visit.withdraw()))

    assert ask(app, cookie=consent("analytics", "marketing")).names == ["cookieguard"]


def test_net_repeated_grant_emits_nothing() -> None:
    app = lined(deciding(lambda visit: visit.grant(["analytics"]), lambda visit: visit.grant(["analytics"])))
    once = ask(app)
    again = ask(app, cookie=once.cookies[-1].partition(";")[0])

    assert (once.names, again.names) == (["_ga", "cookieguard"], ["_ga"])


@pytest.mark.parametrize(
    "decide",
    [
        pytest.param(lambda visit: visit.grant(["analytics"]), id="NET-late-grant"),
        pytest.param(lambda visit: visit.withdraw(), id="NET-late-withdrawal"),
        pytest.param(lambda visit: visit.withdraw(["analytics"]), id="NET-late-partial-withdrawal"),
    ],
)
@pytest.mark.parametrize("cookies", [(), ("session=1",)], ids=["no cookie", "a cookie"])
def test_net_a_decision_after_the_headers_left_changes_nothing(
    decide: Callable[[Any], bool], cookies: tuple[str, ...], caplog: pytest.LogCaptureFixture
) -> None:
    answers: list[bool] = []

    def app(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        yield from responding(*cookies)(environ, start_response)
        answers.append(decide(visit_from(environ)))

    assert ask(lined(app)).cookies == list(cookies)
    assert answers == [False]
    assert "after the headers left" in caplog.text


@pytest.mark.parametrize(
    ("answer", "left"),
    [
        pytest.param("keep", list(ALL), id="NET-hook-keeps"),
        pytest.param("strip", [], id="NET-hook-strips"),
        pytest.param(None, ["session=1"], id="NET-hook-leaves-it"),
    ],
)
def test_net_a_hook_has_the_last_word(answer: Any, left: list[str]) -> None:
    assert ask(lined(responding(*ALL), override=lambda details: answer)).cookies == left


def test_net_a_failing_hook_leaves_the_verdict() -> None:
    def hook(details: Any) -> Any:
        raise RuntimeError("the site's own mistake")

    assert ask(lined(responding(*ALL), override=hook)).cookies == ["session=1"]


@pytest.mark.parametrize(
    "cookie",
    [
        "ads=; Max-Age=0",
        "_ga=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Domain=.shop.example",
        "x=; max-age=-1",
    ],
)
def test_net_deletion_needs_no_consent(cookie: str) -> None:
    assert ask(lined(responding(cookie))).cookies == [cookie]


def test_faz_a_blocked_record_holds_the_name_never_the_value(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "cookieguard")
    app = lined(responding("ads=hush", "unheard-of=hush"), guard={"debug": True})
    answer = ask(app, "/hush/?q=hush", cookie="_ga=hush", headers=NAVIGATION)
    events = [record.__dict__["cookieguard"] for record in caplog.records if "cookieguard" in vars(record)]

    assert [event["cookie"] for event in events] == ["ads", "unheard-of", "_ga"]
    assert "hush" not in str([vars(record) for record in caplog.records]) + str(answer.headers)
    assert "ads" in (answer.get("X-Cookieguard") or "")


def test_faz_a_past_expires_with_a_positive_max_age_is_no_deletion() -> None:
    cookie = "ads=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=31536000"

    assert ask(lined(responding(cookie))).cookies == []


@pytest.mark.parametrize(
    ("status", "request_headers"),
    [
        pytest.param("302 Found", {}, id="FAZ-redirect"),
        pytest.param("307 Temporary Redirect", {}, id="FAZ-temporary-redirect"),
        pytest.param("200 OK", {"X-Requested-With": "XMLHttpRequest", "Accept": "*/*"}, id="FAZ-AJAX"),
        pytest.param("200 OK", {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}, id="FAZ-fetch"),
    ],
)
def test_faz_redirects_and_ajax_are_filtered(status: str, request_headers: dict[str, str]) -> None:
    assert ask(lined(responding(*ALL, status=status)), headers=request_headers).cookies == ["session=1"]


def recategorised(name: str, category: str) -> dict[str, Any]:
    return {
        "cookies": [
            {**cookie, "category": category} if cookie["name"] == name else cookie
            for cookie in POLICY["cookies"]
        ]
    }


def test_faz_reclassifying_takes_effect_at_once() -> None:
    accepted = consent("analytics")

    assert ask(lined(responding("_ga=1")), cookie=accepted).names == ["_ga"]
    assert ask(lined(responding("_ga=1"), **recategorised("_ga", "marketing")), cookie=accepted).names == []
    assert ask(lined(responding("ads=1"), **recategorised("ads", "essential"))).names == ["ads"]


def test_sw5_unknown_categories_are_pruned_from_the_stored_choice() -> None:
    extra = {"categories": {"social": {"title": "Social media"}}}
    stored_before = consent("analytics", "social", **extra)
    answer = ask(lined(deciding(lambda visit: visit.grant(["marketing"]))), cookie=stored_before)

    assert "social" in stored_before
    assert "social" not in answer.cookies[-1]
    assert answer.names == ["_ga", "ads", "cookieguard"]


def test_sw5_one_name_on_several_paths_is_stripped_everywhere() -> None:
    paths = [f"ads=1; Path={path}" for path in ("/", "/shop", "/shop/")]

    assert ask(lined(responding(*paths))).cookies == []


def test_sw5_a_cookie_is_expired_at_its_declared_path() -> None:
    cookies = [
        {"name": "ads", "category": "marketing", "purpose": "Ads.", "path": "/shop", "domain": f".{HOST}"}
    ]
    answer = ask(lined(responding(), cookies=cookies), cookie="ads=1", headers=NAVIGATION)

    assert answer.cookies == [
        f"ads=; {EXPIRED}shop",
        f"ads=; {EXPIRED}shop; Domain={HOST}",
    ]


@pytest.mark.parametrize(
    "stack",
    [
        pytest.param(lambda app: lined(app), id="RP-alone"),
        pytest.param(lambda app: ProxyFix(lined(app)), id="RP-inside-ProxyFix"),
        pytest.param(lambda app: lined(ProxyFix(app)), id="RP-around-ProxyFix"),
        pytest.param(lambda app: DispatcherMiddleware(lined(app)), id="RP-inside-a-dispatcher"),
        pytest.param(lambda app: lined(DispatcherMiddleware(app)), id="RP-around-a-dispatcher"),
    ],
)
def test_rp_works_at_any_position_in_the_stack(stack: Callable[[App], App]) -> None:
    app = stack(validator(responding(*ALL)))

    assert ask(app).names == ["session"]
    assert ask(app, cookie=consent("marketing")).names == ["session", "ads"]
    assert ask(app, MOUNT).status == 200


@pytest.mark.parametrize(
    ("method", "path", "status", "body"),
    [
        pytest.param("HEAD", "/", "200 OK", b"", id="RP-HEAD"),
        pytest.param("GET", "/", "204 No Content", b"", id="RP-204"),
        pytest.param("HEAD", MOUNT, "200 OK", b"", id="RP-HEAD-of-our-own-page"),
    ],
)
def test_rp_head_and_204_are_right(method: str, path: str, status: str, body: bytes) -> None:
    answer = ask(lined(responding("ads=1", "session=1", status=status)), path, method=method)
    like_get = ask(lined(responding("ads=1", "session=1", status=status)), path)

    assert (answer.body, answer.cookies) == (body, [] if path == MOUNT else ["session=1"])
    assert answer.get("Content-Length") == like_get.get("Content-Length")


@pytest.mark.parametrize("token", ["1", "true", "allow", "analytics", "accepted", '{"analytics": true}', ""])
def test_rp_no_value_of_ones_own_making_is_consent(token: str) -> None:
    assert ask(lined(responding(*ALL)), cookie=f"cookieguard={token}").names == ["session"]


def test_dcc_nothing_leaves_on_a_first_visit_or_after_a_decline_unseen() -> None:
    assert ask(lined(responding("_ga=1"))).names == []
    assert ask(lined(responding("_ga=1")), cookie=consent()).names == []


def test_dcc_a_forged_consent_counts_for_nothing() -> None:
    for forged in ("analytics=9999", "cookieguard=analytics=9999", "cookieguard=1.2026-11-22.+analytics:x.y"):
        assert ask(lined(responding("_ga=1")), cookie=forged).names == []


def test_dcc_declining_after_accepting_expires_what_was_set() -> None:
    sent = f"{consent('analytics', 'marketing')}; _ga=1; ads=1; session=1"
    answer = ask(lined(responding()), MOUNT, method="POST", headers=FORM, body=CHOICE_NONE, cookie=sent)

    assert answer.names == ["_ga", "_ga", "ads", "ads", "cookieguard"]
    assert all("1970" in cookie for cookie in answer.cookies[:-1])
    assert "+" not in answer.cookies[-1]


def test_dcc_a_foreign_next_is_refused() -> None:
    body = b"choice=none&next=https://evil.example/"
    answer = ask(lined(responding()), MOUNT, method="POST", headers=FORM, body=body)

    assert answer.get("Location") == f"{MOUNT}?saved"


@pytest.mark.parametrize(
    ("posted", "said"),
    [
        pytest.param({"accept": "analytics"}, "accept", id="FC-text-is-no-list"),
        pytest.param({"accept": {"analytics": True}}, "accept", id="FC-object-is-no-list"),
        pytest.param({"accept": None}, "accept", id="FC-null-is-no-list"),
        pytest.param({}, "accept", id="FC-nothing"),
        pytest.param(["analytics"], "accept", id="FC-no-object"),
        pytest.param({"accept": ["analytics", "tracking"]}, "tracking", id="FC-unknown-category-is-named"),
        pytest.param({"accept": [1]}, "1", id="FC-number-is-no-category"),
    ],
)
def test_fc_malformed_json_is_answered_400(posted: Any, said: str) -> None:
    answer = ask(lined(responding()), MOUNT, method="POST", headers=JSON, body=json.dumps(posted).encode())

    assert (answer.status, answer.cookies) == (400, [])
    assert said in json.loads(answer.body)["error"]


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("notjson", id="FC-notjson"),
        pytest.param("%7B%22a%22", id="FC-cut-json"),
        pytest.param("[]", id="FC-wrong-type"),
        pytest.param("\xff\xfe", id="FC-bytes"),
        pytest.param("a" * 5000, id="FC-too-long"),
    ],
)
def test_fc_malformed_consent_is_200_and_undecided(value: str) -> None:
    sent = {"HTTP_COOKIE": f"cookieguard={value}", "HTTP_ACCEPT": "application/json"}
    answer = ask(lined(responding()), MOUNT, environ=sent)

    assert answer.status == 200
    assert json.loads(answer.body)["undecided"] == ["functional", "analytics", "marketing"]


def test_fc_what_is_required_cannot_be_refused() -> None:
    answer = ask(lined(responding()), MOUNT, method="POST", headers=JSON, body=b'{"accept": []}')

    assert json.loads(answer.body)["categories"]["essential"]["allowed"] is True
    assert ask(lined(responding("session=1")), cookie=answer.cookies[0].partition(";")[0]).names == [
        "session"
    ]
    with pytest.raises(UsageError, match="essential"):
        ask(guarded(deciding(lambda visit: visit.withdraw(["essential"]))))


def test_fc_accept_nothing_is_stored_as_a_refusal() -> None:
    answer = ask(lined(responding()), MOUNT, method="POST", headers=JSON, body=b'{"accept": []}')

    assert (answer.names, json.loads(answer.body)["undecided"]) == (["cookieguard"], [])


def test_fc_a_foreign_origin_is_403() -> None:
    headers = {**JSON, "Origin": "http://evil.example"}
    answer = ask(lined(responding()), MOUNT, method="POST", headers=headers, body=b'{"accept": []}')

    assert (answer.status, answer.cookies) == (403, [])


@pytest.mark.parametrize(
    "sent", [None, consent(), consent("marketing")], ids=["undecided", "refused", "some"]
)
@pytest.mark.parametrize("gpc", [{}, {"Sec-GPC": "1"}], ids=["no signal", "GPC"])
def test_gr_essential_never_asks_for_consent(sent: str | None, gpc: dict[str, str]) -> None:
    cookies = ["session=1; Path=/; HttpOnly", "csrf=2; HttpOnly"]

    assert ask(lined(responding(*cookies)), cookie=sent, headers=gpc).cookies == cookies


def test_gr_the_apps_own_deletion_keeps_its_attributes() -> None:
    cookie = (
        "_ga=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Domain=.shop.example; Path=/x; SameSite=None; Secure"
    )

    assert ask(lined(responding(cookie))).cookies == [cookie]


def test_gr_revoking_touches_one_category() -> None:
    app = lined(deciding(lambda visit: visit.withdraw(["analytics"])))
    answer = ask(app, cookie=f"{consent('analytics', 'marketing', 'functional')}; _ga=1; ads=1; chat=1")

    assert answer.names == ["ads", "_ga", "_ga", "cookieguard"]
    assert answer.cookies[0] == "ads=1"
    assert (".-analytics:" in answer.cookies[-1], ".+marketing:" in answer.cookies[-1]) == (True, True)
