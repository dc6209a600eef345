"""The response's body and its iterable, by the numbers of the traps."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from typing import Any
from wsgiref.util import FileWrapper
from wsgiref.validate import validator

import django
import flask
import pytest
from asking import App, Server, an_environ, guarded, lined, through_a_handler
from contract import SECRET
from django.conf import settings as django_settings
from django.http import HttpResponse


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
