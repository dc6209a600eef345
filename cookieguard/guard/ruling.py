"""One `Set-Cookie` header -> its verdict, and the header that may leave in its place."""

from __future__ import annotations

from msgspec import Struct

from ..consent.consent import Consent
from ..cookies.setcookie import SetCookie, parse_set_cookie
from ..policy.model import ESSENTIAL
from .amend import cap_lifetime, is_too_long, missing_attributes
from .verdict import DELETION, Rules, Situation, Verdict, judge, overridden


class Ruling(Struct, frozen=True):
    """A verdict, and what to write behind the cookie's first `;` where that changes.

    `personal` tells whether the response thereby says something of the visitor's decision.
    """

    verdict: Verdict
    amended: str | None = None
    personal: bool = False

    @property
    def stripped(self) -> bool:
        return self.verdict.action == "stripped"

    def apply(self, header: str) -> str:
        """Return the header as it may leave; its name and value stay byte for byte."""
        if self.amended is None:
            return header
        pair = header.partition(";")[0]
        return f"{pair};{self.amended}" if self.amended else pair


def rule(header: str, rules: Rules, consent: Consent, situation: Situation) -> Ruling:
    """Decide over one header, and hold what is kept to its declaration."""
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
        if lifetimes == "cap" and declaration.caps:
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
