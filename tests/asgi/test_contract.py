"""The contract over ASGI: in this process, and through Starlette, FastAPI and Django's own ASGI."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import contract
import django
import fastapi
import pytest
from asgiapps import App, as_asgi, ask, environ_of, guarded
from contract import CASES, HOST, SECRET, Case
from django.conf import settings
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.test import override_settings
from django.urls import re_path
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Mount, Route

from cookieguard import visit_from

ANY_METHOD = ["GET", "HEAD", "POST", "PUT"]


def check(app: App, case: Case) -> None:
    case.check(ask(app, case.path, method=case.method, headers=case.request_headers()))


cases = pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in CASES])


@cases
def test_plain(case: Case) -> None:
    check(guarded(as_asgi(contract.app)), case)


def made_by(case_app: Callable[..., Any], environ: dict[str, Any]) -> tuple[int, Any, Iterable[bytes]]:
    """Call a case's app; return what a framework's response is to be made of."""
    calls: list[Any] = []
    written: list[bytes] = []

    def start_response(status: str, headers: Any, exc_info: Any = None) -> Callable[[bytes], None]:
        calls.append((int(status[:3]), headers))
        return written.append

    made = case_app(environ, start_response)
    pieces = [*made]
    getattr(made, "close", lambda: None)()
    status, headers = calls[-1]
    return status, headers, [*written, *pieces]


async def by_starlette(request: Request) -> Response:
    """Answer with a response of Starlette's, its headers as the case's app has them."""
    assert visit_from(request) is visit_from(request.scope)
    status, headers, pieces = made_by(contract.app, environ_of(request.scope))
    response = StreamingResponse(iter(pieces), status)
    response.raw_headers = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    return response


STARLETTE = guarded(Starlette(routes=[Route("/{path:path}", by_starlette, methods=ANY_METHOD)]))


@cases
def test_starlette(case: Case) -> None:
    check(STARLETTE, case)


def test_starlette_by_its_own_middleware() -> None:
    app = Starlette(routes=[Mount("/", as_asgi(contract.app))])
    app.add_middleware(type(STARLETTE), policy=STARLETTE.enforcer.policy, secret_key=SECRET)

    for case in CASES:
        check(app, case)


@cases
def test_fastapi(case: Case) -> None:
    app = fastapi.FastAPI()
    app.add_api_route("/{path:path}", by_starlette, methods=ANY_METHOD)
    check(guarded(app), case)


# Django


class Line:
    """A cookie as its app wrote it, where Django's own jar would write another."""

    def __init__(self, line: str) -> None:
        self.line = line

    def output(self, header: str) -> str:
        return self.line

    def OutputString(self) -> str:
        """Return what Django 6 asks for in its place."""
        return self.line


def by_django(request: HttpRequest, path: str) -> HttpResponse | StreamingHttpResponse:
    scope = request.scope  # type: ignore[attr-defined]
    assert visit_from(request) is visit_from(scope)
    status, headers, pieces = made_by(contract.app, environ_of(scope))
    plain = {name: value for name, value in headers if name.lower() != "set-cookie"}
    kind = StreamingHttpResponse if len([*pieces]) > 1 else HttpResponse
    response = kind(pieces, status=status, headers=plain)
    if "Content-Type" not in plain:
        del response["Content-Type"]
    lines = [value for name, value in headers if name.lower() == "set-cookie"]
    response.cookies = dict(enumerate(map(Line, lines)))  # type: ignore[assignment]
    return response


urlpatterns = [re_path("(?s)^(.*)$", by_django)]


@pytest.fixture
def site() -> Iterator[App]:
    if not settings.configured:
        settings.configure(SECRET_KEY=SECRET, ALLOWED_HOSTS=["*"])
        django.setup()
    with override_settings(ROOT_URLCONF=__name__, MIDDLEWARE=[], ALLOWED_HOSTS=[HOST]):
        yield guarded(ASGIHandler())  # type: ignore[arg-type]


# Django's own ASGI handler writes cookies in ASCII.
WRITABLE = [case for case in CASES if all(cookie.isascii() for cookie in case.cookies)]


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume synchronous iterators")
@pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in WRITABLE])
def test_django(site: App, case: Case) -> None:
    check(site, case)
