"""The cookies that Flask and Flask-Login set, from the app's configuration."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

import flask

from ..policy.framework import (
    SECONDS,
    framework_cookie,
    setting_age,
    setting_name,
    setting_place,
    wrong_setting,
)
from ..policy.model import Declaration

T = TypeVar("T")


def framework_cookies(app: flask.Flask) -> list[Declaration]:
    """Declare what Flask and Flask-Login set, under the names that this app gives them.

    ConfigurationError where the app's configuration says no name, no time or no place.
    """
    session = setting_name("SESSION_COOKIE_NAME", app.session_interface.get_cookie_name(app))
    cookies = [framework_cookie("flask", "session", session, age=_session_age(app))]
    if hasattr(app, "login_manager"):
        cookies.append(_remember_cookie(app.config))
    return cookies


def _session_age(app: flask.Flask) -> timedelta | float | None:
    setting = "PERMANENT_SESSION_LIFETIME"
    try:
        return setting_age(setting, app.permanent_session_lifetime)
    except (TypeError, ValueError, OverflowError) as error:  # Flask makes a timedelta of it
        raise wrong_setting(setting, app.config[setting], SECONDS) from error


def _remember_cookie(config: flask.Config) -> Declaration:
    def said(read: Callable[[str, Any], T], part: str, usual: Any = None) -> T:
        setting = f"REMEMBER_COOKIE_{part}"
        return read(setting, config.get(setting, usual))

    return framework_cookie(
        "flask-login",
        "remember_token",
        said(setting_name, "NAME", "remember_token"),
        age=said(setting_age, "DURATION", 365 * 86400),
        domain=said(setting_place, "DOMAIN"),
        path=said(setting_place, "PATH"),
    )
