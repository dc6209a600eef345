"""The bench: sites and providers on loopback, and visitors with a real Chromium.

`shop = site(app, https=True)` serves a guarded app, `anna = visitor(javascript=False)` has a browser
of her own: `anna.page.goto(shop.url("/"))`, then `refused_in(anna.jar, shop.policy)` must be empty.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import pytest
from contract import POLICY, SECRET

from browser import chromium as bench
from browser.differential import firefox
from browser.jar import Jar, jar
from browser.providers import LOG, Providers
from browser.serving import App, Certificate, make_certificate, serve_http, serve_https
from browser.watch import Watch
from cookieguard import CookieGuard, Policy

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page, Playwright

_PLAYWRIGHT = find_spec("playwright") is not None
# With CI set the missing import fails the run.
collect_ignore_glob = [] if _PLAYWRIGHT or os.environ.get("CI") else ["test_*.py", "*/test_*.py"]

_GPC = "Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', { value: true })"


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> Iterator[None]:
    """Say plainly, below everything else, what wasn't tried for want of a browser."""
    yield
    skipped = terminalreporter.stats.get("skipped", [])
    missing = []
    for absent, package in ((bench.ABSENT, "chromium"), (firefox.ABSENT, "firefox-esr")):
        if count := sum(absent in str(report.longrepr) for report in skipped):
            missing.append(f"{count} tests skipped, {absent}: apt install {package}")
    if collect_ignore_glob and "not browser" not in config.getoption("markexpr"):
        missing.append("playwright is missing: pip install --group dev")
    for reason in missing:
        terminalreporter.write_line(f"NOT TRIED IN A BROWSER: {reason}", yellow=True)


@dataclass(frozen=True)
class Site:
    """A guarded app that is being served."""

    policy: Policy
    scheme: str
    port: int

    def url(self, path: str = "/", *, host: str = bench.SITE) -> str:
        return f"{self.scheme}://{host}:{self.port}{path}"

    @property
    def mount(self) -> str:
        """The address of the visitor's pages."""
        return self.url(self.policy.guard.mount)


@dataclass(frozen=True)
class Visitor:
    """Somebody with a browser of their own: a fresh context, and its first tab."""

    context: BrowserContext
    page: Page
    watch: Watch

    @property
    def jar(self) -> Jar:
        return jar(self.context)


# Not for the whole session: as long as playwright's loop runs, asyncio.run and Django's ORM refuse.
@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    from playwright.sync_api import sync_playwright

    bench.find()
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="package")
def certificate() -> Certificate:
    return make_certificate(bench.SITE, f"*.{bench.SITE}")


@pytest.fixture(scope="package")
def played(certificate: Certificate) -> Iterator[tuple[Providers, tuple[int, int]]]:
    """The providers, and their ports for http and https."""
    providers = Providers()
    with serve_http(providers) as plain, serve_https(providers, certificate) as secure:
        yield providers, (plain, secure)


@pytest.fixture(scope="package")
def launching(played: Any, certificate: Certificate) -> dict[str, Any]:
    return bench.options(bench.find(), played[1], certificate.fingerprint)


@pytest.fixture(scope="package")
def chromium(
    playwright: Playwright, launching: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Browser]:
    folder = tmp_path_factory.mktemp("profile")
    base = bench.launch(playwright.chromium, folder, bench.THIRD_PARTY_COOKIES, **launching)
    assert base.browser is not None
    yield base.browser
    base.close()


@pytest.fixture
def providers(played: tuple[Providers, Any]) -> Providers:
    """The played providers, asked for nothing yet."""
    played[0].requests.clear()
    return played[0]


@pytest.fixture
def site(certificate: Certificate) -> Iterator[Callable[..., Site]]:
    """Serve a guarded app: `site(app, policy, https=True, **what CookieGuard takes)`.

    `guarded=False` leaves the guard out, to see what happens without.
    """
    with ExitStack() as running:

        def serve(
            app: App,
            policy: Mapping[str, Any] | Policy = POLICY,
            *,
            https: bool = False,
            guarded: bool = True,
            **options: Any,
        ) -> Site:
            loaded = policy if isinstance(policy, Policy) else Policy.from_dict(policy)
            if guarded:
                app = CookieGuard(app, loaded, **{"secret_key": SECRET, **options})
            serving = serve_https(app, certificate) if https else serve_http(app)
            return Site(loaded, "https" if https else "http", running.enter_context(serving))

        yield serve


@pytest.fixture
def visitor(
    chromium: Browser,
    playwright: Playwright,
    launching: dict[str, Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[..., Visitor]]:
    """Open a browser context; at the end nothing may have gone wrong in it, see `Watch`."""
    opened: list[Visitor] = []

    def context(cookies: bool, options: dict[str, Any]) -> BrowserContext:
        if cookies:
            return chromium.new_context(**options)
        folder = tmp_path_factory.mktemp("profile")
        return bench.launch(playwright.chromium, folder, bench.NO_COOKIES, **launching, **options)

    def visit(*, cookies: bool = True, gpc: bool = False, **options: Any) -> Visitor:
        made = context(cookies, _options(gpc=gpc, **options))
        if gpc:
            made.add_init_script(_GPC)
        made.set_default_timeout(10_000)
        watch = Watch(made)
        opened.append(Visitor(made, made.pages[0] if made.pages else made.new_page(), watch))
        return opened[-1]

    yield visit
    for one in opened:
        one.context.close()
    assert [problem for one in opened for problem in one.watch.problems] == []


@pytest.fixture(scope="package")
def used(chromium: Browser) -> Iterator[BrowserContext]:
    """A browser context for one visitor after another."""
    context = chromium.new_context(**_options())
    context.set_default_timeout(10_000)
    context.add_init_script(LOG)
    context.new_page()
    yield context
    context.close()


@pytest.fixture
def anna(used: BrowserContext) -> Iterator[Visitor]:
    """A visitor whose browser others had before: a new one takes longer than most of what is tried in it.

    It holds no cookies, and what a site stores lies at a port of its own. Her pages keep a `log`.
    """
    used.clear_cookies()
    used.pages[0].set_viewport_size(_options()["viewport"])
    watch = Watch(used)
    yield Visitor(used, used.pages[0], watch)
    for page in used.pages[1:]:
        page.close()
    used.pages[0].goto("about:blank")
    watch.end()
    assert watch.problems == []


def _options(
    *,
    gpc: bool = False,
    javascript: bool = True,
    scheme: str = "light",
    width: int = 1280,
    language: str = "en",
    headers: Mapping[str, str] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """Playwright's options for a context, in our words; its own pass through."""
    sent = {**(headers or {}), **({"Sec-GPC": "1"} if gpc else {})}
    return {
        "java_script_enabled": javascript,
        "color_scheme": scheme,
        "viewport": {"width": width, "height": 844 if width < 600 else 900},
        "locale": language,
        "extra_http_headers": sent,
        **more,
    }
