"""The Django package: the contract, the settings, checks, templates, and Django's own test client."""

from __future__ import annotations

import asyncio
import contextlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import django
import pytest
from asgiapps import ask as ask_asgi
from asgiapps import environ_of
from asking import ask
from contract import CASES, HOST, NAVIGATION, POLICY, SECRET, Answer, Case
from contract import app as contract_app
from django.conf import settings
from django.core import checks
from django.core.handlers.wsgi import WSGIHandler
from django.core.management import CommandError, call_command
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.template import Context, RequestContext, Template, TemplateSyntaxError
from django.test import AsyncClient, Client, RequestFactory, override_settings
from django.urls import path, re_path
from django.utils.autoreload import autoreload_started
from django.views.decorators.csrf import csrf_exempt
from werkzeug.test import run_wsgi_app

from cookieguard import ConfigurationError, CookieGuard, NoGuard, Policy, PolicyError, UnknownCategory
from cookieguard.adapter.guarded import KEY
from cookieguard.django.asgi import get_asgi_application
from cookieguard.django.checks import check_guard
from cookieguard.django.conf import configuration, guard, policy
from cookieguard.django.response import Line
from cookieguard.django.wsgi import get_wsgi_application
from cookieguard.testing import consent_cookie

MIDDLEWARE = "cookieguard.django.middleware.CookieGuardMiddleware"
SESSIONS = "django.contrib.sessions.middleware.SessionMiddleware"
SYNCHRONOUS = f"{__name__}.synchronous"
LOCALE = "django.middleware.locale.LocaleMiddleware"
COUNTER = {"name": "_ga", "category": "analytics", "purpose": "Counts visits.", "lifetime": "1 day"}
SITE = {"cookies": [COUNTER], "site": {"languages": ["en"]}}
PAGE = "<!doctype html><title>Shop</title><p>Hello"


def serve_contract(request: HttpRequest) -> HttpResponse:
    """Answer as the contract's apps do, as far as Django can say it."""
    body, status, headers = run_wsgi_app(contract_app, request.META, buffered=True)
    code, _, reason = status.partition(" ")
    response = HttpResponse(b"".join(body), status=int(code), reason=reason)
    del response.headers["Content-Type"]
    for number, (name, value) in enumerate(headers):
        if name.lower() == "set-cookie":
            response.cookies[str(number)] = Line(value)
        else:
            response.headers[name] = value
    return response


def home(request: HttpRequest) -> HttpResponse:
    request.session["seen"] = True
    response = HttpResponse(PAGE)
    response.set_cookie("_ga", "1")
    response.set_cookie("unheard-of", "1")
    return response


def streamed(request: HttpRequest) -> StreamingHttpResponse:
    response = StreamingHttpResponse(iter([PAGE[:30].encode(), PAGE[30:].encode()]))
    response.set_cookie("_ga", "1")
    return response


async def dripped(request: HttpRequest) -> StreamingHttpResponse:
    size, page = int(request.GET["size"]), PAGE.encode()

    async def pieces() -> Any:
        for begin in range(0, len(page) // size * size + 1, size):
            await asyncio.sleep(0)
            yield page[begin : begin + size]

    response = StreamingHttpResponse(pieces())
    response.set_cookie("_ga", "1")
    return response


async def ticks(request: HttpRequest) -> StreamingHttpResponse:
    async def endless() -> Any:
        while True:
            await asyncio.sleep(0)
            yield b"data: tick\n\n"

    response = StreamingHttpResponse(endless(), content_type="text/event-stream")
    response.set_cookie("_ga", "1")
    return response


def synchronous(get_response: Any) -> Any:
    """A middleware as they were before Django had loops."""
    return lambda request: get_response(request)


def templated(request: HttpRequest) -> HttpResponse:
    text = "{% load cookieguard %}" + request.GET["template"]
    return HttpResponse(Template(text).render(RequestContext(request)))


def grants(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str([request.cookie_visit.grant(["analytics"]), request.cookie_consent.undecided]))


def sees(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"{sorted(request.COOKIES)} {request.headers.get('Cookie')}")


urlpatterns = [
    path("", home),
    path("streamed", streamed),
    path("ticks", ticks),
    path("dripped", dripped),
    path("template", templated),
    path("grants", grants),
    path("sees", sees),
]
CONTRACT = type("urls", (), {"urlpatterns": [re_path("", csrf_exempt(serve_contract))]})


def with_settings(cookieguard: Any = None, **changes: Any) -> Any:
    if not settings.configured:
        settings.configure(SECRET_KEY=SECRET, ALLOWED_HOSTS=["*"])
        django.setup()
    given = {
        "INSTALLED_APPS": ["cookieguard.django"],
        "COOKIEGUARD": {"POLICY": SITE} if cookieguard is None else cookieguard,
        "SECRET_KEY": SECRET,
        "ROOT_URLCONF": __name__,
        "ALLOWED_HOSTS": ["*"],
        "MIDDLEWARE": [MIDDLEWARE, SESSIONS],
        "SESSION_ENGINE": "django.contrib.sessions.backends.signed_cookies",
        "WSGI_APPLICATION": f"{__name__}.application",
        "TEMPLATES": [
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {
                    "context_processors": [
                        "django.template.context_processors.request",
                        "cookieguard.django.context_processors.cookie_consent",
                    ]
                },
            }
        ],
    }
    return override_settings(**{**given, **changes})


