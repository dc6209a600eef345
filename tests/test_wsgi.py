"""The WSGI adapter: the contract, and each trap of the protocol."""

from __future__ import annotations

import gc
import io
import sys
import weakref
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from wsgiref.util import FileWrapper
from wsgiref.validate import validator

import django
import flask
import pytest
from asking import (
    CHOICE_NONE,
    FORM,
    OWN,
    App,
    Headers,
    Server,
    an_environ,
    ask,
    consent,
    guarded,
    lined,
    policy_of,
    through_a_handler,
)
from contract import ALL, CASES, EXPIRED, HOST, MOUNT, NAVIGATION, POLICY, SECRET, Answer, Case, responding
from contract import app as contract_app
from django.conf import settings as django_settings
from django.http import HttpResponse
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wrappers import Request, Response

from cookieguard import (
    ConfigurationError,
    CookieGuard,
    NoGuard,
    Policy,
    UsageError,
    visit_from,
)
from cookieguard.testing import consent_cookie


@pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in CASES])
def test_contract(case: Case) -> None:
    app = lined(contract_app)

    case.check(ask(app, case.path, method=case.method, headers=case.request_headers()))


# Calling convention


@pytest.mark.parametrize("cookies", [(), ("ads=1",)], ids=["untouched", "stripped"])
@pytest.mark.parametrize(
    ("given", "forwarded"),
    [
        pytest.param((), 2, id="no exc_info"),
        pytest.param((None,), 2, id="exc_info is None"),
        pytest.param(((ValueError, ValueError("x"), None),), 3, id="exc_info"),
    ],
)
def test_trap_01_arguments_are_forwarded_by_position(
    cookies: tuple[str, ...], given: tuple[Any, ...], forwarded: int
) -> None:
    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [("Set-Cookie", cookie) for cookie in cookies], *given)
        return []

    # `start_response` takes no keywords: one would be a TypeError.
    server = Server()
    guarded(app)(an_environ(), server.start_response)

    assert [len(call) for call in server.calls] == [forwarded]
    assert server.calls[0][2:] == given[: forwarded - 2]


@pytest.mark.parametrize("cookies", [(), ("ads=1",)], ids=["untouched", "stripped"])
def test_trap_02_the_servers_write_is_returned(cookies: tuple[str, ...]) -> None:
    returned = []

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        returned.append(start_response("200 OK", [("Set-Cookie", cookie) for cookie in cookies]))
        return []

    server = Server()
    guarded(app)(an_environ(), server.start_response)

    assert returned == [server.write]


def failing(first: Headers, second: Headers, seen: list[Any] | None = None) -> App:
    """Make an app whose view fails once its headers are given, and whose error page has others."""

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if seen is not None:
            seen.append(visit_from(environ))
        start_response("200 OK", [("Content-Type", "text/plain"), *first])
        try:
            raise ValueError("the view failed")
        except ValueError:
            start_response("500 Oh No", [("Content-Type", "text/plain"), *second], sys.exc_info())
        return [b"sorry"]

    return app


def test_trap_03_second_call_with_exc_info_decides_anew() -> None:
    first = [("Set-Cookie", "session=1"), ("Set-Cookie", "ads=1"), ("X-Page", "a")]
    app = failing(first, [("Set-Cookie", "_ga=1"), ("Set-Cookie", "csrf=1; HttpOnly")])

    answer = ask(lined(app))

    assert (answer.status, answer.cookies, answer.body) == (500, ["csrf=1; HttpOnly"], b"sorry")
    assert answer.get("X-Page") is None


def test_trap_03_verdicts_are_those_of_the_headers_that_left() -> None:
    seen: list[Any] = []
    ask(guarded(failing([("Set-Cookie", "ads=1")], [], seen)))

    assert [visit.verdicts for visit in seen] == [()]


def test_trap_03_a_grant_holds_for_the_second_call_too() -> None:
    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        visit_from(environ).grant(["analytics"])
        return failing([("Set-Cookie", "_ga=1")], [("Set-Cookie", "_ga=2")])(environ, start_response)

    assert ask(lined(app)).names == ["_ga", "cookieguard"]


