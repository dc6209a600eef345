"""The app's messages through the guard, beside what a server needs of them (trap 38 and its kin)."""

from __future__ import annotations

import asyncio
import copy
import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from asgiapps import (
    BODY,
    START,
    App,
    Message,
    a_scope,
    a_websocket,
    answer_of,
    ask,
    body,
    cookies,
    guarded,
    paged,
    saying,
    start,
    talk,
)
from contract import ALL, HOST, PRIVATE
from htmlapps import FRAGMENT, FRONT, GET, GUARDED, GUARDED_FRAGMENT, LOADING, PAGE, REST, bar, tag

from cookieguard import visit_from

HTML = (b"content-type", b"text/html; charset=utf-8")
SESSION, ADS = cookies(b"session=1", b"ads=1")


# Headers


def test_trap_38_messages_and_their_headers_stay_as_they_were() -> None:
    messages: list[Message] = [start(HTML, SESSION, ADS), body(FRONT, more=True), body(REST)]
    before = copy.deepcopy(messages)

    talk(paged(saying(*messages)), a_scope())

    assert messages == before


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param([SESSION, ADS], id="list of tuples"),
        pytest.param([[*SESSION], [*ADS]], id="list of lists"),
        pytest.param((SESSION, ADS), id="tuple"),
        pytest.param([(bytearray(name), memoryview(value)) for name, value in (SESSION, ADS)], id="buffers"),
    ],
)
def test_trap_38_headers_in_any_form(headers: Any) -> None:
    assert ask(guarded(saying({"type": START, "status": 200, "headers": headers}, body()))).cookies == [
        "session=1"
    ]


def test_trap_38_headers_in_an_iterator() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": START, "status": 200, "headers": iter([SESSION, ADS])})
        await send({"type": BODY})

    assert ask(guarded(app)).cookies == ["session=1"]


def test_trap_38_headers_may_be_missing() -> None:
    answer = ask(guarded(saying({"type": START, "status": 200}, {"type": BODY})))

    assert (answer.headers, answer.body) == ([], b"")


@pytest.mark.parametrize(
    "name", [b"set-cookie", b"Set-Cookie", b"SET-COOKIE", b"set-cookie ", b"Set-Cookie\t"]
)
def test_set_cookie_in_any_case(name: bytes) -> None:
    answer = ask(guarded(saying(start((name, b"ads=1"), (name, b"session=1")), body())))

    assert answer.cookies == ["session=1"]
    assert answer.get("cache-control") == "private"


def test_other_headers_keep_each_byte() -> None:
    given = [(b"X-Name", b"caf\xc3\xa9 \xff"), (b"x-name", b"again"), *cookies(b"session=\xe4\xff; a")]
    [first, _] = talk(guarded(saying(start(*given, ADS), body())), a_scope())

    assert [value for _, value in first["headers"]] == [*(value for _, value in given), b"private"]
    assert first["headers"][-1] == (b"cache-control", b"private")


@pytest.mark.parametrize(
    "given",
    [
        [(b"vary ", b"Accept-Language")],
        [(b"content-type\t", b"text/plain")],
        [(b"Vary", b"Accept-Language"), (b"vary", b"Accept-Encoding")],
        cookies(b"session=1"),
    ],
)
def test_what_nothing_is_changed_of_leaves_as_it_came_whatever_is_remembered(
    given: list[tuple[bytes, bytes]],
) -> None:
    app = guarded(saying(start(*given), body()))

    assert [talk(app, a_scope())[0]["headers"] for _ in range(3)] == [given] * 3


def test_no_cookie_is_smuggled_by_another_header() -> None:
    given = [(b"x-a", b"1\nset-cookie: ads=1"), (b"set-cookie: ads=1; x", b"1"), ADS]
    [first, _] = talk(guarded(saying(start(*given), body())), a_scope())

    assert first["headers"] == [(b"x-a", b"1 set-cookie: ads=1"), (b"cache-control", b"private")]