@pytest.fixture
def shop() -> Iterator[None]:
    with with_settings():
        yield


def cookies_of(response: Any) -> list[str]:
    return [morsel.key for morsel in response.cookies.values()]


def accepting(*categories: str) -> Client:
    client = Client()
    name, value = consent_cookie(policy(), SECRET, categories, host="testserver")
    client.cookies[name] = value
    return client


# The contract


@pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in CASES])
def test_contract_in_place_of_djangos_own_wsgi(case: Case) -> None:
    with with_settings({"POLICY": POLICY}):
        case.check(
            ask(
                guard(CookieGuard, contract_app),
                case.path,
                method=case.method,
                headers=case.request_headers(),
            )
        )


# Django knows no write callable and no second start.
THROUGH_VIEWS = [case for case in CASES if case.id not in ("write-callable", "exc-info-before-the-body")]


@pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in THROUGH_VIEWS])
@pytest.mark.parametrize("middleware", [[], [MIDDLEWARE]], ids=["without", "with the middleware"])
def test_contract_through_a_view(case: Case, middleware: list[str]) -> None:
    with with_settings({"POLICY": POLICY}, ROOT_URLCONF=CONTRACT, MIDDLEWARE=middleware):
        app = get_wsgi_application()
        # Django decodes paths in the environ, which WebTest's cookie jar reads afterwards.
        answer = ask(
            lambda environ, start: app({**environ}, start),
            case.path,
            method=case.method,
            headers=case.request_headers(),
        )
    # Django writes a space in front of each cookie.
    headers = [(name, value.removeprefix(" ")) for name, value in answer.headers]
    case.check(answer._replace(headers=headers))


@pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in THROUGH_VIEWS])
def test_contract_by_the_test_client(case: Case) -> None:
    with with_settings({"POLICY": POLICY}, ROOT_URLCONF=CONTRACT, MIDDLEWARE=[MIDDLEWARE]):
        sent = {**case.request_headers(), "Host": HOST}
        response = Client().generic(case.method, case.path, headers=sent)
        lines = [("Set-Cookie", morsel.OutputString()) for morsel in response.cookies.values()]
        body = b"".join(response.streaming_content) if response.streaming else response.content
    case.check(Answer(response.status_code, [*response.items(), *lines], body))


def serve_contract_over_asgi(request: HttpRequest) -> HttpResponse:
    environ = {**environ_of(request.scope), "HTTP_X_CASE": request.headers["X-Case"]}
    request.META = {**request.META, **environ, KEY: request.scope[KEY]}
    return serve_contract(request)


ASGI_CONTRACT = type("urls", (), {"urlpatterns": [re_path("", csrf_exempt(serve_contract_over_asgi))]})
# Django's own ASGI handler writes cookies in ASCII.
WRITABLE = [case for case in THROUGH_VIEWS if all(cookie.isascii() for cookie in case.cookies)]


@pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in WRITABLE])
@pytest.mark.parametrize("middleware", [[], [MIDDLEWARE]], ids=["without", "with the middleware"])
def test_contract_over_asgi(case: Case, middleware: list[str]) -> None:
    with with_settings({"POLICY": POLICY}, ROOT_URLCONF=ASGI_CONTRACT, MIDDLEWARE=middleware):
        app = get_asgi_application()
        answer = ask_asgi(app, case.path, method=case.method, headers=case.request_headers())
    headers = [(name, value.removeprefix(" ")) for name, value in answer.headers]
    case.check(answer._replace(headers=headers))