@pytest.mark.parametrize("cookies", [[], [("Set-Cookie", "ads=1")]], ids=["untouched", "stripped"])
def test_trap_03_what_the_server_raises_again_is_not_swallowed_or_kept(cookies: Headers) -> None:
    class Failure(Exception):
        pass

    class Sent(Server):
        def start_response(self, *arguments: Any) -> Callable[[bytes], object]:
            super().start_response(*arguments[:2])
            exc_info = arguments[2] if len(arguments) > 2 else None
            try:
                if exc_info:
                    raise exc_info[1].with_traceback(exc_info[2])
            finally:
                del arguments, exc_info
            return self.write

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", cookies)
        try:
            raise Failure
        except Failure:
            start_response("500 Oh No", cookies, sys.exc_info())
        return []

    gc.disable()
    try:
        try:
            guarded(app)(an_environ(), Sent().start_response)
        except Failure as error:
            kept = weakref.ref(error)
        # A cycle through the traceback would keep it until the next collection.
        assert kept() is None
    finally:
        gc.enable()


@pytest.mark.parametrize("first", [(), (b"",)], ids=["at once", "after an empty string"])
def test_trap_04_a_generator_is_decided_on_at_its_first_next(first: tuple[bytes, ...]) -> None:
    def app(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        yield from first
        visit_from(environ).grant(["analytics"])
        start_response("200 OK", [("Set-Cookie", "_ga=1"), ("Set-Cookie", "ads=1")])
        yield b"ok"

    server = Server()
    body = guarded(app)(an_environ(), server.start_response)
    before = list(server.calls)

    assert b"".join(body) == b"ok"
    assert before == []
    assert [value.partition("=")[0] for name, value in server.calls[0][1] if name == "Set-Cookie"] == [
        "_ga",
        "cookieguard",
    ]


def test_trap_05_exc_info_under_a_handler_that_sends() -> None:
    wire = through_a_handler(guarded(failing([("Set-Cookie", "session=1")], [("Set-Cookie", "ads=1")])))

    assert wire.startswith(("HTTP/1.0 500 Oh No", "Status: 500 Oh No"))
    assert "Set-Cookie" not in wire
    assert wire.endswith("sorry")


@pytest.mark.parametrize(
    ("body", "fails"),
    [
        pytest.param([], False, id="empty body"),
        pytest.param([b"<!doctype html>"], True, id="body that ends in an error"),
    ],
)
def test_start_response_is_called_once_and_before_close(body: list[bytes], fails: bool) -> None:
    server = Server()
    order: list[str] = []

    class Page:
        def __iter__(self) -> Iterator[bytes]:
            yield from body
            if fails:
                raise ValueError("halfway")

        def close(self) -> None:
            order.append(f"closed after {len(server.calls)}")

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/html"), ("Set-Cookie", "ads=1")])
        return Page()

    returned: Any = guarded(app)(an_environ(), server.start_response)
    try:
        assert list(returned) == body
    except ValueError:
        assert fails
    finally:
        returned.close()

    assert order == ["closed after 1"]
    assert "Set-Cookie" not in dict(server.calls[0][1])


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


# Body


class Sized:
    """An iterable with a length and close(), as servers look for."""

    def __init__(self, pieces: Iterable[bytes] = (b"ok",), fail: bool = False) -> None:
        self.pieces, self.fail, self.closed = list(pieces), fail, 0

    def __len__(self) -> int:
        return len(self.pieces)

    def __iter__(self) -> Iterator[bytes]:
        yield from self.pieces
        if self.fail:
            raise ValueError("halfway")

    def close(self) -> None:
        self.closed += 1


def a_generator() -> Iterator[bytes]:
    yield b"ok"


def returning(body: Iterable[bytes], *cookies: str) -> App:
    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        lines = [("Set-Cookie", cookie) for cookie in cookies]
        start_response("200 OK", [("Content-Type", "text/plain"), *lines])
        return body

    return app


@pytest.mark.parametrize("cookies", [(), ("ads=1",), ("session=1; Max-Age=99999999",)], ids=repr)
@pytest.mark.parametrize(
    "body",
    [
        pytest.param([b"ok"], id="list"),
        pytest.param((b"ok",), id="tuple"),
        pytest.param(a_generator(), id="generator"),
        pytest.param(FileWrapper(io.BytesIO(b"ok")), id="file_wrapper"),
        pytest.param(Sized(), id="sized with close"),
    ],
)
def test_trap_27_an_unchanged_body_is_the_same_object(
    body: Iterable[bytes], cookies: tuple[str, ...]
) -> None:
    assert guarded(returning(body, *cookies))(an_environ(), Server().start_response) is body


def test_trap_27_the_servers_file_wrapper_is_left_alone() -> None:
    class ServersOwn(FileWrapper):
        pass

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [("Set-Cookie", "ads=1")])
        return environ["wsgi.file_wrapper"](io.BytesIO(b"ok"))  # type: ignore[no-any-return]

    environ = an_environ(**{"wsgi.file_wrapper": ServersOwn})

    assert type(guarded(app)(environ, Server().start_response)) is ServersOwn


