"""One response's header tuples -> verdicts, and the headers that may leave."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from ..consent.consent import Consent
from ..cookies.setcookie import WSP, SetCookie, parse_set_cookie
from ..policy.model import ESSENTIAL
from .amend import cap_lifetime, is_too_long, missing_attributes
from .caching import PRIVATE, Headers, is_about_caching, make_private
from .verdict import DELETION, Rules, Situation, Verdict, judge, overridden

_PLAIN, _CACHING, _SET_COOKIE, _SPLITTING = range(1, 5)
# What the names seen so far are; bounded, since an app may make names up.
_kinds: dict[str, int] = {}
_REMEMBERED = 4096
_SHORT = 1024


_MOST_HARMLESS = 4096

HARMLESS: set[tuple[str, str]] = set()
"""Headers seen before that carry no cookie, smuggle none, and say nothing of caching: an app
repeats itself."""


class Screened(Struct, frozen=True):
    """The headers that may leave, and a verdict for each `Set-Cookie` in their order."""

    headers: Headers
    verdicts: Sequence[Verdict] = ()


class Ruling(Struct, frozen=True):
    """A verdict, and what to write behind the cookie's first `;` where that changes.

    `personal` tells whether the response thereby says something of the visitor's decision.
    """

    verdict: Verdict
    amended: str | None = None
    personal: bool = False


Memory = dict[tuple[str, str], Ruling]
"""Rulings by the cookie's name and attributes, under one policy, host, scheme and set of reasons."""


def screen(
    headers: Sequence[tuple[str, str]],
    rules: Rules,
    consent: Consent,
    situation: Situation,
    memory: Memory,
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
        kind = _kinds.get(name) or _kind(name)
        if kind == _SET_COOKIE:
            pair, _, unparsed = value.partition(";")
            cookie, equals, _ = pair.partition("=")
            ruling = memory.get((cookie, unparsed))
            # The value is no part of a verdict, once it is short and clean enough to be stored.
            if not (ruling and equals and len(value) <= _SHORT and value.isprintable()):
                ruling = _rule(value, rules, consent, situation)
                if equals and not _varies(ruling, value, rules) and len(memory) < _REMEMBERED:
                    memory[cookie, unparsed] = ruling
            verdicts.append(ruling.verdict)
            personal = personal or ruling.personal
            if ruling.verdict.action == "stripped":
                continue
            if ruling.amended is not None:
                header = (name, _joined(value, ruling.amended))
        elif kind == _SPLITTING:
            continue
        elif header not in HARMLESS:
            caching = caching or kind == _CACHING
            if "\n" in value or "\r" in value:
                header = (name, unsplit(value))
        kept.append(header)
    if personal:
        kept = make_private(kept) if caching else [*kept, PRIVATE]
    return Screened(kept, verdicts)


def _rule(header: str, rules: Rules, consent: Consent, situation: Situation) -> Ruling:
    cookie = parse_set_cookie(header)
    verdict = judge(cookie, rules, consent.reasons, situation)
    if cookie is not None and rules.override is not None and verdict.reason != DELETION:
        verdict = overridden(cookie, verdict, rules.override, consent, situation)
    return _amended(cookie, verdict, header.partition(";")[2], rules, situation)


def _varies(ruling: Ruling, header: str, rules: Rules) -> bool:
    """Tell whether another value, path or time might get the same name and attributes another ruling."""
    cookie = parse_set_cookie(header)
    if cookie is None or not cookie.name or cookie.expires is not None or rules.override is not None:
        return True
    declaration = ruling.verdict.classification.declaration
    return declaration is not None and bool(declaration.essential_under)


def _amended(
    cookie: SetCookie | None, verdict: Verdict, unparsed: str, rules: Rules, situation: Situation
) -> Ruling:
    declaration = verdict.classification.declaration
    if cookie is None or declaration is None or verdict.action == "stripped" or verdict.reason == DELETION:
        return Ruling(verdict, personal=_is_personal(verdict))
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
        return Ruling(verdict, personal=_is_personal(verdict))
    changed = amended != unparsed
    verdict = Verdict("capped" if changed else "kept", reason, verdict.name, verdict.classification)
    return Ruling(verdict, amended if changed else None, _is_personal(verdict))


def _is_personal(verdict: Verdict) -> bool:
    if verdict.action == "stripped":
        return True
    return verdict.reason != DELETION and verdict.category != ESSENTIAL


def _joined(header: str, amended: str) -> str:
    pair = header.partition(";")[0]
    return f"{pair};{amended}" if amended else pair


def _kind(name: str) -> int:
    kind = _kinds.get(name)
    if kind is None:
        kind = _classify_header(name)
        if len(_kinds) < _REMEMBERED:
            _kinds[name] = kind
    return kind


def _classify_header(name: str) -> int:
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


def are_harmless(headers: Sequence[tuple[str, str]]) -> bool:
    """Tell whether the headers can pass as they are, and remember those that can."""
    for header in headers:
        if header in HARMLESS:
            continue
        name, value = header
        kind = _kinds.get(name) or _kind(name)
        if kind >= _SET_COOKIE or "\n" in value or "\r" in value:
            return False
        if kind == _PLAIN and len(value) < 128 and len(HARMLESS) < _MOST_HARMLESS:
            HARMLESS.add(header)
    return True