# Guarded once


def test_the_test_client_sees_what_visitors_get(shop: None) -> None:
    response = Client().get("/", headers=NAVIGATION)

    assert cookies_of(response) == ["sessionid"]
    assert b"<script" in response.content and b"guard.js" in response.content
    assert int(response.headers.get("Content-Length", len(response.content))) == len(response.content)
    assert set(cookies_of(accepting("analytics").get("/"))) == {"sessionid", "_ga"}


def test_the_test_client_reaches_the_visitors_pages(shop: None) -> None:
    client = Client()
    page = client.get("/privacy-choices")
    assert (page.status_code, page.headers["Cache-Control"]) == (200, "no-store")

    form, own = "application/x-www-form-urlencoded", {"Origin": "http://testserver"}
    decided = client.post("/privacy-choices", "choice=none", content_type=form, headers=own)
    assert (decided.status_code, cookies_of(decided)) == (303, ["cookieguard"])
    assert b"refused" in client.get("/privacy-choices", headers={"Accept": "application/json"}).content


def test_the_test_client_keeps_what_tests_ask_a_response_for(shop: None) -> None:
    response = accepting("analytics").get("/template", {"template": "{{ cookie_consent.undecided }}"})

    assert response.resolver_match.func is templated


def test_each_request_is_judged_once(shop: None) -> None:
    app = get_wsgi_application()
    outer = app.enforcer
    ask(app)

    assert outer.counts == {
        ("kept", "essential"): 1,
        ("stripped", "analytics"): 1,
        ("stripped", "undeclared"): 1,
    }


def test_a_stream_is_guarded_by_the_test_client(shop: None) -> None:
    response = Client().get("/streamed")

    assert cookies_of(response) == []
    assert b"guard.js" in b"".join(response.streaming_content)


def test_refused_cookies_are_hidden_from_views(shop: None) -> None:
    client = Client()
    client.cookies["_ga"] = "1"
    client.cookies["mine"] = "1"

    assert client.get("/sees").content == b"['mine'] mine=1"


def test_a_refused_cookie_is_expired_in_each_place(shop: None) -> None:
    client = Client()
    client.cookies["_ga"] = "1"
    response = client.get("/sees", headers={**NAVIGATION, "Host": HOST})

    assert cookies_of(response) == ["_ga", "_ga"]
    assert [morsel["domain"] for morsel in response.cookies.values()] == ["", HOST]


def test_a_view_grants(shop: None) -> None:
    response = Client().get("/grants")

    assert response.content == b"[True, ()]"
    assert cookies_of(response) == ["cookieguard"]
    assert "analytics" in response.cookies["cookieguard"].value


async def get(address: str, **cookies: str) -> Any:
    client = AsyncClient()
    client.cookies.update(cookies)
    return await client.get(address)


@pytest.mark.parametrize("address", ["/", "/streamed", "/grants"])
def test_the_async_client_sees_the_same(shop: None, address: str) -> None:
    response = asyncio.run(get(address))
    assert cookies_of(response) == {"/": ["sessionid"], "/streamed": [], "/grants": ["cookieguard"]}[address]


async def drip(address: str) -> tuple[Any, list[bytes]]:
    response = await AsyncClient().get(address)
    return response, [piece async for piece in response.streaming_content if piece]


@pytest.mark.parametrize("middleware", [[], [SYNCHRONOUS]], ids=["", "behind one that is synchronous"])
@pytest.mark.parametrize(
    ("address", "pieces"),
    [
        pytest.param("/dripped?size=1000", 2, id="whole"),
        pytest.param("/dripped?size=30", 3, id="piece by piece"),
        pytest.param("/dripped?size=1", 20, id="byte by byte"),
    ],
)
def test_a_page_that_only_a_loop_can_read_is_guarded(
    shop: None, address: str, pieces: int, middleware: list[str]
) -> None:
    with override_settings(MIDDLEWARE=[MIDDLEWARE, *middleware]):
        response, body = asyncio.run(drip(address))

    whole = b"".join(body)
    assert cookies_of(response) == []
    assert whole.count(b"guard.js") == 1 and b"privacy-choices" in whole.partition(b"Hello")[2]
    # As it streams by, not at its end.
    assert len(body) >= pieces


