"""Which framework an app is made with, and what that sets."""

from __future__ import annotations

from typing import Any

import flask
import pytest
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix

from cookieguard.frameworkcookies import framework_cookies


def shop() -> flask.Flask:
    app = flask.Flask("shop")
    app.config["SESSION_COOKIE_NAME"] = "shop_session"
    return app


def other(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    return []


# Django's are read of its settings, of which a process has one: tests/test_real_apps.py.
@pytest.mark.parametrize(
    ("app", "names"),
    [
        pytest.param(shop(), ["shop_session"], id="flask"),
        pytest.param(ProxyFix(shop()), ["shop_session"], id="wrapped"),
        pytest.param(DispatcherMiddleware(shop(), {"/x": other}), ["shop_session"], id="mounted"),
        pytest.param(shop().wsgi_app, [], id="its method"),
        pytest.param(other, [], id="other"),
    ],
)
def test_own_cookies(app: Any, names: list[str]) -> None:
    assert [cookie.name for cookie in framework_cookies(app)] == names
