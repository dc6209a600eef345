"""A Flask app with one page, guarded or not yet."""

from __future__ import annotations

from typing import Any

import flask
from contract import SECRET

from cookieguard.flask import CookieGuard
from cookieguard.testing import consent_cookie

NAVIGATION = {"Accept": "text/html"}
COUNTER = {"name": "_ga", "category": "analytics", "purpose": "Counts visits.", "lifetime": "1 day"}
SITE = {"cookies": [COUNTER], "site": {"languages": ["en"]}}


def make(policy: Any = SITE, **config: Any) -> flask.Flask:
    """Make an app with one page that sets an essential, an optional and an undeclared cookie."""
    app = flask.Flask("shop")
    app.config.update({"SECRET_KEY": SECRET, "COOKIEGUARD_POLICY": policy, **config})

    @app.get("/")
    def home() -> flask.Response:
        flask.session["seen"] = True
        response = flask.make_response(
            flask.render_template_string("{{ cookie_consent.allows('analytics') }}")
        )
        response.set_cookie("_ga", "1")
        response.set_cookie("unheard-of", "1")
        return response

    return app


def guarded(policy: Any = SITE, **config: Any) -> flask.Flask:
    app = make(policy, **config)
    CookieGuard(app)
    return app


def set_names(response: Any) -> list[str]:
    return [line.partition("=")[0] for line in response.headers.getlist("Set-Cookie")]


def accepting(app: flask.Flask, *categories: str) -> Any:
    client = app.test_client()
    client.set_cookie(*consent_cookie(app.extensions["cookieguard"].policy, SECRET, categories))
    return client
