"""A browser's part towards a WSGI app in this process: requests, a cookie jar, redirects."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urljoin, urlsplit

from msgspec import Struct
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder

from ...cookies.setcookie import SetCookie, parse_set_cookie
from ...guard.headers import is_page
from .app import describe
from .names import family_of
from .page import Page, read_page

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

_LONGEST_PAGE = 2 * 1024 * 1024
_MOST_REDIRECTS = 10

Watch = Callable[[SetCookie, str], None]
"""Is told of each cookie that an answer sets, with the path asked for."""


class Answer(Struct, frozen=True):
    """What a request came to; `error` is what the app raised."""

    address: str
    status: int
    location: str | None = None
    page: Page | None = None
    error: str | None = None


class Browser:
    """Asks one app, as one visitor. Cookies of the families `refused` are never stored, as under a guard."""

    def __init__(
        self,
        app: WSGIApplication,
        root: str,
        *,
        watch: Watch | None = None,
        refused: frozenset[str] = frozenset(),
        environ: Mapping[str, str] = {},
    ) -> None:
        self._app = app
        self._root = urlsplit(root)
        self._watch = watch
        self._refused = refused
        self._environ = environ
        # By name and path: a host's own jar is all there is.
        self._jar: dict[tuple[str, str], str] = {}

    @property
    def held(self) -> list[str]:
        """The names of the cookies in the jar."""
        return list(dict.fromkeys(name for name, _ in self._jar))

    def get(self, address: str) -> Answer:
        """Ask for a page and follow where it leads, on this site."""
        return self._follow(self.ask(address))

    def post(self, address: str, data: Iterable[tuple[str, str]]) -> Answer:
        """Send a form, and follow where it leads."""
        return self._follow(self.ask(address, list(data)))

    def _follow(self, answer: Answer) -> Answer:
        for _ in range(_MOST_REDIRECTS):
            if answer.location is None or not self.is_here(answer.location):
                break
            answer = self.ask(answer.location)
        return answer

    def is_here(self, address: str) -> bool:
        """Whether an address lies on the site."""
        parts = _split(address)
        return parts is not None and parts.scheme in ("http", "https") and parts.netloc == self._root.netloc

    def ask(self, address: str, form: list[tuple[str, str]] | None = None) -> Answer:
        """Make one request: a GET, or with a form a POST. What the app raises is its answer."""
        parts = _split(urljoin(self._root.geturl(), address))
        if parts is None:
            return Answer(address, 0, error="is no address")
        address = parts._replace(fragment="").geturl()
        try:
            status, headers, text = self._run(parts, form)
        except Exception as error:
            return Answer(address, 500, error=describe(error))
        path = parts.path or "/"
        for line in headers.getlist("Set-Cookie"):
            self._store(line, path)
        target = headers.get("Location") if 300 <= status < 400 else None
        location = urljoin(address, target) if target else None
        page = read_page(text, address) if text is not None else None
        return Answer(address, status, location, page)

    def _run(self, parts: SplitResult, form: list[tuple[str, str]] | None) -> tuple[int, Headers, str | None]:
        builder = EnvironBuilder(
            path=parts.path or "/",
            query_string=parts.query,
            base_url=f"{parts.scheme}://{parts.netloc}/",
            method="GET" if form is None else "POST",
            headers=self._headers(parts, posts=form is not None),
            data=_joined(form) if form is not None else None,
            environ_overrides=dict(self._environ),
        )
        try:
            return _answer(self._app, builder.get_environ())
        finally:
            builder.close()

    def _headers(self, parts: SplitResult, *, posts: bool) -> Headers:
        origin = f"{parts.scheme}://{parts.netloc}"
        headers = {
            "Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.5",
            "Accept-Language": "en",
            "User-Agent": "Mozilla/5.0 (compatible; cookieguard init)",
        }
        if cookies := "; ".join(f"{name}={value}" for name, value in self._sent(parts.path or "/")):
            headers["Cookie"] = cookies
        if posts:
            # Log-ins check that their form was sent from their own site.
            headers |= {"Origin": origin, "Referer": parts._replace(fragment="").geturl()}
        return Headers(headers)

    def _sent(self, path: str) -> list[tuple[str, str]]:
        return [(name, value) for (name, under), value in self._jar.items() if path.startswith(under)]

    def _store(self, line: str, path: str) -> None:
        cookie = parse_set_cookie(line)
        if cookie is None:
            return
        if self._watch:
            self._watch(cookie, path)
        key = (cookie.name, cookie.path or path.rpartition("/")[0] or "/")
        if cookie.deletes(time.time()) or not cookie.name or family_of(cookie.name) in self._refused:
            self._jar.pop(key, None)
        else:
            self._jar[key] = cookie.value


def _split(address: str) -> SplitResult | None:
    try:
        return urlsplit(address)
    except ValueError:
        return None


def _joined(form: list[tuple[str, str]]) -> dict[str, Any]:
    data: dict[str, list[str]] = {}
    for name, value in form:
        data.setdefault(name, []).append(value)
    return data


def _answer(app: WSGIApplication, environ: WSGIEnvironment) -> tuple[int, Headers, str | None]:
    """Run an app for one request; of what is no page nothing is read: it may never end."""
    # `werkzeug.test.run_wsgi_app` raises `exc_info` itself, and an app's own error page is lost.
    started: list[tuple[str, Headers]] = []
    data = bytearray()

    def start_response(
        status: str, headers: list[tuple[str, str]], exc_info: object = None, /
    ) -> Callable[[bytes], object]:
        started[:] = [(status, Headers(headers))]
        return data.extend

    body = app(environ, start_response)
    try:
        for piece in body:
            data += piece
            if not started or len(data) > _LONGEST_PAGE or not _is_page(started[0][1]):
                break
    finally:
        close = getattr(body, "close", None)
        if close is not None:
            close()
    if not started:
        raise RuntimeError("the app never called start_response")
    status, headers = started[0]
    return int(status.split(" ", 1)[0]), headers, _text(bytes(data), headers) if _is_page(headers) else None


def _is_page(headers: Headers) -> bool:
    return is_page(headers.get("Content-Type", "")) and not headers.get("Content-Encoding")


def _text(data: bytes, headers: Headers) -> str:
    rest = headers.get("Content-Type", "").lower().partition(";")[2]
    charset = rest.partition("charset=")[2].strip(" \"'") or "utf-8"
    try:
        return data.decode(charset, "replace")
    except LookupError:
        return data.decode("utf-8", "replace")
