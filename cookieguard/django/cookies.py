"""The cookies that Django sets, under the names that the settings give them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.sessions.middleware import SessionMiddleware
from django.middleware.locale import LocaleMiddleware
from django.utils.module_loading import import_string

from ..policy.framework import framework_cookie
from ..policy.model import Declaration


def framework_cookies() -> list[Declaration]:
    """Declare what this site's Django may set; what it doesn't use is no cookie of the site."""
    return [*_session(), *_csrf(), *_language(), *_messages()]


def _session() -> Iterator[Declaration]:
    if apps.is_installed("django.contrib.sessions") or _uses(SessionMiddleware):
        age = None if settings.SESSION_EXPIRE_AT_BROWSER_CLOSE else settings.SESSION_COOKIE_AGE
        yield _configured("sessionid", "SESSION", age)


def _csrf() -> Iterator[Declaration]:
    # Views may ask for it without the middleware, as the admin's do.
    if not settings.CSRF_USE_SESSIONS:
        yield _configured("csrftoken", "CSRF", settings.CSRF_COOKIE_AGE)


def _language() -> Iterator[Declaration]:
    # Nobody reads it otherwise, and a site asks its visitors about no cookie in vain.
    if settings.USE_I18N and _uses(LocaleMiddleware):
        yield _configured("django_language", "LANGUAGE", settings.LANGUAGE_COOKIE_AGE)


def _configured(usual: str, prefix: str, age: int | None) -> Declaration:
    """Declare the cookie of these settings, which is called `usual` without them; `age` in seconds."""
    name, domain, path = (getattr(settings, f"{prefix}_COOKIE_{part}") for part in ("NAME", "DOMAIN", "PATH"))
    return framework_cookie("django", usual, name, age=age, domain=domain, path=path)


def _messages() -> Iterator[Declaration]:
    if not apps.is_installed("django.contrib.messages"):
        return
    storage = import_string(settings.MESSAGE_STORAGE)
    # The usual storage is made of several, of which one has a cookie.
    for each in (storage, *getattr(storage, "storage_classes", ())):
        if name := getattr(each, "cookie_name", None):
            yield framework_cookie(
                "django",
                "messages",
                name,
                age=None,
                domain=settings.SESSION_COOKIE_DOMAIN,
            )
            return


def _uses(middleware: type) -> bool:
    return any(
        isinstance(used, type) and issubclass(used, middleware)
        for used in map(_imported, settings.MIDDLEWARE)
    )


def _imported(path: str) -> Any:
    try:
        return import_string(path)
    except ImportError:
        # Django itself says so, once it loads its middleware.
        return None
