"""Which cookies a log-in needs, tried on apps that need this one or that."""

from __future__ import annotations

from secrets import token_hex
from typing import Any

import pytest
from werkzeug import Request, Response

from cookieguard.cli.start.browse import Browser
from cookieguard.cli.start.login import LogIn, try_log_in

ROOT = "http://shop.example/"
FORM = """<form method=post action=/in><input name=u><input type=password name=p>
<input type=checkbox name=remember></form>"""
BUTTON = "<form method=post action=/in><button>Log in</button></form>"


def shop(
    *, form: str = FORM, before: tuple[str, ...] = (), after: tuple[str, ...] = (), noise: bool = False
) -> Any:
    """Make an app: `before` are cookies that its form needs, `after` those that its members need."""
    asked = [0]

    @Request.application
    def app(request: Request) -> Response:
        asked[0] += 1
        held = request.cookies
        if request.method == "POST":
            response = Response("", 303, headers={"Location": "/"})
            right = request.form.get("p", "right") == "right"
            if right and all(name in held for name in before):
                for name in after:
                    response.set_cookie(name, "1")
                if request.form.get("remember"):
                    response.set_cookie("stay", "1")
            return response
        member = all(name in held for name in after) and bool(after)
        text = "<a href=/out>Log out</a>" if member else form
        response = Response(text + (f"<a href=/{asked[0]}>" if noise else ""), mimetype="text/html")
        for name in (*before, "taste"):
            response.set_cookie(name, "1")
        return response

    return app


def tried(app: Any, user: str = "anna", password: str = "right") -> LogIn:
    def new_browser(refused: frozenset[str]) -> Browser:
        return Browser(app, ROOT, refused=refused)

    return try_log_in(new_browser, ROOT, user, password, lambda name: name != "known")


@pytest.mark.parametrize(
    ("app", "needed"),
    [
        pytest.param(shop(after=("who",)), {"who"}, id="a session"),
        pytest.param(shop(before=("form",), after=("who",)), {"form", "who"}, id="a form's token too"),
        pytest.param(shop(after=("one", "two")), {"one", "two"}, id="two"),
        pytest.param(shop(after=("known", "who")), {"who"}, id="of what is known nothing is tried"),
        pytest.param(shop(form=BUTTON, after=("who",)), {"who"}, id="a button"),
        pytest.param(shop(after=("who",), noise=True), {"who", "taste"}, id="a page that differs each time"),
    ],
)
def test_what_the_log_in_needs(app: Any, needed: set[str]) -> None:
    found = tried(app)
    assert (found.state, found.needed) == ("works", needed)


def test_a_cookie_whose_name_differs_each_time_is_one() -> None:
    @Request.application
    def app(request: Request) -> Response:
        if request.method == "POST":
            response = Response("", 303, headers={"Location": "/"})
            response.set_cookie(f"sess_{token_hex(8)}", "1")
            return response
        member = any(name.startswith("sess_") for name in request.cookies)
        return Response("<a href=/out>Log out</a>" if member else FORM, mimetype="text/html")

    assert tried(app).needed == {"sess_*"}


def test_what_the_box_for_staying_adds() -> None:
    assert tried(shop(after=("who",))).remembers == {"stay"}


@pytest.mark.parametrize(
    ("log_in", "state"),
    [
        pytest.param(tried(shop(after=("who",)), password="wrong"), "failed", id="wrong password"),
        pytest.param(tried(shop(after=("who",)), user=""), "unknown", id="no user"),
        pytest.param(tried(shop(form="<p>closed</p>", after=("who",))), "none", id="no form"),
    ],
)
def test_where_it_cannot_be_tried(log_in: LogIn, state: str) -> None:
    assert (log_in.state, log_in.needed) == (state, frozenset())
