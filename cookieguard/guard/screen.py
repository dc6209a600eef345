"""One response's header tuples -> verdicts, and the headers that may leave."""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec import Struct

from ..consent.consent import Consent
from ..cookies.setcookie import WSP, SetCookie, parse_set_cookie
from ..policy.model import ESSENTIAL
from .amend import cap_lifetime, is_too_long, missing_attributes
from .caching import PRIVATE, Headers, is_about_caching, make_private
from .verdict import DELETION, Rules, Situation, Verdict, judge, logger, overridden

_PLAIN, _CACHING, _SET_COOKIE, _SPLITTING = range(1, 5)
# What the names seen so far are; bounded, since an app may make names up.
_kinds: dict[str, int] = {}
_MOST_KINDS = 1024

HARMLESS: set[tuple[str, str]] = set()
"""Headers seen before that need no look: of a few names, whose values repeat and tell nothing."""
_REPEATING = frozenset(
    {
        "content-type",
        "content-length",
        "content-language",
        "content-encoding",
        "referrer-policy",
        "strict-transport-security",
        "x-content-type-options",
        "x-frame-options",
        "cross-origin-opener-policy",
        "vary",
        "server",
        "allow",
    }
)
_MOST_HARMLESS = 2048
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_SHORT = 1024


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


class Memory(dict[tuple[str, str], Ruling]):
    """Rulings by the cookie's name and attributes: under one policy, host, scheme and set of reasons.

    A ruling that hangs on more than those isn't remembered.
    """

    _MOST = 1024

    def remember(self, header: str, ruling: Ruling, rules: Rules) -> None:
        """Keep a ruling over a header, if it is the same for any other value, path and time."""
        cookie = parse_set_cookie(header)
        if cookie is None or not cookie.name or cookie.expires is not None or rules.override is not None:
            return
        declaration = ruling.verdict.classification.declaration
        by_path = declaration is not None and declaration.essential_under
        if not by_path and len(self) < self._MOST and len(header) <= _SHORT and header.isprintable():
            pair, _, unparsed = header.partition(";")
            self[pair.partition("=")[0], unparsed] = ruling


def recall(headers: Sequence[tuple[str, str]], memory: Memory) -> Screened | None:
    """Screen from memory alone, what an app sends again and again; None where it doesn't suffice."""
    kept: Headers = []
    verdicts: list[Verdict] = []
    personal = False
    for header in headers:
        if header in HARMLESS:
            kept.append(header)
            continue
        name, value = header
        if _kinds.get(name) != _SET_COOKIE:
            return None
        pair, _, unparsed = value.partition(";")
        cookie, equals, _ = pair.partition("=")
        ruling = memory.get((cookie, unparsed))
        # The value is no part of a verdict, once it is short and clean enough to be stored.
        if ruling is None or not equals or len(value) > _SHORT or not value.isprintable():
            return None
        verdict = ruling.verdict
        verdicts.append(verdict)
        personal = personal or ruling.personal
        if ruling.amended is not None:
            kept.append((name, _joined(value, ruling.amended)))
        elif verdict.action != "stripped":
            kept.append(header)
    return Screened([*kept, PRIVATE] if personal else kept, verdicts)


def screen(
    headers: Sequence[tuple[str, str]],
    rules: Rules,
    consent: Consent,
    situation: Situation,
    memory: Memory,
) -> Screened:
    """Judge each `Set-Cookie`; the given headers are never changed, and `memory` learns.

    Kept headers stay byte for byte and in order. A response from which a cookie was stripped, or
    that keeps one which isn't essential, becomes private.
    """
    kept: Headers = []
    verdicts: list[Verdict] = []
    personal = caching = False
    for name, value in headers:
        kind = _kinds.get(name) or _learn_kind(name)
        if kind == _SET_COOKIE:
            ruling = _rule(value, rules, consent, situation)
            memory.remember(value, ruling, rules)
            verdicts.append(ruling.verdict)
            personal = personal or ruling.personal
            if ruling.verdict.action != "stripped":
                kept.append((name, value if ruling.amended is None else _joined(value, ruling.amended)))
        elif kind == _SPLITTING:
            logger.error("a header was left out: its name is no token, and would make others of the response")
        else:
            caching = caching or kind == _CACHING
            kept.append((name, unsplit(value)))
    if personal:
        kept = make_private(kept) if caching else [*kept, PRIVATE]
    return Screened(kept, verdicts)


def _rule(header: str, rules: Rules, consent: Consent, situation: Situation) -> Ruling:
    cookie = parse_set_cookie(header)
    verdict = judge(cookie, rules, consent.reasons, situation)
    if cookie is not None and rules.override is not None and verdict.reason != DELETION:
        verdict = overridden(cookie, verdict, rules.override, consent, situation)
    return _amended(cookie, verdict, header.partition(";")[2], rules, situation)


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
            reason = "lifetime" if amended != unparsed else ""
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


def _learn_kind(name: str) -> int:
    kind = _classify_header(name)
    if len(_kinds) < _MOST_KINDS and len(name) < 64:
        _kinds[name] = kind
    return kind


def _classify_header(name: str) -> int:
    # "field-name = token" (RFC 9110, 5.1). On the wire `Set-Cookie: ads=1; x` makes a cookie of its
    # own, and a name that begins with a space goes on with the line before. What ends in one
    # servers write as it is, and Chromium stores it.
    trimmed = name.rstrip(WSP)
    if not _TOKEN.fullmatch(trimmed):
        return _SPLITTING
    lowered = trimmed.lower()
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
    """Tell whether the headers can pass as they are: no cookie, nothing that smuggles one."""
    for header in headers:
        if header in HARMLESS:
            continue
        name, value = header
        kind = _kinds.get(name) or _learn_kind(name)
        if kind >= _SET_COOKIE or "\n" in value or "\r" in value:
            return False
        if name.lower() in _REPEATING and len(HARMLESS) < _MOST_HARMLESS:
            HARMLESS.add(header)
    return True
