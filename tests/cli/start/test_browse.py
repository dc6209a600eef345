"""The browser's part towards an app, and the crawl."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from werkzeug import Request, Response

from cookieguard.cli.start.browse import Browser
from cookieguard.cli.start.crawl import Bounds, crawl

ROOT = "http://shop.example/"


def browser(app: Any, **options: Any) -> Browser:
    return Browser(app, ROOT, **options)


def page(text: str = "", status: int = 200, **headers: str) -> Response:
    return Response(
        text,
        status,
        headers={name.replace("_", "-"): value for name, value in headers.items()},
        mimetype="text/html",
    )


@Request.application
def echo(request: Request) -> Response:
    if request.path == "/set":
        response = page()
        for line in ("a=1; Path=/", "b=2; Path=/deep", "c=3", "bad\x01=1"):
            response.headers.add("Set-Cookie", line) if "\x01" not in line else None
        return response
    if request.path == "/unset":
        return page(Set_Cookie="a=; Path=/; Max-Age=0")
    return page(
        f"<title>{request.method} {request.headers.get('Cookie')} {request.get_data(as_text=True)}</title>"
    )


def title(browser: Browser, path: str) -> str:
    answer = browser.get(path)
    assert answer.page is not None
    return answer.page.title


def test_cookies_come_back_where_they_belong() -> None:
    asking = browser(echo)
    asking.get("/set")
    assert title(asking, "/") == "GET a=1; c=3"
    assert title(asking, "/deep/er") == "GET a=1; b=2; c=3"
    asking.get("/unset")
    assert title(asking, "/") == "GET c=3"
    assert asking.held == ["b", "c"]


def test_a_refused_cookie_is_never_stored() -> None:
    asking = browser(echo, refused=frozenset({"a"}))
    asking.get("/set")
    assert title(asking, "/") == "GET c=3"


def test_a_form_is_posted_and_its_redirect_followed() -> None:
    @Request.application
    def app(request: Request) -> Response:
        if request.method == "POST":
            assert request.headers["Origin"] == "http://shop.example"
            return page("", 303, Location=f"/after?{request.form['user']}")
        return page(f"<title>{request.full_path}</title>")

    answer = browser(app).post("/in", [("user", "anna"), ("user", "berta")])
    assert answer.page is not None
    assert answer.page.title == "/after?anna"


def test_other_sites_are_never_asked() -> None:
    asking = browser(lambda environ, start: pytest.fail("asked"))
    assert not asking.is_here("https://else.example/")
    assert not asking.is_here("http://shop.example:81/")
    assert not asking.is_here("mailto:a@shop.example")


def raises(environ: Any, start_response: Any) -> Iterable[bytes]:
    raise ZeroDivisionError("division by zero")


def raises_late(environ: Any, start_response: Any) -> Iterator[bytes]:
    start_response("200 OK", [("Content-Type", "text/html")])
    yield b"<p>"
    raise ZeroDivisionError("division by zero")


@pytest.mark.parametrize("app", [raises, raises_late])
def test_what_the_app_raises_is_its_answer(app: Any) -> None:
    answer = browser(app).get("/")
    assert (answer.status, answer.error) == (500, "ZeroDivisionError: division by zero")


def test_an_apps_own_error_page_is_its_answer() -> None:
    def app(environ: Any, start_response: Any) -> Iterable[bytes]:
        try:
            raise ValueError
        except ValueError as error:
            write = start_response("500 Oops", [("Content-Type", "text/html")], (ValueError, error, None))
            write(b"<title>sorry</title>")
        return []

    answer = browser(app).get("/")
    assert (answer.status, answer.error, answer.page and answer.page.title) == (500, None, "sorry")


class Endless:
    """A stream of events, as long as somebody reads."""

    closed = False

    def __iter__(self) -> Iterator[bytes]:
        while True:
            yield b"data: x\n\n"

    def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize("kind", ["text/event-stream", "text/html"])
def test_what_never_ends_is_left(kind: str) -> None:
    body = Endless()

    def app(environ: Any, start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", kind)])
        return body

    assert browser(app).get("/").status == 200
    assert body.closed


SITE = {
    "/": '<a href="/a">a</a><a href="/logout">bye</a><a href="https://else.example/">x</a><a href="/style.css">c</a>',
    "/a": '<a href="/a/b">b</a><a href="/#top">top</a>',
    "/a/b": '<a href="/a/b/c">c</a>',
    "/a/b/c": '<a href="/a/b/c/d">d</a>',
    "/calendar": "".join(f'<a href="/calendar?day={day}">' for day in range(99)),
    "/round": '<a href="/there">',
}


@Request.application
def site(request: Request) -> Response:
    if request.path == "/there":
        return page("", 302, Location="/round")
    return page(SITE.get(request.path, ""), 200 if request.path in SITE else 404)


@pytest.mark.parametrize(
    ("starts", "bounds", "asked"),
    [
        pytest.param(["/"], Bounds(), ["/", "/a", "/a/b", "/a/b/c"], id="breadth first, three deep"),
        pytest.param(["/"], Bounds(depth=1), ["/", "/a"], id="depth"),
        pytest.param(["/"], Bounds(pages=2), ["/", "/a"], id="pages"),
        pytest.param(["/calendar"], Bounds(), ["/calendar"] * 5, id="few queries of one path"),
        pytest.param(["/round"], Bounds(), ["/round", "/there"], id="a round"),
    ],
)
def test_crawl(starts: list[str], bounds: Bounds, asked: list[str]) -> None:
    addresses = [ROOT.rstrip("/") + start for start in starts]
    answers = crawl(browser(site), addresses, bounds)
    paths = ["/" + answer.address.split("/", 3)[3].partition("?")[0] for answer in answers]
    assert paths == asked