def test_an_endless_stream_is_not_waited_for(shop: None) -> None:
    async def begin() -> tuple[Any, list[bytes]]:
        response = await AsyncClient().get("/ticks")
        ticks = response.streaming_content
        seen = [await anext(ticks), await anext(ticks)]
        await ticks.aclose()
        return response, seen

    for middleware in ([MIDDLEWARE], [MIDDLEWARE, SYNCHRONOUS]):
        with override_settings(MIDDLEWARE=middleware):
            response, seen = asyncio.run(begin())
        assert (cookies_of(response), seen) == ([], [b"data: tick\n\n"] * 2)


def test_a_page_that_breaks_off_breaks_off(shop: None) -> None:
    with pytest.raises(ZeroDivisionError):
        asyncio.run(drip("/dripped?size=0"))


def test_without_a_loop_django_reads_such_a_page_at_once(shop: None) -> None:
    with pytest.warns(Warning, match="must consume asynchronous iterators"):
        response = Client().get("/dripped?size=30")

    body = b"".join(response.streaming_content)
    assert (cookies_of(response), body.count(b"guard.js")) == ([], 1)


# Django's own cookies


@pytest.mark.parametrize(
    ("changes", "declared"),
    [
        pytest.param(
            {"INSTALLED_APPS": [], "MIDDLEWARE": []}, {"csrftoken": "52 weeks"}, id="nothing is in use"
        ),
        pytest.param({}, {"sessionid": "2 weeks", "csrftoken": "52 weeks"}, id="defaults"),
        pytest.param(
            {
                "SESSION_COOKIE_NAME": "basket",
                "SESSION_EXPIRE_AT_BROWSER_CLOSE": True,
                "CSRF_COOKIE_NAME": "xsrf",
                "CSRF_COOKIE_AGE": None,
            },
            {"basket": "session", "xsrf": "session"},
            id="renamed",
        ),
        pytest.param({"CSRF_USE_SESSIONS": True}, {"sessionid": "2 weeks"}, id="CSRF in the session"),
        pytest.param(
            {"MIDDLEWARE": [LOCALE], "LANGUAGE_COOKIE_NAME": "lang", "LANGUAGE_COOKIE_AGE": 86400},
            {"csrftoken": "52 weeks", "lang": "1 day"},
            id="languages",
        ),
        pytest.param(
            {"MIDDLEWARE": [LOCALE], "USE_I18N": False}, {"csrftoken": "52 weeks"}, id="one language"
        ),
        pytest.param(
            {"INSTALLED_APPS": ["django.contrib.messages"], "MIDDLEWARE": []},
            {"csrftoken": "52 weeks", "messages": "session"},
            id="messages",
        ),
        pytest.param(
            {
                "INSTALLED_APPS": ["django.contrib.messages"],
                "MIDDLEWARE": ["nowhere.Middleware"],
                "MESSAGE_STORAGE": "django.contrib.messages.storage.session.SessionStorage",
            },
            {"csrftoken": "52 weeks"},
            id="messages in the session",
        ),
        pytest.param(
            {
                "INSTALLED_APPS": ["django.contrib.messages"],
                "MIDDLEWARE": [],
                "MESSAGE_STORAGE": f"{__name__}.Notices",
            },
            {"csrftoken": "52 weeks", "notices": "session"},
            id="messages renamed",
        ),
    ],
)
def test_declares_what_the_settings_say(changes: dict[str, Any], declared: dict[str, str]) -> None:
    with with_settings(**changes):
        own = [cookie for cookie in policy().declarations if cookie.origin == "framework"]

    assert {cookie.name: str(cookie.lifetime) for cookie in own} == declared


class Notices:
    cookie_name = "notices"


def test_the_language_cookie_is_asked_about_and_swept_where_it_lies() -> None:
    changes = {"LANGUAGE_COOKIE_DOMAIN": ".shop.example", "LANGUAGE_COOKIE_PATH": "/app"}
    with with_settings(MIDDLEWARE=[LOCALE], **changes):
        (language,) = [cookie for cookie in policy().declarations if cookie.category == "functional"]
        assert [category.id for category in policy().optional] == ["functional", "analytics"]

    assert (language.domain, language.path) == (".shop.example", "/app")


# The settings


