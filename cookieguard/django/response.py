"""A list of headers -> the headers and cookies of one of Django's responses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable
from http.cookies import Morsel
from typing import Any

from django.http import HttpResponseBase

from ..cookies.setcookie import parse_set_cookie


def put_headers(response: HttpResponseBase, headers: Iterable[tuple[str, str]]) -> None:
    """Let a response send exactly these headers; its cookies that are among them stay as they are."""
    lines: list[str] = []
    others: defaultdict[str, list[str]] = defaultdict(list)
    for name, value in headers:
        if name.lower() == "set-cookie":
            lines.append(value)
        else:
            others[name].append(value)
    for name in {*response.headers} - {*others}:
        del response.headers[name]
    for name, values in others.items():
        response.headers[name] = ", ".join(values)
    _put_cookies(response.cookies, lines)


def _put_cookies(jar: Any, lines: Iterable[str]) -> None:
    own = {morsel.OutputString(): (key, morsel) for key, morsel in jar.items()}
    jar.clear()
    for line in lines:
        if line in own:
            key, morsel = own[line]
        else:
            morsel = Line(line)
            key = morsel.key
        # The jar has one place for a name, and one cookie may be expired in several.
        while key in jar:
            key += " "
        jar[key] = morsel


class Line(Morsel[str]):
    """A cookie that is sent as this line, whatever the standard library thinks of it."""

    def __init__(self, line: str) -> None:
        super().__init__()
        self._line = line
        cookie = parse_set_cookie(line)
        self._name, self._text = (cookie.name, cookie.value) if cookie else ("", "")
        if cookie is None:
            return
        given: dict[str, Any] = {
            "max-age": cookie.max_age,
            "domain": cookie.domain,
            "path": cookie.path,
            "samesite": cookie.same_site,
            "secure": cookie.secure,
            "httponly": cookie.http_only,
        }
        self.update({name: value for name, value in given.items() if value is not None})

    @property
    def key(self) -> str:
        """The name."""
        return self._name

    @property
    def value(self) -> str:
        """The value."""
        return self._text

    @property
    def coded_value(self) -> str:
        """The value, as it is sent."""
        return self._text

    def copy(self) -> Line:
        """Return another of the same line: a morsel's own would be made of the attributes alone."""
        return Line(self._line)

    def __reduce__(self) -> tuple[type[Line], tuple[str]]:
        return Line, (self._line,)

    def OutputString(self, attrs: Container[str] | None = None) -> str:  # noqa: N802 - the library's name
        """Return the line."""
        return self._line
