"""What an app's own settings say, read from frameworks as they run."""

from __future__ import annotations

import functools
import json
import subprocess
import sys
from typing import Any

import pytest
from flask import Flask
from flask_login import LoginManager
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix

from cookieguard.cli.start.framework import Facts, facts_of


def flask(**config: object) -> Flask:
    app = Flask("shop")
    app.config.update(config)
    return app


def renamed(facts: Facts) -> list[tuple[str, str, str]]:
    declared = [each.declaration for each in facts.renamed]
    return [(cookie.name, cookie.category, str(cookie.lifetime)) for cookie in declared]


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
    assert renamed(facts) == [("shop_session", "essential", "1 hour")]
    assert facts.host == "shop.example"


def test_flask_logins_renamed_cookie_is_functional() -> None:
    app = flask(REMEMBER_COOKIE_NAME="stay")
    LoginManager(app)
    facts = facts_of(app)
    assert facts.services == ("flask", "flask-login")
    assert renamed(facts) == [("stay", "functional", "365 days")]


DJANGO = """
import json
import django
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from cookieguard.cli.start.framework import facts_of

settings.configure(**{settings})
if {set_up}:
    django.setup()
facts = facts_of(WSGIHandler())
named = [[each.declaration.name, str(each.declaration.lifetime), each.setting] for each in facts.cookies]
print(json.dumps([named, facts.used]))
"""
SESSIONS = ["django.contrib.sessions"]
LOCALE = ["django.middleware.locale.LocaleMiddleware"]
RENAMED = {"SESSION_COOKIE_NAME": "staff", "CSRF_COOKIE_NAME": "form_guard"}
SESSION = ["sessionid", "2 weeks", "SESSION_COOKIE_NAME"]
CSRF = ["csrftoken", "52 weeks", "CSRF_COOKIE_NAME"]


# A process has one Django.
@pytest.mark.parametrize(
    ("settings", "set_up", "named", "used"),
    [
        pytest.param({"INSTALLED_APPS": SESSIONS}, True, [SESSION, CSRF], ["django"], id="usual"),
        pytest.param({}, True, [CSRF], ["django"], id="no sessions"),
        pytest.param(
            {"INSTALLED_APPS": SESSIONS, "CSRF_USE_SESSIONS": True, "SESSION_EXPIRE_AT_BROWSER_CLOSE": True},
            True,
            [["sessionid", "session", "SESSION_COOKIE_NAME"]],
            ["django"],
            id="one session cookie",
        ),
        pytest.param(
            {"MIDDLEWARE": LOCALE, "LANGUAGE_COOKIE_AGE": 3600},
            True,
            [CSRF, ["django_language", "1 hour", "LANGUAGE_COOKIE_NAME"]],
            ["django"],
            id="language",
        ),
        pytest.param(
            {"INSTALLED_APPS": ["django.contrib.messages"]},
            True,
            [CSRF, ["messages", "session", "MESSAGE_STORAGE"]],
            ["django"],
            id="messages",
        ),
        pytest.param(
            {"INSTALLED_APPS": SESSIONS, **RENAMED},
            True,
            [["staff", "2 weeks", "SESSION_COOKIE_NAME"], ["form_guard", "52 weeks", "CSRF_COOKIE_NAME"]],
            [],
            id="renamed",
        ),
        pytest.param({}, False, [], ["django"], id="not set up"),
    ],
)
def test_django_is_told_as_its_guard_declares_it(
    settings: dict[str, Any], set_up: bool, named: list[list[str]], used: list[str]
) -> None:
    script = DJANGO.format(settings=settings, set_up=set_up)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [named, used]


def test_of_a_plain_app_nothing_is_known() -> None:
    assert facts_of(lambda environ, start: []).services == ()
