"""Real apps, unedited, under the guard: what is essential works before any consent, nothing else is set."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from browsing import Visitor, free_port, serving
from contract import SECRET

pytestmark = pytest.mark.server

HERE = Path(__file__).parent
ROOT = HERE.parent


def environ_for(folder: Path, **more: str) -> dict[str, str]:
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("DJANGO", "FLASK"))}
    return {**clean, "PYTHONPATH": os.pathsep.join(map(str, (ROOT, HERE, HERE / "support", folder))), **more}


# Django's admin


@pytest.fixture(scope="module")
def django_environ(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("django")
    environ = environ_for(
        folder,
        DJANGO_SETTINGS_MODULE="djangosite.settings",
        DJANGOSITE_DATABASE=str(folder / "site.db"),
        DJANGO_SUPERUSER_PASSWORD="pass",
    )
    django(environ, "migrate", "-v0")
    django(environ, "createsuperuser", "--noinput", "--username=ann", "--email=ann@shop.example")
    return environ


def django(environ: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "django", *arguments],
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


SERVERS = {
    "runserver": ["django", "runserver", "--noreload", "127.0.0.1:{port}"],
    "runserver with its reloader": ["django", "runserver", "127.0.0.1:{port}"],
    "gunicorn": ["gunicorn", "djangosite.wsgi", "--no-control-socket", "--bind=127.0.0.1:{port}"],
    "uvicorn": ["uvicorn", "djangosite.asgi:application", "--port={port}", "--lifespan=off"],
    "by configuration alone": [
        "gunicorn",
        "cookieguard.serve",
        "--no-control-socket",
        "--bind=127.0.0.1:{port}",
    ],
}
UNEDITED = {
    "DJANGO_SETTINGS_MODULE": "djangosite.stock",
    "COOKIEGUARD_APP": "django.core.wsgi:get_wsgi_application()",
    "COOKIEGUARD_POLICY": str(HERE / "djangosite" / "cookies.toml"),
    "COOKIEGUARD_SECRET": SECRET,
}


@pytest.fixture(params=SERVERS)
def admin(
    request: pytest.FixtureRequest, django_environ: dict[str, str], tmp_path: Path
) -> Iterator[Visitor]:
    port, name = free_port(), request.param
    command = [sys.executable, "-m", *(part.format(port=port) for part in SERVERS[name])]
    environ = {**django_environ, "DJANGOSITE_DEBUG": str(int("runserver" in name))}
    if name == "by configuration alone":
        environ |= UNEDITED
    with serving(command, port, tmp_path, environ) as address:
        yield Visitor(address)


def test_djangos_admin(admin: Visitor) -> None:
    admin.open("/admin/")
    assert (admin.path, admin.cookies) == ("/admin/login/", {"csrftoken"})

    admin.submit("#login-form", username="ann", password="wrong")
    assert "Please enter the correct username" in admin.text
    admin.submit("#login-form", username="ann", password="pass")
    assert (admin.path, admin.cookies) == ("/admin/", {"csrftoken", "sessionid"})

    admin.open("/admin/auth/group/add/").submit("#group_form", name=f"Editors of {admin.base}", _save="Save")
    assert "was added successfully" in admin.text
    assert "messages" in admin.seen
    assert admin.cookies == {"csrftoken", "sessionid"}

    # Nobody was asked yet whether the site may remember the language.
    change_language(admin, "de")
    assert "Site administration" in admin.text
    assert admin.seen == {"csrftoken", "sessionid", "messages"}

    admin.decide("functional")
    change_language(admin, "de")
    assert "Website-Verwaltung" in admin.text
    assert "django_language" in admin.cookies
    admin.decide()
    assert admin.cookies == {"csrftoken", "sessionid", "cookieguard"}

    admin.open("/admin/").submit("#logout-form")
    assert admin.cookies == {"csrftoken", "cookieguard"}
    assert admin.open("/admin/").path == "/admin/login/"
    assert not admin.seen & {"_ga", "ads_visitor"}

    admin.decide("analytics")
    admin.open("/admin/")
    assert "_ga" in admin.cookies and "ads_visitor" not in admin.seen


def change_language(admin: Visitor, language: str) -> None:
    admin.open("/admin/")
    form = admin.page.select_one("#logout-form")
    assert form is not None
    token = form.select_one("[name=csrfmiddlewaretoken]")["value"]
    admin.open(
        "/i18n/setlang/", [("csrfmiddlewaretoken", token), ("language", language), ("next", "/admin/")]
    )


def test_a_django_sites_own_tests_see_it_guarded(django_environ: dict[str, str]) -> None:
    assert re.search(r"Ran 8 tests.*\n\nOK", django(django_environ, "test", "djangosite.clienttests"))


def test_receipts_in_djangos_admin(django_environ: dict[str, str]) -> None:
    assert re.search(r"Ran 8 tests.*\n\nOK", django(django_environ, "test", "djangosite.receipttests"))


def test_djangos_checks_and_command_find_nothing_wrong(django_environ: dict[str, str]) -> None:
    assert "no issues" in django(django_environ, "check")
    said = django(django_environ, "cookieguard", "check")
    for cookie in ("sessionid (essential)", "messages (essential)", "django_language (functional)"):
        assert cookie in said


# I hate money: shared budgets, by Flask


MONEY = """
from cookieguard.flask import CookieGuard
from ihatemoney.run import create_app

