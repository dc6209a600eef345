"""One `Set-Cookie` header -> its verdict, and the header that may leave in its place."""

from __future__ import annotations

from msgspec import Struct

from ..consent.consent import Consent
from ..cookies.setcookie import SetCookie, parse_set_cookie
from ..policy.model import ESSENTIAL
from .amend import cap_lifetime, is_too_long, missing_attributes
from .verdict import DELETION, Rules, Situation, Verdict, judge, overridden


class Ruling(Struct, frozen=True, eq=False):
    """A verdict, and what to write behind the cookie's first `;` where that changes.

    `stripped` tells whether the cookie leaves at all, and `personal` whether the response thereby says
    something of the visitor's decision.
    """

    verdict: Verdict
    stripped: bool
    personal: bool
    amended: str | None = None

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
        return _ruling(verdict)
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
        return _ruling(verdict)
    changed = amended != unparsed
    verdict = Verdict("capped" if changed else "kept", reason, verdict.name, verdict.classification)
    return _ruling(verdict, amended if changed else None)


def _ruling(verdict: Verdict, amended: str | None = None) -> Ruling:
    stripped = verdict.action == "stripped"
    personal = stripped or (verdict.reason != DELETION and verdict.category != ESSENTIAL)
    return Ruling(verdict, stripped, personal, amended)
