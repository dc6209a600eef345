"""Enforce a declared cookie policy at the HTTP boundary."""

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
from .policy.classifier import Classification, Classifier
from .policy.policy import Policy
from .visit import Visit
from .wsgi import CookieGuard, visit_from

__all__ = [
    "Classification",
    "Classifier",
    "ConfigurationError",
    "CookieGuard",
    "CookieguardError",
    "NoGuard",
    "Policy",
    "PolicyError",
    "Problem",
    "SetCookie",
    "UnknownCategory",
    "UsageError",
    "Visit",
    "parse_set_cookie",
    "visit_from",
]
