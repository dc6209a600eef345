"""Enforce a declared cookie policy at the HTTP boundary."""

from .consent.consent import Consent
from .cookies.setcookie import SetCookie, parse_set_cookie
from .errors import (
    ConfigurationError,
    CookieguardError,
    NoGuard,
    PolicyError,
    Problem,
    UnknownCategory,
    UsageError,
)
from .guard.verdict import Details, Override, Verdict
from .policy.classifier import Classification, Classifier
from .policy.policy import Policy
from .visit import Visit
from .wsgi import CookieGuard, visit_from

__all__ = [
    "Classification",
    "Classifier",
    "ConfigurationError",
    "Consent",
    "CookieGuard",
    "CookieguardError",
    "Details",
    "NoGuard",
    "Override",
    "Policy",
    "PolicyError",
    "Problem",
    "SetCookie",
    "UnknownCategory",
    "UsageError",
    "Verdict",
    "Visit",
    "parse_set_cookie",
    "visit_from",
]
