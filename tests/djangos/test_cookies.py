"""Django's own cookies, from the settings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from djangoshop import (
    LOCALE,
    with_settings,
)

from cookieguard import PolicyError
from cookieguard.django.checks import check_guard
from cookieguard.django.conf import policy


@pytest.mark.parametrize(
    ("changes", "declared"),
    [
        pytest.param(
            {"INSTALLED_APPS": [], "MIDDLEWARE": []}, {"csrftoken": "52 weeks"}, id="nothing is in use"
        ),
        pytest.param({}, {"sessionid": "2 weeks", "csrftoken": "52 weeks"}, id="defaults"),
        pytest.param(
            {
                "SESSION_COOKIE_NAME": "basket",
                "SESSION_EXPIRE_AT_BROWSER_CLOSE": True,
                "CSRF_COOKIE_NAME": "xsrf",
                "CSRF_COOKIE_AGE": None,
            },
            {"basket": "session", "xsrf": "session"},
            id="renamed",
        ),
        pytest.param({"CSRF_USE_SESSIONS": True}, {"sessionid": "2 weeks"}, id="CSRF in the session"),
        pytest.param(
            {"MIDDLEWARE": [LOCALE], "LANGUAGE_COOKIE_NAME": "lang", "LANGUAGE_COOKIE_AGE": 86400},
            {"csrftoken": "52 weeks", "lang": "1 day"},
            id="languages",
        ),
        pytest.param(
            {"MIDDLEWARE": [LOCALE], "USE_I18N": False}, {"csrftoken": "52 weeks"}, id="one language"
        ),
        pytest.param(
            {"INSTALLED_APPS": ["django.contrib.messages"], "MIDDLEWARE": []},
            {"csrftoken": "52 weeks", "messages": "session"},
            id="messages",
        ),
        pytest.param(
            {
                "INSTALLED_APPS": ["django.contrib.messages"],
                "MIDDLEWARE": ["nowhere.Middleware"],
                "MESSAGE_STORAGE": "django.contrib.messages.storage.session.SessionStorage",
            },
            {"csrftoken": "52 weeks"},
            id="messages in the session",
        ),
        pytest.param(
            {
                "INSTALLED_APPS": ["django.contrib.messages"],
                "MIDDLEWARE": [],
                "MESSAGE_STORAGE": f"{__name__}.Notices",
            },
            {"csrftoken": "52 weeks", "notices": "session"},
            id="messages renamed",
        ),
    ],
)
def test_declares_what_the_settings_say(changes: dict[str, Any], declared: dict[str, str]) -> None:
    with with_settings(**changes):
        own = [cookie for cookie in policy().declarations if cookie.origin == "framework"]

    assert {cookie.name: str(cookie.lifetime) for cookie in own} == declared


@pytest.mark.parametrize(
    ("setting", "value", "says"),
    [
        pytest.param("MESSAGE_STORAGE", "no.such.Storage", "No module named 'no'", id="storage"),
        pytest.param(
            "MESSAGE_STORAGE", "djangobroken.Storage", "RuntimeError: no database", id="broken storage"
        ),
        pytest.param("MESSAGE_STORAGE", None, "write the dotted path", id="no storage"),
        pytest.param("SESSION_COOKIE_AGE", "x", "write a number of seconds", id="a text for an age"),
        pytest.param("SESSION_COOKIE_NAME", None, "write the cookie's name", id="no name"),
        pytest.param("CSRF_COOKIE_NAME", "", "write the cookie's name", id="empty name"),
        pytest.param("SESSION_COOKIE_NAME", "a b", "write the cookie's name", id="a space in a name"),
        pytest.param("LANGUAGE_COOKIE_NAME", "a/b", "Illegal key 'a/b'", id="a name that Python refuses"),
        pytest.param("CSRF_COOKIE_NAME", "path", "reserved key 'path'", id="an attribute's name"),
        pytest.param("CSRF_COOKIE_AGE", float("inf"), "write a number of seconds", id="no end"),
        pytest.param("LANGUAGE_COOKIE_DOMAIN", 5, "write a text, or None", id="domain"),
        pytest.param("LANGUAGE_COOKIE_PATH", [1], "write a text, or None", id="path"),
        pytest.param("MIDDLEWARE", None, "write a list of dotted paths", id="no middleware"),
        pytest.param("MIDDLEWARE", LOCALE, "write a list of dotted paths", id="a text for middleware"),
    ],
)
def test_a_setting_of_djangos_that_is_wrong_is_named(setting: str, value: object, says: str) -> None:
    apps = ["django.contrib.sessions", "django.contrib.messages"]
    changes: dict[str, Any] = {"INSTALLED_APPS": apps, "MIDDLEWARE": [LOCALE], setting: value}
    with with_settings(**changes):
        (message,) = check_guard(None)

    assert message.id == "cookieguard.E048"
    assert message.msg.startswith(f"{setting} is {value!r}") and says in message.msg


def test_a_name_of_the_messages_that_is_none_is_told() -> None:
    changes = {"INSTALLED_APPS": ["django.contrib.messages"], "MESSAGE_STORAGE": f"{__name__}.Unnameable"}
    with with_settings(**changes):
        (message,) = check_guard(None)

    assert message.id == "cookieguard.E048"
    assert message.msg.startswith("the cookie_name of MESSAGE_STORAGE is 'no;tices'; write")


class Notices:
    cookie_name = "notices"


class Unnameable:
    cookie_name = "no;tices"


def test_the_language_cookie_is_asked_about_and_swept_where_it_lies() -> None:
    changes = {"LANGUAGE_COOKIE_DOMAIN": ".shop.example", "LANGUAGE_COOKIE_PATH": "/app"}
    with with_settings(MIDDLEWARE=[LOCALE], **changes):
        (language,) = [cookie for cookie in policy().declarations if cookie.category == "functional"]
        assert [category.id for category in policy().optional] == ["functional", "analytics"]

    assert (language.domain, language.path) == (".shop.example", "/app")


def test_a_pattern_that_swallows_the_session_is_refused_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "cookies.toml"
    file.write_text(
        '[[cookies]]\nname = "sess*"\ncategory = "analytics"\npurpose = "x"\nlifetime = "1 day"\n'
    )
    with with_settings({"POLICY": file}), pytest.raises(PolicyError, match=r"cookies\.toml:1: error .*E129"):
        policy()
