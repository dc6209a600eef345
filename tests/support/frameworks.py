"""Each framework from PyPI with its defaults, driven until it sets the cookies that it has of its own."""

from __future__ import annotations

import asyncio
import sysconfig
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import beaker.middleware
import bottle
import cherrypy
import django
import flask
import flask_login
import roundup.configuration
import roundup.init
import roundup.instance
import roundup.password
import starlette.middleware.sessions
import starlette.responses
import tornado.httpclient
import tornado.httpserver
import tornado.testing
import tornado.web
from django.conf import settings
from django.contrib import messages
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.test import override_settings
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.i18n import set_language
from roundup.cgi.wsgi_handler import RequestDispatcher
from werkzeug.test import EnvironBuilder, run_wsgi_app

from cookieguard import SetCookie, parse_set_cookie

SECRET = "a-secret-of-the-tests-own-" * 3

with warnings.catch_warnings():
    # Trac checks passwords with `crypt`, which Python 3.11 deprecates; Pyramid and Trac ask setuptools
    # for versions; Trac asks sqlite3 for its own, which Python 3.12 deprecates.
    warnings.filterwarnings("ignore", "'crypt' is deprecated", DeprecationWarning)
    warnings.filterwarnings("ignore", "version_info is deprecated", DeprecationWarning)
    warnings.filterwarnings("ignore", "pkg_resources is deprecated")
    warnings.filterwarnings("ignore", "Deprecated call to `pkg_resources", DeprecationWarning)
    import pyramid.authentication
    import pyramid.csrf
    import pyramid.session
    from pyramid.config import Configurator
    from trac.env import Environment
    from trac.web.main import dispatch_request


class Made(NamedTuple):
    """The cookies that a framework set: what it can't do without, and the visitor's comforts."""

    essential: Sequence[SetCookie]
    functional: Sequence[SetCookie] = ()


def read(lines: Iterable[str]) -> list[SetCookie]:
    """Read Set-Cookie headers as browsers do."""
    return [cookie for line in lines if (cookie := parse_set_cookie(line)) is not None]


def asked(app: Any, address: str = "/", **request: Any) -> list[str]:
    """Return the Set-Cookie headers of one response."""
    _, _, headers = run_wsgi_app(app, EnvironBuilder(address, **request).get_environ(), buffered=True)
    return headers.getlist("Set-Cookie")


def of_flask(_: Path) -> Made:
    app = flask.Flask(__name__)
    app.secret_key = SECRET

    @app.get("/")
    def home() -> str:
        flask.session["a"] = 1
        flask.flash("saved")
        return "ok"

    return Made(read(asked(app)))


def of_flask_login(_: Path) -> Made:
    app = flask.Flask(__name__)
    app.secret_key = SECRET
    manager = flask_login.LoginManager(app)
    manager.user_loader(lambda name: None)

    class User(flask_login.UserMixin):
        id = "ann"

    @app.get("/")
    def home() -> str:
        flask_login.login_user(User(), remember=True)
        return "ok"

    # The session beside it is Flask's.
    return Made([], [cookie for cookie in read(asked(app)) if cookie.name == flask_login.COOKIE_NAME])


def django_home(request: HttpRequest) -> HttpResponse:
    request.session["a"] = 1
    messages.info(request, "saved")
    get_token(request)
    return HttpResponse("ok")


urlpatterns = [path("", django_home), path("language", csrf_exempt(set_language))]


def of_django(_: Path) -> Made:
    if not settings.configured:
        settings.configure(SECRET_KEY=SECRET, ALLOWED_HOSTS=["*"])
        django.setup()
    with override_settings(
        ROOT_URLCONF=__name__,
        ALLOWED_HOSTS=["*"],
        SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
        MESSAGE_STORAGE="django.contrib.messages.storage.cookie.CookieStorage",
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
        ],
    ):
        comforts = asked(WSGIHandler(), "/language", method="POST", data={"language": "de"})
        return Made(read(asked(WSGIHandler())), read(comforts))


def of_pyramid(_: Path) -> Made:
    ticket = pyramid.authentication.AuthTktCookieHelper(SECRET)

    def home(request: Any) -> Any:
        request.session["a"] = 1
        request.session.flash("saved")
        pyramid.csrf.get_csrf_token(request)
        request.response.headerlist.extend(ticket.remember(request, "ann"))
        return request.response

    with Configurator() as config:
        config.set_session_factory(pyramid.session.SignedCookieSessionFactory(SECRET))
        config.set_csrf_storage_policy(pyramid.csrf.CookieCSRFStoragePolicy())
        config.add_route("home", "/")
        config.add_view(home, route_name="home")
    return Made(read(asked(config.make_wsgi_app())))