def test_what_the_app_adds_to_its_list_afterwards_does_not_leave() -> None:
    headers = [(b"content-type", b"text/plain")]

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": START, "status": 200, "headers": headers})
        headers.append(ADS)
        await send({"type": BODY})

    assert ask(guarded(app)).cookies == []


def test_other_keys_of_a_message_pass() -> None:
    [first, *_] = talk(guarded(saying(start(ADS, trailers=True, mine=1), body())), a_scope())

    assert (first["trailers"], first["mine"]) == (True, 1)


# Pages


def test_a_pages_headers_wait_for_its_first_bytes() -> None:
    app = paged(saying(start(HTML, SESSION), body(FRONT[:5], more=True), body(PAGE[5:])))
    said = talk(app, a_scope())

    assert answer_of(said).body == GUARDED
    assert len(said) == 2


@pytest.mark.parametrize("size", [1, 7, 4096])
def test_a_page_streams(size: int) -> None:
    parts = [PAGE[at : at + size] for at in range(0, len(PAGE), size)]
    messages = [start(HTML), *(body(part, more=True) for part in parts), body()]

    assert ask(paged(saying(*messages))).body == GUARDED
    assert ask(paged(saying(*messages))).get("content-length") is None


def test_each_part_of_a_page_leaves_before_the_next_is_made() -> None:
    said: list[Message] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(start(HTML))
        await send(body(FRONT + LOADING, more=True))
        assert b"".join(message.get("body", b"") for message in said).startswith(FRONT + tag())
        await send(body(REST))

    async def send(message: Message) -> None:
        said.append(message)

    asyncio.run(paged(app)(a_scope(), lambda: None, send))  # type: ignore[arg-type, return-value]
    assert answer_of(said).body == GUARDED


def test_content_length_is_corrected() -> None:
    length = (b"content-length", str(len(PAGE)).encode())
    answer = ask(paged(saying(start(HTML, length), body(PAGE))))

    assert (answer.body, answer.get("content-length")) == (GUARDED, str(len(GUARDED)))


@pytest.mark.parametrize("content", [FRAGMENT, b"", b"<"], ids=["fragment", "empty", "cut"])
def test_what_is_no_page(content: bytes) -> None:
    app = paged(saying(start(HTML), body(content)))

    assert ask(app).body == (GUARDED_FRAGMENT if content is FRAGMENT else content)


def test_a_packed_page_that_is_large_unpacked_leaves_in_parts() -> None:
    page = PAGE + b"<p>text</p>" * 100_000
    packed = (b"content-encoding", b"gzip")
    said = talk(paged(saying(start(HTML, packed), body(gzip.compress(page)))), a_scope())

    assert answer_of(said).body == GUARDED[: -len(bar())] + b"<p>text</p>" * 100_000 + bar()
    assert max(len(message.get("body", b"")) for message in said) <= 200_000


def test_head_has_no_body_and_no_length() -> None:
    length = (b"content-length", str(len(PAGE)).encode())
    answer = ask(paged(saying(start(HTML, length, ADS), body())), method="HEAD")

    assert (answer.body, answer.get("content-length"), answer.cookies) == (b"", None, [])


def test_a_page_of_no_html_passes_message_by_message() -> None:
    messages = [
        start((b"content-type", b"text/plain")),
        *(body(b"", more=True) for _ in range(3)),
        body(b"x"),
    ]

    assert talk(paged(saying(*messages)), a_scope()) == messages


def test_untouched_html_is_counted() -> None:
    app = paged(saying(start(HTML, (b"content-encoding", b"br")), body(b"\x0b")))

    assert ask(app).get("cache-control") == "no-store"
    assert app.enforcer.untouched == {"encoded": 1}
    ask(app := paged(saying(start(HTML), body(FRAGMENT))))
    assert app.enforcer.untouched == {"fragment": 1}


# Files


