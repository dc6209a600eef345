"""One response's header tuples -> verdicts, and the headers that may leave."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from ..consent.consent import Consent
from ..cookies.setcookie import WSP, SetCookie, parse_set_cookie
from ..policy.model import ESSENTIAL
from .amend import add_attributes, cap_lifetime, is_too_long, missing_attributes
from .caching import Headers, make_private
from .verdict import DELETION, Action, Rules, Situation, Verdict, judge

_PLAIN, _SET_COOKIE, _SPLITTING = 0, 1, 2
# What each header name seen so far is. Bounded, since an app may make names up.
_KINDS: dict[str, int] = {}
_MOST_KINDS = 1024


class Screened(Struct, frozen=True):
    """The headers that may leave, and a verdict for each `Set-Cookie` in their order."""

    headers: Headers
    verdicts: tuple[Verdict, ...] = ()


def carries_nothing(headers: Sequence[tuple[str, str]]) -> bool:
    """Tell whether the headers can pass as they are: no cookie, nothing that smuggles one."""
    for name, value in headers:
        if _KINDS.get(name, -1) and _kind(name):
            return False
        if "\n" in value or "\r" in value:
            return False
    return True


def screen(
    headers: Sequence[tuple[str, str]], rules: Rules, consent: Consent, situation: Situation
) -> Screened:
    """Judge each `Set-Cookie`; the given headers are never changed.

    Kept headers stay byte for byte and in order. A response from which a cookie was stripped, or
    that keeps one which isn't essential, becomes private.
    """
    kept: Headers = []
    verdicts: list[Verdict] = []
    personal = False
    for name, value in headers:
        kind = _kind(name)
        if kind == _SPLITTING:
            continue
        if kind == _PLAIN:
            kept.append((name, _unsplit(value)))
            continue
        cookie = parse_set_cookie(value)
        verdict = judge(cookie, rules, consent, situation)
        if verdict.action == "kept" and cookie is not None:
            verdict, value = _amended(verdict, cookie, value, rules, situation)
            kept.append((name, value))
        verdicts.append(verdict)
        personal = personal or _is_personal(verdict)
    return Screened(make_private(kept) if personal else kept, tuple(verdicts))


def _is_personal(verdict: Verdict) -> bool:
    if verdict.action == "stripped":
        return True
    return verdict.reason != DELETION and verdict.classification.category != ESSENTIAL


def _amended(
    verdict: Verdict, cookie: SetCookie, header: str, rules: Rules, situation: Situation
) -> tuple[Verdict, str]:
    declaration = verdict.classification.declaration
    if declaration is None or verdict.reason == DELETION:
        return verdict, header
    amended, reason = header, verdict.reason
    if missing_attributes(cookie, declaration, https=situation.https):
        amended = add_attributes(amended, cookie, declaration, https=situation.https)
        reason = "attributes"
    lifetimes = rules.policy.guard.lifetimes
    if lifetimes != "off" and is_too_long(cookie, declaration, situation.now):
        reason = "lifetime"
        if lifetimes == "cap" and declaration.lifetime is not None:
            amended = cap_lifetime(amended, declaration.lifetime.seconds, situation.now)
    if reason == verdict.reason:
        return verdict, header
    action: Action = "kept" if amended is header else "capped"
    return Verdict(action, reason, verdict.name, verdict.classification), amended


def _kind(name: str) -> int:
    kind = _KINDS.get(name)
    if kind is None:
        # Servers write `Set-Cookie : x` as it is, and Chromium stores it.
        lowered = name.lower().strip(WSP)
        kind = _SET_COOKIE if lowered == "set-cookie" else _PLAIN
        # A name such as `Set-Cookie: ads=1; x` makes a cookie of its own on the wire.
        if any(char in name for char in ":\r\n\0"):
            kind = _SPLITTING
        if len(_KINDS) < _MOST_KINDS:
            _KINDS[name] = kind
    return kind


def _unsplit(value: str) -> str:
    # "Field values containing CR, LF, or NUL characters are invalid and dangerous [...]; a recipient
    # of CR, LF, or NUL within a field value MUST either reject the message or replace each of those
    # characters with SP before further processing" (RFC 9110, 5.5). wsgiref would send what stands
    # behind a line feed as a header of its own.
    if "\n" in value or "\r" in value:
        return value.replace("\r", " ").replace("\n", " ")
    return value
