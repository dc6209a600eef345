"""The guard as an ASGI app: the scope it hands on, the visitor's pages, and how it is built."""

from __future__ import annotations

import asyncio
import copy
from typing import Any

import flask
import pytest
from asgiapps import (
    App,
    Message,
    a_scope,
    a_websocket,
    answer_of,
    as_asgi,
    ask,
    body,
    cookies,
    guarded,
    live,
    paged,
    saying,
    start,
    talk,
)
from asgiref.wsgi import WsgiToAsgi
from asking import consent, policy_of
from contract import HOST, MOUNT, POLICY, SECRET, responding
from htmlapps import FETCH, GET, GUARDED, PAGE, guarded_page
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.routing import Mount, Route

import cookieguard
from cookieguard import ConfigurationError, NoGuard, UsageError, script_tag, visit_from
from cookieguard.asgi import CookieGuard

FORM = {"content-type": "application/x-www-form-urlencoded", "origin": f"http://{HOST}"}


def reached(scope: Any, app: CookieGuard | None = None, **changes: Any) -> dict[str, Any]:
    """Return the scope that reaches an app."""
    seen: list[Any] = []

    async def remembering(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope)
        await saying(start(), body())(scope, receive, send)

    talk(paged(remembering, **changes), scope)
    return seen[0]  # type: ignore[no-any-return]


def fields(scope: Any) -> list[tuple[str, str]]:
    return [(name.decode(), value.decode("latin-1")) for name, value in scope["headers"]]


# The scope


@pytest.mark.parametrize("make", [a_scope, a_websocket])
def test_trap_38_the_servers_scope_stays_as_it_was(make: Any) -> None:
    scope = make(headers={"Cookie": "session=1; ads=1", **GET})
    before = copy.deepcopy(scope)
    seen = reached(scope)

    assert scope == before
    assert ("cookie", "session=1") in fields(seen)
    assert seen["cookieguard.visit"] is visit_from(seen)


@pytest.mark.parametrize(
    ("sent", "seen"),
    [
        pytest.param(["session=1; ads=1", "mine=2"], ["session=1; mine=2"], id="hidden in one of two"),
        pytest.param(["session=1", "mine=2"], ["session=1", "mine=2"], id="nothing to hide"),
        pytest.param(["ads=1", "_ga=2"], [], id="all hidden"),
        pytest.param(["session=\xff; ads=\xe4"], ["session=\xff"], id="any bytes"),
    ],
)
def test_refused_cookies_are_hidden(sent: list[str], seen: list[str]) -> None:
    lines = [(b"Cookie" if at else b"cookie", line.encode("latin-1")) for at, line in enumerate(sent)]
    scope = a_scope()
    scope["headers"] += [*lines, (b"x-a", b"1")]
    found = [value for name, value in fields(reached(scope)) if name.lower() == "cookie"]

    assert found == seen


def test_headers_may_be_an_iterator_or_missing() -> None:
    scope = a_scope()
    scope["headers"] = iter([(b"cookie", b"ads=1; a=2"), (b"x-a", b"1")])
    assert sorted(fields(reached(scope))) == [("cookie", "a=2"), ("x-a", "1")]

    scope = a_scope()
    del scope["headers"], scope["server"], scope["raw_path"], scope["root_path"]
    assert reached(scope)["headers"] == []


@pytest.mark.parametrize(
    ("how", "left"),
    [
        pytest.param(GET, {"accept-encoding": "identity"}, id="navigation"),
        pytest.param(
            FETCH, {"accept-encoding": "gzip", "range": "bytes=0-3", "if-none-match": '"1"'}, id="fetch"
        ),
    ],
)
def test_what_a_navigation_asks_for(how: dict[str, str], left: dict[str, str]) -> None:
    asked = {"Accept-Encoding": "gzip", "Range": "bytes=0-3", "If-None-Match": '"1"', **how}
    seen = dict(fields(reached(a_scope(headers=asked))))

    assert {
        name: seen[name] for name in seen if name in ("accept-encoding", "range", "if-none-match")
    } == left


def test_a_page_revalidates() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        known = dict(scope["headers"]).get(b"if-none-match") == b'"1"'
        tag = (b"etag", b'"1"')
        html = (b"content-type", b"text/html")
        await send(start(tag, status=304) if known else start(html, tag))
        await send(body(b"" if known else PAGE))

    first = ask(paged(app), headers=GET)
    etag = first.get("etag") or ""
    again = ask(paged(app), headers={"If-None-Match": etag, **GET})

    assert (first.body, again.status, again.get("etag")) == (GUARDED, 304, etag)
    assert ask(paged(app), headers={"If-None-Match": '"1"', **GET}).body == GUARDED


def test_lifespan_passes_through() -> None:
    started = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope is given
        await live(receive, send)

    given = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}
    said = talk(guarded(app), given, *started)
    assert [message["type"] for message in said] == [
        "lifespan.startup.complete",
        "lifespan.shutdown.complete",
    ]


# Where it is mounted


