"""What an app wraps. W301: what reads a proxy's headers stands inside of the guard, in either protocol."""

from __future__ import annotations

from typing import Any

import flask
import pytest
from contract import SECRET
from paste.deploy.config import PrefixMiddleware
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix

from cookieguard import ConfigurationError, CookieGuard, Policy
from cookieguard.adapter.order import layers
from cookieguard.asgi import CookieGuard as ASGIGuard
from cookieguard.flask import CookieGuard as FlaskGuard


def app(environ: Any, start_response: Any) -> list[bytes]:
    return []


async def asgi(scope: Any, receive: Any, send: Any) -> None:
    pass


class Own(ProxyFix):
    pass


class Private:
    def __init__(self, app: Any) -> None:
        self._app = app

    def __call__(self, environ: Any, start_response: Any) -> Any:
        return self._app(environ, start_response)


def closed_over(app: Any) -> Any:
    return lambda environ, start_response: app(environ, start_response)


def site(*, inside: bool) -> None:
    site = flask.Flask("shop")
    site.config.update(SECRET_KEY=SECRET, COOKIEGUARD_POLICY={})
    if inside:
        site.wsgi_app = ProxyFix(site.wsgi_app)  # type: ignore[method-assign]
    FlaskGuard(site)
    if not inside:
        site.wsgi_app = ProxyFix(site.wsgi_app)  # type: ignore[method-assign]


def put(guard: Any, app: Any) -> None:
    guard(app, Policy.from_dict({}), secret_key=SECRET)


@pytest.mark.parametrize(
    ("build", "names"),
    [
        pytest.param(lambda: put(CookieGuard, ProxyFix(app)), ["ProxyFix"], id="ProxyFix"),
        pytest.param(lambda: put(CookieGuard, Own(app)), ["ProxyFix"], id="own"),
        pytest.param(lambda: put(CookieGuard, PrefixMiddleware(app)), ["PrefixMiddleware"], id="Paste"),
        pytest.param(
            lambda: put(CookieGuard, DispatcherMiddleware(ProxyFix(app))), ["ProxyFix"], id="further inside"
        ),
        pytest.param(lambda: put(CookieGuard, Private(ProxyFix(app))), ["ProxyFix"], id="kept as _app"),
        pytest.param(
            lambda: put(CookieGuard, DispatcherMiddleware(app, {"/x": ProxyFix(app)})), [], id="mounted"
        ),
        pytest.param(
            lambda: put(ASGIGuard, ProxyHeadersMiddleware(asgi)), ["ProxyHeadersMiddleware"], id="ASGI"
        ),
        pytest.param(lambda: site(inside=True), ["ProxyFix"], id="Flask"),
        pytest.param(lambda: site(inside=False), [], id="Flask, in order"),
        pytest.param(lambda: put(CookieGuard, app), [], id="none"),
    ],
)
def test_who_stands_inside_is_warned_of(
    build: Any, names: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    build()

    told = "cookieguard.W301: {} stands inside of the guard".format
    assert [record.getMessage()[: len(told(names[0]))] for record in caplog.records] == [*map(told, names)]


def test_two_guards_are_found_where_every_request_passes_both() -> None:
    inner = CookieGuard(app, Policy.from_dict({}), secret_key=SECRET)

    with pytest.raises(ConfigurationError, match="two guards"):
        put(CookieGuard, Private(inner))
    # Beside them another app may stand, and the guard around all of it finds the second one as it comes.
    put(CookieGuard, DispatcherMiddleware(app, {"/shop": inner}))
    put(CookieGuard, closed_over(inner))


def test_layers_end_where_an_app_leads_back_to_itself() -> None:
    first, second = Private(None), Private(None)
    first._app, second._app = second, first

    assert [*layers(first)] == [first, second]