@pytest.fixture
def page_file(tmp_path: Path) -> Path:
    file = tmp_path / "page.html"
    file.write_bytes(PAGE)
    return file


def test_pathsend_of_a_page_is_rewritten(page_file: Path) -> None:
    message = {"type": "http.response.pathsend", "path": str(page_file)}
    length = (b"content-length", str(len(PAGE)).encode())
    answer = ask(paged(saying(start(HTML, length), message)))

    assert (answer.body, answer.get("content-length")) == (GUARDED, str(len(GUARDED)))


@pytest.mark.parametrize("kind", ["pathsend", "zerocopysend"])
def test_other_files_are_the_servers(kind: str, page_file: Path) -> None:
    message = {"type": f"http.response.{kind}", "path": str(page_file)}
    said = talk(paged(saying(start((b"content-type", b"text/plain"), ADS), message)), a_scope())

    assert said[1] is message
    assert ADS not in said[0]["headers"]


@pytest.mark.parametrize("numbered", [True, False], ids=["number", "object"])
def test_zerocopysend_of_a_page_is_rewritten(page_file: Path, numbered: bool) -> None:
    file = page_file.open("rb")
    given = file.fileno() if numbered else file
    kind = {"type": "http.response.zerocopysend", "file": given}
    parts: Iterator[Message] = iter(
        [
            start(HTML),
            {**kind, "offset": 0, "count": 9, "more_body": True},
            body(PAGE[9:20], more=True),
            {**kind, "offset": 20},
        ]
    )

    assert ask(paged(saying(*parts))).body == GUARDED
    file.close()


# What goes with a response


@pytest.mark.parametrize("kind", ["trailers", "push"])
def test_no_cookie_leaves_beside_the_headers(kind: str) -> None:
    message = {"type": f"http.response.{kind}", "headers": [SESSION, ADS, (b"X-Sum", b"1")]}
    said = talk(guarded(saying(start(), body(), message)), a_scope())

    assert said[-1]["headers"] == [(b"X-Sum", b"1")]


def test_early_hints_name_no_host_that_waits() -> None:
    links = [b"</style.css>; rel=preload", b"<https://ga.example/ga.js>; rel=preload"]
    hint = {"type": "http.response.early_hint", "links": links}
    said = talk(paged(saying(hint, start(), body())), a_scope())

    assert said[0] == {**hint, "links": links[:1]}
    assert hint["links"] == links
    assert talk(paged(saying({**hint, "links": links[1:]}, start(), body())), a_scope())[0]["type"] == START


def test_a_link_smuggles_no_cookie() -> None:
    hint = {"type": "http.response.early_hint", "links": [b"</a>\r\nset-cookie: ads=1"]}

    assert talk(paged(saying(hint, start(), body())), a_scope())[0]["links"] == [b"</a>  set-cookie: ads=1"]


def test_what_we_do_not_know_passes() -> None:
    debug = {"type": "http.response.debug", "info": {"template": "page.html"}}

    assert talk(paged(saying(debug, start(), body())), a_scope())[0] is debug


