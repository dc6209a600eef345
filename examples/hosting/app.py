"""A hosting company with a WHMCS customer area: python examples/hosting/app.py

WHMCS's own cookies are essential under /clientarea, where the customer asked for them, and wait for
the visitor's choice everywhere else.
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
LINKS = {
    "/": "Home",
    "/order": "Order",
    "/clientarea": "Customer area",
    "/aff?aff=12": "Partner link",
    "/link?id=3": "Counted link",
}

STATISTICS = (
    "_ga=GA1.1.871204.1795305600; Path=/; Max-Age=34560000",
    "_ga_NORTHPEAK1=GS1.1.1795305600.1.0; Path=/; Max-Age=34560000",
    "_gid=GA1.1.160401; Path=/; Max-Age=86400",
)
CHAT = (
    "twk_uuid_5f1e7a2b=%7B%22uuid%22%3A%221.WrP%22%7D; Path=/; Max-Age=15552000",
    "twk_idm_key=k8Zt; Path=/",
    "TawkConnectionTime=0; Path=/",
)
DAY = 24 * 60 * 60

# The customers who are logged in, and those who asked to be remembered.
sessions: set[str] = set()
remembered: set[str] = set()


@Request.application
def hosting(request: Request) -> Response:
    """The site itself; it knows nothing of the guard."""
    method = "GET" if request.method == "HEAD" else request.method
    route = ROUTES.get((method, request.path))
    return route(request) if route else _page(request, "Not found", ("There is no such page.",), status=404)


def _home(request: Request) -> Response:
    return _page(request, "Servers that stay up", ("From 4.00 a month.", "Chat with us, if you let it."))


def _order(request: Request) -> Response:
    text = ("Small server, 4.00. Large server, 16.00.",)
    if "WHMCSInstanceID" in request.cookies:
        return _page(request, "Order", text)
    return _page(request, "Order", text, (f"WHMCSInstanceID={token_urlsafe()}; Path=/; HttpOnly",))


def _from_partner(request: Request) -> Response:
    return _go("/order", f"WHMCSAffiliateID=12; Path=/; Max-Age={90 * DAY}")


def _from_link(request: Request) -> Response:
    return _go("/", f"WHMCSLinkID=3; Path=/; Max-Age={90 * DAY}")


def _client_area(request: Request) -> Response:
    here = request.cookies.get("WHMCSInstanceID") in sessions
    if here or request.cookies.get("WHMCSUser") in remembered:
        form = {"action": "/clientarea/logout", "button": "Log out"}
        return _page(request, "Customer area", ("You are logged in.",), form=form)
    text = (
        "By entering the customer area you ask for its cookies: it needs one to know you from page to page.",
    )
    form = {"action": "/clientarea/login", "button": "Log in", "remember": "Remember me for a year"}
    return _page(request, "Customer area", text, form=form)


def _log_in(request: Request) -> Response:
    session, user = token_urlsafe(), token_urlsafe()
    sessions.add(session)
    cookies = [f"WHMCSInstanceID={session}; Path=/; HttpOnly"]
    if request.form.get("remember"):
        remembered.add(user)
        cookies.append(f"WHMCSUser={user}; Path=/; Max-Age={365 * DAY}; HttpOnly")
    return _go("/clientarea", *cookies)


def _log_out(request: Request) -> Response:
    sessions.discard(request.cookies.get("WHMCSInstanceID", ""))
    remembered.discard(request.cookies.get("WHMCSUser", ""))
    return _go(
        "/clientarea",
        "WHMCSInstanceID=; Path=/; Max-Age=0; HttpOnly",
        "WHMCSUser=; Path=/; Max-Age=0; HttpOnly",
    )


ROUTES = {
    ("GET", "/"): _home,
    ("GET", "/order"): _order,
    ("GET", "/aff"): _from_partner,
    ("GET", "/link"): _from_link,
    ("GET", "/clientarea"): _client_area,
    ("POST", "/clientarea/login"): _log_in,
    ("POST", "/clientarea/logout"): _log_out,
}


def _page(
    request: Request,
    title: str,
    text: tuple[str, ...],
    cookies: tuple[str, ...] = (),
    *,
    form: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    html = PAGE.render(
        site="Northpeak Hosting", links=LINKS, title=title, text=text, form=form, seen=request.cookies
    )
    response = Response(html, status, mimetype="text/html")
    _set(response, (*STATISTICS, *CHAT, *cookies))
    return response


def _go(path: str, *cookies: str) -> Response:
    response = redirect(path, 303)
    _set(response, cookies)
    return response


def _set(response: Response, cookies: tuple[str, ...]) -> None:
    for cookie in cookies:
        response.headers.add("Set-Cookie", cookie)


def make_app(policy: Policy | None = None, **options: Any) -> CookieGuard:
    """Wrap the site; the options are CookieGuard's own."""
    options.setdefault("secret_key", SECRET_KEY)
    app = SharedDataMiddleware(hosting, FILES)
    return CookieGuard(app, policy or Policy.from_file(HERE / "cookies.toml"), **options)


if __name__ == "__main__":
    with make_server("127.0.0.1", 8000, make_app()) as server:
        print("http://127.0.0.1:8000/")
        server.serve_forever()
