"""`request.cookie_consent`; and the guard where none stands outside, as in Django's test client.

The guard belongs around the whole application (`cookieguard.django.wsgi`). The test client and the
live test server never call that one. So that tests see what visitors get, a request that no guard
saw goes through the same guard here; none is judged twice.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from asgiref.sync import async_to_sync, iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.apps import apps
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from ..logger import logger
from ..options import Options
from ..wsgi import CookieGuard
from .conf import configuration
from .response import put_headers
from .streaming import pieces_of, rewrite
from .visits import equip, find_visit
from .wsgi import believe

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

GetResponse = Callable[[HttpRequest], HttpResponseBase]

_CALL = "cookieguard.django.call"
_DECODED = ("SCRIPT_NAME", "PATH_INFO")


class CookieGuardMiddleware:
    """The first in MIDDLEWARE, so that the cookies of all others are judged in tests too.

    Gives a request `cookie_consent` and `cookie_visit`.
    """

    sync_capable = True
    async_capable = True

    def __init__(
        self, get_response: GetResponse | Callable[[HttpRequest], Awaitable[HttpResponseBase]]
    ) -> None:
        self._get_response: Any = get_response
        # A mistake in the settings shows at start.
        configuration()
        if not apps.is_installed("cookieguard.django"):
            logger.warning(
                "INSTALLED_APPS lacks 'cookieguard.django': manage.py check sees no mistake of the guard's, "
                "and there are no commands and no template tags"
            )
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        """Hand on a request that is guarded, or guard it."""
        guarded = find_visit(request) is not None
        if self._is_async:
            return self._wait(request) if guarded else self._guard_async(request)
        return _serve(request, self._get_response) if guarded else _guard(request, self._get_response)

    async def _wait(self, request: HttpRequest) -> HttpResponseBase:
        equip(request)
        response: HttpResponseBase = await self._get_response(request)
        return response

    async def _guard_async(self, request: HttpRequest) -> HttpResponseBase:
        return await sync_to_async(_guard)(request, async_to_sync(self._get_response))


def _serve(request: HttpRequest, get_response: GetResponse) -> HttpResponseBase:
    equip(request)
    return get_response(request)


class _Call:
    """One request on its way through the guard and back."""

    def __init__(self, request: HttpRequest, get_response: GetResponse) -> None:
        self.request, self.get_response = request, get_response
        self.response: HttpResponseBase | None = None
        self.body: Iterable[bytes] = []
        self.decoded: dict[str, str] = {}
        self.status = ""
        self.headers: list[tuple[str, str]] = []

    def start(self, status: str, headers: list[tuple[str, str]], *_: object) -> Callable[[bytes], object]:
        self.status, self.headers = status, headers
        return _unused


def _unused(data: bytes) -> object:
    raise AssertionError("Django's responses are returned, not written")


def _guard(request: HttpRequest, get_response: GetResponse) -> HttpResponseBase:
    environ, call = request.META, _Call(request, get_response)
    environ.setdefault("wsgi.url_scheme", request.scheme)
    environ.setdefault("wsgi.input", request)
    environ[_CALL] = call
    # Django decodes them; an environ has their octets.
    for key in _DECODED:
        call.decoded[key] = text = environ.get(key, "")
        environ[key] = text.encode("utf-8", "replace").decode("latin-1")
    believe(environ)
    try:
        body = _guard_of(configuration())(environ, call.start)
    finally:
        del environ[_CALL]
    response = call.response
    if response is None:
        # One of the visitor's own pages.
        response = HttpResponse(b"".join(body), status=int(call.status[:3]))
    elif body is not call.body:
        _replace_body(response, body, call)
    put_headers(response, call.headers)
    return response


def _replace_body(response: Any, body: Iterable[bytes], call: _Call) -> None:
    """Give a page the body that the guard makes of its own."""
    if not response.streaming:
        response.content = b"".join(body)
        return
    rewrite(response, call.body, body, lambda: call.status)


@lru_cache(maxsize=8)
def _guard_of(current: Options) -> CookieGuard:
    return current.guard(CookieGuard, _app)


def _app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Be the site, seen from the guard."""
    call: _Call = environ[_CALL]
    environ.update(call.decoded)
    # What the guard hides may have been read before.
    for read in ("COOKIES", "headers"):
        call.request.__dict__.pop(read, None)
    call.response = response = _serve(call.request, call.get_response)
    lines = (("Set-Cookie", morsel.OutputString()) for morsel in response.cookies.values())
    start_response(f"{response.status_code} {response.reason_phrase}", [*response.items(), *lines])
    call.body = pieces_of(call.request, response)
    return call.body
