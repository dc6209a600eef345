"""Log in under a policy, before any consent: python guarded.py APP POLICY. Writes what is seen as JSON.

Runs in a process of its own, since an app may configure its framework for the whole process.
"""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any

from webtest import TestApp

from cookieguard import CookieGuard, Policy
from cookieguard.adapter.guarded import find_guard
from cookieguard.policy.model import CONSENT_COOKIES

EXAMPLES = Path(__file__).parents[2] / "examples"
USER, PASSWORD = "anna", "a-password-of-the-tests"
ADDRESS = "http://localhost"


def roundup() -> Any:
    """Make a tracker, as `roundup-admin install` and `initialise` do."""
    from roundup import configuration, init, instance
    from roundup.cgi.wsgi_handler import RequestDispatcher
    from roundup.password import Password

    home = Path("tracker").resolve()
    if not home.exists():
        config = configuration.CoreConfig()
        settings = {"TRACKER_HOME": str(home), "MAIL_DOMAIN": "localhost", "RDBMS_BACKEND": "sqlite"}
        for name, value in (settings | {"DATABASE": "db", "TRACKER_WEB": "http://localhost/"}).items():
            config[name] = value
        init.install(str(home), str(Path(sys.prefix) / "share/roundup/templates/minimal"))
        config.save(str(home / config.INI_FILE))
        tracker = instance.open(str(home))
        tracker.init(Password("admin", config=config))
        database = tracker.open("admin")
        password = Password(PASSWORD, config=database.config)
        database.user.create(username=USER, password=password, roles="User")
        database.commit()
        database.close()
    return RequestDispatcher(str(home))


def trac() -> Any:
    """Make a project, as `trac-admin initenv` does."""
    from trac.env import Environment
    from trac.web.main import dispatch_request

    home = Path("project").resolve()
    if not home.exists():
        Environment(str(home), create=True, options=[("project", "name", "Project")]).shutdown()

    def app(environ: dict[str, Any], start_response: Any) -> Any:
        environ["trac.env_path"] = str(home)
        return dispatch_request(environ, start_response)

    return app


def django_admin() -> Any:
    """Make a site with nothing but Django's admin, its cookies renamed."""
    import django
    from django.conf import settings
    from django.core.wsgi import get_wsgi_application
    from django.urls import path

    settings.configure(
        SECRET_KEY="a secret key of the tests",
        ALLOWED_HOSTS=["localhost"],
        ROOT_URLCONF=__name__,
        SESSION_COOKIE_NAME="staff",
        CSRF_COOKIE_NAME="form_guard",
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "admin.db"}},
        INSTALLED_APPS=[
            f"django.contrib.{name}" for name in ("admin", "auth", "contenttypes", "sessions", "messages")
        ],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
        ],
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {
                    "context_processors": [
                        "django.template.context_processors.request",
                        "django.contrib.auth.context_processors.auth",
                        "django.contrib.messages.context_processors.messages",
                    ]
                },
            }
        ],
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        USE_TZ=True,
    )
    django.setup()
    from django.contrib import admin
    from django.contrib.auth.models import User
    from django.core.management import call_command

    if not Path("admin.db").exists():
        call_command("migrate", verbosity=0)
        User.objects.create_superuser(USER, "anna@shop.example", PASSWORD)
    globals()["urlpatterns"] = [path("admin/", admin.site.urls)]
    return get_wsgi_application()


def example(path: str, attribute: str) -> Any:
    """Import an example; it stands under a guard of its own, which `COOKIEGUARD_MODE=off` opens."""
    sys.path.insert(0, str((EXAMPLES / path).parent))
    return getattr(importlib.import_module(Path(path).stem), attribute)


def portal() -> Any:
    return example("portal/app.py", "make_app")()


def hosting() -> Any:
    return example("hosting/app.py", "make_app")()


def ad_partners() -> Any:
    return example("ad_partners/app.py", "make_app")()


def plain_wsgi() -> Any:
    return example("plain_wsgi.py", "app")


def django_app() -> Any:
    return example("django_app.py", "app")


def flask_app() -> Any:
    return example("flask_app.py", "app")


def without_guard(app: Any) -> Any:
    guard = find_guard(app)
    if guard is None:
        return app
    if hasattr(app, "wsgi_app"):
        app.wsgi_app = guard.app
        return app
    return guard.app


def by_button(client: TestApp, page: str) -> bool:
    client.get(page).form.submit(headers={"Origin": ADDRESS})
    return "You are logged in." in client.get(page)


def by_roundup(client: TestApp) -> bool:
    forms = client.get("/").forms.values()
    form = next(form for form in forms if "__login_password" in form.fields)
    form["__login_name"], form["__login_password"] = USER, PASSWORD
    form.submit("", headers={"Origin": ADDRESS, "Referer": f"{ADDRESS}/"})
    return "Logout" in client.get("/")


def by_trac(client: TestApp) -> bool:
    # The web server in front knows the user at /login; from there on a cookie does.
    client.get("/login", extra_environ={"REMOTE_USER": USER})
    return "logged in as" in client.get("/wiki")


def by_django(client: TestApp) -> bool:
    form = client.get("/admin/login/").form
    form["username"], form["password"] = USER, PASSWORD
    form.submit(headers={"Origin": ADDRESS})
    return "Site administration" in client.get("/admin/", status="*")


def goes_on(client: TestApp) -> bool:
    """These have no log-in, but count one visitor's pages in the session."""
    client.get("/")
    return "page 2" in client.get("/")


def keeps_session(client: TestApp) -> bool:
    client.get("/")
    return "session" in client.cookies


LOG_INS: dict[str, Any] = {
    "portal": lambda client: by_button(client, "/account"),
    "ad_partners": lambda client: by_button(client, "/account"),
    "hosting": lambda client: by_button(client, "/clientarea"),
    "plain_wsgi": keeps_session,
    "flask_app": goes_on,
    "django_app": goes_on,
    "roundup": by_roundup,
    "trac": by_trac,
    "django_admin": by_django,
}


def main(name: str, policy: str) -> None:
    app = without_guard(globals()[name]())
    guarded = CookieGuard(app, Policy.from_file(policy), secret_key="0123456789abcdef")
    client = TestApp(guarded, lint=False, extra_environ={"HTTP_HOST": "localhost", "SERVER_PORT": "80"})
    works = LOG_INS[name](client)
    consented = any(cookie in client.cookies for cookie in CONSENT_COOKIES)
    seen = {"works": works, "held": sorted(client.cookies), "consented": consented}
    sys.stdout.write(json.dumps(seen))


if __name__ == "__main__":
    main(*sys.argv[1:])
