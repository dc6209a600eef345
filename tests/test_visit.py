"""One request under the guard, as the app and the browser see it."""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from wsgiref.handlers import SimpleHandler
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

import pytest
import webtest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cookieguard import CookieGuard, Policy, UnknownCategory, UsageError, Visit, parse_set_cookie, visit_from
from cookieguard.testing import consent_cookie

KEY = "k" * 32
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp()
PAST = "Expires=Thu, 01 Jan 1970 00:00:00 GMT"
APP_COOKIES = ("sid=1; Path=/", "stats=2", "ads_1=3", "zzz=4", "stats=; Max-Age=0")


def policy_of(guard: Mapping[str, Any] | None = None, consent: Mapping[str, Any] | None = None) -> Policy:
    def cookie(name: str, category: str, **more: object) -> dict[str, object]:
        return {"name": name, "category": category, "purpose": "P.", "lifetime": "30 days", **more}

    return Policy.from_dict(
        {
            "guard": guard or {},
            "consent": consent or {},
            "cookies": [
                cookie("sid", "essential"),
                cookie("lang", "functional"),
                cookie("stats", "analytics"),
                cookie("deep", "analytics", path="/deep"),
                cookie("ads_*", "marketing"),
            ],
        }
    )


POLICY = policy_of()
Act = Callable[[Visit], object]