def test_trap_28_an_unstarted_body_is_still_closed() -> None:
    body = Sized()
    returned: Any = guarded(returning(body))(an_environ(), Server().start_response)
    returned.close()

    assert body.closed == 1


@pytest.mark.parametrize("pieces_read", [0, 1, 2], ids=["unread", "disconnected early", "read out"])
@pytest.mark.parametrize("fail", [False, True], ids=["sound", "failing"])
def test_trap_29_close_is_called_once(pieces_read: int, fail: bool) -> None:
    body = Sized([b"a", b"b"], fail)
    returned: Any = validator(lined(returning(body, "ads=1")))(an_environ(), Server().start_response)
    pieces = iter(returned)
    try:
        for _ in range(pieces_read):
            next(pieces)
        if pieces_read == 2 and fail:
            with pytest.raises(ValueError, match="halfway"):
                next(pieces)
    finally:
        returned.close()

    assert body.closed == 1


def test_trap_30_one_piece_out_for_each_piece_in() -> None:
    taken: list[int] = []

    def pieces() -> Iterator[bytes]:
        for number in range(3):
            taken.append(number)
            yield b"" if number == 1 else b"x"

    body = iter(guarded(returning(pieces(), "ads=1"))(an_environ(), Server().start_response))
    steps = [(next(body), len(taken)) for _ in range(3)]

    assert steps == [(b"x", 1), (b"", 2), (b"x", 3)]


def test_trap_30_written_data_precedes_the_iterable() -> None:
    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        write = start_response("200 OK", [("Content-Type", "text/plain"), ("Set-Cookie", "ads=1")])
        write(b"first ")
        return [b"second"]

    wire = through_a_handler(guarded(app))

    assert wire.endswith("first second")
    assert "Set-Cookie" not in wire


def flask_app() -> flask.Flask:
    app = flask.Flask("shop")

    @app.get("/")
    def page() -> flask.Response:
        response = flask.Response("ok", mimetype="text/plain")
        response.set_cookie("session", "1")
        response.set_cookie("ads", "1", max_age=60)
        return response

    @app.get("/file")
    def file() -> flask.Response:
        return flask.send_file(io.BytesIO(b"ok"), mimetype="text/plain")

    return app


@pytest.mark.parametrize("path", ["/", "/file"])
def test_trap_31_flask_responses_are_no_lists(path: str) -> None:
    plain, app = flask_app(), flask_app()
    app.wsgi_app = guarded(app.wsgi_app)  # type: ignore[method-assign]
    server = Server()
    returned: Any = app(an_environ(PATH_INFO=path), server.start_response)

    assert type(returned) is type(plain(an_environ(PATH_INFO=path), Server().start_response))
    assert b"".join(returned) == b"ok"
    assert [value for name, value in server.calls[0][1] if name == "Set-Cookie"] == (
        ["session=1; Path=/"] if path == "/" else []
    )
    returned.close()


