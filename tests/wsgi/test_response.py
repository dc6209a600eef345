"""HTML through the adapter: the calling convention and the body, by the numbers of the traps."""

from __future__ import annotations

import gc
import gzip
import io
import sys
import weakref
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from wsgiref.util import FileWrapper
from wsgiref.validate import validator

import flask
import pytest
from asking import App, Headers, Server, an_environ, ask, through_a_handler
from htmlapps import (
    FRAGMENT,
    FRONT,
    GUARDED,
    GUARDED_FRAGMENT,
    HTML,
    LOADING,
    PAGE,
    PLAIN,
    REST,
    Parts,
    bar,
    paged,
    run,
    sent,
    serving,
    tag,
)

from cookieguard import visit_from

PIECES = (b"", FRONT[:5], b"", FRONT[5:], LOADING, b"", REST)


# Calling convention


@pytest.mark.parametrize(
    ("given", "forwarded"),
    [
        pytest.param((), 2, id="no exc_info"),
        pytest.param((None,), 2, id="exc_info is None"),
        pytest.param(((ValueError, ValueError("x"), None),), 3, id="exc_info"),
    ],
)
def test_trap_01_arguments_of_a_page_are_forwarded_by_position(
    given: tuple[Any, ...], forwarded: int
) -> None:
    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [HTML], *given)
        return [PAGE]

    server, body = run(paged(app))

    assert [len(call) for call in server.calls] == [forwarded]
    assert server.calls[0][2:] == given[: forwarded - 2]
    assert body == GUARDED


@pytest.mark.parametrize("pieces", [(PAGE,), PIECES, (FRONT[:3],), (b"",)], ids=len)
def test_trap_02_write_is_a_callable_whose_bytes_are_rewritten_too(pieces: tuple[bytes, ...]) -> None:
    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        write = start_response("200 OK", [HTML])
        for piece in pieces:
            write(piece)
        return []

    server, body = run(paged(app))

    assert len(server.calls) == 1
    assert body == run(paged(serving(lambda: pieces)))[1]


def failing(first: Headers, second: Headers, *, body: bytes = PAGE) -> App:
    """Make an app whose view fails once its headers are given, and whose error page has others."""

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", first)
        try:
            raise ValueError("the view failed")
        except ValueError:
            start_response("500 Oh No", second, sys.exc_info())
        return [body]

    return app


@pytest.mark.parametrize(
    ("first", "second", "body", "left"),
    [
        pytest.param([HTML], [HTML, ("Content-Length", str(len(PAGE)))], PAGE, GUARDED, id="page, page"),
        pytest.param([HTML, ("Set-Cookie", "ads=1")], [PLAIN], PAGE, PAGE, id="page, text"),
        pytest.param([PLAIN], [HTML], PAGE, GUARDED, id="text, page"),
        pytest.param([HTML], [HTML], FRAGMENT, GUARDED_FRAGMENT, id="page, fragment"),
        pytest.param([HTML], [HTML], b"", b"", id="page, nothing"),
    ],
)
def test_trap_03_exc_info_before_the_first_bytes(
    first: Headers, second: Headers, body: bytes, left: bytes
) -> None:
    app = failing(first, second, body=body)
    wire = through_a_handler(paged(app))
    server, raw = run(paged(app))

    assert wire.encode("latin-1").partition(b"\r\n\r\n")[2] == left
    assert wire.startswith(("HTTP/1.0 500", "Status: 500"))
    assert raw == left
    # A page's first headers waited, and never left.
    assert [call[0] for call in server.calls] == ["200 OK"] * (first == [PLAIN]) + ["500 Oh No"]
    assert len(server.calls[-1]) == 3
    if body == PAGE and second[0] == HTML:
        assert "Content-Length" not in dict(server.calls[-1][1])


def test_trap_03_verdicts_are_those_of_the_page_that_left() -> None:
    app = paged(failing([HTML, ("Set-Cookie", "ads=1")], [HTML, ("Set-Cookie", "_ga=1")]))
    run(app)

    assert app.enforcer.counts == {("stripped", "analytics"): 1}