class Site:
    """An app behind a guard: `act` is what it does with its visit before its headers leave."""

    def __init__(
        self,
        policy: Policy = POLICY,
        *,
        act: Act | None = None,
        after: Act | None = None,
        cookies: Iterable[str] = APP_COOKIES,
        clock: float = NOON,
    ) -> None:
        self.act, self.after, self.cookies = act, after, list(cookies)
        self.visit: Visit | None = None
        self.seen: str | None = None
        self.guard = CookieGuard(validator(self.app), policy, secret_key=KEY, clock=lambda: clock)
        self.policy = policy

    def app(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        self.visit, self.seen = visit_from(environ), environ.get("HTTP_COOKIE")
        if self.act:
            self.act(self.visit)
        cookies = [("Set-Cookie", value) for value in self.cookies]
        start_response("200 OK", [("Content-Type", "text/plain"), *cookies])
        if self.after:
            self.after(self.visit)
        return [b"ok"]

    def get(self, path: str = "/", *, cookie: str = "", **headers: str) -> webtest.TestResponse:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        # A fresh client: what the browser keeps is said in each test.
        return webtest.TestApp(self.guard).get(
            path, headers={**sent, **({"Cookie": cookie} if cookie else {})}
        )


def cookies_of(response: webtest.TestResponse) -> list[str]:
    return list(response.headers.getall("Set-Cookie"))


def names_of(response: webtest.TestResponse) -> list[str]:
    return [value.partition("=")[0] for value in cookies_of(response)]


def consent(*accept: str, policy: Policy = POLICY, **more: Any) -> str:
    day = datetime.fromtimestamp(NOON, UTC).date()
    return "=".join(consent_cookie(policy, KEY, accept, day=day, **more))


NAVIGATION = {"Accept": "text/html"}


def test_the_first_response_counts() -> None:
    assert cookies_of(Site().get()) == ["sid=1; Path=/", "stats=; Max-Age=0"]


@pytest.mark.parametrize(
    "act", [lambda visit: visit.grant(["analytics"]), lambda visit: visit.grant("analytics")]
)
def test_a_grant_counts_for_the_whole_response_and_is_stored(act: Act) -> None:
    site = Site(act=act)
    response = site.get()

    assert names_of(response) == ["sid", "stats", "stats", "cookieguard"]
    stored = cookies_of(response)[-1].partition(";")[0]
    assert names_of(Site().get(cookie=stored)) == ["sid", "stats", "stats"]


@pytest.mark.parametrize(
    "act",
    [
        pytest.param(lambda visit: visit.grant(["analytics"]), id="repeated-grant"),
        pytest.param(lambda visit: visit.grant([]), id="grant-of-nothing"),
        pytest.param(lambda visit: visit.withdraw(["marketing"]), id="repeated-refusal"),
        pytest.param(lambda visit: visit.withdraw([]), id="withdrawal-of-nothing"),
        pytest.param(lambda visit: visit.decide(["analytics"]), id="same-decision-the-same-day"),
    ],
)
def test_nothing_new_is_not_stored_again(act: Act) -> None:
    response = Site(act=act).get(cookie=consent("analytics"))

    assert "cookieguard" not in names_of(response)
    assert "stats" in names_of(response)


def test_granting_nothing_to_a_newcomer_stores_nothing() -> None:
    assert "cookieguard" not in names_of(Site(act=lambda visit: visit.grant([])).get())


@pytest.mark.parametrize(
    "act",
    [
        pytest.param(lambda visit: visit.withdraw(["analytics"]), id="one"),
        pytest.param(lambda visit: visit.withdraw(), id="all"),
        pytest.param(lambda visit: visit.decide([]), id="by-form"),
        pytest.param(lambda visit: (visit.grant(["analytics"]), visit.withdraw()), id="after-a-grant"),
    ],
)
def test_a_withdrawal_strips_expires_and_is_stored(act: Act) -> None:
    response = Site(act=act).get(cookie=consent("analytics") + "; stats=1; sid=1")
    cookies = cookies_of(response)

    assert cookies[:2] == ["sid=1; Path=/", "stats=; Max-Age=0"]
    # The one it carries, and the one of a path that this request doesn't carry.
    assert cookies[2:-1] == [f"stats=; {PAST}; Path=/", f"deep=; {PAST}; Path=/deep"]
    assert "-analytics:" in cookies[-1]


def test_a_grant_and_a_withdrawal_touch_one_category() -> None:
    def act(visit: Visit) -> None:
        visit.withdraw(["analytics"])
        visit.grant(["functional"])

    stored = cookies_of(Site(act=act).get(cookie=consent("analytics", "marketing")))[-1]

    assert "-analytics:" in stored and "+functional:" in stored and "+marketing:" in stored


@pytest.mark.parametrize("how", ["grant", "withdraw"])
@pytest.mark.parametrize(
    ("category", "error"),
    [
        pytest.param("statistics", UnknownCategory, id="unknown"),
        pytest.param("essential", UsageError, id="essential"),
    ],
)
def test_what_cannot_be_decided(how: str, category: str, error: type[Exception]) -> None:
    caught: list[Exception] = []

    def act(visit: Visit) -> None:
        with pytest.raises(error) as info:
            getattr(visit, how)(["analytics", category])
        caught.append(info.value)

    response = Site(act=act).get()

    assert caught and "cookieguard" not in names_of(response)
    assert "stats=2" not in cookies_of(response)


@pytest.mark.parametrize(
    "late",
    [
        lambda visit: visit.grant(["analytics"]),
        lambda visit: visit.withdraw(),
        lambda visit: visit.decide([]),
    ],
)
@pytest.mark.parametrize("cookies", [APP_COOKIES, ()], ids=["cookies", "no-cookies"])
def test_after_the_headers_left(late: Act, cookies: Iterable[str], caplog: pytest.LogCaptureFixture) -> None:
    answers: list[object] = []
    response = Site(after=lambda visit: answers.append(late(visit)), cookies=cookies).get()

    assert answers == [False]
    assert "cookieguard" not in names_of(response)
    assert "after the headers left" in caplog.text


REPORT = policy_of({"mode": "report", "debug": True})


def events(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    """Return the records of verdicts, without warnings."""
    return [record for record in caplog.records if record.levelno < logging.WARNING]


class TestReport:
    @pytest.fixture(params=["file", "environment"])
    def policy(self, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Policy:
        if request.param == "file":
            return REPORT
        monkeypatch.setenv("COOKIEGUARD_MODE", " report ")
        return policy_of({"debug": True})

    def test_changes_nothing(self, policy: Policy) -> None:
        site = Site(policy, act=lambda visit: visit.consent.allows("analytics"))
        response = site.get(cookie="stats=1; sid=2", **NAVIGATION)

        assert cookies_of(response) == list(APP_COOKIES)
        assert site.seen == "stats=1; sid=2"
        assert not {"vary", "cache-control", "x-cookieguard"} & {name.lower() for name in response.headers}

    def test_logs_and_counts_the_same(
        self, policy: Policy, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG, "cookieguard")
        reporting = Site(policy)
        monkeypatch.delenv("COOKIEGUARD_MODE", raising=False)
        logs, counts = [], []
        for site in (reporting, Site()):
            caplog.clear()
            site.get(cookie="ads_7=1", **NAVIGATION)
            logs.append([{**record.__dict__["cookieguard"], "mode": ""} for record in events(caplog)])
            counts.append(site.guard.enforcer.counts)

        assert [site.guard.enforcer.mode for site in (reporting, Site())] == ["report", "enforce"]
        assert logs[0] == logs[1] and counts[0] == counts[1]
        assert counts[0]["stripped", "analytics"] == 1

    @pytest.mark.parametrize(
        "act", [lambda visit: visit.grant(["analytics"]), lambda visit: visit.withdraw()]
    )
    def test_stores_no_consent(self, policy: Policy, act: Act, caplog: pytest.LogCaptureFixture) -> None:
        answers: list[object] = []
        response = Site(policy, act=lambda visit: answers.append(act(visit))).get()

        assert answers == [False]
        assert cookies_of(response) == list(APP_COOKIES)
        assert "was not stored" in caplog.text


def left_alone(site: Site, path: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "cookieguard")
    response = site.get(path, cookie="stats=1", **NAVIGATION)

    assert cookies_of(response) == list(APP_COOKIES)
    assert site.seen == "stats=1"
    assert not site.guard.enforcer.counts
    assert not [record for record in caplog.records if record.levelno < logging.WARNING]


def test_off(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setenv("COOKIEGUARD_MODE", "off")
    answers: list[object] = []
    left_alone(Site(act=lambda visit: answers.append(visit.grant(["analytics"]))), "/", caplog)

    assert answers == [False]


@pytest.mark.parametrize("path", ["/healthz", "/healthz/live"])
def test_excluded(path: str, caplog: pytest.LogCaptureFixture) -> None:
    site = Site(policy_of({"exclude": ["/healthz"]}), act=lambda visit: visit.grant(["analytics"]))

    left_alone(site, path, caplog)


@pytest.mark.parametrize("path", ["/healthzz", "/x/healthz", "/healthz/../x", "/healthz//x"])
def test_not_excluded(path: str) -> None:
    site = Site(policy_of({"exclude": ["/healthz"]}))

    assert "ads_1=3" not in cookies_of(site.get(path))


SECRET = "S3CRET"
shapes = st.sampled_from(
    [
        "stats={}",
        "zzz={}",
        "={}",
        "{}",
        "sid={}; Path=/{}",
        "ads_1={}; Domain={}",
        "={}={}",
        "zzz={}\x01",
        "é={}",
    ]
)


# `caplog` is cleared by hand.
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(shapes, max_size=4), st.text("abc123 /?\"',", max_size=8), st.booleans())
def test_logs_hold_no_values_paths_or_queries(
    caplog: pytest.LogCaptureFixture, cookies: list[str], odd: str, withdraw: bool
) -> None:
    caplog.set_level(logging.DEBUG, "cookieguard")
    caplog.clear()
    value = f"{SECRET}{odd}"
    headers = [("Set-Cookie", shape.replace("{}", value)) for shape in cookies]

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        if withdraw:
            visit_from(environ).withdraw()
        start_response("200 OK", [("Content-Type", "text/plain"), *headers])
        return [b""]

    guard = CookieGuard(app, policy_of({"debug": True}), secret_key=KEY)
    response = webtest.TestApp(guard, lint=False).get(
        f"/{SECRET}?q={SECRET}",
        headers={"Cookie": f"stats={SECRET}; zzz={SECRET}; ads_9={SECRET}", "Accept": "text/html"},
    )

    logged = [f"{record.getMessage()} {record.__dict__.get('cookieguard')}" for record in caplog.records]
    assert SECRET not in "".join(logged)
    assert SECRET not in response.headers.get("X-Cookieguard", "")
    assert logged or not (cookies or withdraw)


def test_log_names_declaration_category_and_reason(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "cookieguard")
    Site(cookies=["ads_12345=x", "sid=1", "a b\xe9=1"]).get()

    assert [(record.levelname, record.getMessage()) for record in events(caplog)] == [
        ("INFO", "stripped ads_*: marketing, undecided"),
        ("DEBUG", "kept sid: essential"),
        ("INFO", "stripped a\\x20b\\xe9: undeclared"),
    ]
    assert events(caplog)[0].__dict__["cookieguard"] == {
        "action": "stripped",
        "cookie": "ads_*",
        "category": "marketing",
        "reason": "undecided",
        "mode": "enforce",
    }


def test_in_report_mode_the_log_says_what_would_happen(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "cookieguard")
    site = Site(
        policy_of({"mode": "report"}), cookies=["sid=1", "sid=1; Max-Age=99999999", "ads_1=x", "zzz=1"]
    )
    site.get(cookie="stats=1", **NAVIGATION)

    assert [record.getMessage() for record in events(caplog)] == [
        "kept sid: essential",
        "would cap sid: essential, lifetime",
        "would strip ads_*: marketing, undecided",
        "would strip zzz: undeclared",
        "would sweep stats: analytics, undecided",
    ]
    event = events(caplog)[2].__dict__["cookieguard"]
    assert (event["action"], event["mode"]) == ("stripped", "report")


def test_counts_add_up_over_requests() -> None:
    site = Site()
    site.get(cookie="stats=1", **NAVIGATION)
    site.get(cookie=consent("analytics"))

    assert site.guard.enforcer.counts == {
        ("kept", "essential"): 2,
        ("kept", "analytics"): 3,
        ("stripped", "analytics"): 1,
        ("stripped", "marketing"): 2,
        ("stripped", "undeclared"): 2,
        ("swept", "analytics"): 1,
    }


def test_verdicts_are_there_once_the_headers_left() -> None:
    site = Site()
    site.get()

    assert site.visit is not None
    assert [verdict.action for verdict in site.visit.verdicts] == [
        "kept",
        "stripped",
        "stripped",
        "stripped",
        "kept",
    ]


def test_debug_header() -> None:
    site = Site(policy_of({"debug": True}))

    assert site.get(cookie="stats=1", **NAVIGATION).headers["X-Cookieguard"] == (
        "stripped stats (analytics, undecided); stripped ads_* (marketing, undecided); "
        "stripped zzz (undeclared); swept stats (analytics, undecided)"
    )


@pytest.mark.parametrize("cookies", [["sid=1"], []])
def test_no_debug_header_where_there_is_nothing_to_say(cookies: list[str]) -> None:
    assert "X-Cookieguard" not in Site(policy_of({"debug": True}), cookies=cookies).get().headers


@pytest.mark.parametrize(
    ("act", "policy", "vary"),
    [
        pytest.param(None, POLICY, None, id="not-read"),
        pytest.param(lambda visit: visit.policy, POLICY, None, id="policy-read"),
        pytest.param(lambda visit: visit.consent.allows("analytics"), POLICY, "Cookie, Sec-GPC", id="read"),
        pytest.param(
            lambda visit: visit.consent, policy_of(consent={"gpc": "ignore"}), "Cookie", id="read-gpc-ignored"
        ),
    ],
)
@pytest.mark.parametrize("cookies", [(), APP_COOKIES], ids=["no-cookies", "cookies"])
def test_varies_only_where_the_app_read_the_consent(
    act: Act | None, policy: Policy, vary: str | None, cookies: Iterable[str]
) -> None:
    assert Site(policy, act=act, cookies=cookies).get().headers.get("Vary") == vary


@pytest.mark.parametrize(
    ("cookie", "headers", "swept"),
    [
        pytest.param("stats=1", NAVIGATION, True, id="accepts-html"),
        pytest.param("stats=1", {"Sec_Fetch_Mode": "navigate"}, True, id="navigation"),
        pytest.param("stats=1", {"Sec_Fetch_Mode": "cors", **NAVIGATION}, False, id="fetch"),
        pytest.param("stats=1", {"Accept": "image/png"}, False, id="subresource"),
        pytest.param("zzz=1", NAVIGATION, False, id="undeclared"),
    ],
)
def test_sweeps_on_navigations(cookie: str, headers: dict[str, str], swept: bool) -> None:
    response = Site(cookies=[]).get(cookie=cookie, **headers)

    assert cookies_of(response) == ([f"stats=; {PAST}; Path=/"] if swept else [])
    assert response.headers.get("Cache-Control") == ("private" if swept else None)


def test_what_one_response_expires_is_bounded_after_a_withdrawal_too() -> None:
    names = [f"c{number}" for number in range(60)]
    declared = [
        {"name": name, "category": "analytics", "purpose": "P.", "lifetime": "1 day", "path": f"/{name}"}
        for name in names
    ]
    site = Site(Policy.from_dict({"cookies": declared}), act=lambda visit: visit.withdraw(), cookies=[])
    response = site.get(cookie="; ".join(f"{name}=1" for name in names[:30]))

    assert 0 < len(cookies_of(response)) - 1 <= 40


@pytest.mark.parametrize(
    ("signal", "honoured"),
    [
        pytest.param("1", True, id="one"),
        pytest.param("0, 1", True, id="one-among-duplicates"),
        pytest.param("true", False, id="true"),
        pytest.param("11", False, id="eleven"),
        pytest.param("1;x", False, id="parameter"),
        pytest.param("", False, id="empty"),
    ],
)
def test_gpc_counts_only_when_exactly_1(signal: str, honoured: bool) -> None:
    states: list[bool] = []
    Site(act=lambda visit: states.append(visit.consent.gpc)).get(Sec_GPC=signal)

    assert states == [honoured]


def test_a_grant_under_gpc_beats_it_and_one_without_does_not() -> None:
    response = Site(act=lambda visit: visit.grant(["marketing"])).get(Sec_GPC="1")
    stored = cookies_of(response)[-1].partition(";")[0]

    assert "ads_1=3" in cookies_of(response)
    assert "ads_1=3" in cookies_of(Site().get(cookie=stored, Sec_GPC="1"))
    assert "ads_1=3" not in cookies_of(Site().get(cookie=consent("marketing"), Sec_GPC="1"))


def test_the_signal_alone_stores_nothing() -> None:
    assert "cookieguard" not in names_of(Site().get(Sec_GPC="1"))


@pytest.mark.parametrize("hide", [True, False])
def test_refused_cookies_are_hidden_from_the_app(hide: bool) -> None:
    site = Site(policy_of({} if hide else {"request": "pass"}))
    site.get(cookie="sid=1; stats=2; zzz=3; ads_1=4")

    assert site.seen == ("sid=1; zzz=3" if hide else "sid=1; stats=2; zzz=3; ads_1=4")


@pytest.mark.parametrize(
    "cookie",
    ["notjson", "1.2026-11-22.+analytics:xxxxxxxxxxx.AAAA", "", "\xff\xfe", '{"analytics":true}', "." * 100],
)
def test_garbage_is_no_consent(cookie: str) -> None:
    response = Site().get(cookie=f"cookieguard={cookie}")

    assert response.status_int == 200
    assert "stats=2" not in cookies_of(response)


def test_the_same_choice_on_the_same_day_is_the_same_cookie() -> None:
    def stored(clock: float, **headers: str) -> str:
        site = Site(act=lambda visit: visit.decide(["analytics"]), clock=clock)
        return cookies_of(site.get(**headers))[-1]

    morning = stored(NOON - 9 * 3600, User_Agent="one")
    evening = stored(NOON + 9 * 3600, User_Agent="another", X_Forwarded_For="192.0.2.1")
    assert morning == evening
    assert "2026-11-22" in morning
    assert stored(NOON + 13 * 3600) != morning


def test_the_consent_cookie_is_what_a_browser_keeps() -> None:
    cookie = parse_set_cookie(cookies_of(Site(act=lambda visit: visit.grant("analytics")).get())[-1])

    assert cookie is not None and cookie.max_age == 186 * 86400
    assert (cookie.path, cookie.same_site, cookie.domain) == ("/", "Lax", None)


def test_a_stale_acceptance_opens_nothing_that_was_refused() -> None:
    policy = policy_of(consent={"model": "opt-out"})
    refusing = consent("functional", "marketing", policy=policy)
    site = Site(policy, act=lambda visit: visit.decide(["functional"], undecided=["analytics"]))

    assert "stats=2" not in cookies_of(site.get(cookie=refusing))


def test_nor_does_one_under_a_signal_that_hides_the_refusal() -> None:
    policy = policy_of(consent={"model": "opt-out"})
    refusing = consent(policy=policy)
    site = Site(policy, act=lambda visit: visit.decide([], undecided=["marketing"]))

    decided = cookies_of(site.get(cookie=refusing, Sec_GPC="1"))
    stored = next((cookie for cookie in decided if cookie.startswith("cookieguard=")), refusing)

    assert "-marketing" in stored


def test_leaves_anew_with_an_error_page() -> None:
    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain"), ("Set-Cookie", "stats=1")])
        try:
            raise LookupError
        except LookupError:
            start_response(
                "500 Oops",
                [("Content-Type", "text/plain"), ("Set-Cookie", "ads_1=1"), ("Set-Cookie", "sid=2")],
                sys.exc_info(),
            )
        return [b"sorry"]

    response = webtest.TestApp(CookieGuard(validator(app), POLICY, secret_key=KEY)).get("/", status=500)

    assert cookies_of(response) == ["sid=2"]


def test_repr_holds_no_cookie() -> None:
    site = Site()
    site.get(cookie=f"sid={SECRET}")

    assert repr(site.visit) == "<Visit of 'localhost:80'>"


def test_the_log_says_which_use_declares_an_undeclared_cookie(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "cookieguard")
    Site(cookies=["_fbp=fb.1", "JSESSIONID=1", "mine=1"]).get()

    assert 'stripped _fbp: undeclared; the catalogue has it: use = ["facebook"]' in caplog.text
    assert 'JSESSIONID: undeclared; the catalogue has it: use = ["java"] or ["spring"]' in caplog.text
    assert caplog.text.count("the catalogue has it") == 2


def test_reading_the_consent_too_late_is_told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "cookieguard")

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        yield b"yes" if visit_from(environ).consent.allows("analytics") else b"no"

    response = webtest.TestApp(CookieGuard(validator(app), POLICY, secret_key=KEY)).get("/")

    assert "Vary" not in response.headers
    assert "doesn't vary by it" in caplog.text


def test_a_page_whose_headers_wait_is_decided_by_what_is_known_when_they_leave() -> None:
    decided: list[bool] = []

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        visit = visit_from(environ)
        visit.grant(["analytics"])
        start_response("200 OK", [("Content-Type", "text/html"), ("Set-Cookie", "stats=1")])
        decided.append(visit.withdraw())
        yield b"<!doctype html><title>a</title>"
        decided.append(visit.grant(["analytics"]))

    guard = CookieGuard(validator(app), POLICY, secret_key=KEY)
    response = webtest.TestApp(guard).get("/")

    assert decided == [True, False]
    assert [name for name in names_of(response) if name != "deep"] == ["cookieguard"]
    assert ".-analytics" in cookies_of(response)[-1]
    assert {action for action, _ in guard.enforcer.counts} == {"stripped", "swept"}


def test_what_had_left_stays_counted() -> None:
    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain"), ("Set-Cookie", "stats=1")])
        yield b"begun"
        try:
            raise LookupError
        except LookupError:
            start_response(
                "500 Oops", [("Content-Type", "text/plain"), ("Set-Cookie", "sid=1")], sys.exc_info()
            )

    guard = CookieGuard(validator(app), POLICY, secret_key=KEY)
    environ: dict[str, Any] = {"QUERY_STRING": ""}
    setup_testing_defaults(environ)
    # It has sent the first headers by then, and raises.
    errors = io.StringIO()
    SimpleHandler(io.BytesIO(), io.BytesIO(), errors, environ).run(guard)

    assert "LookupError" in errors.getvalue()
    assert guard.enforcer.counts == {("stripped", "analytics"): 1}


def test_what_never_left_is_not_counted() -> None:
    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain"), ("Set-Cookie", "stats=1")])
        try:
            raise LookupError
        except LookupError:
            start_response(
                "500 Oops", [("Content-Type", "text/plain"), ("Set-Cookie", "sid=1")], sys.exc_info()
            )
        return [b"sorry"]

    guard = CookieGuard(validator(app), POLICY, secret_key=KEY)
    webtest.TestApp(guard).get("/", status=500)

    assert guard.enforcer.counts == {("kept", "essential"): 1}


def test_a_page_that_leaves_as_it_came_is_logged_with_its_reason(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "cookieguard")

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        packing = [("Content-Encoding", "zz")] if environ["PATH_INFO"] == "/packed" else []
        start_response("200 OK", [("Content-Type", "text/html"), *packing])
        return [b"<p>"]

    guard = CookieGuard(app, POLICY, secret_key=KEY)
    for path in ("/packed", "/fragment"):
        _, _, parts = webtest.TestRequest.blank(path).call_application(guard)
        assert b"".join(parts) == b"<p>"

    assert [record.message for record in caplog.records if "without a tag" in record.message] == [
        "an HTML response left without a tag: encoded"
    ]
