"""Pages of real frameworks' apps, with what they and their middlewares do to HTML."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import django
import flask
import pytest
from asking import App, ask
from contract import HOST, SECRET
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.test import override_settings
from django.urls import path
from htmlapps import (
    FETCH,
    FRAGMENT,
    FRONT,
    GET,
    GUARDED,
    GUARDED_FRAGMENT,
    LOADING,
    PAGE,
    REST,
    paged,
    run,
    sent,
    tag,
)
from werkzeug.debug import DebuggedApplication

from cookieguard import script_tag

DATE = datetime(2026, 11, 1, tzinfo=UTC)


# Flask


@pytest.fixture
def shop(tmp_path: Path) -> flask.Flask:
    app = flask.Flask("shop", static_folder=str(tmp_path), static_url_path="/static")
    (tmp_path / "page.html").write_bytes(PAGE)
    (tmp_path / "data.bin").write_bytes(PAGE)

    @app.get("/")
    def page() -> flask.Response:
        response = flask.Response(PAGE)
        response.set_cookie("session", "1")
        response.set_cookie("ads", "1")
        return response

    @app.get("/fragment")
    def fragment() -> bytes:
        return FRAGMENT

    @app.get("/stream")
    def stream() -> flask.Response:
        return flask.Response(flask.stream_with_context(iter([FRONT, LOADING, REST])))

    @app.get("/memory")
    def memory() -> flask.Response:
        return flask.send_file(io.BytesIO(PAGE), mimetype="text/html")

    @app.get("/placed")
    def placed() -> str:
        return flask.render_template_string("<head>{{ tag(request.environ) }}</head>", tag=script_tag)

    @app.get("/missing")
    def missing() -> str:
        flask.abort(404)

    @app.get("/failure")
    def failure() -> str:
        raise ValueError("the view failed")

    return app


@pytest.mark.parametrize("address", ["/", "/stream", "/memory", "/static/page.html"])
def test_flask_pages(shop: flask.Flask, address: str) -> None:
    shop.wsgi_app = paged(shop.wsgi_app)  # type: ignore[method-assign]
    answer = ask(shop, address)
    head = run(shop, PATH_INFO=address, REQUEST_METHOD="HEAD")

    assert answer.body == GUARDED
    assert answer.names == (["session"] if address == "/" else [])
    assert answer.get("Last-Modified") is None
    # Streams have no length; others the one that they have now.
    assert answer.get("Content-Length") in (str(len(GUARDED)), None)
    assert head[1] == b""
    assert "Content-Length" not in dict(sent(head[0]))


def test_flask_fragments_and_errors(shop: flask.Flask) -> None:
    app = paged(shop)

    assert ask(app, "/fragment").body == GUARDED_FRAGMENT
    assert tag() in ask(app, "/missing").body
    assert ask(app, "/missing").status == 404


def test_flask_send_file_revalidates(shop: flask.Flask) -> None:
    app = paged(shop)
    first = ask(app, "/static/page.html", headers=GET)
    etag = first.get("ETag") or ""
    again = ask(app, "/static/page.html", headers=GET | {"If-None-Match": etag})
    unguarded = ask(shop, "/static/page.html").get("ETag") or ""

    assert (again.status, again.get("ETag"), again.get("Last-Modified")) == (304, etag, None)
    assert unguarded != etag
    assert ask(app, "/static/page.html", headers=GET | {"If-None-Match": unguarded}).body == GUARDED


def test_flask_send_file_in_parts(shop: flask.Flask) -> None:
    app, part = paged(shop), {"Range": "bytes=0-3"}

    assert ask(app, "/static/page.html", headers=GET | part).body == GUARDED
    assert ask(app, "/static/data.bin", headers=FETCH | part).body == PAGE[:4]
    # Whole it is other bytes than the browser asks the rest of.
    etag = ask(app, "/static/page.html", headers=FETCH).get("ETag") or ""
    assert ask(app, "/static/page.html", headers=FETCH | part | {"If-Range": etag}).body == GUARDED


def test_flask_templates_place_the_tag_by_hand(shop: flask.Flask) -> None:
    app = paged(shop, guard={"inject": False})

    assert ask(app, "/placed").body == b"<head>" + tag() + b"</head>"


@pytest.mark.parametrize("outside", [True, False], ids=["debugger around", "debugger inside"])
def test_flask_debug_error_page(shop: flask.Flask, outside: bool) -> None:
    shop.config["PROPAGATE_EXCEPTIONS"] = True
    app: Any = (
        DebuggedApplication(paged(shop), evalex=False)
        if outside
        else paged(DebuggedApplication(shop, evalex=False))
    )
    server, body = run(app, PATH_INFO="/failure")

    assert server.calls[0][0].startswith("500")
    assert b"the view failed" in body
    assert (tag() in body) is not outside


# Django


def a_page(request: HttpRequest) -> HttpResponse:
    response = HttpResponse(PAGE)
    response.set_cookie("session", "1")
    response.set_cookie("ads", "1")
    return response


def a_long_page(request: HttpRequest) -> HttpResponse:
    return HttpResponse(FRONT + LOADING + b"<p>text</p>" * 100 + REST)


def a_stream(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(iter([FRONT[:4], FRONT[4:], LOADING, REST]))


def a_file(request: HttpRequest) -> FileResponse:
    return FileResponse(io.BytesIO(PAGE), content_type="text/html")


def a_dated_page(request: HttpRequest) -> HttpResponse:
    return HttpResponse(PAGE, headers={"Last-Modified": f"{DATE:%a, %d %b %Y %H:%M:%S} GMT"})


def a_json(request: HttpRequest) -> HttpResponse:
    return HttpResponse(b'{"a": 1}', content_type="application/json")


def a_failure(request: HttpRequest) -> HttpResponse:
    raise ValueError("the view failed")


urlpatterns = [
    path("", a_page),
    path("long", a_long_page),
    path("stream", a_stream),
    path("file", a_file),
    path("dated", a_dated_page),
    path("json", a_json),
    path("failure", a_failure),
]
MIDDLEWARE = [
    "django.middleware.gzip.GZipMiddleware",
    "django.middleware.http.ConditionalGetMiddleware",
    "django.middleware.common.CommonMiddleware",
]


@pytest.fixture
def site() -> Iterator[App]:
    if not settings.configured:
        settings.configure(SECRET_KEY=SECRET, ALLOWED_HOSTS=["*"])
        django.setup()
    with override_settings(ROOT_URLCONF=__name__, MIDDLEWARE=MIDDLEWARE, ALLOWED_HOSTS=[HOST], DEBUG=True):
        yield WSGIHandler()


LONG = GUARDED.replace(REST, b"<p>text</p>" * 100 + REST)
PACKED = {"Accept-Encoding": "gzip"}


@pytest.mark.parametrize(
    ("address", "left"),
    [("/", GUARDED), ("/long", LONG), ("/stream", GUARDED), ("/file", GUARDED), ("/dated", GUARDED)],
)
@pytest.mark.parametrize("how", [GET, FETCH, GET | PACKED, FETCH | PACKED], ids=repr)
def test_django_pages(site: App, address: str, left: bytes, how: dict[str, str]) -> None:
    server, body = run(paged(site), PATH_INFO=address, **as_environ(how))
    headers = dict(sent(server))

    assert body == left
    assert headers.get("Content-Length") in (str(len(left)), None)
    assert not {"Content-Encoding", "Last-Modified"} & headers.keys()
    cookies = [value.strip().partition("=")[0] for name, value in sent(server) if name == "Set-Cookie"]
    assert cookies == ["session"] * (address == "/")


def as_environ(headers: dict[str, str]) -> dict[str, str]:
    return {"HTTP_" + name.upper().replace("-", "_"): value for name, value in headers.items()}


def test_django_packs_what_is_no_page(site: App) -> None:
    assert ask(paged(site), "/json", headers=FETCH | PACKED).body == b'{"a": 1}'
    unguarded = run(site, PATH_INFO="/long", **as_environ(FETCH | PACKED))[1]
    # So that the guard has something to unpack, above.
    assert gzip.decompress(unguarded).startswith(FRONT)


@pytest.mark.parametrize("address", ["/long", "/dated"])
@pytest.mark.parametrize("how", [GET, FETCH, GET | PACKED, FETCH | PACKED], ids=repr)
def test_django_conditional_get(site: App, address: str, how: dict[str, str]) -> None:
    app = paged(site)
    first = ask(app, address, headers=how)
    etag = first.get("ETag") or ""
    again = ask(app, address, headers=how | {"If-None-Match": etag})
    changed = paged(site, providers={"ga": {"name": "GA", "hosts": ["other.example"]}})

    assert "-cg" in etag
    assert (again.status, again.body, again.get("Last-Modified")) == (304, b"", None)
    # Django packs, and so weakens, its 200 alone.
    assert (again.get("ETag") or "").removeprefix("W/") == etag.removeprefix("W/")
    assert ask(changed, address, headers=how | {"If-None-Match": etag}).status == 200


def test_django_json_revalidates_by_its_own_etag(site: App) -> None:
    app = paged(site)
    etag = ask(app, "/json", headers=FETCH).get("ETag") or ""

    assert "-cg" not in etag
    assert ask(app, "/json", headers=FETCH | {"If-None-Match": etag}).status == 304


def test_django_debug_error_page(site: App) -> None:
    with override_settings(DEBUG_PROPAGATE_EXCEPTIONS=False):
        answer = ask(paged(site), "/failure")

    assert answer.status == 500
    assert b"the view failed" in answer.body
    assert tag() in answer.body or b"guard.js" in answer.body