@pytest.mark.parametrize(
    ("given", "says"),
    [
        pytest.param(
            {"POLICI": "x"},
            r'E041: unknown setting COOKIEGUARD\["POLICI"\]; did you mean \'COOKIEGUARD\["POLICY"\]\'\?',
            id="key",
        ),
        pytest.param({"MODE": "report"}, "E041.*environment variable COOKIEGUARD_MODE", id="mode"),
        pytest.param({}, r'E042: COOKIEGUARD\["POLICY"\] is missing', id="no policy"),
        pytest.param(
            "cookies.toml",
            r'E042: COOKIEGUARD is str, and must be a dict; write COOKIEGUARD = {"POLICY": BASE_DIR / "cookies.toml"}',
            id="no dict",
        ),
        pytest.param({"POLICY": "cookies.toml"}, "E043.*no BASE_DIR", id="relative"),
        pytest.param({"POLICY": "/nowhere/cookies.toml"}, "E101", id="wrong path"),
        pytest.param(
            {"POLICY": SITE, "SECRET_KEY": "dev"},
            r'E003: COOKIEGUARD\["SECRET_KEY"\] is 3 bytes long, less than 16; make one',
            id="weak secret",
        ),
        pytest.param(
            {"POLICY": SITE, "SECRET_KEY": 7},
            r'E002: COOKIEGUARD\["SECRET_KEY"\] is int; give a str or bytes',
            id="a number for a secret",
        ),
        pytest.param({"POLICY": SITE, "OVERRIDE": "nowhere.hook"}, "E047", id="override"),
        pytest.param({"POLICY": SITE, "TEMPLATES": "/nowhere"}, "E008", id="templates"),
    ],
)
def test_a_mistake_shows_at_start(given: Any, says: str) -> None:
    with with_settings(given), pytest.raises(ConfigurationError, match=says):
        get_wsgi_application()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        pytest.param({"COOKIEGUARD": None}, "E042: COOKIEGUARD is missing; write", id="no settings"),
        pytest.param({"SECRET_KEY": "dev"}, "E003: SECRET_KEY is 3 bytes", id="secret"),
        pytest.param({"SECRET_KEY": 7}, "E002: SECRET_KEY is int; give a str or bytes", id="number"),
        pytest.param({"SECRET_KEY_FALLBACKS": ["dev"]}, "a key of SECRET_KEY_FALLBACKS is", id="fallback"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(changes: dict[str, Any], says: str) -> None:
    with with_settings(**changes), pytest.raises(ConfigurationError, match=says):
        get_wsgi_application()


def test_the_middleware_alone_finds_mistakes_too() -> None:
    with with_settings({"POLICI": "x"}), pytest.raises(ConfigurationError, match="E041"):
        WSGIHandler()


def keep_all(details: Any) -> str:
    return "keep"


def test_paths_start_from_base_dir_and_hooks_are_imported(tmp_path: Path) -> None:
    (tmp_path / "cookies.toml").write_text('use = ["google-analytics"]')
    given = {"POLICY": "cookies.toml", "OVERRIDE": f"{__name__}.keep_all"}
    with with_settings(given, BASE_DIR=str(tmp_path)):
        assert set(cookies_of(Client().get("/"))) == {"sessionid", "_ga", "unheard-of"}


@pytest.mark.parametrize(
    ("changes", "keys"),
    [
        pytest.param({}, (SECRET,), id="one"),
        pytest.param(
            {"SECRET_KEY_FALLBACKS": ["b" * 20, "a" * 20]}, ("a" * 20, "b" * 20, SECRET), id="rotated"
        ),
        pytest.param(
            {"cookieguard": {"POLICY": SITE, "SECRET_KEY": ["c" * 20, "d" * 20]}},
            ("c" * 20, "d" * 20),
            id="our own",
        ),
    ],
)
def test_keys_are_oldest_first(changes: dict[str, Any], keys: tuple[str, ...]) -> None:
    with with_settings(**changes):
        assert configuration().keys == keys


@pytest.mark.parametrize(
    ("said", "cookie"), [("https", "__Host-cookieguard"), ("http", "cookieguard"), (None, "cookieguard")]
)
def test_the_guard_believes_the_proxy_that_django_believes(said: str | None, cookie: str) -> None:
    headers = {"X-Forwarded-Host": HOST, **({"X-Forwarded-Proto": said} if said else {})}
    changes = {"SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https"), "USE_X_FORWARDED_HOST": True}
    with with_settings(**changes):
        answer = ask(get_wsgi_application(), "/grants", headers=headers)
        over_asgi = ask_asgi(get_asgi_application(), "/grants", headers=headers)

        by_the_middleware = Client().get("/grants", headers=headers)

    assert answer.names == over_asgi.names == cookies_of(by_the_middleware) == [cookie]


