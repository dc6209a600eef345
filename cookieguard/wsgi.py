"""The WSGI adapter: unpack the environ, ask the visit, repack the headers (PEP 3333)."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Container, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from .enforcer import Enforcer
from .errors import ConfigurationError, NoGuard, UsageError
from .guard.headers import HARMLESS, are_harmless, unsplit
from .guard.verdict import Override
from .policy.classifier import is_under
from .policy.policy import Policy
from .visit import Visit
from .visitor.ask import Ask
from .visitor.desk import Desk

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

KEY = "cookieguard.visit"

_ENCODED_SEPARATOR = re.compile(r"%(?:2f|5c|2e|3b|00)", re.IGNORECASE)
_MOST_FORM_BYTES = 64 * 1024


class CookieGuard:
    """Wrap a WSGI app, so that no cookie leaves it that the visitor hasn't accepted.

    `secret_key` is 16 bytes or more, or a list of such keys, oldest first. `override` has the last
    word over each cookie. `clock` returns POSIX seconds. ConfigurationError says what is wrong,
    before the first request.
    """

    def __init__(
        self,
        app: WSGIApplication,
        policy: Policy,
        *,
        secret_key: str | bytes | Sequence[str | bytes],
        override: Override | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if not isinstance(policy, Policy):
            raise ConfigurationError(
                "cookieguard.E005",
                f"policy is {type(policy).__name__}; give a Policy, as Policy.from_file('cookies.toml') does",
            )
        for name, given in (("app", app), ("override", override or app)):
            if not callable(given):
                raise ConfigurationError(
                    "cookieguard.E007", f"{name} is {type(given).__name__}; give a callable"
                )
        _refuse_second_guard(app)
        self.app = app
        self.enforcer = Enforcer(policy, secret_key=secret_key, override=override, clock=clock)
        self._desk = Desk(self.enforcer)
        leaves_alone = self.enforcer.mode == "off" or policy.guard.exclude
        # Nearly every request is the app's, and this must tell so in no time.
        self._special: Container[str] = _Everything() if leaves_alone else self._desk.paths

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Let the visitor's pages answer, or the app; screen what leaves it."""
        if KEY in environ:
            raise ConfigurationError("cookieguard.E006", _TWO_GUARDS)
        cookies = environ.get("HTTP_COOKIE")
        visit = environ[KEY] = Visit(
            self.enforcer,
            cookies,
            environ.get("HTTP_HOST") or environ["SERVER_NAME"],
            environ["wsgi.url_scheme"],
            environ.get("HTTP_SEC_GPC"),
        )
        try:
            path = environ["PATH_INFO"]
        except KeyError:
            path = ""
        if path in self._special:
            if self._excludes(environ):
                visit.exclude()
                return self.app(environ, start_response)
            if path in self._desk.paths:
                reply = self._desk.answer(_ask(environ), visit)
                start_response(reply.status, visit.leave(list(reply.headers), _Request(environ)))
                return [] if environ["REQUEST_METHOD"] == "HEAD" else [reply.body]
        if cookies is not None and (visible := visit.visible_cookies) is not cookies:
            if visible is None:
                del environ["HTTP_COOKIE"]
            else:
                environ["HTTP_COOKIE"] = visible

        return self.app(environ, _Response(visit, environ, start_response).start)

    def _excludes(self, environ: WSGIEnvironment) -> bool:
        path = _Request(environ).path
        return self.enforcer.mode == "off" or (
            path is not None and is_under(path, self.enforcer.policy.guard.exclude)
        )


class _Everything:
    def __contains__(self, path: object) -> bool:
        return True


class _Response(Struct, frozen=True, eq=False):
    """The `start_response` that the app calls, once or again."""

    visit: Visit
    environ: WSGIEnvironment
    start_response: StartResponse

    def __repr__(self) -> str:
        # Error reports keep the variables of a frame: the environ holds what is nobody's business.
        return f"<start_response for {self.visit!r}>"

    def start(
        self, status: str, headers: list[tuple[str, str]], exc_info: Any = None
    ) -> Callable[[bytes], object]:
        visit = self.visit
        visit.left = True
        if exc_info is not None:
            visit.retract()
        if visit.touched or not (HARMLESS.issuperset(headers) or are_harmless(headers)):
            headers = visit.leave(headers, _Request(self.environ))
        else:
            # The server keeps the list until the first byte; the app has it in hand as well.
            headers = [*headers]
        # A line break in the status smuggles a header just as one in a value does.
        if not status.isprintable():
            status = unsplit(status)
        # "The start_response callable [...] takes two required positional arguments, and one
        # optional argument": a server may tell None from nothing.
        if exc_info is None:
            return self.start_response(status, headers)
        try:
            return self.start_response(status, headers, exc_info)
        finally:
            exc_info = None  # no cycle through the traceback


