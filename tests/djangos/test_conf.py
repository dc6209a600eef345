"""The settings `COOKIEGUARD`, and those of Django that the guard goes by."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from asgiapps import a_scope, answer_of, talk
from asgiapps import ask as ask_asgi
from asking import ask
from contract import HOST, SECRET
from django.test import Client
from django.utils.autoreload import autoreload_started
from djangoshop import (
    SITE,
    cookies_of,
    with_settings,
)

from cookieguard import ConfigurationError
from cookieguard.django.asgi import get_asgi_application
from cookieguard.django.conf import configuration
from cookieguard.django.wsgi import get_wsgi_application


@pytest.mark.parametrize(
    ("given", "says"),
    [
        pytest.param(
            {"POLICI": "x"},
            r'E041: unknown setting COOKIEGUARD\["POLICI"\]; did you mean \'COOKIEGUARD\["POLICY"\]\'\?',
            id="key",
        ),
        pytest.param({"MODE": "report"}, "E041.*environment variable COOKIEGUARD_MODE", id="mode"),
        pytest.param({}, r'E042: COOKIEGUARD\["POLICY"\] is missing', id="no policy"),
        pytest.param(
            "cookies.toml",
            r'E042: COOKIEGUARD is str, and must be a dict; write COOKIEGUARD = {"POLICY": BASE_DIR / "cookies.toml"}',
            id="no dict",
        ),
        pytest.param({"POLICY": "cookies.toml"}, "E043.*no BASE_DIR", id="relative"),
        pytest.param({"POLICY": "/nowhere/cookies.toml"}, "E101", id="wrong path"),
        pytest.param(
            {"POLICY": SITE, "SECRET_KEY": "dev"},
            r'E003: COOKIEGUARD\["SECRET_KEY"\] is 3 bytes long, less than 16; make one',
            id="weak secret",
        ),
        pytest.param(
            {"POLICY": SITE, "SECRET_KEY": 7},
            r'E002: COOKIEGUARD\["SECRET_KEY"\] is int; give a str or bytes',
            id="a number for a secret",
        ),
        pytest.param({"POLICY": SITE, "OVERRIDE": "nowhere.hook"}, "E047", id="override"),
        pytest.param(
            {"POLICY": SITE, "OVERRIDE": "djangobroken.hook"}, "E047.*no database", id="broken hook"
        ),
        pytest.param({"POLICY": SITE, "TEMPLATES": "/nowhere"}, "E008", id="templates"),
    ],
)
def test_a_mistake_shows_at_start(given: Any, says: str) -> None:
    with with_settings(given), pytest.raises(ConfigurationError, match=says):
        get_wsgi_application()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        pytest.param({"COOKIEGUARD": None}, "E042: COOKIEGUARD is missing; write", id="no settings"),
        pytest.param({"SECRET_KEY": "dev"}, "E003: SECRET_KEY is 3 bytes", id="secret"),
        pytest.param({"SECRET_KEY": 7}, "E002: SECRET_KEY is int; give a str or bytes", id="number"),
        pytest.param({"SECRET_KEY_FALLBACKS": ["dev"]}, "a key of SECRET_KEY_FALLBACKS is", id="fallback"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(changes: dict[str, Any], says: str) -> None:
    with with_settings(**changes), pytest.raises(ConfigurationError, match=says):
        get_wsgi_application()


def keep_all(details: Any) -> str:
    return "keep"


def test_paths_start_from_base_dir_and_hooks_are_imported(tmp_path: Path) -> None:
    (tmp_path / "cookies.toml").write_text('use = ["google-analytics"]')
    given = {"POLICY": "cookies.toml", "OVERRIDE": f"{__name__}.keep_all"}
    with with_settings(given, BASE_DIR=str(tmp_path)):
        assert set(cookies_of(Client().get("/"))) == {"sessionid", "_ga", "unheard-of"}


@pytest.mark.parametrize(
    ("changes", "keys"),
    [
        pytest.param({}, (SECRET,), id="one"),
        pytest.param({"SECRET_KEY_FALLBACKS": None, "BASE_DIR": 3}, (SECRET,), id="odd settings"),
        pytest.param(
            {"SECRET_KEY_FALLBACKS": ["b" * 20, "a" * 20]}, ("a" * 20, "b" * 20, SECRET), id="rotated"
        ),
        pytest.param(
            {"cookieguard": {"POLICY": SITE, "SECRET_KEY": ["c" * 20, "d" * 20]}},
            ("c" * 20, "d" * 20),
            id="our own",
        ),
    ],
)
def test_keys_are_oldest_first(changes: dict[str, Any], keys: tuple[str, ...]) -> None:
    with with_settings(**changes):
        assert configuration().keys == keys


@pytest.mark.parametrize(
    ("said", "cookie"), [("https", "__Host-cookieguard"), ("http", "cookieguard"), (None, "cookieguard")]
)
def test_the_guard_believes_the_proxy_that_django_believes(said: str | None, cookie: str) -> None:
    headers = {"X-Forwarded-Host": HOST, **({"X-Forwarded-Proto": said} if said else {})}
    changes = {"SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https"), "USE_X_FORWARDED_HOST": True}
    with with_settings(**changes):
        answer = ask(get_wsgi_application(), "/grants", headers=headers)
        over_asgi = ask_asgi(get_asgi_application(), "/grants", headers=headers)

        by_the_middleware = Client().get("/grants", headers=headers)

    assert answer.names == over_asgi.names == cookies_of(by_the_middleware) == [cookie]


@pytest.mark.parametrize(("first", "last"), [("https", "http"), ("http", "https")])
def test_guard_and_django_believe_the_same_of_a_header_sent_twice(first: str, last: str) -> None:
    sent = [(b"x-forwarded-proto", value.encode()) for value in (first, last)]
    with with_settings(SECURE_PROXY_SSL_HEADER=("HTTP_X_FORWARDED_PROTO", "https")):
        scope = a_scope("/grants", {})
        scope["headers"] = [*scope["headers"], *sent]
        answer = answer_of(talk(get_asgi_application(), scope))

    assert answer.names == ["__Host-cookieguard" if first == "https" else "cookieguard"]


def test_a_header_that_only_looks_like_the_proxys_is_not_believed() -> None:
    with with_settings(SECURE_PROXY_SSL_HEADER=("HTTP_X_FORWARDED_PROTO", "https")):
        answer = ask_asgi(get_asgi_application(), "/grants", headers={"X_Forwarded_Proto": "https"})

    assert answer.names == ["cookieguard"]


def test_the_guard_knows_the_prefix_that_django_is_told() -> None:
    with with_settings(FORCE_SCRIPT_NAME="/käse"):
        asked = "/template?template={%25 cookie_preferences_url %25}"
        pages = [ask(get_wsgi_application(), asked).body, ask_asgi(get_asgi_application(), asked).body]
        pages.append(Client().get(asked).content)
        form = ask(get_wsgi_application(), "/privacy-choices").body

    for page in pages:
        assert page == b"/k%C3%A4se/privacy-choices"
    assert b'action="/k%C3%A4se/privacy-choices' in form


@pytest.mark.parametrize("prefix", ["/", "/x/", "/x"])
def test_a_prefix_may_end_in_a_slash(prefix: str) -> None:
    given = {"POLICY": {**SITE, "guard": {"exclude": [f"{prefix.rstrip('/')}/sees"]}}}
    with with_settings(given, FORCE_SCRIPT_NAME=prefix):
        app = get_wsgi_application()
        excluded, form = ask(app, "/sees", cookie="_ga=1").body, ask(app, "/privacy-choices").body

    assert excluded == b"['_ga'] _ga=1"
    assert f'action="{prefix.rstrip("/")}/privacy-choices'.encode() in form


def test_runserver_watches_the_policy(tmp_path: Path) -> None:
    watched = []
    reloader = type("Reloader", (), {"watch_dir": lambda _, folder, glob: watched.append((folder, glob))})()
    with with_settings({"POLICY": tmp_path / "nowhere.toml"}):
        autoreload_started.send(sender=reloader)
    with with_settings():
        autoreload_started.send(sender=reloader)

    # Django itself watches translations.
    assert [each for each in watched if each[1].endswith(".toml")] == [(tmp_path, "nowhere.toml")]
