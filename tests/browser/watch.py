"""A strict eye on a browser context: errors on its pages, and requests to where nobody should go."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from browser.chromium import SITE
from browser.providers import HOSTS

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, WebError

_EXPECTED = (SITE, f"*.{SITE}", "localhost", "127.0.0.1", *HOSTS)


class Watch:
    """What happened in one context; `problems` must be empty in the end, but for what is tolerated.

    A problem is an error on the console (a violated Content-Security-Policy too), an uncaught one,
    or a request to an unexpected host. `requests` holds every address asked for, in order.
    """

    def __init__(self, context: BrowserContext) -> None:
        self.requests: list[str] = []
        self._unanswered: set[Request] = set()
        self._problems: list[str] = []
        self._tolerated: list[str] = []
        self._listening: dict[Any, Callable[[Any], None]] = {
            "console": self._console,
            "weberror": self._error,
            "request": self._request,
            "requestfinished": self._answered,
            "requestfailed": self._answered,
        }
        self._context = context
        for event, listener in self._listening.items():
            context.on(event, listener)

    def end(self) -> None:
        """Look away: what happens from now on is somebody else's."""
        for event, listener in self._listening.items():
            self._context.remove_listener(event, listener)

    def settle(self, page: Page) -> None:
        """Wait until every request has its answer, and for half a second none was made.

        Playwright's own "networkidle" now and then never comes where a frame was put into the page.
        """
        quiet, seen = 0, -1
        for _ in range(100):
            quiet = 0 if self._unanswered or len(self.requests) != seen else quiet + 1
            if quiet == 5:
                return
            seen = len(self.requests)
            page.wait_for_timeout(100)
        raise AssertionError(f"no answer to {self.unanswered}")

    @property
    def unanswered(self) -> list[str]:
        """The addresses asked for that have no answer yet."""
        return [request.url for request in self._unanswered]

    def tolerate(self, *patterns: str) -> None:
        """Leave out problems in which one of these regular expressions is found."""
        self._tolerated += patterns

    @property
    def problems(self) -> list[str]:
        return [
            problem
            for problem in self._problems
            if not any(re.search(pattern, problem) for pattern in self._tolerated)
        ]

    def to(self, hosts: Iterable[str]) -> list[str]:
        """The addresses asked for at these hosts; `*.` stands for all below."""
        patterns = tuple(hosts)
        return [url for url in self.requests if any(fnmatchcase(_host(url), pattern) for pattern in patterns)]

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "assert"):
            self._problems.append(f"console: {message.text}")

    def _error(self, error: WebError) -> None:
        self._problems.append(f"uncaught: {error.error}")

    def _request(self, request: Request) -> None:
        self.requests.append(request.url)
        self._unanswered.add(request)
        if _is_remote(request.url) and not self._expected(request.url):
            self._problems.append(f"request: {request.url}")

    def _answered(self, request: Request) -> None:
        self._unanswered.discard(request)

    def _expected(self, url: str) -> bool:
        return any(fnmatchcase(_host(url), pattern) for pattern in _EXPECTED)


def _is_remote(url: str) -> Any:
    return urlsplit(url).scheme in ("http", "https", "ws", "wss")


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""