def test_a_header_that_only_looks_like_the_proxys_is_not_believed() -> None:
    with with_settings(SECURE_PROXY_SSL_HEADER=("HTTP_X_FORWARDED_PROTO", "https")):
        answer = ask_asgi(get_asgi_application(), "/grants", headers={"X_Forwarded_Proto": "https"})

    assert answer.names == ["cookieguard"]


def test_the_guard_knows_the_prefix_that_django_is_told() -> None:
    with with_settings(FORCE_SCRIPT_NAME="/käse"):
        asked = "/template?template={%25 cookie_preferences_url %25}"
        pages = [ask(get_wsgi_application(), asked).body, ask_asgi(get_asgi_application(), asked).body]
        pages.append(Client().get(asked).content)
        form = ask(get_wsgi_application(), "/privacy-choices").body

    for page in pages:
        assert page == b"/k%C3%A4se/privacy-choices"
    assert b'action="/k%C3%A4se/privacy-choices' in form


def test_runserver_watches_the_policy(tmp_path: Path) -> None:
    watched = []
    reloader = type("Reloader", (), {"watch_dir": lambda _, folder, glob: watched.append((folder, glob))})()
    with with_settings({"POLICY": tmp_path / "nowhere.toml"}):
        autoreload_started.send(sender=reloader)
    with with_settings():
        autoreload_started.send(sender=reloader)

    # Django itself watches translations.
    assert [each for each in watched if each[1].endswith(".toml")] == [(tmp_path, "nowhere.toml")]


# System checks


def application(environ: Any, start_response: Any) -> Any:
    raise AssertionError("never asked")


application = CookieGuard(application, Policy.from_dict({}), secret_key=SECRET)


def unguarded(environ: Any, start_response: Any) -> Any:
    raise AssertionError("never asked")


def checks_found() -> list[str]:
    return [message.id for message in check_guard(None)]


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        pytest.param({}, [], id="all is well"),
        pytest.param({"WSGI_APPLICATION": None}, ["cookieguard.W311"], id="Django's own application"),
        pytest.param({"WSGI_APPLICATION": f"{__name__}.unguarded"}, ["cookieguard.W311"], id="unguarded"),
        pytest.param({"WSGI_APPLICATION": "nowhere.application"}, [], id="Django says so"),
        pytest.param({"MIDDLEWARE": []}, ["cookieguard.W312"], id="no middleware"),
        pytest.param({"MIDDLEWARE": [SESSIONS, MIDDLEWARE]}, ["cookieguard.W313"], id="not the first"),
        pytest.param(
            {"cookieguard": {"POLICY": SITE, "SECRET_KEY": "x"}}, ["cookieguard.E003"], id="weak secret"
        ),
        pytest.param(
            {"cookieguard": {"POLICY": {"use": ["djanga"], "x": 1}}},
            ["cookieguard.E103", "cookieguard.E117"],
            id="policy",
        ),
        pytest.param(
            {
                "cookieguard": {
                    "POLICY": {"cookies": [{"name": "a", "category": "functional", "lifetime": "1 day"}]}
                }
            },
            ["cookieguard.W202"],
            id="a warning of the policy",
        ),
    ],
)
def test_checks(changes: dict[str, Any], found: list[str]) -> None:
    with with_settings(**changes):
        assert checks_found() == found


def test_checks_are_registered(tmp_path: Path) -> None:
    file = tmp_path / "cookies.toml"
    file.write_text("[gaurd]\n")
    with with_settings({"POLICY": file}):
        (message,) = checks.run_checks(tags=["cookieguard"])

    assert (message.id, message.hint) == ("cookieguard.E103", "did you mean 'guard'?")
    assert message.msg.startswith(f"{file}:1: gaurd:")


def test_a_pattern_that_swallows_the_session_is_refused_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "cookies.toml"
    file.write_text(
        '[[cookies]]\nname = "sess*"\ncategory = "analytics"\npurpose = "x"\nlifetime = "1 day"\n'
    )
    with with_settings({"POLICY": file}), pytest.raises(PolicyError, match=r"cookies\.toml:1: error .*E129"):
        policy()


