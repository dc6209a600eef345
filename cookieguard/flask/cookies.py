"""The cookies that Flask and Flask-Login set, from the app's configuration."""

from __future__ import annotations

import flask

from ..policy.framework import framework_cookie
from ..policy.model import Declaration


def framework_cookies(app: flask.Flask) -> list[Declaration]:
    """Declare what Flask and Flask-Login set, under the names that this app gives them."""
    config = app.config
    session = app.session_interface.get_cookie_name(app)
    cookies = [framework_cookie("flask", "session", session, age=app.permanent_session_lifetime)]
    if hasattr(app, "login_manager"):
        cookies.append(
            framework_cookie(
                "flask-login",
                "remember_token",
                config.get("REMEMBER_COOKIE_NAME", "remember_token"),
                age=config.get("REMEMBER_COOKIE_DURATION", 365 * 86400),
                domain=config.get("REMEMBER_COOKIE_DOMAIN"),
                path=config.get("REMEMBER_COOKIE_PATH"),
            )
        )
    return cookies
