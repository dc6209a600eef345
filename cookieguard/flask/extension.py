"""The extension: what it does to an app, once."""

from __future__ import annotations

import flask

from ..errors import ConfigurationError
from .addresses import POLICY, PREFERENCES, add_address
from .consent import cookie_consent
from .guarded import NAME, GuardedApp


class CookieGuard:
    """Guard a Flask app; one extension may serve several.

    Templates get `cookie_consent`; `url_for("cookieguard.preferences")` and
    `url_for("cookieguard.policy")` lead to the visitor's pages.
    """

    def __init__(self, app: flask.Flask | None = None) -> None:
        if app is not None:
            self.init_app(app)

    def init_app(self, app: flask.Flask) -> None:
        """Wrap `app.wsgi_app`. ConfigurationError says what is wrong with the app's configuration."""
        if NAME in app.extensions:
            raise ConfigurationError(
                "cookieguard.E044", f"the app {app.name!r} has its guard already; call init_app once"
            )
        guarded = GuardedApp(app)
        app.wsgi_app = guarded  # type: ignore[method-assign]
        app.extensions[NAME] = guarded
        mount = guarded.policy.guard.mount
        for endpoint, path in ((PREFERENCES, mount), (POLICY, f"{mount}/policy")):
            add_address(app, endpoint, path)
        app.context_processor(lambda: {"cookie_consent": cookie_consent})
