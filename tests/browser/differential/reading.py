"""Pages, sent to browsers bare and guarded, and whom they ask for what.

Many pages are read at once, each in a frame of its own: what they ask for names the page.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from contract import SECRET

from browser.chromium import ARGUMENTS, SITE
from browser.differential import wire
from browser.differential.markup import Document
from browser.differential.spelling import HELD
from browser.providers import PIXEL
from browser.serving import Certificate
from cookieguard import CookieGuard, Policy
from cookieguard.testing import consent_cookie

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page, Playwright

POLICY: dict[str, Any] = {
    "site": {"name": "Fernhill Outdoor", "languages": ["en"]},
    "providers": {"stats": {"name": "Stats", "category": "analytics", "hosts": [*HELD]}},
}
AT_ONCE = 24
QUIET, PATIENCE = 0.15, 5.0
"""Seconds without a request after which no more is awaited; and for one that is missed."""
LOADING = 20_000
"""Milliseconds in which pages are loaded even on a busy machine."""

# The tree alone loads, and what a page asks for is no matter of chance.
_NO_SCANNER = "--blink-settings=doHtmlPreloadScanning=false"
_TOKEN = re.compile(r"p([0-9]{4})([sm][0-9]+\.([a-z]+))")
_KINDS = {
    "gif": ("image/gif", PIXEL),
    "js": ("text/javascript", b""),
    "css": ("text/css", b""),
    "html": ("text/html", b"<!doctype html>"),
    "svg": ("image/svg+xml", b'<svg xmlns="http://www.w3.org/2000/svg"/>'),
    "vtt": ("text/vtt", b"WEBVTT\n"),
}


class Asked(NamedTuple):
    """Who was asked, in lower case and without a port, and for what."""

    host: str
    token: str

    @property
    def is_held(self) -> bool:
        host = self.host.removesuffix(".")
        return any(host == held or host.endswith(f".{held}") for held in HELD)

    @property
    def shares(self) -> bool:
        """Whether it depends on other addresses what becomes of this one."""
        return self.token.startswith("m")


class World:
    """Every host there is: notes who is asked for what, and answers each as it expects."""

    def __init__(self) -> None:
        self.requests: list[tuple[int, Asked]] = []

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        address = f"{environ['PATH_INFO']}?{environ['QUERY_STRING']}"
        kind, body = "text/plain", b""
        if found := _TOKEN.search(address):
            host = environ.get("HTTP_HOST", "").partition(":")[0].lower()
            self.requests.append((int(found[1]), Asked(host, found[2])))
            kind, body = _KINDS.get(found[3], (kind, body))
        # What a cache answers would never be noted here.
        start_response(
            "200 OK",
            [("Content-Type", kind), ("Cache-Control", "no-store"), ("Access-Control-Allow-Origin", "*")],
        )
        return [body]


class Stage:
    """The site: `documents` at `/page/N`, everything else as the world has it."""

    def __init__(self, world: World) -> None:
        self.documents: Sequence[Document] = ()
        self._world = world

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        number = environ["PATH_INFO"].removeprefix("/page/")
        if not number.isdigit():
            return self._world(environ, start_response)
        document = self.documents[int(number)]
        body = document.body.replace(b"p0000", b"p%04d" % int(number))
        headers = [("Content-Type", f"text/html; charset={document.charset}"), ("Cache-Control", "no-store")]
        size = document.size or max(len(body), 1)
        if not document.size:
            headers.append(("Content-Length", str(len(body))))
        start_response("200 OK", headers)
        return [body[at : at + size] for at in range(0, len(body), size)]


class Reader(NamedTuple):
    """A browser's tab that reads pages from one port of the site."""

    tab: Page
    port: int