def test_trap_31_django_returns_the_response_itself() -> None:
    if not django_settings.configured:
        django_settings.configure(SECRET_KEY=SECRET, ALLOWED_HOSTS=["*"])
        django.setup()
    response = HttpResponse("ok", content_type="text/plain")
    response.set_cookie("session", "1")
    response.set_cookie("ads", "1")

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        lines = [("Set-Cookie", morsel.OutputString()) for morsel in response.cookies.values()]
        start_response("200 OK", [*response.items(), *lines])
        return response

    server = Server()

    assert guarded(app)(an_environ(), server.start_response) is response
    assert [value for name, value in server.calls[0][1] if name == "Set-Cookie"] == ["session=1; Path=/"]


# Requests


class Input:
    """A body that tells how it was read; another read, or close(), is an error."""

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.reads: list[tuple[int, ...]] = []

    def read(self, *sizes: int) -> bytes:
        self.reads.append(sizes)
        return self.body[: sizes[0]]


@pytest.mark.parametrize(
    ("length", "status", "reads"),
    [
        pytest.param("11", 303, [(11,)], id="right"),
        pytest.param("65536", 303, [(65536,)], id="the most, and a body that is shorter"),
        pytest.param("65537", 413, [], id="too long"),
        pytest.param("99999999999999999999", 413, [], id="huge"),
        pytest.param("9" * 5000, 413, [], id="more digits than Python converts"),
        pytest.param(None, 413, [], id="missing"),
        pytest.param("", 413, [], id="empty"),
        pytest.param("-1", 413, [], id="negative"),
        pytest.param("+11", 413, [], id="signed"),
        pytest.param("1_1", 413, [], id="with an underscore"),
        pytest.param("\xb2", 413, [], id="no ASCII digit"),
        pytest.param("eleven", 413, [], id="a word"),
    ],
)
def test_trap_35_the_body_is_read_once_up_to_a_cap(
    length: str | None, status: int, reads: list[tuple[int, ...]]
) -> None:
    server, body = Server(), Input(CHOICE_NONE)
    environ = an_environ(
        REQUEST_METHOD="POST",
        PATH_INFO=MOUNT,
        HTTP_ORIGIN=f"http://{HOST}",
        CONTENT_TYPE=FORM["Content-Type"],
        **{"wsgi.input": body},
    )
    if length is not None:
        environ["CONTENT_LENGTH"] = length
    b"".join(guarded(responding())(environ, server.start_response))

    assert server.calls[0][0].startswith(str(status))
    assert body.reads == reads


def test_trap_35_another_apps_body_is_left_unread() -> None:
    body = Input(b"x")
    environ = an_environ(REQUEST_METHOD="POST", CONTENT_LENGTH="1", **{"wsgi.input": body})
    guarded(responding("ads=1"))(environ, Server().start_response)

    assert body.reads == []


def digests() -> str:
    """The fields that show which wording was accepted."""
    categories = Policy.from_dict(POLICY).optional
    return "".join(f"&digest={category.id}:{category.token}" for category in categories)


@pytest.mark.parametrize(
    ("sender", "grant", "refusal"),
    [
        pytest.param({"Sec-Fetch-Site": "same-origin"}, 303, 303, id="site says same-origin"),
        pytest.param({"Sec-Fetch-Site": "cross-site"}, 403, 403, id="site says cross-site"),
        pytest.param({"Sec-Fetch-Site": "same-site"}, 403, 403, id="a sibling"),
        pytest.param({"Sec-Fetch-Site": "cross-site", "Origin": OWN}, 403, 403, id="site before origin"),
        pytest.param({"Origin": OWN}, 303, 303, id="origin"),
        pytest.param({"Origin": "null"}, 403, 403, id="opaque origin"),
        pytest.param({"Origin": "http://evil.example"}, 403, 403, id="foreign origin"),
        pytest.param({"Origin": f"https://{HOST}"}, 403, 403, id="another scheme"),
        pytest.param({"Origin": "http://evil.example", "Referer": OWN}, 403, 403, id="origin before referer"),
        pytest.param({"Referer": f"{OWN}/page?x"}, 303, 303, id="referer"),
        pytest.param({"Referer": "http://evil.example/"}, 403, 403, id="foreign referer"),
        pytest.param({"Referer": "http://["}, 403, 403, id="no address"),
        pytest.param({}, 403, 303, id="nothing tells"),
    ],
)
def test_trap_36_only_the_sites_own_forms_count(sender: dict[str, str], grant: int, refusal: int) -> None:
    def post(choice: str) -> Answer:
        headers = {"Content-Type": FORM["Content-Type"], **sender}
        body = f"choice={choice}{digests()}".encode()
        return ask(lined(responding()), MOUNT, method="POST", headers=headers, body=body)

    granted, refused = post("all"), post("none")

    assert (granted.status, refused.status) == (grant, refusal)
    assert (granted.names, refused.names) == (
        ["cookieguard"] if grant == 303 else [],
        ["cookieguard"] if refusal == 303 else [],
    )


