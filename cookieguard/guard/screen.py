"""One response's header tuples -> verdicts, and the headers that may leave."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from msgspec import Struct

from ..consent.consent import Consent
from ..cookies.setcookie import WSP, SetCookie, parse_set_cookie
from ..policy.model import ESSENTIAL
from .amend import cap_lifetime, is_too_long, missing_attributes
from .caching import PRIVATE, Headers, is_about_caching, make_private
from .verdict import DELETION, Action, Rules, Situation, Verdict, judge, overridden

_PLAIN, _CACHING, _SET_COOKIE, _SPLITTING = range(4)
_REMEMBERED = 4096
_SHORT = 1024


class Screened(Struct, frozen=True):
    """The headers that may leave, and a verdict for each `Set-Cookie` in their order."""

    headers: Headers
    verdicts: Sequence[Verdict] = ()


class Ruling(Struct, frozen=True):
    """A verdict, and what to write behind the cookie's first `;` where that changes."""

    verdict: Verdict
    amended: str | None = None

    @property
    def personal(self) -> bool:
        """Whether the response says something of the visitor's decision."""
        if self.verdict.action == "stripped":
            return True
        return self.verdict.reason != DELETION and self.verdict.category != ESSENTIAL


def screen(
    headers: Sequence[tuple[str, str]], rules: Rules, consent: Consent, situation: Situation
) -> Screened:
    """Judge each `Set-Cookie`; the given headers are never changed.

    Kept headers stay byte for byte and in order. A response from which a cookie was stripped, or
    that keeps one which isn't essential, becomes private.
    """
    kept: Headers = []
    verdicts: list[Verdict] = []
    personal = caching = False
    for header in headers:
        name, value = header
        kind = _kind(name)
        if kind == _SET_COOKIE:
            ruling = _rule(value, rules, consent, situation)
            verdicts.append(ruling.verdict)
            personal = personal or ruling.personal
            if ruling.verdict.action == "stripped":
                continue
            if ruling.amended is not None:
                header = (name, _joined(value, ruling.amended))
        elif kind == _SPLITTING:
            continue
        else:
            caching = caching or kind == _CACHING
            if "\n" in value or "\r" in value:
                header = (name, unsplit(value))
        kept.append(header)
    if personal:
        kept = make_private(kept) if caching else [*kept, PRIVATE]
    return Screened(kept, verdicts)


def _rule(header: str, rules: Rules, consent: Consent, situation: Situation) -> Ruling:
    _, _, unparsed = header.partition(";")
    if rules.override is None and len(header) <= _SHORT and header.isprintable():
        name, equals, _ = header.partition("=")
        known = _known(name, unparsed, rules, situation.host, situation.https) if equals else None
        if known is not None:
            return known.ruling(consent, unparsed, rules, situation)
    cookie = parse_set_cookie(header)
    verdict = judge(cookie, rules, consent.reasons, situation)
    if cookie is not None and rules.override is not None and verdict.reason != DELETION:
        verdict = overridden(cookie, verdict, rules.override, consent, situation)
    return _amended(cookie, verdict, unparsed, rules, situation)


class _Known(Struct, eq=False):
    """A cookie seen before, by name and attributes: its verdict hangs on the consent alone."""

    cookie: SetCookie | None
    category: str | None
    rulings: dict[str, Ruling]

    def ruling(self, consent: Consent, unparsed: str, rules: Rules, situation: Situation) -> Ruling:
        reason = consent.reasons.get(self.category or "", "undecided")
        ruling = self.rulings.get(reason)
        if ruling is None:
            verdict = judge(self.cookie, rules, consent.reasons, situation)
            ruling = self.rulings[reason] = _amended(self.cookie, verdict, unparsed, rules, situation)
        return ruling


@lru_cache(maxsize=_REMEMBERED)
def _known(name: str, unparsed: str, rules: Rules, host: str, https: bool) -> _Known | None:
    """Look a cookie up once; None where its verdict also hangs on the path or the time."""
    cookie = parse_set_cookie(f"{name}=;{unparsed}")
    if cookie is None:
        return _Known(None, None, {})
    found = rules.classifier.classify(cookie.name, cookie.domain or host)
    by_path = found.declaration is not None and found.declaration.essential_under
    if not cookie.name or cookie.expires is not None or by_path:
        return None
    return _Known(cookie, found.category, {})


def _amended(
    cookie: SetCookie | None, verdict: Verdict, unparsed: str, rules: Rules, situation: Situation
) -> Ruling:
    declaration = verdict.classification.declaration
    if cookie is None or declaration is None or verdict.action == "stripped" or verdict.reason == DELETION:
        return Ruling(verdict)
    attributes = cookie.attributes
    reason, amended = "", unparsed
    lifetimes = rules.policy.guard.lifetimes
    if lifetimes != "off" and declaration.lifetime and is_too_long(attributes, declaration, situation.now):
        reason = "lifetime"
        if lifetimes == "cap":
            amended = cap_lifetime(unparsed, declaration.lifetime.seconds, situation.now)
    if missing := missing_attributes(attributes, declaration, https=situation.https):
        reason = reason or "attributes"
        amended = amended + missing if amended else missing.removeprefix(";")
    if not reason:
        return Ruling(verdict)
    changed = amended != unparsed
    action: Action = "capped" if changed else "kept"
    return Ruling(Verdict(action, reason, verdict.name, verdict.classification), amended if changed else None)


def _joined(header: str, amended: str) -> str:
    pair = header.partition(";")[0]
    return f"{pair};{amended}" if amended else pair


@lru_cache(maxsize=1024)
def _kind(name: str) -> int:
    # A name such as `Set-Cookie: ads=1; x` makes a cookie of its own on the wire.
    if any(char in name for char in ":\r\n"):
        return _SPLITTING
    # Servers write `Set-Cookie : x` as it is, and Chromium stores it.
    lowered = name.lower().strip(WSP)
    if lowered == "set-cookie":
        return _SET_COOKIE
    return _CACHING if is_about_caching(lowered) else _PLAIN


def unsplit(value: str) -> str:
    """Return a header's value, or a status, as the one line that it must be."""
    # "Field values containing CR, LF, or NUL characters are invalid and dangerous [...]; a recipient
    # of CR, LF, or NUL within a field value MUST either reject the message or replace each of those
    # characters with SP before further processing" (RFC 9110, 5.5). wsgiref would send what stands
    # behind a line feed as a header of its own.
    return value.replace("\r", " ").replace("\n", " ")


_harmless: set[tuple[str, str]] = set()
_MOST_HARMLESS = 4096


def is_harmless(headers: Sequence[tuple[str, str]]) -> bool:
    """Tell whether the headers can pass as they are: no cookie, nothing that smuggles one.

    An app repeats itself: most responses are told by headers seen before.
    """
    if _harmless.issuperset(headers):
        return True
    for name, value in headers:
        if _kind(name) >= _SET_COOKIE or "\n" in value or "\r" in value:
            return False
        if len(value) < 128 and len(_harmless) < _MOST_HARMLESS:
            _harmless.add((name, value))
    return True
