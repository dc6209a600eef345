"""The app's configuration, and the guard that it makes."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import flask
import pytest
from contract import HOST, SECRET
from flask_login import LoginManager
from flaskshop import SITE, accepting, guarded, make, set_names
from ledgers import store_of
from werkzeug.test import Client

from cookieguard import ConfigurationError, Policy
from cookieguard import CookieGuard as WSGIGuard
from cookieguard.flask import CookieGuard, cookie_consent, current_visit
from cookieguard.testing import consent_cookie


def test_a_policy_beside_the_app_needs_no_word(tmp_path: Path) -> None:
    (tmp_path / "cookies.toml").write_text('use = ["google-analytics"]')
    app = flask.Flask("shop", root_path=str(tmp_path))
    app.config["SECRET_KEY"] = SECRET
    CookieGuard(app)

    assert "analytics" in app.extensions["cookieguard"].policy.categories
    assert app.test_client().get("/privacy-choices").status_code == 200


@pytest.mark.parametrize(
    ("config", "says"),
    [
        pytest.param(
            {"COOKIEGUARD_POLICI": "x"},
            r"E041: unknown setting COOKIEGUARD_POLICI; did you mean 'COOKIEGUARD_POLICY'\?",
            id="unknown",
        ),
        pytest.param(
            {"COOKIEGUARD_X": 1}, "use one of COOKIEGUARD_OVERRIDE, COOKIEGUARD_PO", id="unlike any"
        ),
        pytest.param(
            {"COOKIEGUARD_MODE": "report"},
            r"E041: unknown setting COOKIEGUARD_MODE; set the environment variable .*, or \[guard\] mode in",
            id="mode",
        ),
        pytest.param({"COOKIEGUARD_POLICY": "nowhere.toml"}, r"E101.*|nowhere\.toml", id="wrong path"),
        pytest.param({"COOKIEGUARD_POLICY": 7}, "E043: COOKIEGUARD_POLICY is int", id="no path"),
        pytest.param({"COOKIEGUARD_POLICY": {"cookeis": []}}, "E103", id="mistake in the policy"),
        pytest.param({"SECRET_KEY": "dev"}, "E003: SECRET_KEY is 3 bytes long", id="weak secret"),
        pytest.param(
            {"SECRET_KEY_FALLBACKS": [SECRET, b"dev"]},
            "E003: a key of SECRET_KEY_FALLBACKS is 3 bytes",
            id="weak fallback",
        ),
        pytest.param(
            {"COOKIEGUARD_SECRET_KEY": "dev"},
            "E003: COOKIEGUARD_SECRET_KEY is 3 bytes",
            id="weak secret of our own",
        ),
        pytest.param(
            {"COOKIEGUARD_SECRET_KEY": [SECRET, "dev"]},
            "E003: a key of COOKIEGUARD_SECRET_KEY is 3 bytes",
            id="weak secret of several",
        ),
        pytest.param(
            {"SECRET_KEY": 12345678901234567890}, "E002: SECRET_KEY is int; give", id="digits alone"
        ),
        pytest.param(
            {"COOKIEGUARD_SECRET_KEY": 7}, "E002: COOKIEGUARD_SECRET_KEY is int; give", id="a number"
        ),
        pytest.param(
            {"COOKIEGUARD_SECRET_KEY": [SECRET, 7]},
            "E002: a key of COOKIEGUARD_SECRET_KEY is int; give",
            id="a number among several",
        ),
        pytest.param(
            {"COOKIEGUARD_SECRET_KEY": []}, "E002: COOKIEGUARD_SECRET_KEY is an empty", id="empty list"
        ),
        pytest.param({"COOKIEGUARD_TEMPLATES": "nowhere"}, "E008", id="templates"),
        pytest.param({"COOKIEGUARD_OVERRIDE": "nothing"}, "E007", id="override"),
        pytest.param({"SESSION_COOKIE_NAME": "cookieguard"}, "E109", id="our own name"),
    ],
)
def test_a_mistake_shows_at_start(config: dict[str, Any], says: str) -> None:
    app = make(**config)
    with pytest.raises(ConfigurationError, match=says):
        CookieGuard(app)


def test_the_policy_is_read_at_start_alone(tmp_path: Path) -> None:
    file = tmp_path / "cookies.toml"
    file.write_text('use = ["google-analytics"]')
    app = flask.Flask("shop", root_path=str(tmp_path))
    CookieGuard(app)
    app.config["SECRET_KEY"] = SECRET
    file.unlink()

    assert app.test_client().get("/privacy-choices").status_code == 200


def test_a_secret_may_come_after_init_app() -> None:
    app = make(SECRET_KEY=None)
    CookieGuard(app)
    app.config["SECRET_KEY"] = SECRET

    assert set_names(accepting(app, "analytics").get("/")).count("_ga") == 1


def test_a_ledger_opens_by_the_secret_that_came_after_init_app(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/receipts.db"
    store_of(url, (SECRET,)).database.close()
    app = make(SECRET_KEY=None, COOKIEGUARD_POLICY={**SITE, "ledger": {"url": url, "retention": "1 year"}})
    CookieGuard(app)
    app.config["SECRET_KEY"] = SECRET
    app.view_functions["home"] = lambda: str(current_visit.grant(["analytics"]))

    assert app.test_client().get("/").text == "True"


def test_a_setting_may_be_read_again(tmp_path: Path) -> None:
    file = tmp_path / "conf.py"
    file.write_text(f"COOKIEGUARD_SECRET_KEY = {SECRET!r}\n")
    app = make()
    app.config.from_pyfile(file)
    CookieGuard(app)
    app.config.from_pyfile(file)

    assert app.test_client().get("/").status_code == 200


def test_a_test_may_ask_for_the_policy_before_the_first_request() -> None:
    app = guarded()
    LoginManager(app)
    policy = app.extensions["cookieguard"].policy
    client = app.test_client()
    client.set_cookie(*consent_cookie(policy, SECRET, ["functional"]))
    app.view_functions["home"] = lambda: str(cookie_consent.allows("functional"))

    assert client.get("/").text == "True"


def test_without_a_secret_no_request_is_served_unguarded(caplog: pytest.LogCaptureFixture) -> None:
    app = make(SECRET_KEY=None)
    CookieGuard(app)
    assert "W314: the app 'shop' has no secret" in caplog.text
    with pytest.raises(ConfigurationError, match=r"E046: the app 'shop' has no secret.*set SECRET_KEY or"):
        app.test_client().get("/")


def test_what_is_set_too_late_is_named() -> None:
    app = guarded()
    app.config["COOKIEGUARD_TEMPLATES"] = "templates"
    with pytest.raises(ConfigurationError, match="E045: COOKIEGUARD_TEMPLATES was set after init_app"):
        app.test_client().get("/")


@pytest.mark.parametrize(
    "config",
    [
        pytest.param({"SECRET_KEY_FALLBACKS": [SECRET]}, id="fallbacks"),
        pytest.param({"COOKIEGUARD_SECRET_KEY": [SECRET, "the newest key there is"]}, id="our own"),
    ],
)
def test_old_keys_still_count_and_the_newest_signs(config: dict[str, Any]) -> None:
    newest = "the newest key there is"
    app = guarded(SECRET_KEY=newest, **config)
    client = accepting(app, "marketing")
    app.view_functions["home"] = lambda: str(current_visit.grant(["analytics"]))
    (written,) = client.get("/").headers.getlist("Set-Cookie")

    # What was signed with the old key came along.
    assert "+marketing" in written
    for keys, accepted in ((newest, True), (SECRET, False)):
        other = guarded(SECRET_KEY=keys).test_client()
        name, value = written.partition(";")[0].split("=", 1)
        other.set_cookie(name, value)
        assert (other.get("/").text == "True") is accepted


def test_init_app_twice_is_refused() -> None:
    app = make()
    guard = CookieGuard(app)
    with pytest.raises(ConfigurationError, match="E044: the app 'shop' has its guard already"):
        guard.init_app(app)


def test_two_guards_are_refused_whichever_stands_outside() -> None:
    app = make()
    app.wsgi_app = WSGIGuard(app.wsgi_app, Policy.from_dict(SITE), secret_key=SECRET)  # type: ignore[method-assign]
    with pytest.raises(ConfigurationError, match="E006"):
        CookieGuard(app)
    with pytest.raises(ConfigurationError, match="E006"):
        WSGIGuard(guarded(), Policy.from_dict(SITE), secret_key=SECRET)


def test_one_extension_serves_several_apps() -> None:
    guard, first, second = CookieGuard(), make(), make({"guard": {"mount": "/cookies"}})
    guard.init_app(first)
    guard.init_app(second)

    assert first.test_client().get("/cookies").status_code == 404
    assert second.test_client().get("/cookies").status_code == 200


def test_warnings_are_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    cookie = {"name": "theme", "category": "functional", "lifetime": "1 day"}
    with caplog.at_level(logging.WARNING, "cookieguard"):
        guarded({"cookies": [cookie]}).test_client().get("/")

    assert ["W202" in record.message for record in caplog.records].count(True) == 1


def test_behind_a_prefix() -> None:
    page = Client(guarded()).get("/privacy-choices", environ_overrides={"SCRIPT_NAME": "/shop"}).text

    assert 'action="/shop/privacy-choices' in page
    assert HOST not in page
