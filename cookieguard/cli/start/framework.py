"""What an app's own settings say: its framework, how it names its cookies, which host it answers to."""

from __future__ import annotations

import contextlib
import functools
import inspect
import sys
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from msgspec import Struct

from ...policy.catalogue import load_service, service_names
from ..lifetimes import spell_seconds

# By custom a middleware keeps what it wraps under one of these names.
_WRAPPED = ("app", "wsgi_app", "application", "_app", "wsgi", "func", "fallback", "__self__", "__wrapped__")
_MOST_LAYERS = 64

SIGNED_IN = "Keeps together what you do on this site: sign-in, forms, messages."
FORGERY = "Makes sure that a form sent in your name really comes from this site."
REMEMBERED = "Keeps you signed in after you close the browser, if you asked for that."
LANGUAGE = "Remembers the language you chose."


class Named(Struct, frozen=True):
    """A cookie that the app's settings name, in place of one of a service's in the catalogue."""

    service: str
    name: str
    category: str
    purpose: str
    lifetime: str
    setting: str


class Facts(Struct, frozen=True):
    """What is known before any request; `services` are the catalogue's."""

    services: tuple[str, ...] = ()
    cookies: tuple[Named, ...] = ()
    host: str | None = None

    @property
    def renamed(self) -> list[Named]:
        """The cookies whose name isn't the one that the catalogue knows of the framework."""
        return [cookie for cookie in self.cookies if cookie.name not in _names(cookie.service)]

    @property
    def used(self) -> list[str]:
        """The services of which anything is left once the app renamed its cookies."""
        renamed = [cookie.service for cookie in self.renamed]
        return [each for each in self.services if not 0 < len(_names(each)) <= renamed.count(each)]


def _names(service: str) -> set[str]:
    return {declaration.name for declaration in load_service(service).declarations}


def facts_of(app: object) -> Facts:
    """Look an app over, through what is wrapped around it."""
    services: dict[str, None] = {}
    cookies: list[Named] = []
    host = None
    for layer in _layers(app):
        roots = _roots(layer)
        services |= dict.fromkeys(root for root in sorted(roots) if root in service_names())
        if "flask" in roots and hasattr(layer, "config"):
            cookies += _flask_cookies(layer)
            host = host or layer.config.get("SERVER_NAME")
            if hasattr(layer, "login_manager"):
                services["flask-login"] = None
    if "django" in services and (settings := _django_settings()) is not None:
        cookies += _django_cookies(settings)
        host = host or _django_host(settings)
    return Facts(tuple(services), tuple({cookie.name: cookie for cookie in cookies}.values()), host)


def _layers(app: object) -> Iterator[Any]:
    waiting, known = [app], set[int]()
    while waiting and len(known) < _MOST_LAYERS:
        layer = waiting.pop(0)
        if id(layer) in known or layer is None:
            continue
        known.add(id(layer))
        yield layer
        waiting += [each for each in _inside(layer) if callable(each)]


def _inside(layer: object) -> Iterator[object]:
    """Yield what a layer may wrap, whatever kind of object it is."""
    for name in _WRAPPED:
        # A proxy raises outside of a request.
        with contextlib.suppress(Exception):
            yield getattr(layer, name, None)
    if isinstance(layer, functools.partial):
        yield from layer.args
    if inspect.isfunction(layer):
        for cell in layer.__closure__ or ():
            with contextlib.suppress(ValueError):
                yield cell.cell_contents
    mounts = getattr(layer, "__dict__", {}).get("mounts")
    if isinstance(mounts, dict):
        yield from mounts.values()


def _roots(layer: object) -> set[str]:
    """Return the packages that an object comes from, its class's ancestors included."""
    modules = [getattr(layer, "__module__", None), *(each.__module__ for each in type(layer).__mro__)]
    return {module.partition(".")[0] for module in modules if isinstance(module, str)}


def _flask_cookies(app: Any) -> Iterator[Named]:
    config = app.config
    name = config.get("SESSION_COOKIE_NAME")
    if isinstance(name, str) and name:
        lifetime = _spelled(config.get("PERMANENT_SESSION_LIFETIME"))
        yield Named("flask", name, "essential", SIGNED_IN, lifetime, "SESSION_COOKIE_NAME")
    if hasattr(app, "login_manager"):
        name = config.get("REMEMBER_COOKIE_NAME", "remember_token")
        lifetime = _spelled(config.get("REMEMBER_COOKIE_DURATION", timedelta(days=365)))
        yield Named("flask-login", name, "functional", REMEMBERED, lifetime, "REMEMBER_COOKIE_NAME")


def _django_settings() -> Any:
    # Read where the app has set them up; nothing is imported for it.
    conf = sys.modules.get("django.conf")
    settings = getattr(conf, "settings", None)
    return settings if getattr(settings, "configured", False) else None


def _django_cookies(settings: Any) -> Iterator[Named]:
    yield Named(
        "django",
        settings.SESSION_COOKIE_NAME,
        "essential",
        SIGNED_IN,
        _spelled(settings.SESSION_COOKIE_AGE),
        "SESSION_COOKIE_NAME",
    )
    yield Named(
        "django",
        settings.CSRF_COOKIE_NAME,
        "essential",
        FORGERY,
        _spelled(settings.CSRF_COOKIE_AGE),
        "CSRF_COOKIE_NAME",
    )
    yield Named(
        "django",
        settings.LANGUAGE_COOKIE_NAME,
        "functional",
        LANGUAGE,
        _spelled(settings.LANGUAGE_COOKIE_AGE),
        "LANGUAGE_COOKIE_NAME",
    )


def _django_host(settings: Any) -> str | None:
    hosts = [host for host in settings.ALLOWED_HOSTS if isinstance(host, str)]
    if "localhost" in hosts or "*" in hosts or not hosts:
        return None
    return hosts[0].removeprefix(".")


def _spelled(lifetime: object) -> str:
    seconds = lifetime.total_seconds() if isinstance(lifetime, timedelta) else lifetime
    return spell_seconds(round(seconds)) if isinstance(seconds, int | float) and seconds > 0 else "session"
