"""A shop with advertising partners: python examples/ad_partners/app.py

It sets the cookies of every system that its policy names, on each page, whatever the visitor chose.
The guard around it keeps back what they haven't accepted.
"""

from __future__ import annotations

import os
from pathlib import Path
from secrets import token_urlsafe
from typing import Any, NamedTuple
from wsgiref.simple_server import make_server

from jinja2 import Environment, FileSystemLoader
from werkzeug import Request, Response
from werkzeug.utils import redirect

from cookieguard import CookieGuard, Policy

HERE = Path(__file__).parent
# For development only. A real site reads a secret of its own, and refuses to start without it.
SECRET_KEY = os.environ.get("COOKIEGUARD_SECRET") or "development-only-change-me"

PAGE = Environment(autoescape=True, loader=FileSystemLoader(HERE.parent)).get_template("page.html")
LINKS = {"/": "Home", "/shop": "Shop", "/support": "Support", "/account": "Account"}

# 400 days is the longest that browsers keep a cookie.
STATISTICS = (
    "_ga=GA1.1.160401.1795305600; Path=/; Max-Age=34560000",
    "_ga_FERNHILL01=GS1.1.1795305600.1.0; Path=/; Max-Age=34560000",
    "_gid=GA1.1.250612; Path=/; Max-Age=86400",
    "optimizelyEndUserId=oeu1795305600r0.25; Path=/; Max-Age=15552000",
    "NREUM=s=1795305600; Path=/",
)
ADVERTISING = (
    "_gcl_au=1.1.871204; Path=/; Max-Age=7776000",
    "_fbp=fb.1.1795305600.160401; Path=/; Max-Age=7776000",
    "_twclid=2-6f0c1e; Path=/; Max-Age=2592000",
    "uuid2=4711081516; Path=/; Max-Age=7776000",
    "nanigans_visitor=n-160401; Path=/; Max-Age=7776000",
)
# The second one isn't declared before cookies-next.toml comes into force.
CHAT = (
    "support_chat=conversation-7; Path=/",
    "support_chat_visitor=v-160401; Path=/; Max-Age=15552000",
)


class Page(NamedTuple):
    title: str
    text: tuple[str, ...]
    cookies: tuple[str, ...] = ()


PAGES = {
    "/": Page(
        "Welcome",
        (
            "Tents, boots and lamps for people who like rain.",
            "This site counts visits, tests its pages and works with advertising partners, if you let it.",
        ),
    ),
    "/shop": Page(
        "Shop",
        ("A lamp, 29.00. A tent, 189.00.", "Partners learn which products you looked at, if you let them."),
        ADVERTISING,
    ),
    "/support": Page(
        "Support",
        ("Anna: Hello, how can I help?", "The chat goes on from page to page, if you let it."),
        CHAT,
    ),
    "/account": Page("Account", ()),
}
NOT_FOUND = Page("Not found", ("There is no such page.",))

sessions: set[str] = set()


@Request.application
def shop(request: Request) -> Response:
    """The site itself; it knows nothing of the guard."""
    if request.method == "POST" and request.path in ACTIONS:
        return ACTIONS[request.path](request)
    page = PAGES.get(request.path, NOT_FOUND)
    logged_in = request.cookies.get("login_session") in sessions
    text, form = page.text, None
    if request.path == "/account":
        text = ("You are logged in.",) if logged_in else ("You are not logged in.",)
        form = (
            {"action": "/log-out", "button": "Log out"}
            if logged_in
            else {"action": "/log-in", "button": "Log in"}
        )
    html = PAGE.render(
        site="Fernhill Outdoor", links=LINKS, title=page.title, text=text, form=form, seen=request.cookies
    )
    response = Response(html, 404 if page is NOT_FOUND else 200, mimetype="text/html")
    _set(response, STATISTICS + page.cookies)
    return response


def _log_in(request: Request) -> Response:
    session = token_urlsafe()
    sessions.add(session)
    response = redirect("/account", 303)
    _set(response, (f"login_session={session}; Path=/; HttpOnly; SameSite=Lax",))
    return response


def _log_out(request: Request) -> Response:
    sessions.discard(request.cookies.get("login_session", ""))
    response = redirect("/account", 303)
    _set(response, ("login_session=; Path=/; Max-Age=0",))
    return response


ACTIONS = {"/log-in": _log_in, "/log-out": _log_out}


def _set(response: Response, cookies: tuple[str, ...]) -> None:
    for cookie in cookies:
        response.headers.add("Set-Cookie", cookie)


def make_app(policy: Policy | None = None, **options: Any) -> CookieGuard:
    """Wrap the site; the options are CookieGuard's own."""
    options.setdefault("secret_key", SECRET_KEY)
    return CookieGuard(shop, policy or Policy.from_file(HERE / "cookies.toml"), **options)


if __name__ == "__main__":
    with make_server("127.0.0.1", 8000, make_app()) as server:
        print("http://127.0.0.1:8000/")
        server.serve_forever()
