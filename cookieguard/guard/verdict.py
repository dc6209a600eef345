"""What happens to one cookie, and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Protocol

from msgspec import Struct

from ..consent.consent import ALLOWING, Consent, Reason
from ..cookies.setcookie import SetCookie
from ..logger import logger
from ..policy.classifier import UNDECLARED, Classification, Classifier
from ..policy.model import GUARD_COOKIES
from ..policy.policy import Policy

Action = Literal["kept", "capped", "stripped", "swept"]

UNREADABLE = "unreadable"
RESERVED = "reserved"
DELETION = "deletion"
OVERRIDE = "override"


class Verdict(Struct, frozen=True):
    """One decision over one cookie.

    `reason` is a consent's reason (`essential`, `accepted`, `undecided`, `refused`, `gpc`,
    `opt-out`), or `undeclared`, `deletion`, `unreadable`, `reserved`, `override`. Of a cookie that doesn't
    keep to its declaration it says in what: `lifetime`, which `lifetimes = "report"` leaves, or `attributes`.
    """

    action: Action
    reason: str
    name: str
    classification: Classification = UNDECLARED

    @property
    def category(self) -> str | None:
        """The category's id, None for an undeclared cookie."""
        return self.classification.category

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
        # All that a log line or a header could take for its own is escaped, spaces too.
        escaped = "".join(char if "!" <= char <= "~" else f"\\x{ord(char):02x}" for char in self.name[:64])
        return escaped if len(escaped) <= 64 else escaped[:63] + "~"

    @property
    def why(self) -> str:
        """The category and the reason, or the one word that says both."""
        return self.reason if self.category in (None, self.reason) else f"{self.category}, {self.reason}"


class Situation(Struct, frozen=True):
    """What a verdict may depend on beside policy and consent.

    `path` is decoded, None where it must not make a cookie essential; `now` is POSIX seconds.
    """

    host: str
    https: bool
    path: str | None
    now: float

    def __repr__(self) -> str:
        # Error reports keep the variables of a frame: a path may tell of somebody.
        return f"<Situation at {self.host!r}>"


class Details(Struct, frozen=True):
    """All that an override hook may look at."""

    cookie: SetCookie
    classification: Classification
    consent: Consent
    situation: Situation
    verdict: Verdict


class Override(Protocol):
    """A site's last word over one cookie: "keep", "strip", or None to leave the verdict."""

    def __call__(self, details: Details, /) -> Literal["keep", "strip"] | None: ...


class Rules(Struct, frozen=True, eq=False):
    """A policy in force, ready to be asked. `by_path` tells whether any verdict depends on a path."""

    policy: Policy
    classifier: Classifier
    override: Override | None = None
    by_path: bool = False

    @classmethod
    def of(cls, policy: Policy, override: Override | None = None) -> Rules:
        """Make a policy ready."""
        by_path = override is not None or any(cookie.essential_under for cookie in policy.declarations)
        return cls(policy, Classifier(policy), override, by_path)


def judge(
    cookie: SetCookie | None, rules: Rules, reasons: Mapping[str, Reason], situation: Situation
) -> Verdict:
    """Decide over one `Set-Cookie`, kept or stripped; None is a header that every browser drops."""
    if cookie is None:
        return Verdict("stripped", UNREADABLE, "")
    names = cookie.judged_names
    # An app that clears all cookies at a log-out must not undo a refusal with them.
    if not GUARD_COOKIES.isdisjoint(names):
        return Verdict("stripped", RESERVED, names[-1], rules.classifier.classify(names[-1]))
    # "Deletions always pass."
    if cookie.deletes(situation.now):
        return Verdict("kept", DELETION, cookie.name, rules.classifier.classify(names[-1]))
    verdicts = [_judge_name(name, cookie.domain, rules, reasons, situation) for name in names]
    # Where browsers differ, "one refused name strips it". Of several the declared one says most;
    # else the first, which is the nameless: the others are part of a value.
    return max(verdicts, key=lambda verdict: (verdict.action == "stripped", verdict.classification.declared))


def _judge_name(
    name: str, domain: str | None, rules: Rules, reasons: Mapping[str, Reason], situation: Situation
) -> Verdict:
    classification = classify_here(name, domain or situation.host, rules.classifier, situation.path)
    if classification.category is None:
        blocked = rules.policy.guard.undeclared == "block"
        return Verdict("stripped" if blocked else "kept", "undeclared", name, classification)
    reason = reasons[classification.category]
    return Verdict("kept" if reason in ALLOWING else "stripped", reason, name, classification)


def classify_here(name: str, host: str, classifier: Classifier, path: str | None = None) -> Classification:
    """Classify a cookie of the guarded site.

    On a third party's own domain its declarations match first; but what the site itself calls
    essential, they don't take away.
    """
    found = classifier.classify(name, host, path)
    if found.declaration is not None and found.declaration.party == "third":
        own = classifier.classify(name, None, path)
        if own.declaration is not None and own.declaration.essential_somewhere:
            return own
    return found


def overridden(
    cookie: SetCookie, verdict: Verdict, override: Override, consent: Consent, situation: Situation
) -> Verdict:
    """Ask the site's hook for the last word."""
    try:
        answer: object = override(Details(cookie, verdict.classification, consent, situation, verdict))
    except Exception:
        # The hook runs on every response; the policy's own verdict is safe without it.
        logger.exception("the override hook failed over %s; the verdict stands", verdict.label)
        return verdict
    if answer == "keep":
        return Verdict("kept", OVERRIDE, verdict.name, verdict.classification)
    if answer == "strip":
        return Verdict("stripped", OVERRIDE, verdict.name, verdict.classification)
    if answer is not None:
        logger.error("the override hook answered %r; use 'keep', 'strip' or None", answer)
    return verdict