@pytest.mark.parametrize(
    ("target", "location"),
    [
        pytest.param("/basket?a=1%26b%3D2%23c", "/basket?a=1&b=2#c", id="a local path"),
        pytest.param("//evil.example", None, id="another host"),
        pytest.param("/%5Cevil.example", None, id="backslash"),
        pytest.param("%5C%5Cevil.example", None, id="two backslashes"),
        pytest.param("https://evil.example/", None, id="an address"),
        pytest.param("/a%0d%0aSet-Cookie: ads=1", None, id="line feed"),
        pytest.param("/%09/evil.example", None, id="tab"),
        pytest.param("/k%C3%A4se", None, id="above ASCII"),
        pytest.param("javascript:alert(1)", None, id="script"),
        pytest.param("basket", None, id="relative"),
        pytest.param("", None, id="empty"),
    ],
)
def test_trap_36_next_is_a_local_path_and_the_answer_303(target: str, location: str | None) -> None:
    body = f"choice=none&next={target}".encode()
    answer = ask(lined(responding()), MOUNT, method="POST", headers=FORM, body=body)

    assert (answer.status, answer.get("Location")) == (303, location or f"{MOUNT}?saved")


@pytest.mark.parametrize(
    ("root", "linked"),
    [
        pytest.param("", "", id="at the root"),
        pytest.param("/shop", "/shop", id="below a path"),
        pytest.param("/k\xc3\xa4se", "/k%C3%A4se", id="mojibake"),
        pytest.param("//evil.example", "/evil.example", id="never another host"),
        pytest.param('/a"><script>', "/a%22%3E%3Cscript%3E", id="markup"),
    ],
)
def test_trap_37_links_and_redirects_honour_the_script_name(root: str, linked: str) -> None:
    app = lined(responding())
    place = {"SCRIPT_NAME": root}
    page = ask(app, MOUNT, environ=place).body.decode()
    posted = ask(app, MOUNT, environ=place, method="POST", headers=FORM, body=CHOICE_NONE)
    slashed = ask(app, f"{MOUNT}/", environ=place)

    assert f'<form method="post" action="{linked}{MOUNT}">' in page
    assert f'href="{linked}{MOUNT}/style.css?v=' in page
    assert posted.get("Location") == f"{linked}{MOUNT}?saved"
    assert (slashed.status, slashed.get("Location")) == (303, f"{linked}{MOUNT}")


def test_trap_37_the_page_is_served_below_a_dispatcher() -> None:
    app = DispatcherMiddleware(responding(), {"/shop": lined(responding("ads=1"))})

    assert f'action="/shop{MOUNT}"'.encode() in ask(app, f"/shop{MOUNT}").body
    assert ask(app, MOUNT).body == b"ok"