@pytest.mark.parametrize(
    ("root", "path"),
    [
        pytest.param("/shop", "/shop/clientarea/x", id="the path includes the root"),
        pytest.param("/shop", "/clientarea/x", id="a server that leaves it out"),
        pytest.param("/shop/", "/shop/clientarea/x", id="a slash at its end"),
    ],
)
def test_root_path(root: str, path: str) -> None:
    policy: Any = {"cookies": [{**POLICY["cookies"][-1], "essential_under": ["/shop/clientarea"]}]}
    app = guarded(saying(start(*cookies(b"chat=1")), body()), **policy)

    assert ask(app, path, root_path=root).cookies == ["chat=1"]
    assert ask(app, "/shopping/clientarea/x", root_path=root).cookies == []


@pytest.mark.parametrize("root", ["/shop", "/käse"])
def test_the_visitors_pages_below_a_root(root: str) -> None:
    app, linked = paged(saying(start(), body())), root.replace("ä", "%C3%A4")

    for path in (root + MOUNT, MOUNT):
        page = answer_of(talk(app, a_scope(root_path=root) | {"path": path, "raw_path": None}))
        assert f'action="{linked}{MOUNT}"'.encode() in page.body


def test_a_page_below_a_root_is_tagged_with_it() -> None:
    app = paged(saying(start((b"content-type", b"text/html")), body(PAGE)))

    assert ask(app, "/shop/", root_path="/shop").body == guarded_page(root="/shop")


def test_starlettes_mounts() -> None:
    inner = Starlette(routes=[Route("/", lambda request: HTMLResponse(PAGE))])
    around, inside = (
        paged(Starlette(routes=[Mount("/shop", inner)])),
        Starlette(routes=[Mount("/shop", paged(inner))]),
    )

    # What lengthens the root path below the guard is not its own place.
    assert ask(around, "/shop/").body == GUARDED
    assert ask(inside, "/shop/").body == guarded_page(root="/shop")
    assert ask(around, MOUNT).status == 200
    assert ask(around, f"/shop{MOUNT}").status == 404
    assert ask(inside, f"/shop{MOUNT}").status == 200


def test_the_tag_by_hand_in_starlette() -> None:
    async def placing(request: Any) -> HTMLResponse:
        return HTMLResponse(f"<head>{script_tag(request)}</head>")

    app = Starlette(routes=[Mount("/shop", Starlette(routes=[Route("/", placing)]))])
    answer = ask(paged(app, guard={"inject": False}), "/shop/")

    assert b'<head><script src="/privacy-choices/guard.js?v=en.' in answer.body


@pytest.mark.parametrize("raw", ["/clientarea%2Fx", "/clientarea/x%5Cy", "/clientarea/%2e%2e/blog"])
def test_encoded_separators_are_not_essential(raw: str) -> None:
    app = guarded(saying(start(*cookies(b"chat=1")), body()))

    assert ask(app, "/clientarea/x").cookies == ["chat=1"]
    assert ask(app, raw).cookies == []


def test_excluded_paths_are_left_alone() -> None:
    app = guarded(saying(start(*cookies(b"ads=1")), body()), guard={"exclude": ["/healthz"]})

    assert ask(app, "/healthz").cookies == ["ads=1"]
    assert ask(app, "/healthzz").cookies == []
    [first] = talk(
        guarded(
            saying({"type": "websocket.accept", "headers": cookies(b"ads=1")}),
            guard={"exclude": ["/healthz"]},
        ),
        a_websocket("/healthz"),
    )
    assert first["headers"] == cookies(b"ads=1")


# The visitor's pages


async def never(scope: Any, receive: Any, send: Any) -> None:
    raise AssertionError("the app sees no request to the visitor's pages")


def post(
    *parts: bytes, length: int | None = None, end: Message | None = None, **headers: str
) -> list[Message]:
    sent = {**FORM, **headers}
    if length is not None:
        sent["content-length"] = str(length)
    incoming: list[Message] = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
    incoming.append(end or {"type": "http.request"})
    return talk(guarded(never), a_scope(MOUNT, sent, method="POST"), *incoming)


def test_a_decision_in_parts() -> None:
    form = b"choice=none"
    [first, _] = post(form[:4], form[4:], length=len(form))

    assert first["status"] == 303
    assert all(name == name.lower() for name, _ in first["headers"])
    assert [value[:12] for name, value in first["headers"] if name == b"set-cookie"] == [b"cookieguard="]


def test_a_body_is_read_up_to_its_length() -> None:
    assert post(b"choice=none", b"&choice=nonsense", length=11)[0]["status"] == 303


@pytest.mark.parametrize("length", [None, 70_000], ids=["none said", "too long"])
def test_what_is_too_long_is_refused_unread(length: int | None) -> None:
    async def receive() -> Message:
        raise AssertionError("the body is not read")

    said: list[Message] = []

    async def send(message: Message) -> None:
        said.append(message)

    headers = FORM | ({} if length is None else {"content-length": str(length)})
    asyncio.run(guarded(never)(a_scope(MOUNT, headers, method="POST"), receive, send))
    assert said[0]["status"] == 413


def test_a_form_that_breaks_off_decides_nothing() -> None:
    assert post(b"choice=none&", length=40)[0]["status"] == 400