def of_starlette(_: Path) -> Made:
    async def home(scope: Any, receive: Any, send: Any) -> None:
        scope["session"]["a"] = 1
        await starlette.responses.PlainTextResponse("ok")(scope, receive, send)

    app = starlette.middleware.sessions.SessionMiddleware(home, SECRET)
    lines: list[str] = []

    async def send(message: Any) -> None:
        lines.extend(
            value.decode("latin-1") for name, value in message.get("headers", ()) if name == b"set-cookie"
        )

    async def receive() -> Any:
        return {"type": "http.request", "body": b""}

    scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": []}
    asyncio.run(app(scope, receive, send))
    return Made(read(lines))


class TornadoHome(tornado.web.RequestHandler):
    def get(self) -> None:
        self.finish(self.xsrf_token)


def of_tornado(_: Path) -> Made:
    async def ask() -> list[str]:
        socket, port = tornado.testing.bind_unused_port()
        server = tornado.httpserver.HTTPServer(tornado.web.Application([("/", TornadoHome)]))
        server.add_sockets([socket])
        client = tornado.httpclient.AsyncHTTPClient()
        response = await client.fetch(f"http://127.0.0.1:{port}/")
        client.close()
        server.stop()
        await server.close_all_connections()
        lines: list[str] = response.headers.get_list("Set-Cookie")
        return lines

    return Made(read(asyncio.run(ask())))


def of_bottle(_: Path) -> Made:
    app = bottle.Bottle()
    app.route("/")(lambda: "ok")
    return Made(read(asked(app)))


class CherryPyHome:
    @cherrypy.expose
    def index(self) -> str:
        cherrypy.session["a"] = 1
        return "ok"


def of_cherrypy(_: Path) -> Made:
    cherrypy.log.screen = False
    sessions = {"tools.sessions.on": True, "tools.sessions.clean_freq": 0}
    return Made(read(asked(cherrypy.Application(CherryPyHome(), "", {"/": sessions}))))


def of_beaker(_: Path) -> Made:
    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        environ["beaker.session"]["a"] = 1
        environ["beaker.session"].save()
        start_response("200 OK", [])
        return [b"ok"]

    return Made(read(asked(beaker.middleware.SessionMiddleware(app, {"session.type": "memory"}))))


def of_trac(folder: Path) -> Made:
    home = str(folder / "trac")
    Environment(home, create=True).shutdown()

    def app(environ: dict[str, Any], start_response: Any) -> Any:
        return dispatch_request({**environ, "trac.env_path": home}, start_response)

    signed_in = asked(app, "/login", environ_overrides={"REMOTE_USER": "ann"})
    return Made(read([*asked(app, "/about"), *signed_in]))


def of_roundup(folder: Path) -> Made:
    home = str(folder / "roundup")
    roundup.init.install(home, f"{sysconfig.get_path('data')}/share/roundup/templates/classic")
    config = roundup.configuration.CoreConfig()
    config["TRACKER_HOME"], config["DATABASE"], config["RDBMS_BACKEND"] = home, "db", "sqlite"
    config["MAIL_HOST"] = config["MAIL_DOMAIN"] = "localhost"
    config["WEB_SECRET_KEY"] = SECRET
    lines = []
    for scheme in ("http", "https"):
        config["TRACKER_WEB"] = f"{scheme}://localhost/"
        config.save(f"{home}/config.ini")
        if scheme == "http":
            roundup.instance.open(home).init(roundup.password.Password("pass", config=config))
        app = RequestDispatcher(home)
        login = {"@action": "login", "__login_name": "admin", "__login_password": "pass"}
        lines += asked(app, method="POST", data=login, headers={"Origin": f"{scheme}://localhost"})
    comforts = asked(app, "/?@language=de&@charset=utf-8")
    return Made(read(lines), read(comforts))


FRAMEWORKS = {
    "beaker": of_beaker,
    "bottle": of_bottle,
    "cherrypy": of_cherrypy,
    "django": of_django,
    "flask": of_flask,
    "flask-login": of_flask_login,
    "pyramid": of_pyramid,
    "roundup": of_roundup,
    "starlette": of_starlette,
    "tornado": of_tornado,
    "trac": of_trac,
}