@pytest.mark.parametrize(
    ("environ", "essential"),
    [
        pytest.param({"PATH_INFO": "/clientarea"}, True, id="the prefix itself"),
        pytest.param({"PATH_INFO": "/clientarea/x"}, True, id="below it"),
        pytest.param({"SCRIPT_NAME": "/clientarea", "PATH_INFO": "/x"}, True, id="SCRIPT_NAME counts"),
        pytest.param({"SCRIPT_NAME": "/shop", "PATH_INFO": "/clientarea"}, False, id="from the root only"),
        pytest.param({"PATH_INFO": "/k\xc3\xa4se/x"}, True, id="UTF-8 as latin-1"),
        pytest.param({"PATH_INFO": "/k\xe4se/x"}, False, id="latin-1 is no UTF-8"),
        pytest.param({"PATH_INFO": "/CLIENTAREA"}, False, id="by case"),
        pytest.param({"PATH_INFO": "/clientarea2"}, False, id="whole segments"),
        pytest.param({"PATH_INFO": "//clientarea"}, False, id="double slash"),
        pytest.param({"PATH_INFO": "/clientarea/../blog"}, False, id="dot segments"),
        pytest.param({"PATH_INFO": "/clientarea;v=1"}, False, id="parameters"),
        pytest.param({"PATH_INFO": "/clientarea/x", "RAW_URI": "/clientarea/x"}, True, id="raw path"),
        pytest.param({"PATH_INFO": "/clientarea/x", "RAW_URI": "/clientarea%2Fx"}, False, id="RAW_URI slash"),
        pytest.param(
            {"PATH_INFO": "/clientarea/x", "REQUEST_URI": "/clientarea%2fx?y"}, False, id="REQUEST_URI slash"
        ),
        pytest.param(
            {"PATH_INFO": "/clientarea/x", "REQUEST_URI": "/clientarea/x?next=%2F"},
            True,
            id="only in the query",
        ),
        pytest.param(
            {"PATH_INFO": "/clientarea/x", "REQUEST_URI": "/clientarea/%2e%2e/x"}, False, id="encoded dots"
        ),
        pytest.param(
            {
                "PATH_INFO": "/clientarea",
                "HTTP_SEC_FETCH_SITE": "cross-site",
                "HTTP_SEC_FETCH_MODE": "no-cors",
            },
            False,
            id="cross-site subresource",
        ),
        pytest.param(
            {
                "PATH_INFO": "/clientarea",
                "HTTP_SEC_FETCH_SITE": "cross-site",
                "HTTP_SEC_FETCH_MODE": "navigate",
            },
            True,
            id="cross-site link",
        ),
        pytest.param(
            {
                "PATH_INFO": "/clientarea",
                "HTTP_SEC_FETCH_SITE": "cross-site",
                "HTTP_SEC_FETCH_MODE": "navigate",
                "HTTP_SEC_FETCH_DEST": "iframe",
            },
            False,
            id="cross-site frame",
        ),
    ],
)
def test_trap_37_essential_under_reads_the_whole_path(environ: dict[str, str], essential: bool) -> None:
    server = Server()
    guarded(responding("chat=1"))(an_environ(**environ), server.start_response)

    assert (("Set-Cookie", "chat=1") in server.calls[0][1]) == essential


def test_a_long_host_costs_no_more_than_a_short_one() -> None:
    # Each label used to cost a look-up for each cookie, where a third party is declared.
    asked: list[str] = []
    app = guarded(responding(), use=["facebook"])
    classifier = next(iter(app.enforcer._rules.values())).classifier
    domains = classifier._third_party_domains
    classifier._third_party_domains = lambda host: asked.append(host) or domains(host)  # type: ignore[func-returns-value,method-assign]

    app(an_environ(HTTP_HOST="a." * 4000 + "b", HTTP_COOKIE=";".join("abcdefgh")), Server().start_response)

    assert asked and max(map(len, asked)) <= 253


@pytest.mark.parametrize("said", ["HTTP_AUTHORIZATION", "HTTP_COOKIE"])
def test_no_repr_tells_what_the_client_sent(said: str) -> None:
    told: list[str] = []

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        visit = visit_from(environ)
        told.extend(map(repr, (start_response, visit, visit._arrive(), visit.standing)))
        return responding()(environ, start_response)

    guarded(app)(an_environ(**{said: "a=TOPSECRET"}), Server().start_response)

    assert len(told) == 4 and "TOPSECRET" not in "".join(told)