class Sent(Server):
    """A server whose headers have left: it raises what it is told of."""

    def __init__(self) -> None:
        super().__init__()
        self.gone = False

    def start_response(self, *arguments: Any) -> Callable[[bytes], object]:
        super().start_response(*arguments[:2])
        exc_info = arguments[2] if len(arguments) > 2 else None
        try:
            if exc_info and self.gone:
                raise exc_info[1].with_traceback(exc_info[2])
        finally:
            del arguments, exc_info
        return self.write


class Failure(Exception):
    pass


@pytest.mark.parametrize("second", [HTML, PLAIN], ids=["page", "text"])
@pytest.mark.parametrize("gone", [True, False], ids=["after the first bytes", "before them"])
def test_trap_03_exc_info_of_a_page_is_not_swallowed_or_kept(second: tuple[str, str], gone: bool) -> None:
    kept: list[weakref.ref[Failure]] = []

    def app(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [HTML])
        if gone:
            yield PAGE
        try:
            raise Failure
        except Failure as error:
            kept.append(weakref.ref(error))
            start_response("500 Oh No", [second], sys.exc_info())
        yield b"sorry"

    server = Sent()
    body: Any = paged(app)(an_environ(), server.start_response)
    gc.disable()
    try:
        if gone:
            assert next(body) == GUARDED[: -len(bar())]
            server.gone = True
            with pytest.raises(Failure):
                next(body)
        else:
            assert b"".join(body) == b"sorry"
        body.close()
        # A cycle through the traceback would keep it until the next collection.
        assert kept[0]() is None
    finally:
        gc.enable()