class Shelf:
    """Pages to be read, and the readers."""

    def __init__(self, world: World, stage: Stage, driver: int) -> None:
        self.readers: dict[str, Reader] = {}
        self._world, self._stage, self._driver = world, stage, driver

    def asked(self, name: str, documents: Sequence[Document], wanted: int = 0) -> list[set[Asked]]:
        """Let one reader read the documents; return whom each of them asks for what.

        So many requests to held hosts are awaited longer.
        """
        reader, found = self.readers[name], [set[Asked]() for _ in documents]
        self._stage.documents = documents
        self._world.requests.clear()
        _go(reader.tab, f"http://{SITE}:{self._driver}/drive?{reader.port}.{len(documents)}")
        self._settle(reader.tab, wanted)
        for number, asked in self._world.requests:
            found[number].add(asked)
        return found

    def _settle(self, tab: Page, wanted: int) -> None:
        began = last = time.monotonic()
        seen = 0
        while time.monotonic() < last + QUIET or (
            self._held < wanted and time.monotonic() < began + PATIENCE
        ):
            tab.wait_for_timeout(25)
            if len(self._world.requests) != seen:
                seen, last = len(self._world.requests), time.monotonic()

    @property
    def _held(self) -> int:
        return len({request for request in self._world.requests if request[1].is_held})


def _go(tab: Page, url: str) -> None:
    from playwright import sync_api

    # Among so many frames one now and then never says that it was loaded. What it asked for is noted all the same, and
    # what is missed looked at again.
    with suppress(sync_api.TimeoutError):
        tab.goto(url, timeout=LOADING)


def _drive(world: World) -> Any:
    """Make the app whose pages are nothing but frames with those of another port."""

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        if environ["PATH_INFO"] != "/drive":
            return world(environ, start_response)
        port, count = environ["QUERY_STRING"].split(".")
        start_response("200 OK", [("Content-Type", "text/html"), ("Cache-Control", "no-store")])
        frames = (f"<iframe src=//{SITE}:{port}/page/{number}></iframe>" for number in range(int(count)))
        return [("<!doctype html>" + "".join(frames)).encode()]

    return app


@contextmanager
def shelf(playwright: Playwright, executable: str, certificate: Certificate) -> Iterator[Shelf]:
    """Serve the world, and open browsers in which every host's name leads there."""
    world = World()
    stage, policy = Stage(world), Policy.from_dict(POLICY)
    with ExitStack() as running:
        plain, secure = (
            running.enter_context(wire.serve(world, each)) for each in (None, certificate.context)
        )
        bare, guarded, driver = (
            running.enter_context(wire.serve(app))
            for app in (stage, CookieGuard(stage, policy, secret_key=SECRET), _drive(world))
        )
        made = Shelf(world, stage, driver)
        own = ", ".join(f"MAP {SITE}:{port} 127.0.0.1:{port}" for port in (bare, guarded, driver))
        rules = f"--host-resolver-rules={own}, MAP *:443 127.0.0.1:{secure}, MAP * 127.0.0.1:{plain}"

        def start(*more: str) -> Browser:
            arguments = [*ARGUMENTS, "--ignore-certificate-errors", rules, *more]
            browser = playwright.chromium.launch(executable_path=executable, headless=True, args=arguments)
            running.callback(browser.close)
            return browser

        def read(name: str, browser: Browser, port: int, *accepted: str, script: bool = True) -> None:
            context = browser.new_context(java_script_enabled=script)
            if accepted:
                _accept(context, policy, accepted)
            made.readers[name] = Reader(context.new_page(), port)

        quiet, usual = start(_NO_SCANNER), start()
        read("bare", quiet, bare)
        read("bare, no script", quiet, bare, script=False)
        read("guarded", quiet, guarded)
        read("guarded, no script", quiet, guarded, script=False)
        read("guarded, scanned", usual, guarded)
        read("accepted", quiet, guarded, "analytics")
        yield made


def _accept(context: BrowserContext, policy: Policy, accepted: Sequence[str]) -> None:
    name, value = consent_cookie(policy, SECRET, accepted, host=SITE, https=False)
    context.add_cookies([{"name": name, "value": value, "url": f"http://{SITE}/"}])