app = create_app()
CookieGuard(app)
"""
MONEY_SETTINGS = """
SECRET_KEY = {secret!r}
SQLALCHEMY_DATABASE_URI = "sqlite:///{folder}/money.db"
SESSION_COOKIE_SECURE = False
SESSION_COOKIE_NAME = "money"
COOKIEGUARD_POLICY = {{"use": ["google-analytics"]}}
"""


@pytest.fixture(params=["gunicorn", "flask run with its reloader", "by configuration alone"])
def money(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Visitor]:
    (tmp_path / "guarded_money.py").write_text(MONEY)
    file = tmp_path / "settings.cfg"
    file.write_text(MONEY_SETTINGS.format(secret=SECRET, folder=tmp_path))
    port = free_port()
    servers = {
        "gunicorn": ["gunicorn", "guarded_money:app", "--no-control-socket", f"--bind=127.0.0.1:{port}"],
        "flask run with its reloader": [
            *("flask", "--app", "guarded_money", "run", "--debug"),
            *("--no-debugger", f"--port={port}"),
        ],
        "by configuration alone": [
            *("gunicorn", "cookieguard.serve", "--no-control-socket", f"--bind=127.0.0.1:{port}")
        ],
    }
    (tmp_path / "cookies.toml").write_text('use = ["google-analytics"]\n')
    environ = environ_for(tmp_path, IHATEMONEY_SETTINGS_FILE_PATH=str(file))
    if request.param == "by configuration alone":
        environ |= {
            "COOKIEGUARD_APP": "ihatemoney.run:create_app()",
            "COOKIEGUARD_POLICY": str(tmp_path / "cookies.toml"),
            "COOKIEGUARD_SECRET": SECRET,
        }
    command = [sys.executable, "-m", *servers[request.param]]
    with serving(command, port, tmp_path, environ) as address:
        yield Visitor(address)


def test_i_hate_money(money: Visitor) -> None:
    money.open("/")
    assert money.cookies == {"money"}

    fields = {"name": "Holidays", "id": "holidays", "password": "secret", "contact_email": "ann@shop.example"}
    money.open("/create").submit("form[action*=create], form[method=post]", **fields)
    assert money.path.startswith("/holidays")

    # Languages are kept in the session here, which is essential.
    money.open("/lang/de")
    assert "du kannst dazu beitragen" in money.text
    assert money.cookies == {"money"}

    money.open("/exit")
    logged_out = Visitor(money.base)
    assert logged_out.open("/holidays/").path == "/authenticate"
    logged_out.submit("form[method=post]", id="holidays", password="wrong")
    assert logged_out.path == "/authenticate"
    logged_out.submit("form[method=post]", id="holidays", password="secret")
    assert (logged_out.path, logged_out.seen) == ("/holidays/", {"money"})

    logged_out.decide()
    assert logged_out.open("/holidays/").path == "/holidays/"
    assert logged_out.cookies == {"money", "cookieguard"}
