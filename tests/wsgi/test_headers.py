"""What leaves in a response's headers, by the numbers of the traps."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from asking import App, Headers, Server, an_environ, ask, consent, guarded, lined, through_a_handler
from contract import CASES, EXPIRED, HOST, NAVIGATION, responding
from htmlapps import paged
from werkzeug.middleware.proxy_fix import ProxyFix

from cookieguard import visit_from

# Headers


@pytest.mark.parametrize(
    "name", ["Set-Cookie", "set-cookie", "SET-COOKIE", "sEt-cOOKIE"], ids=lambda name: f"{name}"
)
def test_trap_06_names_in_any_case_and_exact_types(name: str) -> None:
    class Listed(list):  # type: ignore[type-arg]
        pass

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response(
            "200 OK", Listed([("Content-Type", "text/plain"), (name, "ads=1"), (name, "session=1")])
        )
        return [b"ok"]

    answer = ask(guarded(app))

    # Lint holds the list, the tuples and the strings to their exact types.
    assert answer.cookies == ["session=1"]
    assert (name, "session=1") in answer.headers


@pytest.mark.parametrize(
    ("cookie", "request_cookie"),
    [
        pytest.param("session=1", None, id="kept"),
        pytest.param("ads=1", None, id="stripped"),
        pytest.param("session=1; Max-Age=999999", None, id="capped"),
        pytest.param("session=1", "ads=1", id="swept"),
    ],
)
def test_trap_07_the_apps_list_is_never_changed(cookie: str, request_cookie: str | None) -> None:
    shared = [("Content-Type", "text/plain"), ("Vary", "Accept"), ("Set-Cookie", cookie)]
    before = list(shared)

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        visit_from(environ).consent.allows("analytics")
        start_response("200 OK", shared)
        return [b"ok"]

    first, second = (ask(lined(app), cookie=request_cookie, headers=NAVIGATION) for _ in range(2))

    assert shared == before
    assert first == second


def test_trap_07_what_the_app_adds_to_its_list_afterwards_does_not_leave() -> None:
    headers = [("Content-Type", "text/plain"), ("Content-Length", "2")]

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", headers)
        headers.append(("Set-Cookie", "ads=1"))
        return [b"ok"]

    # wsgiref keeps the list by reference until the first byte.
    assert "ads=1" not in through_a_handler(guarded(app))


@pytest.mark.parametrize("mode", ["enforce", "report"])
def test_trap_07_the_server_is_never_given_the_apps_own_list(mode: str) -> None:
    headers = [("Content-Type", "text/plain"), ("X-Page", "a")]

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", headers)
        return [b"ok"]

    server, guard = Server(), guarded(app, guard={"mode": mode})
    for more in ([], [], [("Set-Cookie", "session=1")], [("Set-Cookie", "session=1")]):
        headers[2:] = more
        guard(an_environ(), server.start_response)
        given = server.calls[-1][1]

        assert given == headers and given is not headers


def test_trap_08_set_cookie_is_never_folded_joined_or_reordered() -> None:
    sent = [
        ("Content-Type", "text/plain"),
        ("Set-Cookie", "session=2; Path=/b"),
        ("X-Between", "1"),
        ("Set-Cookie", "ads=1"),
        ("set-cookie", "session=1; Expires=Fri, 01 Jan 2100 00:00:00 GMT ;; x"),
        ("Set-Cookie", "session=1, ads=2"),
    ]
    kept = [header for header in sent if header[1] != "ads=1"]
    app = responding(headers=sent[1:])

    answer = ask(lined(app, guard={"lifetimes": "off"}))

    assert [header for header in answer.headers if header in sent] == kept
    assert len(answer.cookies) == 3


@pytest.mark.parametrize(
    ("existing", "merged"),
    [
        pytest.param([], "Cookie, Sec-GPC", id="none"),
        pytest.param(["Accept-Encoding"], "Accept-Encoding, Cookie, Sec-GPC", id="another"),
        pytest.param(["cookie"], "cookie, Sec-GPC", id="there already"),
        pytest.param(["Cookie, sec-gpc"], "Cookie, sec-gpc", id="both there"),
        pytest.param(["*"], "*", id="everything"),
        pytest.param(["Accept", "Origin"], "Accept, Cookie, Sec-GPC, Origin", id="two headers"),
    ],
)
def test_trap_09_vary_is_merged(existing: list[str], merged: str) -> None:
    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        visit_from(environ).consent.allows("analytics")
        return responding(headers=[("vary", value) for value in existing])(environ, start_response)

    assert ask(lined(app)).get("Vary") == merged


@pytest.mark.parametrize(
    ("given", "left"),
    [
        pytest.param("no-store", {"no-store"}, id="no-store"),
        pytest.param("private, max-age=5", {"private", "max-age=5"}, id="private"),
        pytest.param("public, max-age=60, s-maxage=90", {"private", "max-age=60"}, id="public"),
        pytest.param('private="X-A", max-age=60', {'private="X-A"', "private", "max-age=60"}, id="qualified"),
        pytest.param("NO-STORE, Public", {"NO-STORE"}, id="any case"),
    ],
)
def test_trap_09_a_stripped_response_is_never_more_cacheable(given: str, left: set[str]) -> None:
    # The second time round the guard knows the header from a response without cookies.
    ask(lined(responding(headers=[("cache-control", given)])))
    answer = ask(lined(responding("ads=1", headers=[("cache-control", given)])))

    assert set((answer.get("Cache-Control") or "").split(", ")) == left


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
@pytest.mark.parametrize("accept", [(), ("marketing",)], ids=["stripped", "kept"])
def test_trap_10_no_body_and_no_content_type_are_added(status: str, accept: tuple[str, ...]) -> None:
    # Lint refuses a Content-Type here.
    answer = ask(
        lined(responding("ads=1", status=status)), cookie=f"_ga=1; {consent(*accept)}", headers=NAVIGATION
    )

    assert (answer.body, answer.get("Content-Type"), answer.get("Content-Length")) == (b"", None, None)
    assert ("ads=1" in answer.cookies) == bool(accept)


# Cookies


TODAY = datetime.now(UTC).date()
YESTERDAY = TODAY - timedelta(days=1)


@pytest.mark.parametrize(
    ("sent", "scheme", "left"),
    [
        pytest.param([consent("analytics")], "http", ["_ga"], id="one"),
        pytest.param(
            [consent("analytics", day=YESTERDAY), consent("marketing")], "http", ["ads"], id="newest"
        ),
        pytest.param(
            [consent("marketing"), consent("analytics", day=YESTERDAY)], "http", ["ads"], id="newest in front"
        ),
        pytest.param(
            [consent("analytics", "marketing"), consent("marketing")],
            "http",
            ["ads"],
            id="tie: what all allow",
        ),
        pytest.param(["cookieguard=planted", consent("analytics")], "http", ["_ga"], id="garbage beside it"),
        pytest.param([consent("analytics")], "https", [], id="over https only __Host-"),
        pytest.param([consent("analytics", scheme="https")], "https", ["_ga"], id="__Host- over https"),
        pytest.param([consent("analytics", scheme="https")], "http", [], id="__Host- over http"),
        pytest.param(
            [consent("analytics", "marketing"), consent("marketing", scheme="https")],
            "https",
            ["ads"],
            id="a planted plain one widens nothing",
        ),
        pytest.param([consent("analytics", day=TODAY + timedelta(days=2))], "http", [], id="from the future"),
        pytest.param([consent("analytics", day=date(2020, 1, 1))], "http", [], id="expired"),
    ],
)
def test_trap_15_which_of_several_consents_counts(sent: list[str], scheme: str, left: list[str]) -> None:
    answer = ask(lined(responding("_ga=1", "ads=1")), cookie="; ".join(sent), scheme=scheme)

    assert answer.names == left


def test_trap_17_every_variant_is_expired_in_a_line_of_its_own() -> None:
    answer = ask(lined(responding()), cookie="ads=1", headers=NAVIGATION, scheme="https")
    host_only = f"ads=; {EXPIRED}; Secure"
    domain = f"ads=; {EXPIRED}; Domain={HOST}; Secure"

    assert answer.cookies == [host_only, f"{host_only}; Partitioned", domain, f"{domain}; Partitioned"]


@pytest.mark.parametrize(
    ("wrap", "scheme", "forwarded", "secure"),
    [
        pytest.param(lambda app: app, "https", {}, True, id="https"),
        pytest.param(lambda app: app, "http", {}, False, id="http"),
        pytest.param(
            lambda app: app, "http", {"X-Forwarded-Proto": "https"}, False, id="anybody can send the header"
        ),
        pytest.param(
            lambda app: ProxyFix(app), "http", {"X-Forwarded-Proto": "https"}, True, id="behind ProxyFix"
        ),
    ],
)
def test_trap_18_secure_follows_the_url_scheme(
    wrap: Callable[[App], App], scheme: str, forwarded: dict[str, str], secure: bool
) -> None:
    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        visit_from(environ).grant(["analytics"])
        return responding("session=1")(environ, start_response)

    cookies = [{"name": "session", "category": "essential", "purpose": "Signs in.", "secure": True}]
    cookies.append({"name": "_ga", "category": "analytics", "purpose": "Counts."})
    answer = ask(wrap(lined(app, cookies=cookies)), scheme=scheme, headers=forwarded)

    assert answer.names == ["session", "__Host-cookieguard" if secure else "cookieguard"]
    assert ["; Secure" in cookie for cookie in answer.cookies] == [secure, secure]


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param([("Set-Cookie ", "ads=1")], id="space before the colon"),
        pytest.param([("set-cookie\t", "ads=1")], id="tab before the colon"),
        pytest.param([(" Set-Cookie", "ads=1")], id="space in front"),
        pytest.param([("X-A", "b\nSet-Cookie: ads=1")], id="line feed in a value"),
        pytest.param([("X-A", "b\r\nSet-Cookie: ads=1")], id="both in a value"),
        pytest.param([("X-A", "b\rSet-Cookie: ads=1")], id="carriage return in a value"),
        pytest.param([("X-A: b\nSet-Cookie", "ads=1")], id="line feed in a name"),
        pytest.param([("Set-Cookie: ads=1; x", "y")], id="a whole cookie in a name"),
        pytest.param([("Set-Cookie", "session=1\nSet-Cookie: ads=1")], id="line feed in an essential cookie"),
    ],
)
@pytest.mark.parametrize("more", [(), ("ads=2",)], ids=["alone", "beside a cookie"])
def test_trap_21_no_cookie_is_smuggled_onto_the_wire(headers: Headers, more: tuple[str, ...]) -> None:
    # Under no lint: servers let these through, and browsers store the cookie.
    wire = through_a_handler(guarded(responding(*more, headers=headers)))
    lines = wire.replace("\r", "\n").partition("\n\n")[0].split("\n")

    assert wire.endswith("ok")
    assert [line for line in lines if line.strip().lower().startswith("set-cookie")] == []


BESIDE = ["wsgi.early_hints", "gunicorn.http2.send_trailers"]


def beside(key: str, *fields: tuple[str | bytes, str | bytes], guard: Any = guarded) -> list[Any]:
    """Return what an app that hands its server these fields beside the response makes it send."""
    sent: list[Any] = []

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        environ[key](iter(fields))
        start_response("200 OK", [])
        return [b""]

    guard(app)(an_environ(**{key: sent.append}), Server().start_response)
    return sent


@pytest.mark.parametrize("key", BESIDE)
@pytest.mark.parametrize(
    "cookie",
    [
        pytest.param(("Set-Cookie", "ads=1"), id="text"),
        pytest.param((b"set-cookie ", b"ads=1"), id="bytes"),
        pytest.param(("Set-Cookie", "session=1"), id="essential"),
        pytest.param(("X-A: b\nSet-Cookie", "ads=1"), id="line feed in a name"),
    ],
)
def test_trap_21_no_cookie_leaves_beside_the_response(key: str, cookie: tuple[str, str]) -> None:
    assert beside(key, cookie, ("X-Sum", "1\nSet-Cookie: ads=1")) == [[("X-Sum", "1 Set-Cookie: ads=1")]]
    assert beside(key, cookie) == []


@pytest.mark.parametrize("key", BESIDE)
def test_a_server_that_sends_nothing_beside_stays_one(key: str) -> None:
    seen: list[Any] = []

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        seen.append(environ[key])
        start_response("200 OK", [])
        return [b""]

    guarded(app)(an_environ(**{key: None}), Server().start_response)
    assert seen == [None]


@pytest.mark.parametrize("key", BESIDE)
def test_hints_name_no_host_that_waits(key: str) -> None:
    held, own = ("Link", "<https://ga.example/a.js>; rel=preload"), ("Link", "</style.css>; rel=preload")

    assert beside(key, held, own, guard=paged) == [[own]]


@pytest.mark.parametrize("key", BESIDE)
@pytest.mark.parametrize("mode", ["report", "off"])
def test_nothing_beside_is_changed_where_nothing_is_enforced(
    key: str, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COOKIEGUARD_MODE", mode)

    assert [[*each] for each in beside(key, ("Set-Cookie", "ads=1"))] == [[("Set-Cookie", "ads=1")]]


@pytest.mark.parametrize("cookies", [(), ("ads=2",)], ids=["alone", "beside a cookie"])
def test_trap_21_no_cookie_is_smuggled_by_the_status(cookies: tuple[str, ...]) -> None:
    wire = through_a_handler(guarded(responding(*cookies, status="200 OK\r\nSet-Cookie: ads=1")))

    assert "\nSet-Cookie" not in wire


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_trap_24_expiry_is_a_past_date_and_bounded(scheme: str) -> None:
    sent = "; ".join(f"_ga_{number}=1" for number in range(200))
    answer = ask(lined(responding()), cookie=sent, headers=NAVIGATION, scheme=scheme)

    assert 0 < len(answer.cookies) <= 40
    assert all("Expires=Thu, 01 Jan 1970 00:00:00 GMT" in cookie for cookie in answer.cookies)
    assert not any("Max-Age" in cookie for cookie in answer.cookies)


@pytest.mark.parametrize(
    ("sent", "seen"),
    [
        pytest.param("session=1", "session=1", id="nothing to hide"),
        pytest.param("session=1; ads=2; x=3", "session=1; x=3", id="in the middle"),
        pytest.param("ads=2; session=1", "session=1", id="in front"),
        pytest.param('session="a; ads=2; b"', 'session="a; b"', id="quotes mean nothing"),
        pytest.param("session=1, ads=2", "session=1, ads=2", id="commas mean nothing"),
        pytest.param("$Version=1; ads=1;session= 2 ;;", "$Version=1;session= 2 ;;", id="every other byte"),
        pytest.param("session=\xff\xfe", "session=\xff\xfe", id="bytes above ASCII"),
        pytest.param("unheard-of=1; =ads=1; ads", "unheard-of=1", id="nameless ways to write ads"),
        pytest.param("chat=1; ads=1", "chat=1", id="essential somewhere"),
        pytest.param("ads=1", "(none)", id="nothing remains"),
        pytest.param("ads=1;_ga=2; ", "(none)", id="nothing but a separator remains"),
        pytest.param("ADS=1", "ADS=1", id="another name"),
    ],
)
def test_trap_25_the_request_keeps_every_other_byte(sent: str, seen: str) -> None:
    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [environ.get("HTTP_COOKIE", "(none)").encode("latin-1")]

    # The header is latin-1 text in the environ; WebTest would encode it as UTF-8.
    assert ask(lined(app), environ={"HTTP_COOKIE": sent}).body == seen.encode("latin-1")


def test_hiding_can_be_switched_off() -> None:
    case = next(case for case in CASES if case.id == "hides-refused-cookies")

    assert ask(lined(case.app, guard={"request": "pass"}), cookie=case.cookie).body == case.cookie.encode()
