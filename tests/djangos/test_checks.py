"""What `manage.py check` and `manage.py cookieguard check` find."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path
from typing import Any

import pytest
from django.core import checks
from django.core.management import CommandError, call_command
from djangoshop import (
    MIDDLEWARE,
    SESSIONS,
    SITE,
    with_settings,
)

from cookieguard.django.checks import check_guard


def checks_found() -> list[str]:
    return [message.id for message in check_guard(None)]


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        pytest.param({}, [], id="all is well"),
        pytest.param({"WSGI_APPLICATION": None}, ["cookieguard.W311"], id="Django's own application"),
        pytest.param({"WSGI_APPLICATION": "djangoshop.unguarded"}, ["cookieguard.W311"], id="unguarded"),
        pytest.param({"WSGI_APPLICATION": "nowhere.application"}, [], id="Django says so"),
        pytest.param({"WSGI_APPLICATION": "djangobroken.application"}, [], id="a wsgi.py that fails"),
        pytest.param({"SESSION_ENGINE": "djangobroken"}, [], id="sessions that fail"),
        pytest.param({"MIDDLEWARE": []}, ["cookieguard.W312"], id="no middleware"),
        pytest.param(
            {"MIDDLEWARE": None, "USE_I18N": False}, ["cookieguard.E048"], id="a middleware that is no list"
        ),
        pytest.param(
            {"MIDDLEWARE": [MIDDLEWARE, "djangobroken.Middleware", None]}, [], id="a middleware that fails"
        ),
        pytest.param({"MIDDLEWARE": [SESSIONS, MIDDLEWARE]}, ["cookieguard.W313"], id="not the first"),
        pytest.param(
            {"cookieguard": {"POLICY": SITE, "SECRET_KEY": "x"}}, ["cookieguard.E003"], id="weak secret"
        ),
        pytest.param(
            {"cookieguard": {"POLICY": {"use": ["djanga"], "x": 1}}},
            ["cookieguard.E103", "cookieguard.E117"],
            id="policy",
        ),
        pytest.param(
            {
                "cookieguard": {
                    "POLICY": {"cookies": [{"name": "a", "category": "functional", "lifetime": "1 day"}]}
                }
            },
            ["cookieguard.W202"],
            id="a warning of the policy",
        ),
    ],
)
def test_checks(changes: dict[str, Any], found: list[str]) -> None:
    with with_settings(**changes):
        assert checks_found() == found


def test_checks_are_registered(tmp_path: Path) -> None:
    file = tmp_path / "cookies.toml"
    file.write_text("[gaurd]\n")
    with with_settings({"POLICY": file}):
        (message,) = checks.run_checks(tags=["cookieguard"])

    assert (message.id, message.hint) == ("cookieguard.E103", "did you mean 'guard'?")
    assert message.msg.startswith(f"{file}:1: gaurd:")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        pytest.param({"POLICY": SITE}, "sessionid (essential)", id="right"),
        pytest.param({"POLICY": {"gaurd": {}, "use": ["djanga"]}}, "E117", id="wrong"),
    ],
)
def test_manage_py_cookieguard_check(given: dict[str, Any], says: str) -> None:
    out = io.StringIO()
    with with_settings(given), contextlib.ExitStack() as stack:
        if says.startswith("E"):
            stack.enter_context(pytest.raises(CommandError, match="the guard can't start"))
        call_command("cookieguard", "check", stdout=out, stderr=out)

    assert says in out.getvalue()


def test_the_command_says_each_warning_once(caplog: pytest.LogCaptureFixture) -> None:
    out = io.StringIO()
    with with_settings({"POLICY": {"consent": {"lifetime": "500 days"}}}):
        call_command("cookieguard", "check", stdout=out, stderr=out)

    assert out.getvalue().count("W204") == 1 and "W204" not in caplog.text


def test_the_command_says_whom_a_change_asks_again(tmp_path: Path) -> None:
    out, old = io.StringIO(), tmp_path / "old.toml"
    old.write_text('use = ["matomo"]')
    with with_settings():
        call_command("cookieguard", "check", against=str(old), stdout=out)
        assert "analytics: visitors are asked again" in out.getvalue()
        old.write_text("[gaurd]")
        with pytest.raises(CommandError, match="did you mean 'guard'"):
            call_command("cookieguard", "check", against=str(old))