@pytest.mark.parametrize("mode", ["report", "off"])
def test_nothing_is_changed_where_nothing_is_enforced(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COOKIEGUARD_MODE", mode)
    hint = {"type": "http.response.early_hint", "links": [b"<https://ga.example/ga.js>; rel=preload"]}
    trailers = {"type": "http.response.trailers", "headers": [ADS]}
    messages = [hint, start(HTML, (b"Set-Cookie", b"ads=1"), (b"SET-cookie", b"_ga=1")), body(PAGE), trailers]

    said = talk(paged(saying(*messages)), a_scope(headers={"Cookie": "ads=1", **GET}))

    assert [{**message, "headers": lowered(message)} for message in said] == [
        {**message, "headers": lowered(message)} for message in messages
    ]


def lowered(message: Message) -> list[tuple[bytes, bytes]]:
    return [(name.lower(), value) for name, value in message.get("headers", ())]


# When things go wrong


def failing(*messages: Message) -> App:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await saying(*messages)(scope, receive, send)
        raise ValueError("the view failed")

    return app


@pytest.mark.parametrize(
    ("messages", "left"),
    [
        pytest.param([], [], id="before the headers"),
        pytest.param([start(HTML)], [], id="while a page's headers wait"),
        pytest.param([start(HTML), body(PAGE, more=True)], [START, BODY], id="in a page"),
        pytest.param([start()], [START], id="after headers that need not wait"),
    ],
)
def test_an_error_is_the_servers(messages: list[Message], left: list[str]) -> None:
    said: list[Message] = []

    async def send(message: Message) -> None:
        said.append(message)

    with pytest.raises(ValueError, match="the view failed"):
        asyncio.run(paged(failing(*messages))(a_scope(), lambda: None, send))  # type: ignore[arg-type, return-value]
    assert [message["type"] for message in said] == left


def test_an_app_that_ends_early_has_sent_what_it_sent() -> None:
    assert [message["type"] for message in talk(paged(saying(start(HTML))), a_scope())] == [START]


def test_what_follows_the_end_is_the_servers_to_refuse() -> None:
    said = talk(paged(saying(start(HTML), body(PAGE), body(b"more"))), a_scope())

    assert said[-1] == body(b"more")
    said = talk(paged(saying(start(HTML), start(HTML, ADS), body(PAGE))), a_scope())
    assert [message["type"] for message in said] == [START, START, BODY]
    assert ADS not in said[1]["headers"]


def test_a_client_that_goes_away_is_the_apps_to_hear_of() -> None:
    async def send(message: Message) -> None:
        if message["type"] == BODY:
            raise OSError("the client closed the connection")

    with pytest.raises(OSError, match="closed"):
        asyncio.run(
            paged(saying(start(HTML), body(PAGE)))(a_scope(), lambda: None, send)  # type: ignore[arg-type, return-value]
        )


# WebSocket


@pytest.mark.parametrize("kind", ["websocket.accept", "websocket.http.response.start"])
def test_trap_38_websockets_set_cookies_too(kind: str) -> None:
    message = {"type": kind, "headers": cookies(*(cookie.encode() for cookie in ALL))}
    [first] = talk(paged(saying(message)), a_websocket())

    assert first["headers"] == [SESSION, (b"cache-control", PRIVATE["cache-control"].encode())]
    assert len(message["headers"]) == len(ALL)


def test_trap_38_a_websockets_headers_may_be_missing() -> None:
    said = talk(
        paged(saying({"type": "websocket.accept"}, {"type": "websocket.send", "text": "x"})), a_websocket()
    )

    assert said == [{"type": "websocket.accept", "headers": []}, {"type": "websocket.send", "text": "x"}]


def test_a_refused_websockets_body_passes() -> None:
    denied = [
        {"type": "websocket.http.response.start", "status": 403, "headers": [HTML]},
        {"type": "websocket.http.response.body", "body": PAGE},
    ]

    assert talk(paged(saying(*denied)), a_websocket()) == denied


def test_a_websocket_may_grant() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert visit_from(scope).grant(["analytics"])
        await send({"type": "websocket.accept", "headers": cookies(b"_ga=1")})
        assert not visit_from(scope).grant(["marketing"])

    [first] = talk(guarded(app), a_websocket())
    names = [value.partition(b"=")[0] for name, value in first["headers"] if name == b"set-cookie"]
    assert names == [b"_ga", b"cookieguard"]


def test_a_secure_websocket_is_https() -> None:
    app = guarded(
        saying({"type": "websocket.accept", "headers": cookies(b"session=1")}),
        cookies=[{"name": "session", "category": "essential", "purpose": "Login.", "secure": True}],
    )
    [first] = talk(app, a_websocket(scheme="wss", headers={"Host": HOST}))

    assert first["headers"] == cookies(b"session=1; Secure")
