"""Flask's own way to switch the guard on.

    from cookieguard.flask import CookieGuard

    guard = CookieGuard(app)  # or guard.init_app(app); reads cookies.toml beside the app

COOKIEGUARD_… must be set before `init_app`. SECRET_KEY, cookies' names and Flask-Login may come
later: they are read again when the first request arrives.
"""

from __future__ import annotations

from .cli import command
from .consent import cookie_consent, current_visit, requires_consent
from .extension import CookieGuard

__all__ = ["CookieGuard", "command", "cookie_consent", "current_visit", "requires_consent"]