@pytest.mark.parametrize("before", [(), (b"",), (b"", b"")], ids=len)
def test_trap_04_a_generators_page_is_decided_on_at_its_first_next(before: tuple[bytes, ...]) -> None:
    def app(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        yield from before
        visit_from(environ).grant(["analytics"])
        start_response("200 OK", [HTML, ("Set-Cookie", "_ga=1"), ("Set-Cookie", "ads=1")])
        yield from PIECES

    server = Server()
    body = paged(app)(an_environ(), server.start_response)

    assert server.calls == []
    assert b"".join(body) == GUARDED
    assert [value.partition("=")[0] for name, value in sent(server) if name == "Set-Cookie"] == [
        "_ga",
        "cookieguard",
    ]


def late(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
    start_response("200 OK", [HTML])
    yield from PIECES


@pytest.mark.parametrize(
    "app", [serving(PAGE), serving(lambda: PIECES), late], ids=["list", "pieces", "generator"]
)
def test_pages_under_lint_inside_and_outside(app: App) -> None:
    assert ask(paged(validator(app))).body == GUARDED
    wire = through_a_handler(paged(validator(app))).encode("latin-1")
    assert wire.partition(b"\r\n\r\n")[2] == GUARDED


class Watching(Server):
    """A server that notes when start_response came, among other things."""

    def __init__(self) -> None:
        super().__init__()
        self.order: list[str] = []

    def start_response(self, *arguments: Any) -> Callable[[bytes], object]:
        self.order.append("start")
        return super().start_response(*arguments)


@pytest.mark.parametrize(
    ("parts", "fail", "order"),
    [
        pytest.param((), False, ["start", "close"], id="empty body"),
        pytest.param((b"", b""), False, ["start", "close"], id="empty strings"),
        pytest.param((FRONT[:4],), False, ["start", "bytes", "close"], id="cut in its doctype"),
        pytest.param((PAGE,), False, ["start", "bytes", "bytes", "close"], id="page"),
        pytest.param((FRAGMENT,), False, ["start", "bytes", "close"], id="fragment"),
        pytest.param((), True, ["start", "error", "close"], id="error at once"),
        pytest.param((FRONT[:4],), True, ["start", "error", "close"], id="error while held back"),
        pytest.param((PAGE,), True, ["start", "bytes", "error", "close"], id="error after the first bytes"),
    ],
)
def test_start_response_is_called_once_and_first(
    parts: tuple[bytes, ...], fail: bool, order: list[str]
) -> None:
    server = Watching()

    class Body(Parts):
        def close(self) -> None:
            server.order.append("close")

    returned: Any = paged(serving(lambda: Body(*parts, fail=fail)))(an_environ(), server.start_response)
    assert server.order == []
    try:
        for part in returned:
            server.order += ["bytes"] if part else []
    except ValueError:
        server.order.append("error")
    finally:
        returned.close()

    assert server.order == order


def test_a_page_that_nobody_reads_still_has_its_headers() -> None:
    body = Parts(PAGE)
    server = Server()
    returned: Any = paged(serving(lambda: body, ("Set-Cookie", "ads=1")))(an_environ(), server.start_response)
    returned.close()

    assert (body.closed, body.taken) == (1, 0)
    assert not {"Content-Length", "Set-Cookie"} & dict(sent(server)).keys()


def test_an_error_around_the_guard_is_told_by_exc_info() -> None:
    """A middleware further out answers for a page that fails while its headers wait."""

    def outer(app: App) -> App:
        def catching(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
            try:
                yield from app(environ, start_response)
            except ValueError:
                start_response("500 Oh No", [PLAIN], sys.exc_info())
                yield b"caught"

        return catching

    wire = through_a_handler(outer(paged(serving(lambda: Parts(FRONT[:4], fail=True)))))

    assert wire.startswith(("HTTP/1.0 500", "Status: 500"))
    assert wire.endswith("\r\n\r\ncaught")


def test_close_reaches_the_app_though_the_server_fails() -> None:
    class Broken(Server):
        def start_response(self, *arguments: Any) -> Callable[[bytes], object]:
            raise ConnectionError

    body = Parts(PAGE)
    returned: Any = paged(serving(lambda: body))(an_environ(), Broken().start_response)
    with pytest.raises(ConnectionError):
        returned.close()

    assert body.closed == 1


# Headers


class Listed(list):  # type: ignore[type-arg]
    pass


@pytest.mark.parametrize("name", ["Content-Type", "content-type", "CONTENT-TYPE"])
def test_trap_06_names_in_any_case_and_exact_types(name: str) -> None:
    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        headers = [(name, "Text/HTML"), (name.replace("Type", "Length").lower(), "1")]
        headers[1] = ("content-LENGTH", str(len(PAGE)))
        start_response("200 OK", Listed([*headers, ("eTag", '"1"'), ("sEt-cOOKIE", "ads=1")]))
        return [PAGE]

    answer = ask(paged(app))

    # Lint holds the list, the tuples and the strings to their exact types.
    assert (answer.body, answer.cookies) == (GUARDED, [])
    assert [key for key, _ in answer.headers[:3]] == [name, "content-LENGTH", "eTag"]
    assert answer.get("Content-Length") == str(len(GUARDED))


@pytest.mark.parametrize("kind", ["text/plain", "image/svg+xml", "application/json"])
def test_no_link_preloads_from_a_held_host_beside_what_is_no_page(kind: str) -> None:
    held, other = "<https://ga.example/a.js>; rel=preload; as=script", "</next>; rel=next"
    app = paged(serving(b"text", ("Link", held), ("Link", other), kind=("Content-Type", kind)))

    for _ in range(2):  # the second time from memory
        server, body = run(app)
        assert [value for name, value in sent(server) if name == "Link"] == [other]
        assert body == b"text"


def test_each_part_that_the_app_makes_is_answered() -> None:
    packed = gzip.compress(PAGE * 3)
    made = 0

    def parts() -> Iterable[bytes]:
        nonlocal made
        # The end of the frame unpacks to nothing.
        for part in (packed[:-8], b"", packed[-8:-4], b"", packed[-4:]):
            made += 1
            yield part

    app = paged(serving(parts, ("Content-Encoding", "gzip")))
    asked = [made for _ in app(an_environ(), Server().start_response)]

    assert asked[0] == 1 and {*asked} == {1, 2, 3, 4, 5}


def test_trap_07_the_apps_list_is_never_changed() -> None:
    shared = [
        HTML,
        ("Content-Length", str(len(PAGE))),
        ("ETag", '"1"'),
        ("Last-Modified", "Sun, 01 Nov 2026 00:00:00 GMT"),
        ("Link", "<https://ga.example/a.js>; rel=preload; as=script"),
        ("Vary", "Accept"),
        ("Set-Cookie", "ads=1"),
    ]
    before = list(shared)

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        visit_from(environ).consent.allows("analytics")
        start_response("200 OK", shared)
        return [PAGE]

    app = paged(app)
    first, second = ask(app), ask(app)

    assert shared == before
    assert first == second


def test_trap_07_what_the_app_adds_to_its_list_afterwards_does_not_leave() -> None:
    headers = [HTML]

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", headers)
        headers.append(("Set-Cookie", "ads=1"))
        return [PAGE]

    assert "ads=1" not in through_a_handler(paged(app))


def test_trap_08_set_cookie_is_never_folded_joined_or_reordered() -> None:
    lines = [
        ("Set-Cookie", "session=2; Path=/b"),
        ("X-Between", "1"),
        ("set-cookie", "session=1;; x"),
        ("ETag", '"1"'),
        ("Set-Cookie", "session=1, ads=2"),
    ]
    answer = ask(paged(serving(PAGE, *lines), guard={"lifetimes": "off"}))
    left = [header for header in answer.headers if header[0].lower() in ("set-cookie", "x-between", "etag")]

    assert [name for name, _ in left] == [name for name, _ in lines]
    assert [value for name, value in left if name != "ETag"] == [v for name, v in lines if name != "ETag"]


@pytest.mark.parametrize(
    ("existing", "merged"),
    [
        pytest.param([], "Cookie, Sec-GPC", id="none"),
        pytest.param(["Accept-Encoding"], "Accept-Encoding, Cookie, Sec-GPC", id="another"),
        pytest.param(["*"], "*", id="everything"),
    ],
)
def test_trap_09_vary_is_merged_on_pages(existing: list[str], merged: str) -> None:
    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        visit_from(environ).consent.allows("analytics")
        return serving(PAGE, *(("vary", value) for value in existing))(environ, start_response)

    assert ask(paged(app)).get("Vary") == merged


@pytest.mark.parametrize("given", ["no-store", "private, max-age=5", "NO-STORE"])
@pytest.mark.parametrize("packed", [False, True], ids=["rewritten", "unreadable"])
def test_trap_09_a_page_is_never_more_cacheable(given: str, packed: bool) -> None:
    coding = [("Content-Encoding", "br")] if packed else []
    server, _ = run(paged(serving(PAGE, ("Cache-Control", given), *coding)))

    assert dict(sent(server))["Cache-Control"] == ("no-store" if packed else given)


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
@pytest.mark.parametrize("kind", [(), (HTML,)], ids=["no type", "html"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_trap_10_no_body_and_no_header_is_added(status: str, kind: Headers, method: str) -> None:
    given = [*kind, ("ETag", '"1"'), ("Last-Modified", "Sun, 01 Nov 2026 00:00:00 GMT")]

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response(status, given)
        return []

    server, body = run(paged(app), REQUEST_METHOD=method)

    assert (sent(server), body) == (given, b"")


# Body


def a_generator() -> Iterator[bytes]:
    yield PAGE


@pytest.mark.parametrize("cookies", [(), ("ads=1",)], ids=["untouched", "stripped"])
@pytest.mark.parametrize(
    "kind", ["text/plain", "image/svg+xml", "application/json", "text/htmlx", "text/xml"]
)
@pytest.mark.parametrize(
    "body",
    [
        pytest.param([PAGE], id="list"),
        pytest.param((PAGE,), id="tuple"),
        pytest.param(a_generator(), id="generator"),
        pytest.param(FileWrapper(io.BytesIO(PAGE)), id="file_wrapper"),
        pytest.param(Parts(PAGE), id="iterable with close"),
    ],
)
def test_trap_27_what_is_no_html_is_the_same_object(
    body: Iterable[bytes], kind: str, cookies: tuple[str, ...]
) -> None:
    lines = [("Set-Cookie", cookie) for cookie in cookies]
    app = serving(lambda: body, *lines, kind=("Content-Type", kind))

    assert paged(app)(an_environ(), Server().start_response) is body


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param([("Content-Encoding", "br")], id="brotli"),
        pytest.param([("Content-Range", "bytes 0-9/99")], id="partial"),
    ],
)
def test_trap_27_html_that_is_left_alone_is_the_same_object(headers: Headers) -> None:
    body = [PAGE]

    assert paged(serving(lambda: body, *headers))(an_environ(), Server().start_response) is body


@pytest.mark.parametrize("read", [0, 1, 3, 99], ids=["unread", "disconnected early", "later", "read out"])
@pytest.mark.parametrize("fail", [False, True], ids=["sound", "failing"])
def test_traps_28_and_29_a_pages_close_is_called_once(read: int, fail: bool) -> None:
    body = Parts(*filter(None, PIECES), fail=fail)
    returned: Any = validator(paged(validator(serving(lambda: body))))(an_environ(), Server().start_response)
    pieces = iter(returned)
    try:
        for _ in range(read):
            if next(pieces, None) is None:
                break
    except ValueError:
        assert fail
        assert read == 99
    finally:
        returned.close()

    assert body.closed == 1


def test_trap_29_close_belongs_to_the_iterable_not_to_its_iterator() -> None:
    body = Parts(PAGE)

    assert run(paged(serving(lambda: body)))[1] == GUARDED
    assert (body.taken, body.closed) == (1, 1)


def test_trap_30_one_piece_out_for_each_piece_in() -> None:
    """Once the headers left; before that, nothing may be yielded at all."""
    body = Parts(b"<!doctype html><p>", b"", b"<script sr", b'c="//ga.example/">', b"</script>")
    pieces: Any = paged(serving(lambda: body))(an_environ(), Server().start_response)
    steps = [(next(pieces), body.taken) for _ in body.parts]

    assert steps == [
        (b"<!doctype html>" + tag() + b"<p>", 1),
        (b"", 2),
        (b"", 3),
        (b'<script _rc="//ga.example/">', 4),
        (b"</script>", 5),
    ]
    assert list(pieces) == [bar()]


def test_trap_30_a_page_is_pulled_until_its_headers_are_known() -> None:
    body = Parts(b"", b"<!do", b"", b"ctype html>", b"<p>", b"x")
    server = Server()
    pieces: Any = paged(serving(lambda: body))(an_environ(), server.start_response)

    assert (next(pieces), body.taken, len(server.calls)) == (b"<!doctype html>" + tag() + b"<p>", 5, 1)


def test_trap_30_written_data_precedes_the_iterable() -> None:
    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        write = start_response("200 OK", [HTML, ("Set-Cookie", "ads=1")])
        write(FRONT[:7])
        write(FRONT[7:] + LOADING[:50])
        return [LOADING[50:], REST]

    wire = through_a_handler(paged(app)).encode("latin-1")

    assert wire.partition(b"\r\n\r\n")[2] == GUARDED
    assert b"Set-Cookie" not in wire


def test_trap_30_what_is_written_after_a_second_call_is_not_lost() -> None:
    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        write = start_response("200 OK", [HTML])
        start_response("500 Oh No", [PLAIN], (ValueError, ValueError(), None))
        write(b"first ")
        return [b"second"]

    assert run(paged(app))[1] == b"first second"


def test_a_second_call_without_exc_info_is_answered_alike_whatever_is_remembered() -> None:
    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [PLAIN, ("Set-Cookie", "session=1")])
        write = start_response("200 OK", [HTML])
        write(FRONT)
        return [REST]

    guard = paged(app)
    (first, body), *more = [run(guard) for _ in range(3)]

    assert FRONT[-5:] in body
    # It is the server's to say what it thinks of the second.
    assert len(first.calls) == 2
    assert [(server.calls, again) for server, again in more] == [(first.calls, body)] * 2


def test_trap_31_flasks_responses_are_no_lists() -> None:
    app = flask.Flask("shop")
    closed = []

    @app.get("/")
    def page() -> flask.Response:
        response = flask.Response(iter(PIECES), mimetype="text/html")
        response.call_on_close(lambda: closed.append(True))
        return response

    app.wsgi_app = paged(app.wsgi_app)  # type: ignore[method-assign]

    assert run(app)[1] == GUARDED
    assert closed == [True]


@pytest.mark.parametrize("body", [[PAGE], Parts(PAGE)], ids=["list", "iterable"])
def test_trap_33_no_length_of_a_head_answer_can_be_told(body: Any) -> None:
    """Servers take it from a list of one, where an app gives HEAD a body all the same."""

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [HTML, ("Content-Length", str(len(PAGE)))])
        return body  # type: ignore[no-any-return]

    server = Server()
    returned: Any = paged(app)(an_environ(REQUEST_METHOD="HEAD"), server.start_response)

    assert sent(server) == [HTML]
    assert not hasattr(returned, "__len__")
    returned.close()
