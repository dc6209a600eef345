"""An app or a file of another tool -> what it shows of a site."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from msgspec import Struct
from msgspec.structs import replace

from ...cookies.setcookie import SetCookie
from ...importers.har import har_hosts, read_har
from ...importers.hosts import same_site
from ...importers.sighting import merged, seen_in_header
from ...policy.catalogue import services_with
from .browse import Answer, Browser
from .crawl import Bounds, crawl
from .draft import Evidence, Seen
from .framework import facts_of
from .login import LogIn, try_log_in

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

# Where frameworks and their extensions put it, asked for where no link leads to one.
_USUAL_LOG_INS = ("/login", "/log-in", "/signin", "/sign-in", "/accounts/login/", "/auth/login", "/admin/")
PASSWORD = "COOKIEGUARD_LOGIN_PASSWORD"  # noqa: S105 - the variable's name


class Asked(Struct, frozen=True):
    """How to look at an app: where to start, how far to go, and as whom to log in."""

    starts: Sequence[str] = ("/",)
    bounds: Bounds = Bounds()
    host: str | None = None
    user: str = ""
    password: str = ""
    forms: bool = True
    environ: Mapping[str, str] = {}


class Survey(Struct, frozen=True):
    """What was found, and how: pages asked for, and those that failed with what they raised."""

    evidence: Evidence
    title: str = ""
    pages: int = 0
    failed: Sequence[Answer] = ()


def survey_app(app: WSGIApplication, asked: Asked, progress: Callable[[str], None]) -> Survey:
    """Crawl an app as a visitor, try its log-in, and crawl on as the one who logged in."""
    facts = facts_of(app)
    root = f"http://{asked.host or facts.host or 'localhost'}/"
    watch = _Watch(root)

    def new_browser(refused: frozenset[str] = frozenset()) -> Browser:
        return Browser(app, root, watch=watch, refused=refused, environ=asked.environ)

    def is_unknown(name: str) -> bool:
        named = {cookie.declaration.name for cookie in facts.cookies}
        return name not in named and not services_with(name)

    starts = [urljoin(root, start) for start in asked.starts]
    answers = crawl(new_browser(), starts, asked.bounds, progress)
    address = _log_in_among(answers)
    if address is None:
        usual = [urljoin(root, path) for path in _USUAL_LOG_INS]
        found = crawl(new_browser(), usual, Bounds(len(usual) * 2, 0), progress)
        # Most of them don't exist, which is no failure.
        answers += [answer for answer in found if answer.status in range(200, 400)]
        address = _log_in_among(found)
    log_in = LogIn()
    if address and asked.forms:
        progress(f"log-in at {address}")
        log_in = try_log_in(new_browser, address, asked.user, asked.password, is_unknown)
    elif address:
        log_in = LogIn("unknown", address)
    if log_in.state == "works":
        answers += _as_member(new_browser(), log_in, starts, asked, progress)
    cookies = watch.seen
    pages = [answer for answer in answers if answer.page]
    hosts = [host for answer in pages if answer.page for host in answer.page.hosts]
    strange = [host for host in dict.fromkeys(hosts) if host != root.split("/")[2].partition(":")[0]]
    return Survey(
        Evidence(cookies, strange, facts, log_in),
        next((answer.page.title for answer in pages if answer.page), ""),
        len(answers),
        [answer for answer in answers if answer.error],
    )


def _log_in_among(answers: Sequence[Answer]) -> str | None:
    return next((answer.address for answer in answers if answer.page and answer.page.log_in), None)


def _as_member(
    browser: Browser, log_in: LogIn, starts: Sequence[str], asked: Asked, progress: Callable[[str], None]
) -> list[Answer]:
    page = browser.get(log_in.address).page
    if page and page.log_in:
        browser.post(page.log_in.address, page.log_in.filled(asked.user, asked.password, remember=False))
    return crawl(browser, starts, asked.bounds, progress)


class _Watch:
    """Notes each cookie that is set."""

    def __init__(self, root: str) -> None:
        self._host = root.split("/")[2].partition(":")[0]
        self._notes: dict[str, Seen] = {}

    def __call__(self, cookie: SetCookie, path: str) -> None:
        for sighting in seen_in_header(cookie, self._host, time.time(), third_party=False):
            before = self._notes.get(sighting.name)
            if before is None:
                self._notes[sighting.name] = Seen(sighting, path, cookie.http_only)
            else:
                (both,) = merged([before.sighting, sighting])
                http_only = before.http_only or cookie.http_only
                self._notes[sighting.name] = replace(before, sighting=both, http_only=http_only)

    @property
    def seen(self) -> list[Seen]:
        return list(self._notes.values())


def survey_har(file: Path, data: bytes) -> Survey:
    """Read a recorded visit."""
    sightings = read_har(data, str(file))
    hosts = har_hosts(data, str(file))
    own = next(
        (seen.host for seen in sightings if seen.host and not seen.third_party), hosts[0] if hosts else ""
    )
    strange = [host for host in hosts if own and not same_site(host, own)]
    return Survey(Evidence([Seen(seen) for seen in sightings], strange), "", len(hosts))


def password_of(user: str, ask: Callable[[str], str]) -> str:
    """Return the log-in's password: from the environment, else what the person types."""
    if not user:
        return ""
    return os.environ.get(PASSWORD) or ask(user)
