"""Django in one file, under the guard: python examples/django_app.py"""

from __future__ import annotations

import os
from pathlib import Path
from wsgiref.simple_server import make_server

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.urls import path

from cookieguard.django.wsgi import get_wsgi_application

# For development only. A real site reads a secret of its own, and refuses to start without it.
SECRET_KEY = os.environ.get("COOKIEGUARD_SECRET") or "development-only-change-me"

PAGE = """<!doctype html>
<html lang="en">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>Hello</title>
<p>Hello, page {}. <a href="/privacy-choices">Cookie settings</a>
"""

settings.configure(
    SECRET_KEY=SECRET_KEY,
    ALLOWED_HOSTS=["127.0.0.1", "localhost"],
    ROOT_URLCONF=__name__,
    SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
    INSTALLED_APPS=["cookieguard.django"],
    COOKIEGUARD={"POLICY": Path(__file__).with_name("cookies.toml")},
    MIDDLEWARE=[
        "cookieguard.django.middleware.CookieGuardMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
    ],
)


def hello(request: HttpRequest) -> HttpResponse:
    request.session["visits"] = request.session.get("visits", 0) + 1
    get_token(request)
    response = HttpResponse(PAGE.format(request.session["visits"]))
    response.set_cookie("theme", "dark", max_age=15552000)
    response.set_cookie("_ga", "GA1.1.1604.1795305600", max_age=34560000)
    return response


urlpatterns = [path("", hello)]

app = get_wsgi_application()


if __name__ == "__main__":
    with make_server("127.0.0.1", 8000, app) as server:
        print("http://127.0.0.1:8000/")
        server.serve_forever()
