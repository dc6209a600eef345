"""The WSGI adapter: unpack the environ, ask the visit, repack the headers (PEP 3333)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ..adapter.conditions import prepare_for_app
from ..adapter.guarded import KEY, ROOT_KEY, TWO_GUARDS, Guarded
from ..adapter.occasion import occasion_of
from ..errors import ConfigurationError
from ..visit import Visit
from .beside import EARLY_HINTS, TRAILERS, guard_beside
from .request import Request, page_request
from .response import Body, Response

if TYPE_CHECKING:
    from _typeshed.wsgi import (
        StartResponse,
        WSGIApplication,  # noqa: F401 - named in the base class
        WSGIEnvironment,
    )


class CookieGuard(Guarded["WSGIApplication"]):
    """Wrap a WSGI app, so that no cookie leaves it that the visitor hasn't accepted.

    `secret_key` is 16 bytes or more, or a list of such keys, oldest first. `override` has the last
    word over each cookie. `templates` is a folder of templates that replace the shipped ones. `clock`
    returns POSIX seconds. ConfigurationError says what is wrong, before the first request.
    """

    takes = ("environ", "start_response")
    otherwise = "for an ASGI app take cookieguard.asgi.CookieGuard"

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Let the visitor's pages answer, or the app; screen what leaves it."""
        if KEY in environ:
            raise ConfigurationError("cookieguard.E006", TWO_GUARDS)
        cookies = environ.get("HTTP_COOKIE")
        visit = environ[KEY] = Visit(
            self.enforcer,
            cookies,
            environ.get("HTTP_HOST") or environ["SERVER_NAME"],
            environ["wsgi.url_scheme"],
            environ.get("HTTP_SEC_GPC"),
        )
        root = environ[ROOT_KEY] = environ.get("SCRIPT_NAME", "")
        path = environ.get("PATH_INFO", "")
        if path in self._special:
            if self._excludes(Request(environ, root, path).path):
                visit.exclude()
                return self.app(environ, start_response)
            if path in self._desk.paths:
                visit.occasion = occasion_of(environ)
                reply = self._desk.answer(page_request(environ), visit)
                request = Request(environ, root, path)
                start_response(reply.status, visit.leave(list(reply.headers), request))
                return [] if environ["REQUEST_METHOD"] == "HEAD" else [reply.body]
        if cookies is not None and (visible := visit.arrive().visible) is not cookies:
            if visible is None:
                del environ["HTTP_COOKIE"]
            else:
                environ["HTTP_COOKIE"] = visible

        plans = self._plans
        if EARLY_HINTS in environ or TRAILERS in environ:
            guard_beside(environ, visit, plans, root)
        revalidates = plans is not None and prepare_for_app(environ, visit, plans, root)
        method = environ["REQUEST_METHOD"]
        response = Response(visit, environ, start_response, plans, method, root, path, revalidates)
        body = self.app(environ, response.start)
        return body if plans is None or response.is_plain else Body(response, body)
