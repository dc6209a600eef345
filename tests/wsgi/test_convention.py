"""PEP 3333's calling convention, by the numbers of its traps."""

from __future__ import annotations

import gc
import io
import sys
import weakref
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from wsgiref.handlers import SimpleHandler

import pytest
from asking import App, Headers, Server, an_environ, ask, guarded, lined, through_a_handler

from cookieguard import visit_from


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


@pytest.mark.parametrize("kind", ["text/plain", "text/html"])
def test_the_server_refuses_a_second_start_without_exc_info(kind: str) -> None:
    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        for status in ("200 OK", "500 Oh No"):
            start_response(status, [("Content-Type", kind), ("Set-Cookie", "session=1")])
        return [b"<!doctype html>"]

    with pytest.raises(AssertionError, match="Headers already set"):
        guarded(app)(an_environ(), SimpleHandler(*[io.BytesIO()] * 3, {}).start_response)  # type: ignore[arg-type]


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