@pytest.mark.parametrize(
    ("given", "says"),
    [
        pytest.param({"POLICY": SITE}, "sessionid (essential)", id="right"),
        pytest.param({"POLICY": {"gaurd": {}, "use": ["djanga"]}}, "E117", id="wrong"),
    ],
)
def test_manage_py_cookieguard_check(given: dict[str, Any], says: str) -> None:
    out = io.StringIO()
    with with_settings(given), contextlib.ExitStack() as stack:
        if says.startswith("E"):
            stack.enter_context(pytest.raises(CommandError, match="the guard can't start"))
        call_command("cookieguard", "check", stdout=out, stderr=out)

    assert says in out.getvalue()


def test_the_command_says_each_warning_once(caplog: pytest.LogCaptureFixture) -> None:
    out = io.StringIO()
    with with_settings({"POLICY": {"consent": {"lifetime": "500 days"}}}):
        call_command("cookieguard", "check", stdout=out, stderr=out)

    assert out.getvalue().count("W204") == 1 and "W204" not in caplog.text


def test_the_command_says_whom_a_change_asks_again(tmp_path: Path) -> None:
    out, old = io.StringIO(), tmp_path / "old.toml"
    old.write_text('use = ["matomo"]')
    with with_settings():
        call_command("cookieguard", "check", against=str(old), stdout=out)
        assert "analytics: visitors are asked again" in out.getvalue()
        old.write_text("[gaurd]")
        with pytest.raises(CommandError, match="did you mean 'guard'"):
            call_command("cookieguard", "check", against=str(old))


# Templates


def render(template: str, client: Client | None = None, **extra: Any) -> str:
    return (client or Client()).get("/template", {"template": template}, **extra).content.decode()


CHOICE = '{% if_consent "analytics" %}yes{% else %}no{% endif_consent %}'


def test_templates(shop: None) -> None:
    assert render(CHOICE) == "no"
    assert render(CHOICE, accepting("analytics")) == "yes"
    assert render('{% if_consent "essential" %}yes{% endif_consent %}') == "yes"
    assert render('{% if_consent "analytics" %}yes{% endif_consent %}') == ""
    assert render("{% for id in cookie_consent.undecided %}{{ id }}{% endfor %}") == "analytics"
    assert render("{% cookie_preferences_url %}") == "/privacy-choices"
    assert render("{% cookie_preferences_url %}", SCRIPT_NAME="/shop") == "/shop/privacy-choices"
    assert render("{% cookie_policy_url %}", SCRIPT_NAME="/shop") == "/shop/privacy-choices/policy"


def test_the_script_by_hand() -> None:
    with with_settings({"POLICY": {**SITE, "guard": {"inject": False}}}):
        tag = render('<head>{% cookieguard_script nonce="abc" %}')
    with with_settings({"POLICY": {**SITE, "guard": {"mode": "report"}}}):
        assert render('<head>{% cookieguard_script nonce="abc" %}') == "<head>"

    assert "<script" in tag and "/privacy-choices/guard.js?v=en" in tag
    assert 'nonce="abc"' in tag


def test_a_page_varies_only_where_it_asks(shop: None) -> None:
    asks = Client().get("/template", {"template": CHOICE})
    plain = Client().get("/template", {"template": "hello"})

    assert asks.headers["Vary"].startswith("Cookie")
    assert "Vary" not in plain.headers


def test_template_mistakes_are_errors(shop: None) -> None:
    with pytest.raises(UnknownCategory, match="analitycs"):
        render('{% if_consent "analitycs" %}{% endif_consent %}')
    with pytest.raises(TemplateSyntaxError, match="takes one category"):
        render("{% if_consent %}{% endif_consent %}")
    with pytest.raises(TemplateSyntaxError, match="analytics is no variable here; a category has quotes"):
        render("{% if_consent analytics %}{% endif_consent %}")
    with pytest.raises(NoGuard, match="no request"):
        Template("{% load cookieguard %}" + CHOICE).render(Context())


def test_a_request_that_no_guard_saw_has_no_visitor(shop: None) -> None:
    request = RequestFactory().get("/")
    text = "{% load cookieguard %}" + CHOICE + "{% cookie_preferences_url %}"
    assert Template(text).render(RequestContext(request)) == "no/privacy-choices"
    with pytest.raises(NoGuard, match="no guard stands around this request"):
        Template("{% load cookieguard %}{% cookieguard_script %}").render(RequestContext(request))
