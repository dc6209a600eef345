"""One response, sent to one browser bare and through guards, and what its jar holds after each."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple

from contract import SECRET

from browser.chromium import SITE
from browser.differential import wire
from browser.differential.judge import Judge, octets
from browser.differential.laws import ACCEPTED, Fault, Fields, Jar, faults, policy
from browser.serving import Certificate
from cookieguard import CookieGuard, Policy
from cookieguard.cookies.cookieheader import split_cookie_header
from cookieguard.testing import consent_cookie

HOST = f"www.{SITE}"
UNDECLARED = ("block", "allow")
_PAGE = b"<!doctype html><title>Shop</title>"
# Some headers spoil the whole response, and the request fails.
_REQUEST = """const request = url => {
    const how = {credentials: 'include', mode: 'no-cors', cache: 'no-store', signal: AbortSignal.timeout(9000)}
    return fetch(url, how).then(answer => answer.text()).catch(() => 0)
  }"""
_FETCH = f"""async urls => {{
  {_REQUEST}
  for (const url of urls) await request(url)
}}"""
_WRITE = f"""async ([lines, url]) => {{
  {_REQUEST}
  for (const line of lines) document.cookie = line
  // What a script writes and what a request carries go different ways through Chromium. Reading waits
  // until all is stored.
  void document.cookie
  await request(url)
}}"""


class Stage:
    """An app that sends the headers it is told to from `/set`, and has a page everywhere else.

    `cookies` is the `Cookie` header of the last request to `/sent`, as it came; None before it comes.
    """

    def __init__(self) -> None:
        self.fields: Fields = ()
        self.cookies: str | None = None

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        if environ["PATH_INFO"] == "/set":
            start_response("200 OK", [("Content-Type", "text/plain"), *self.fields])
            return [b""]
        if environ["PATH_INFO"] == "/sent":
            self.cookies = environ.get("HTTP_COOKIE", "")
        start_response("200 OK", [("Content-Type", "text/html; charset=utf-8")])
        return [_PAGE]


class Bench(NamedTuple):
    """The app served bare, and behind a guard for each answer to undeclared cookies.

    The visitor has accepted `ACCEPTED`, and refused the rest.
    """

    stage: Stage
    scheme: str
    bare: int
    guarded: dict[str, int]
    consent: dict[str, tuple[str, str]]

    def url(self, port: int, path: str = "/") -> str:
        return f"{self.scheme}://{HOST}:{port}{path}"

    def jar(self, judge: Judge, fields: Fields, kind: str | None = None) -> Jar:
        """Send a response, bare or through the guard of a kind, and look what an empty jar holds of it."""
        self.stage.fields = fields
        self._begin(judge, kind)
        port = self.guarded[kind] if kind else self.bare
        judge.run(_FETCH, [self.url(port, "/set"), self.url(self.bare, "/sent")])
        return self._taken(judge, kind)

    def faults(
        self, judge: Judge, fields: Fields, kinds: Sequence[str] = UNDECLARED
    ) -> list[tuple[str, Fault]]:
        """Send a response bare and through the guards of these kinds; hold the jars to the laws."""
        bare = self.jar(judge, fields)
        return [
            (kind, fault)
            for kind in kinds
            for fault in faults(fields, bare, self.jar(judge, fields, kind), kind)
        ]

    def blame(self, judge: Judge, fields: Fields, kinds: Sequence[str] = UNDECLARED) -> list[str]:
        """Tell which fields break the laws alone, or else which laws all break together.

        A `Date` counts with each: browsers reckon by it.
        """
        together = self.faults(judge, fields, kinds)
        dates = [field for field in fields if field[0] == "Date"]
        responses = [[*dates, field] for field in fields if together and field not in dates]
        alone = [(response, self.faults(judge, response, kinds)) for response in responses]
        told = [_told(found, *response) for response, found in alone if found]
        return told or ([_told(together, *fields)] if together else [])

    def blame_scripts(self, judge: Judge, responses: Iterable[Iterable[str]]) -> list[str]:
        """Let scripts write the same lines to `document.cookie`, without the browser guard and under it.

        Tell which lines break the laws alone, or else which all break together.
        """
        suspects = self._script_faults(judge, responses)
        alone = self._script_faults(judge, [[line] for lines in suspects for line in lines])
        guilty = {line for (line,) in alone}
        together = {lines: told for lines, told in suspects.items() if guilty.isdisjoint(lines)}
        return [f"{'; '.join(told)} <- {lines}" for lines, told in (alone | together).items()]

    def _script_faults(
        self, judge: Judge, responses: Iterable[Iterable[str]]
    ) -> dict[tuple[str, ...], list[str]]:
        """Return what is wrong by the lines that were written together."""
        written = [*map(tuple, responses)]
        found: dict[tuple[str, ...], list[str]] = {}
        if not written:
            return found
        judge.goto(self.url(self.bare))
        bare = [self._written(judge, lines) for lines in written]
        for kind in UNDECLARED:
            self._consent(judge, kind)
            judge.goto(self.url(self.guarded[kind]))
            for lines, without in zip(written, bare, strict=True):
                fields = [("Set-Cookie", octets(line)) for line in lines]
                under = self._written(judge, lines, kind)
                for fault in faults(fields, without, under, kind, scripts=True):
                    found.setdefault(lines, []).append(f"{fault} (undeclared: {kind})")
        return found

    def _written(self, judge: Judge, lines: Iterable[str], kind: str | None = None) -> Jar:
        self._begin(judge, kind)
        judge.run(_WRITE, [[*lines], self.url(self.bare, "/sent")])
        return self._taken(judge, kind)

    def _taken(self, judge: Judge, kind: str | None) -> Jar:
        held, now = judge.jar(), time.time()
        assert self.stage.cookies is not None, "the browser never sent its cookies"
        # Firefox shows for a moment what a Max-Age of 0 has ended.
        lasting = [each for each in held if each.expires is None or each.expires > now + 1]
        jar = Jar(lasting, [*split_cookie_header(self.stage.cookies)], now)
        return self._without_consent(jar, kind) if kind else jar

    def _begin(self, judge: Judge, kind: str | None) -> None:
        self.stage.cookies = None
        judge.clear()
        if kind:
            self._consent(judge, kind)

    def _consent(self, judge: Judge, kind: str) -> None:
        judge.put(*self.consent[kind], HOST, secure=self.scheme == "https")

    def _without_consent(self, jar: Jar, kind: str) -> Jar:
        consent = self.consent[kind]
        own = [held for held in jar.held if (held.name, held.value) == consent]
        assert len(own) == 1, f"the consent cookie is no longer what it was: {jar.held}"
        others = [held for held in jar.held if held not in own]
        return Jar(others, [pair for pair in jar.sent if pair != consent], jar.taken)


def _told(found: Sequence[tuple[str, Fault]], *fields: tuple[str, str]) -> str:
    laws = "; ".join(f"{fault} (undeclared: {kind})" for kind, fault in found)
    return f"{laws} <- {' | '.join(f'{name}: {value!r}' for name, value in fields)}"


@contextmanager
def bench(certificate: Certificate, scheme: str) -> Iterator[Bench]:
    """Serve all that a judge is sent to."""
    stage, context = Stage(), certificate.context if scheme == "https" else None
    policies = {kind: Policy.from_dict(policy(kind)) for kind in UNDECLARED}
    with ExitStack() as running:
        bare = running.enter_context(wire.serve(stage, context))
        guarded = {
            kind: running.enter_context(wire.serve(CookieGuard(stage, each, secret_key=SECRET), context))
            for kind, each in policies.items()
        }
        consent = {
            kind: consent_cookie(each, SECRET, ACCEPTED, host=HOST, https=scheme == "https")
            for kind, each in policies.items()
        }
        yield Bench(stage, scheme, bare, guarded, consent)
