"""A Django site in this process, guarded as each test's settings say; its views are in here too."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import django
from contract import SECRET
from django.conf import settings
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.template import RequestContext, Template
from django.test import Client, override_settings
from django.urls import path
from django.views.decorators.cache import cache_page

from cookieguard import CookieGuard, Policy, visit_from
from cookieguard.django.conf import policy
from cookieguard.testing import consent_cookie

MIDDLEWARE = "cookieguard.django.middleware.CookieGuardMiddleware"
SESSIONS = "django.contrib.sessions.middleware.SessionMiddleware"
SYNCHRONOUS = f"{__name__}.synchronous"
LOCALE = "django.middleware.locale.LocaleMiddleware"
COUNTER = {"name": "_ga", "category": "analytics", "purpose": "Counts visits.", "lifetime": "1 day"}
SITE = {"cookies": [COUNTER], "site": {"languages": ["en"]}}
PAGE = "<!doctype html><title>Shop</title><p>Hello"


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


def asks(request: HttpRequest) -> HttpResponse:
    return HttpResponse("all" if request.cookie_consent.allows("analytics") else "none")


def asks_the_visit(request: HttpRequest) -> HttpResponse:
    return HttpResponse("all" if request.cookie_visit.consent.allows("analytics") else "none")


def asks_the_environ(request: HttpRequest) -> HttpResponse:
    return HttpResponse("all" if visit_from(request.META).consent.allows("analytics") else "none")


def asks_for_receipts(request: HttpRequest) -> HttpResponse:
    request.cookie_visit.receipts()
    return number(request)


def erases_receipts(request: HttpRequest) -> HttpResponse:
    request.cookie_visit.erase_receipts()
    return number(request)


def accepts(request: HttpRequest) -> HttpResponse:
    visit_from(request.META).grant(["analytics"])
    return number(request)


def number(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(next(_NUMBERS)))


def cached(view: Any) -> Any:
    # Its settings are made after this module.
    return lambda request: cache_page(60)(view)(request)


_NUMBERS = itertools.count()
urlpatterns = [
    path("", home),
    path("streamed", streamed),
    path("ticks", ticks),
    path("dripped", dripped),
    path("template", templated),
    path("grants", grants),
    path("sees", sees),
    path("site/consent", asks),
    path("site/visit", asks_the_visit),
    path("site/environ", asks_the_environ),
    path("site/receipts", asks_for_receipts),
    path("site/erases", erases_receipts),
    path("site/accepts", accepts),
    path("site/template", templated),
    path("site/number", number),
    path("view/consent", cached(asks)),
    path("view/visit", cached(asks_the_visit)),
    path("view/environ", cached(asks_the_environ)),
    path("view/receipts", cached(asks_for_receipts)),
    path("view/erases", cached(erases_receipts)),
    path("view/accepts", cached(accepts)),
    path("view/template", cached(templated)),
    path("view/number", cached(number)),
]


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


def cookies_of(response: Any) -> list[str]:
    return [morsel.key for morsel in response.cookies.values()]


def accepting(*categories: str) -> Client:
    client = Client()
    name, value = consent_cookie(policy(), SECRET, categories, host="testserver")
    client.cookies[name] = value
    return client


def application(environ: Any, start_response: Any) -> Any:
    raise AssertionError("never asked")


application = CookieGuard(application, Policy.from_dict({}), secret_key=SECRET)


def unguarded(environ: Any, start_response: Any) -> Any:
    raise AssertionError("never asked")


def render(template: str, client: Client | None = None, **extra: Any) -> str:
    return (client or Client()).get("/template", {"template": template}, **extra).content.decode()
