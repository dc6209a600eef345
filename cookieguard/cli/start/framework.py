"""What an app's own settings say: its framework, how it names its cookies, which host it answers to."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from ...adapter.order import layers
from ...policy.catalogue import load_service, service_names
from ...policy.model import Declaration


class Named(Struct, frozen=True):
    """A cookie that a setting names, and the service that has it in the catalogue by its usual name."""

    service: str
    declaration: Declaration
    setting: str


class Facts(Struct, frozen=True):
    """What is known before any request; `services` are the catalogue's."""

    services: tuple[str, ...] = ()
    cookies: tuple[Named, ...] = ()
    host: str | None = None

    @property
    def renamed(self) -> list[Named]:
        """The cookies whose name isn't the one that the catalogue knows of the framework."""
        return [cookie for cookie in self.cookies if cookie.declaration.name not in _names(cookie.service)]

    @property
    def used(self) -> list[str]:
        """The services of which anything is left once the app renamed its cookies."""
        told = [cookie.service for cookie in self.cookies]
        renamed = [cookie.service for cookie in self.renamed]
        return [each for each in self.services if not 0 < told.count(each) == renamed.count(each)]


def _names(service: str) -> set[str]:
    return {declaration.name for declaration in load_service(service).declarations}


def facts_of(app: object) -> Facts:
    """Look an app over, through what is wrapped around it."""
    services: dict[str, None] = {}
    cookies: list[Named] = []
    host = None
    for layer in layers(app):
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
    return Facts(tuple(services), tuple({each.declaration.name: each for each in cookies}.values()), host)


def _roots(layer: object) -> set[str]:
    """Return the packages that an object comes from, its class's ancestors included."""
    modules = [getattr(layer, "__module__", None), *(each.__module__ for each in type(layer).__mro__)]
    return {module.partition(".")[0] for module in modules if isinstance(module, str)}


def _flask_cookies(app: Any) -> Iterator[Named]:
    from ...flask.cookies import framework_cookies

    session, *login = framework_cookies(app)
    yield Named("flask", session, "SESSION_COOKIE_NAME")
    yield from (Named("flask-login", cookie, "REMEMBER_COOKIE_NAME") for cookie in login)


def _django_settings() -> Any:
    # Read where the app has set them up; nothing is imported for it.
    registry, conf = map(sys.modules.get, ("django.apps", "django.conf"))
    return conf.settings if conf and registry and registry.apps.ready else None


def _django_cookies(settings: Any) -> Iterator[Named]:
    from ...django.cookies import framework_cookies

    for cookie in framework_cookies():
        names = (f"{kind}_COOKIE_NAME" for kind in ("SESSION", "CSRF", "LANGUAGE"))
        setting = next((name for name in names if getattr(settings, name) == cookie.name), "MESSAGE_STORAGE")
        yield Named("django", cookie, setting)


def _django_host(settings: Any) -> str | None:
    hosts = [host for host in settings.ALLOWED_HOSTS if isinstance(host, str)]
    if "localhost" in hosts or "*" in hosts or not hosts:
        return None
    return hosts[0].removeprefix(".")
