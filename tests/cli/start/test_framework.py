"""What an app's own settings say, read from frameworks as they run."""

from __future__ import annotations

import functools
from typing import Any

import pytest
from flask import Flask
from flask_login import LoginManager
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix

from cookieguard.cli.start.framework import facts_of


def flask(**config: object) -> Flask:
    app = Flask("shop")
    app.config.update(config)
    return app


class Own:
    """A middleware of somebody's own."""

    def __init__(self, app: Any) -> None:
        self.app = app

    def __call__(self, environ: Any, start_response: Any) -> Any:
        return self.app(environ, start_response)


def closed_over(app: Any) -> Any:
    def middleware(environ: Any, start_response: Any) -> Any:
        return app(environ, start_response)

    return middleware


WRAPPINGS = {
    "bare": lambda app: app,
    "bound": lambda app: app.wsgi_app,
    "middleware": lambda app: ProxyFix(Own(app)),
    "closure": closed_over,
    "partial": lambda app: functools.partial(app),
    "mounted": lambda app: DispatcherMiddleware(lambda environ, start: [], {"/shop": app}),
}


@pytest.mark.parametrize("wrap", WRAPPINGS.values(), ids=WRAPPINGS)
def test_a_framework_is_found_through_what_is_around_it(wrap: Any) -> None:
    assert facts_of(wrap(flask())).services == ("flask",)


def test_a_subclass_is_the_frameworks_too() -> None:
    class Shop(Flask):
        pass

    assert facts_of(Shop("shop")).services == ("flask",)


def test_the_usual_names_need_no_declaration() -> None:
    assert facts_of(flask()).renamed == []


def test_flasks_renamed_session() -> None:
    app = flask(
        SESSION_COOKIE_NAME="shop_session", PERMANENT_SESSION_LIFETIME=3600, SERVER_NAME="shop.example"
    )
    facts = facts_of(app)
    (session,) = facts.renamed
    assert (session.name, session.category, session.lifetime) == ("shop_session", "essential", "1 hour")
    assert facts.host == "shop.example"


def test_flask_logins_renamed_cookie_is_functional() -> None:
    app = flask(REMEMBER_COOKIE_NAME="stay")
    LoginManager(app)
    facts = facts_of(app)
    assert facts.services == ("flask", "flask-login")
    assert [(each.name, each.category, each.lifetime) for each in facts.renamed] == [
        ("stay", "functional", "365 days")
    ]


def test_of_a_plain_app_nothing_is_known() -> None:
    assert facts_of(lambda environ, start: []).services == ()
