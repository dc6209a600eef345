"""Which framework an app is made with, and what that sets."""

from __future__ import annotations

import functools
from typing import Any

import flask
import pytest
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix

from cookieguard.frameworkcookies import framework_cookies


def shop(name: str = "shop_session") -> flask.Flask:
    app = flask.Flask("shop")
    app.config["SESSION_COOKIE_NAME"] = name
    return app


class Private:
    """A middleware that keeps its app to itself."""

    def __init__(self, app: Any) -> None:
        self._app = app

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        return self._app(environ, start_response)


class Configured:
    """A middleware that reads the configuration of whichever app is asked."""

    def __init__(self, wsgi: Any, app: Any) -> None:
        self.wsgi, self.app = wsgi, app

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        return self.wsgi(environ, start_response)


class Slotted(Private):
    __slots__ = ("application",)

    def __init__(self, app: Any) -> None:
        self.application = app


def closed_over(app: Any) -> Any:
    def middleware(environ: dict[str, Any], start_response: Any) -> Any:
        return app(environ, start_response)

    return middleware


def other(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    return []


# Django's are read of its settings, of which a process has one: tests/test_real_apps.py.
@pytest.mark.parametrize(
    ("app", "names"),
    [
        pytest.param(shop(), ["shop_session"], id="flask"),
        pytest.param(ProxyFix(shop()), ["shop_session"], id="wrapped"),
        pytest.param(DispatcherMiddleware(shop(), {"/x": other}), ["shop_session"], id="mounted"),
        pytest.param(DispatcherMiddleware(other, {"/x": shop()}), ["shop_session"], id="mount"),
        pytest.param(
            DispatcherMiddleware(shop("one"), {"/x": shop("two"), "/y": shop("one")}),
            ["one", "two"],
            id="several",
        ),
        pytest.param(Private(shop()), ["shop_session"], id="kept as _app"),
        pytest.param(Slotted(shop()), ["shop_session"], id="slots"),
        pytest.param(closed_over(ProxyFix(shop())), ["shop_session"], id="closed over"),
        pytest.param(functools.partial(closed_over, shop()), ["shop_session"], id="partial"),
        pytest.param(functools.partial(closed_over, app=shop()), ["shop_session"], id="partial by keyword"),
        pytest.param(Configured(shop(), flask.current_app), ["shop_session"], id="beside a proxy"),
        pytest.param(shop().wsgi_app, ["shop_session"], id="its method"),
        pytest.param(other, [], id="other"),
    ],
)
def test_own_cookies(app: Any, names: list[str]) -> None:
    assert [cookie.name for cookie in framework_cookies(app)] == names