def test_a_client_that_goes_away_decides_nothing() -> None:
    assert post(b"choice=", length=11, end={"type": "http.disconnect"}) == []


def test_duplicate_headers_of_a_request_are_joined() -> None:
    scope = a_scope(MOUNT)
    scope["headers"] += [(b"Accept", b"text/css"), (b"accept", b"application/json")]

    assert talk(guarded(never), scope)[0]["headers"][0] == (b"content-type", b"application/json")


def test_a_websocket_at_the_mount_is_the_apps() -> None:
    assert talk(guarded(saying({"type": "websocket.close"})), a_websocket(MOUNT)) == [
        {"type": "websocket.close"}
    ]


# In the app


def test_what_the_app_decides_counts() -> None:
    async def view(request: Any) -> PlainTextResponse:
        visit = visit_from(request)
        before = visit.consent.allows("analytics")
        visit.grant(["analytics"])
        response = PlainTextResponse(f"{before} {visit.consent.allows('analytics')}")
        response.set_cookie("_ga", "1")
        return response

    answer = ask(guarded(Starlette(routes=[Route("/", view)])))
    assert (answer.body, answer.names) == (b"False True", ["_ga", "cookieguard"])
    assert answer.get("vary") == "Cookie, Sec-GPC"


def test_a_consent_counts_by_its_host() -> None:
    app = guarded(saying(start(*cookies(b"_ga=1")), body()))

    assert ask(app, headers={"Cookie": consent("analytics")}).names == ["_ga"]
    assert ask(app, headers={"Cookie": consent("analytics"), "Host": f"www.{HOST}"}).names == []
    nameless = a_scope(headers={"Cookie": consent("analytics")}, server=(HOST, 80))
    nameless["headers"] = [pair for pair in nameless["headers"] if pair[0] != b"host"]
    assert cookies(b"_ga=1")[0] in talk(app, nameless)[0]["headers"]


def test_concurrent_requests_share_nothing() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] == "/yes":
            visit_from(scope).grant(["analytics"])
        await asyncio.sleep(0)
        await saying(start((b"content-type", b"text/html"), *cookies(b"_ga=1")), body(PAGE))(
            scope, receive, send
        )

    guard, said = paged(app), {}

    async def one(path: str, number: int) -> None:
        async def send(message: Message) -> None:
            said.setdefault((path, number), []).append(message)
            await asyncio.sleep(0)

        await guard(a_scope(path), lambda: None, send)  # type: ignore[arg-type, return-value]

    async def all_at_once() -> None:
        await asyncio.gather(*(one(path, number) for number in range(20) for path in ("/yes", "/no")))

    asyncio.run(all_at_once())
    for (path, _), (first, *_rest) in said.items():
        assert (cookies(b"_ga=1")[0] in first["headers"]) is (path == "/yes")


# Construction


def test_two_guards_are_refused() -> None:
    inner = guarded(saying())
    mixed = WsgiToAsgi(cookieguard.CookieGuard(responding(), policy_of(), secret_key=SECRET))

    for twice in (inner, mixed):
        with pytest.raises(ConfigurationError, match="two guards") as caught:
            guarded(twice)
        assert caught.value.id == "cookieguard.E006"

    async def hidden(scope: Any, receive: Any, send: Any) -> None:
        await inner(scope, receive, send)

    for scope in (a_scope(), a_websocket()):
        with pytest.raises(ConfigurationError, match="two guards"):
            talk(guarded(hidden), scope)


@pytest.mark.parametrize("app", [flask.Flask(__name__), responding()], ids=["Flask", "function"])
def test_a_wsgi_app_is_refused(app: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"for a WSGI app take cookieguard\.CookieGuard") as caught:
        guarded(app)

    assert caught.value.id == "cookieguard.E007"


@pytest.mark.parametrize("app", [Starlette(), saying()], ids=["Starlette", "function"])
def test_an_asgi_app_is_refused_by_the_other_guard(app: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"for an ASGI app take cookieguard\.asgi\.CookieGuard"):
        cookieguard.CookieGuard(app, policy_of(), secret_key=SECRET)


@pytest.mark.parametrize(
    ("given", "id"),
    [
        pytest.param({"secret_key": "short"}, "cookieguard.E003", id="secret"),
        pytest.param({"policy": {}}, "cookieguard.E005", id="policy"),
        pytest.param({"override": 1}, "cookieguard.E007", id="hook"),
        pytest.param({"templates": "nowhere"}, "cookieguard.E008", id="templates"),
    ],
)
def test_a_wrong_configuration_is_refused(given: dict[str, Any], id: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        CookieGuard(**{"app": saying(), "policy": policy_of(), "secret_key": SECRET, **given})

    assert caught.value.id == id


def test_visit_from_says_what_to_give() -> None:
    with pytest.raises(NoGuard, match="CookieGuard"):
        visit_from(a_scope())
    with pytest.raises(UsageError, match="request in Starlette"):
        visit_from(object())


def test_a_guard_is_an_app_of_any_kind() -> None:
    app: App = guarded(as_asgi(responding("session=1", "ads=1")))

    assert ask(app).cookies == ["session=1"]
