"""The cookies of Flask and Flask-Login, under the names that the app gives them."""

from __future__ import annotations

from pathlib import Path

import flask
import flask_login
import pytest
from flaskshop import NAVIGATION, accepting, guarded, make, set_names

from cookieguard import ConfigurationError, PolicyError
from cookieguard.flask import CookieGuard


def test_the_session_passes_and_nothing_optional_does() -> None:
    response = guarded().test_client().get("/")

    assert set_names(response) == ["session"]
    assert response.text == "False"


def test_who_accepted_gets_the_optional_cookies() -> None:
    response = accepting(guarded(), "analytics").get("/")

    assert sorted(set_names(response)) == ["_ga", "session"]
    assert response.text == "True"
    assert "Cookie" in response.headers["Vary"]


@pytest.mark.parametrize("when", ["before", "after"])
def test_the_session_has_the_name_that_the_app_gives_it(when: str) -> None:
    app = make()
    if when == "before":
        app.config["SESSION_COOKIE_NAME"] = "basket"
    guard = CookieGuard()
    guard.init_app(app)
    app.config["SESSION_COOKIE_NAME"] = "basket"

    assert set_names(app.test_client().get("/")) == ["basket"]


def with_login(app: flask.Flask) -> flask.Flask:
    manager = flask_login.LoginManager(app)
    manager.user_loader(lambda name: User())

    @app.get("/login")
    def login() -> str:
        flask_login.login_user(User(), remember=True)
        return "ok"

    return app


class User(flask_login.UserMixin):
    id = "ann"


@pytest.mark.parametrize("order", ["login first", "guard first"])
@pytest.mark.parametrize("name", ["remember_token", "stay"])
def test_flask_logins_remember_cookie_is_functional(order: str, name: str) -> None:
    app = make(REMEMBER_COOKIE_NAME=name)
    if order == "login first":
        with_login(app)
        CookieGuard(app)
    else:
        CookieGuard(app)
        with_login(app)

    assert set_names(app.test_client().get("/login")) == ["session"]
    assert sorted(set_names(accepting(app, "functional").get("/login"))) == sorted([name, "session"])


def test_without_flask_login_nothing_functional_is_asked() -> None:
    assert [category.id for category in guarded().extensions["cookieguard"].policy.optional] == ["analytics"]


def test_the_page_shows_them_with_the_apps_own_lifetimes() -> None:
    app = with_login(make(SESSION_COOKIE_NAME="basket", PERMANENT_SESSION_LIFETIME=3600))
    CookieGuard(app)
    page = app.test_client().get("/privacy-choices/policy", headers=NAVIGATION).text

    assert "basket" in page and "1 hour" in page
    assert "remember_token" in page and "365 days" in page


def test_the_sites_own_declaration_stands() -> None:
    mine = {"name": "session", "category": "analytics", "purpose": "Counts.", "lifetime": "session"}
    policy = guarded({"cookies": [mine]}).extensions["cookieguard"].policy

    assert [cookie.category for cookie in policy.declarations if cookie.name == "session"] == ["analytics"]


def test_a_pattern_that_swallows_the_session_is_refused_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "cookies.toml"
    file.write_text(
        '[[cookies]]\nname = "sess*"\ncategory = "analytics"\npurpose = "Counts."\nlifetime = "1 day"\n'
    )
    with pytest.raises(PolicyError, match=r"cookies\.toml:1: error cookieguard\.E129"):
        guarded(file)


@pytest.mark.parametrize(
    ("setting", "value", "says"),
    [
        pytest.param("SESSION_COOKIE_NAME", None, "write the cookie's name", id="no name"),
        pytest.param("SESSION_COOKIE_NAME", "a b", "write the cookie's name", id="a space in a name"),
        pytest.param("REMEMBER_COOKIE_NAME", "a=b", "write the cookie's name", id="two names"),
        pytest.param("PERMANENT_SESSION_LIFETIME", "1 day", "write a number of seconds", id="lifetime"),
        pytest.param("PERMANENT_SESSION_LIFETIME", 1e300, "write a number of seconds", id="too long"),
        pytest.param("REMEMBER_COOKIE_NAME", 5, "write the cookie's name", id="a number for a name"),
        pytest.param("REMEMBER_COOKIE_DURATION", "1 year", "write a number of seconds", id="duration"),
        pytest.param("REMEMBER_COOKIE_DOMAIN", 5, "write a text, or None", id="domain"),
        pytest.param("REMEMBER_COOKIE_PATH", 5, "write a text, or None", id="path"),
    ],
)
def test_a_setting_of_the_frameworks_that_is_wrong_is_named(setting: str, value: object, says: str) -> None:
    app = with_login(make(**{setting: value}))
    with pytest.raises(ConfigurationError, match=says) as caught:
        CookieGuard(app)

    assert str(caught.value).startswith(f"cookieguard.E048: {setting} is {value!r}; ")
