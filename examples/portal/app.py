"""A portal that connects everything to a session id: python examples/portal/app.py

Nobody can log in without that cookie, so it is essential; all others wait for the visitor's choice.
"""

from __future__ import annotations

import os
from pathlib import Path
from secrets import token_urlsafe
from typing import Any
from wsgiref.simple_server import make_server

from jinja2 import Environment, FileSystemLoader
from werkzeug import Request, Response
from werkzeug.middleware.shared_data import SharedDataMiddleware
from werkzeug.utils import redirect

from cookieguard import CookieGuard, Policy

HERE = Path(__file__).parent
# For development only. A real site reads a secret of its own, and refuses to start without it.
SECRET_KEY = os.environ.get("COOKIEGUARD_SECRET") or "development-only-change-me"

PAGE = Environment(autoescape=True, loader=FileSystemLoader(HERE.parent)).get_template("page.html")
FILES = {"/shared": str(HERE.parent / "shared")}
LINKS = {"/": "Home", "/account": "My account"}
WITHOUT_COOKIES = "Logging in needs our session cookie. If your browser refuses all cookies, you can't log in and use the portal."

SIX_HOURS = 6 * 60 * 60
STATISTICS = (
    "_ga=GA1.1.250612.1795305600; Path=/; Max-Age=34560000",
    "_ga_PORTAL01=GS1.1.1795305600.1.0; Path=/; Max-Age=34560000",
    "_gid=GA1.1.871204; Path=/; Max-Age=86400",
    "_dc_gtm_UA-250612-1=1; Path=/; Max-Age=60",
)
CHAT = ("smartchat_visitor=v-250612; Path=/",)

# Session id -> whether its visitor is logged in.
sessions: dict[str, bool] = {}


@Request.application
def portal(request: Request) -> Response:
    """The site itself; it knows nothing of the guard."""
    session = request.cookies.get("session_id", "")
    if request.method == "POST":
        return _act(request.path, session)
    if session not in sessions:
        session = token_urlsafe()
        sessions[session] = False
    response = _show(request, logged_in=sessions[session])
    # Sent with each page, so that six hours are counted from the last one.
    _set(response, (f"session_id={session}; Path=/; Max-Age={SIX_HOURS}; HttpOnly; SameSite=Lax",))
    _set(response, (*STATISTICS, *CHAT))
    return response


def _act(path: str, session: str) -> Response:
    if session not in sessions:
        html = _render({}, "You can't log in", (WITHOUT_COOKIES,))
        return Response(html, 403, mimetype="text/html")
    sessions[session] = path == "/log-in"
    return redirect("/account", 303)


def _show(request: Request, *, logged_in: bool) -> Response:
    seen, form, status = request.cookies, None, 200
    if request.path == "/":
        html = _render(
            seen, "The meeting portal", ("Plan your meetings in one place.", "SmartChat: ask us anything.")
        )
    elif request.path == "/account":
        form = {"action": "/log-out", "button": "Log out"}
        text: tuple[str, ...] = ("You are logged in.",)
        if not logged_in:
            form, text = (
                {"action": "/log-in", "button": "Log in"},
                ("You are not logged in.", WITHOUT_COOKIES),
            )
        html = _render(seen, "My account", text, form)
    else:
        html, status = _render(seen, "Not found", ("There is no such page.",)), 404
    return Response(html, status, mimetype="text/html")


def _render(seen: Any, title: str, text: tuple[str, ...], form: dict[str, str] | None = None) -> str:
    return PAGE.render(site="Meetwell", links=LINKS, title=title, text=text, form=form, seen=seen)


def _set(response: Response, cookies: tuple[str, ...]) -> None:
    for cookie in cookies:
        response.headers.add("Set-Cookie", cookie)


def make_app(policy: Policy | None = None, **options: Any) -> CookieGuard:
    """Wrap the site; the options are CookieGuard's own."""
    options.setdefault("secret_key", SECRET_KEY)
    app = SharedDataMiddleware(portal, FILES)
    return CookieGuard(app, policy or Policy.from_file(HERE / "cookies.toml"), **options)


if __name__ == "__main__":
    with make_server("127.0.0.1", 8000, make_app()) as server:
        print("http://127.0.0.1:8000/")
        server.serve_forever()