# Construction


def test_two_guards_are_refused_at_construction() -> None:
    app = flask_app()
    app.wsgi_app = guarded(app.wsgi_app)  # type: ignore[method-assign]
    inner = guarded(responding())

    for twice in (inner, ProxyFix(inner), ProxyFix(ProxyFix(inner)), app, app.wsgi_app, ProxyFix(app)):
        with pytest.raises(ConfigurationError, match="two guards") as caught:
            guarded(twice)
        assert caught.value.id == "cookieguard.E006"


def test_two_guards_are_refused_at_the_first_request() -> None:
    inner = guarded(responding())

    def hidden(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        return inner(environ, start_response)

    with pytest.raises(ConfigurationError, match="two guards"):
        guarded(hidden)(an_environ(), Server().start_response)


def test_guards_side_by_side_are_none_around_each_other() -> None:
    app = DispatcherMiddleware(lined(responding("ads=1")), {"/shop": lined(responding("ads=1", "session=1"))})

    assert (ask(app).cookies, ask(app, "/shop").cookies) == ([], ["session=1"])


@pytest.mark.parametrize(
    ("key", "id"),
    [
        pytest.param("fifteen bytes..", "cookieguard.E003", id="short"),
        pytest.param(b"fifteen bytes..", "cookieguard.E003", id="short bytes"),
        pytest.param("", "cookieguard.E003", id="empty"),
        pytest.param([], "cookieguard.E002", id="empty list"),
        pytest.param([SECRET, "short"], "cookieguard.E003", id="one of several short"),
        pytest.param([SECRET, None], "cookieguard.E002", id="None in a list"),
        pytest.param(None, "cookieguard.E002", id="None, as os.environ.get returns"),
        pytest.param(12345678901234567890, "cookieguard.E002", id="a number"),
    ],
)
def test_a_bad_secret_is_refused(key: Any, id: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        guarded(responding(), secret_key=key)

    assert caught.value.id == id
    assert len(str(caught.value)) > len(id) + 20


def test_sixteen_bytes_are_enough_and_keys_rotate() -> None:
    old = lined(responding("_ga=1"), secret_key="sixteen bytes...")
    new = lined(responding("_ga=1"), secret_key=["sixteen bytes...", SECRET])
    cookie = "=".join(consent_cookie(policy_of(), "sixteen bytes...", ["analytics"], host=HOST))

    assert ask(old, cookie=cookie).names == ask(new, cookie=cookie).names == ["_ga"]
    assert ask(new, cookie=consent("analytics")).names == ["_ga"]
    assert ask(old, cookie=consent("analytics")).names == []


@pytest.mark.parametrize("policy", [dict(POLICY), "cookies.toml", None], ids=["dict", "path", "None"])
def test_what_is_no_policy_is_refused(policy: Any) -> None:
    with pytest.raises(ConfigurationError, match="from_file") as caught:
        CookieGuard(responding(), policy, secret_key=SECRET)

    assert caught.value.id == "cookieguard.E005"


def test_options_are_keyword_only() -> None:
    with pytest.raises(TypeError):
        CookieGuard(responding(), policy_of(), SECRET)  # type: ignore[misc]


@pytest.mark.parametrize(
    ("mode", "left"),
    [
        pytest.param("report", list(ALL), id="report"),
        pytest.param("off", list(ALL), id="off"),
        pytest.param("enforce", ["session=1"], id="enforce"),
    ],
)
def test_the_environment_overrides_the_mode(
    monkeypatch: pytest.MonkeyPatch, mode: str, left: list[str]
) -> None:
    monkeypatch.setenv("COOKIEGUARD_MODE", mode)

    assert ask(lined(responding(*ALL))).cookies == left


def test_an_unknown_mode_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COOKIEGUARD_MODE", "audit")

    with pytest.raises(ConfigurationError, match="enforce, report, off"):
        guarded(responding())


def test_visit_from_without_a_guard() -> None:
    with pytest.raises(NoGuard, match="CookieGuard"):
        visit_from(an_environ())


def test_the_visit_stands_in_the_environ() -> None:
    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        assert environ["cookieguard.visit"] is visit_from(environ)
        return responding()(environ, start_response)

    assert ask(lined(app)).body == b"ok"


@pytest.mark.parametrize(
    ("path", "excluded"),
    [
        pytest.param("/healthz", True, id="the path"),
        pytest.param("/healthz/live", True, id="below"),
        pytest.param("/healthzz", False, id="whole segments"),
        pytest.param("/healthz/../", False, id="dot segments"),
        pytest.param("/", False, id="elsewhere"),
    ],
)
def test_excluded_paths_are_left_alone(path: str, excluded: bool) -> None:
    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        granted = visit_from(environ).grant(["analytics"])
        body = f"{granted} {environ['HTTP_COOKIE']}".encode()
        return responding("ads=1", body=body)(environ, start_response)

    answer = ask(lined(app, guard={"exclude": ["/healthz"]}), path, cookie="ads=1; x=2")

    assert answer.body == (b"False ads=1; x=2" if excluded else b"True x=2")
    assert answer.names == (["ads"] if excluded else ["cookieguard"])


def test_a_request_without_a_host_header() -> None:
    environ = an_environ(SERVER_NAME=HOST, HTTP_COOKIE=consent("analytics"))
    del environ["HTTP_HOST"]
    server = Server()
    guarded(responding("_ga=1"))(environ, server.start_response)

    assert ("Set-Cookie", "_ga=1") in server.calls[0][1]


@pytest.mark.parametrize("host", [HOST, HOST.upper(), f"{HOST}:8080", f"{HOST}."])
def test_a_consent_is_the_hosts_however_it_is_written(host: str) -> None:
    server = Server()
    environ = an_environ(HTTP_HOST=host, HTTP_COOKIE=consent("analytics"))
    guarded(responding("_ga=1"))(environ, server.start_response)

    assert ("Set-Cookie", "_ga=1") in server.calls[0][1]


def test_another_hosts_consent_is_none() -> None:
    server = Server()
    environ = an_environ(HTTP_HOST=f"www.{HOST}", HTTP_COOKIE=consent("analytics"))
    guarded(responding("_ga=1"))(environ, server.start_response)

    assert ("Set-Cookie", "_ga=1") not in server.calls[0][1]


@pytest.mark.parametrize(
    ("given", "options"),
    [(None, {}), ("app", {}), (responding(), {"override": "strip"})],
    ids=["no app", "a text for an app", "a text for a hook"],
)
def test_what_cannot_be_called_is_refused(given: Any, options: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match="give a callable") as caught:
        CookieGuard(given, policy_of(), secret_key=SECRET, **options)

    assert caught.value.id == "cookieguard.E007"


def test_a_decorated_app_is_called_by_its_decorator() -> None:
    @Request.application
    def app(request: Request) -> Response:
        return Response("ok")

    assert ask(guarded(app)).body == b"ok"


@pytest.mark.parametrize("environ", [None, "environ", flask.Flask(__name__)], ids=["None", "text", "object"])
def test_what_is_no_environ_says_which_to_give(environ: Any) -> None:
    with pytest.raises(UsageError, match=r"request\.environ in Flask, request\.META in Django"):
        visit_from(environ)


def test_a_server_may_leave_an_empty_path_out() -> None:
    environ, server = an_environ(), Server()
    del environ["PATH_INFO"]

    guarded(responding("session=1", "ads=1"))(environ, server.start_response)

    assert [value for name, value in server.calls[0][1] if name == "Set-Cookie"] == ["session=1"]


def test_the_path_is_the_requests_whatever_the_app_writes_over_it() -> None:
    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        # Django decodes it in place.
        environ["PATH_INFO"] = environ["PATH_INFO"].encode("latin-1").decode()
        return responding("chat=1")(environ, start_response)

    server = Server()
    guarded(app)(an_environ(PATH_INFO="/käse/1".encode().decode("latin-1")), server.start_response)

    assert ("Set-Cookie", "chat=1") in server.calls[0][1]
