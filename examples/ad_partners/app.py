"""A shop with advertising partners: python examples/ad_partners/app.py

It sets the cookies of every system that its policy names, on each page, whatever the visitor chose.
The guard around it keeps back what they haven't accepted. With the chat: python examples/demo.py
"""

from __future__ import annotations

import os
from functools import lru_cache, partial
from pathlib import Path
from secrets import token_urlsafe
from typing import Any, NamedTuple
from wsgiref.simple_server import make_server

from jinja2 import Environment, FileSystemLoader
from werkzeug import Request, Response
from werkzeug.middleware.shared_data import SharedDataMiddleware
from werkzeug.utils import redirect

from cookieguard import Classifier, CookieGuard, Policy, visit_from

HERE = Path(__file__).parent
# For development only. A real site reads a secret of its own, and refuses to start without it.
SECRET_KEY = os.environ.get("COOKIEGUARD_SECRET") or "development-only-change-me"

TEMPLATES = Environment(autoescape=True, loader=FileSystemLoader([HERE, HERE.parent]))
FILES = {"/shared": str(HERE.parent / "shared"), "/static": str(HERE / "static")}
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
    template: str = "page.html"


PAGES = {
    "/": Page(
        "Welcome",
        (
            "Tents, boots and lamps for people who like rain.",
            "This site counts visits, tests its pages and works with advertising partners, if you let it.",
        ),
        template="home.html",
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
def shop(chat: str | None, request: Request) -> Response:
    """The site itself. `chat` is where the support chat's script comes from, None for no chat."""
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
    values = {"title": page.title, "text": text, "form": form, "seen": request.cookies}
    if page is PAGES["/"]:
        values |= {"chat": chat, "categories": _categories(visit_from(request.environ).policy)}
    html = TEMPLATES.get_template(page.template).render(site="Fernhill Outdoor", links=LINKS, **values)
    response = Response(html, 404 if page is NOT_FOUND else 200, mimetype="text/html")
    response.content_security_policy.default_src = "'self'"
    response.content_security_policy.script_src = f"'self' {chat}" if chat else "'self'"
    _set(response, STATISTICS + page.cookies)
    return response


@lru_cache
def _categories(policy: Policy) -> dict[str, str | None]:
    """Return the category of each name that the shop may leave in a browser."""
    classifier = Classifier(policy)
    cookies = (line.partition("=")[0] for line in ("cookieguard=", *STATISTICS, *ADVERTISING, *CHAT))
    stored = {entry.name: entry.category for entry in policy.declarations if entry.kind != "cookie"}
    return stored | {name: classifier.classify(name).category for name in cookies}


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


def make_app(policy: Policy | None = None, *, chat: str | None = None, **options: Any) -> CookieGuard:
    """Wrap the site; the options are CookieGuard's own."""
    options.setdefault("secret_key", SECRET_KEY)
    app = SharedDataMiddleware(partial(shop, chat), FILES)
    return CookieGuard(app, policy or Policy.from_file(HERE / "cookies.toml"), **options)


if __name__ == "__main__":
    with make_server("127.0.0.1", 8000, make_app()) as server:
        print("http://127.0.0.1:8000/")
        server.serve_forever()
