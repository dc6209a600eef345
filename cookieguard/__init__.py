"""Enforce a declared cookie policy at the HTTP boundary."""

from .adapter.lookup import script_tag, visit_from
from .consent.consent import Consent
from .cookies.setcookie import SetCookie, parse_set_cookie
from .errors import (
    ConfigurationError,
    CookieguardError,
    LedgerUnavailable,
    NoGuard,
    PolicyError,
    Problem,
    SettingsError,
    UnknownCategory,
    UnreadableImport,
    UsageError,
)
from .guard.verdict import Details, Override, Verdict
from .policy.classifier import Classification, Classifier, Explanation
from .policy.policy import Policy
from .visit import Visit
from .wsgi import CookieGuard

__all__ = [
    "Classification",
    "Classifier",
    "ConfigurationError",
    "Consent",
    "CookieGuard",
    "CookieguardError",
    "Details",
    "Explanation",
    "LedgerUnavailable",
    "NoGuard",
    "Override",
    "Policy",
    "PolicyError",
    "Problem",
    "SetCookie",
    "SettingsError",
    "UnknownCategory",
    "UnreadableImport",
    "UsageError",
    "Verdict",
    "Visit",
    "parse_set_cookie",
    "script_tag",
    "visit_from",
]