def visit_from(environ: WSGIEnvironment) -> Visit:
    """Return the request's Visit; NoGuard where no CookieGuard stands around the app.

    The environ is `request.environ` in Flask and `request.META` in Django.
    """
    if not isinstance(environ, dict):
        raise UsageError(
            f"{type(environ).__name__} is no WSGI environ; give request.environ in Flask, request.META in Django"
        )
    try:
        visit: Visit = environ[KEY]
    except KeyError:
        raise NoGuard(
            "no CookieGuard stands around this app: wrap it, app = CookieGuard(app, policy, secret_key=…)"
        ) from None
    return visit


_TWO_GUARDS = (
    "two guards stand around one app, and the inner one can't tell what the outer keeps; take one away"
)


def _refuse_second_guard(app: Any) -> None:
    # By custom a middleware keeps what it wraps under one of these names.
    for _ in range(32):
        if isinstance(app, CookieGuard):
            raise ConfigurationError("cookieguard.E006", _TWO_GUARDS)
        attributes = getattr(app, "__dict__", {})
        inner = [attributes[name] for name in ("app", "wsgi_app", "application") if name in attributes]
        if not inner:
            return
        app = inner[0]


class _Request:
    """`visit.Request` over an environ."""

    __slots__ = ("_environ",)

    def __init__(self, environ: WSGIEnvironment) -> None:
        self._environ = environ

    @property
    def path(self) -> str | None:
        environ = self._environ
        # The decoded path can't tell `/a%2Fb` from `/a/b`; some servers keep the raw one beside it.
        raw: str = environ.get("REQUEST_URI") or environ.get("RAW_URI") or ""
        if _ENCODED_SEPARATOR.search(raw.partition("?")[0]):
            return None
        path: str = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
        return path if path.isascii() else path.encode("latin-1", "replace").decode("utf-8", "replace")

    @property
    def navigates(self) -> bool:
        environ = self._environ
        mode = environ.get("HTTP_SEC_FETCH_MODE")
        if mode is not None:
            return bool(mode == "navigate")
        return environ.get("REQUEST_METHOD") in ("GET", "HEAD") and "text/html" in environ.get(
            "HTTP_ACCEPT", ""
        )

    @property
    def cross_site_subresource(self) -> bool:
        environ = self._environ
        # A frame in another site's page navigates too.
        visits = (
            environ.get("HTTP_SEC_FETCH_MODE") == "navigate"
            and environ.get("HTTP_SEC_FETCH_DEST", "document") == "document"
        )
        return environ.get("HTTP_SEC_FETCH_SITE") == "cross-site" and not visits


def _ask(environ: WSGIEnvironment) -> Ask:
    return Ask(
        method=environ["REQUEST_METHOD"],
        scheme=environ["wsgi.url_scheme"],
        host=environ.get("HTTP_HOST") or environ.get("SERVER_NAME", ""),
        root=environ.get("SCRIPT_NAME", ""),
        path=environ.get("PATH_INFO", ""),
        query=environ.get("QUERY_STRING", ""),
        headers={
            key[5:].replace("_", "-").lower(): value
            for key, value in environ.items()
            if key.startswith("HTTP_")
        },
        content_type=environ.get("CONTENT_TYPE", ""),
        read=lambda: _read_form(environ),
    )


def _read_form(environ: WSGIEnvironment) -> bytes | None:
    """Read the body once, up to a capped Content-Length; None where it is too long or has none."""
    length = environ.get("CONTENT_LENGTH") or ""
    if not (length.isascii() and length.isdigit()) or len(length) > 9 or int(length) > _MOST_FORM_BYTES:
        return None
    body: bytes = environ["wsgi.input"].read(int(length))
    return body
