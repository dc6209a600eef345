"""What happens to one cookie, and why."""

from __future__ import annotations

import logging
from typing import Literal, Protocol

from msgspec import Struct

from ..consent.consent import Consent
from ..cookies.setcookie import SetCookie
from ..policy.classifier import UNDECLARED, Classification, Classifier
from ..policy.policy import Policy

logger = logging.getLogger("cookieguard")

Action = Literal["kept", "capped", "stripped", "swept"]

UNREADABLE = "unreadable"
DELETION = "deletion"
OVERRIDE = "override"


class Verdict(Struct, frozen=True):
    """One decision over one cookie.

    `reason` is a consent's reason (`essential`, `accepted`, `undecided`, `refused`, `gpc`,
    `opt-out`), or `undeclared`, `deletion`, `unreadable`, `override`; of a capped cookie it says
    what was changed: `lifetime`, `attributes`.
    """

    action: Action
    reason: str
    name: str
    classification: Classification = UNDECLARED

    @property
    def label(self) -> str:
        """A name that is safe to log: the declaration's, else the cookie's own, escaped and cut."""
        declaration = self.classification.declaration
        if declaration is not None:
            return declaration.name
        if self.reason == UNREADABLE:
            return "(unreadable)"
        if not self.name:
            return "(nameless)"
        escaped = self.name.encode("ascii", "backslashreplace").decode()
        printable = "".join(char if "!" <= char <= "~" else f"\\x{ord(char):02x}" for char in escaped)
        return printable if len(printable) <= 64 else printable[:63] + "~"


class Situation(Struct, frozen=True):
    """What a verdict may depend on beside policy and consent.

    `path` is decoded, None where it must not make a cookie essential; `now` is POSIX seconds.
    """

    host: str
    https: bool
    path: str | None
    now: float


class Details(Struct, frozen=True):
    """All that an override hook may look at."""

    cookie: SetCookie
    classification: Classification
    consent: Consent
    situation: Situation
    verdict: Verdict


class Override(Protocol):
    """A site's last word over one cookie: "keep", "strip", or None to leave the verdict."""

    def __call__(self, details: Details) -> Literal["keep", "strip"] | None: ...


class Rules(Struct, frozen=True):
    """A policy in force, ready to be asked."""

    policy: Policy
    classifier: Classifier
    override: Override | None = None


def judge(cookie: SetCookie | None, rules: Rules, consent: Consent, situation: Situation) -> Verdict:
    """Decide over one `Set-Cookie`, kept or stripped; None is a header that every browser drops."""
    if cookie is None:
        return Verdict("stripped", UNREADABLE, "")
    # "Deletions always pass."
    if cookie.attributes.ends and cookie.deletes(situation.now):
        return Verdict(
            "kept", DELETION, cookie.name, rules.classifier.classify(cookie.names[-1], cookie.domain)
        )
    verdict = _judge_name(cookie.names[0], cookie, rules, consent, situation)
    # Where browsers differ, "one refused name strips it".
    for name in cookie.names[1:]:
        if verdict.action == "stripped" and verdict.classification.declared:
            break
        other = _judge_name(name, cookie, rules, consent, situation)
        if verdict.action == "kept" or (other.action == "stripped" and other.classification.declared):
            verdict = other
    if rules.override is not None:
        return _overridden(
            verdict, rules.override, Details(cookie, verdict.classification, consent, situation, verdict)
        )
    return verdict


def _judge_name(
    name: str, cookie: SetCookie, rules: Rules, consent: Consent, situation: Situation
) -> Verdict:
    classification = rules.classifier.classify(name, cookie.domain or situation.host, situation.path)
    category = classification.category
    if category is None:
        allowed = rules.policy.guard.undeclared == "allow"
        return Verdict("kept" if allowed else "stripped", "undeclared", name, classification)
    reason = consent.reasons[category]
    return Verdict("kept" if category in consent.allowed else "stripped", reason, name, classification)


def _overridden(verdict: Verdict, override: Override, details: Details) -> Verdict:
    try:
        answer = override(details)
    except Exception:
        # The hook is the site's code on every response; the policy's own verdict is safe.
        logger.exception("the override hook failed over %s; the verdict stands", verdict.label)
        return verdict
    if answer is None:
        return verdict
    return Verdict("kept" if answer == "keep" else "stripped", OVERRIDE, verdict.name, verdict.classification)
