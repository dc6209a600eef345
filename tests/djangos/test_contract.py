"""The contract, in front of Django's own application and through its views, over WSGI and ASGI."""

from __future__ import annotations

import pytest
from asgiapps import ask as ask_asgi
from asgiapps import environ_of
from asking import ask
from contract import CASES, HOST, POLICY, Answer, Case
from contract import app as contract_app
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import re_path
from django.views.decorators.csrf import csrf_exempt
from djangoshop import (
    MIDDLEWARE,
    with_settings,
)
from werkzeug.test import run_wsgi_app

from cookieguard import CookieGuard
from cookieguard.adapter.guarded import KEY
from cookieguard.django.asgi import get_asgi_application
from cookieguard.django.conf import guard
from cookieguard.django.response import Line
from cookieguard.django.wsgi import get_wsgi_application


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


CONTRACT = type("urls", (), {"urlpatterns": [re_path("", csrf_exempt(serve_contract))]})


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
