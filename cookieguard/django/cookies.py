"""The cookies that Django sets, under the names that the settings give them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from http.cookies import CookieError, SimpleCookie
from typing import Any, TypeVar

from django.apps import apps
from django.conf import settings
from django.contrib.sessions.middleware import SessionMiddleware
from django.middleware.locale import LocaleMiddleware
from django.utils.module_loading import import_string

from ..policy.framework import (
    NAME,
    framework_cookie,
    setting_age,
    setting_name,
    setting_place,
    wrong_setting,
)
from ..policy.model import Declaration

T = TypeVar("T")

_STORAGE = "write the dotted path of a class, as 'django.contrib.messages.storage.fallback.FallbackStorage'"


def framework_cookies() -> list[Declaration]:
    """Declare what this site's Django may set; what it doesn't use is no cookie of the site."""
    return [*_session(), *_csrf(), *_language(), *_messages()]


def _session() -> Iterator[Declaration]:
    if apps.is_installed("django.contrib.sessions") or _uses(SessionMiddleware):
        yield _configured("sessionid", "SESSION", stays=not settings.SESSION_EXPIRE_AT_BROWSER_CLOSE)


def _csrf() -> Iterator[Declaration]:
    # Views may ask for it without the middleware, as the admin's do.
    if not settings.CSRF_USE_SESSIONS:
        yield _configured("csrftoken", "CSRF")


def _language() -> Iterator[Declaration]:
    # Nobody reads it otherwise, and a site asks its visitors about no cookie in vain.
    if settings.USE_I18N and _uses(LocaleMiddleware):
        yield _configured("django_language", "LANGUAGE")


def _configured(usual: str, prefix: str, *, stays: bool = True) -> Declaration:
    """Declare the cookie of these settings, which is called `usual` without them.

    One that doesn't stay ends with the browser, whatever its age.
    """
    cookie = f"{prefix}_COOKIE"
    return framework_cookie(
        "django",
        usual,
        _said(_name, f"{cookie}_NAME"),
        age=_said(setting_age, f"{cookie}_AGE") if stays else None,
        domain=_said(setting_place, f"{cookie}_DOMAIN"),
        path=_said(setting_place, f"{cookie}_PATH"),
    )


def _said(read: Callable[[str, Any], T], setting: str) -> T:
    return read(setting, getattr(settings, setting))


def _name(setting: str, value: Any) -> str:
    name = setting_name(setting, value)
    try:
        SimpleCookie({name: ""})  # as Django makes each of its cookies
    except CookieError as error:
        raise wrong_setting(setting, name, NAME, f", which can't be a cookie's: {error}") from error
    return name


def _messages() -> Iterator[Declaration]:
    if not apps.is_installed("django.contrib.messages"):
        return
    storage = _message_storage()
    # The usual storage is made of several, of which one has a cookie.
    for each in (storage, *getattr(storage, "storage_classes", ())):
        if name := getattr(each, "cookie_name", None):
            yield framework_cookie(
                "django",
                "messages",
                _name("the cookie_name of MESSAGE_STORAGE", name),
                age=None,
                domain=_said(setting_place, "SESSION_COOKIE_DOMAIN"),
            )
            return


def _message_storage() -> Any:
    path = settings.MESSAGE_STORAGE
    if not isinstance(path, str):
        raise wrong_setting("MESSAGE_STORAGE", path, _STORAGE)
    try:
        return import_string(path)
    except Exception as error:  # whatever its module raises
        why = f", which can't be imported: {type(error).__name__}: {error}"
        raise wrong_setting("MESSAGE_STORAGE", path, _STORAGE, why) from error


def middleware_paths() -> Sequence[Any]:
    """Return MIDDLEWARE; ConfigurationError where it is no list."""
    paths = settings.MIDDLEWARE
    if isinstance(paths, str) or not isinstance(paths, Sequence):
        raise wrong_setting("MIDDLEWARE", paths, "write a list of dotted paths")
    return paths


def _uses(middleware: type) -> bool:
    return any(
        isinstance(used, type) and issubclass(used, middleware) for used in map(_imported, middleware_paths())
    )


def _imported(path: Any) -> Any:
    try:
        return import_string(path)
    except Exception:
        # Django itself says so, once it loads its middleware.
        return None
