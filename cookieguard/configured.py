"""The guard as a deployment's settings describe it, with all that belongs around it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from werkzeug.middleware.proxy_fix import ProxyFix

from .calling import can_take, is_async
from .enforcer import Enforcer
from .guard.verdict import Override
from .logs import log_to_stderr
from .policy.document import read_file
from .policy.framework import declare
from .policy.model import Declaration
from .policy.policy import Policy
from .settings import ServeSettings, Settings, WSGISettings
from .settings.objects import NoSuchObject, load_object
from .wsgi import CookieGuard

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


def load_policy(settings: Settings) -> Policy:
    """Load the policy, with what the settings say in place of it; PolicyError lists its mistakes."""
    return Policy.from_file(settings.policy, over=settings.over)


def load_override(settings: Settings) -> Override | None:
    """Import the site's hook, None where the settings name none; SettingsError where it isn't there."""
    if settings.override is None:
        return None
    override: Override = _load(settings, "override", settings.override)
    return override


def load_app(settings: ServeSettings) -> WSGIApplication:
    """Import the WSGI app that the settings name; SettingsError where it isn't there, or is none."""
    app = _load(settings, "app", settings.app)
    if reason := _no_wsgi(app):
        raise settings.wrong("app", f"{settings.app} {reason[0]}", reason[1])
    loaded: WSGIApplication = app
    return loaded


def guard(
    app: WSGIApplication, settings: WSGISettings, cookies: Sequence[Declaration] = ()
) -> WSGIApplication:
    """Put around an app, from within: the guard, the metrics, what trusted proxies say.

    `cookies` are the framework's own; what the policy's file says of them stands.
    """
    if settings.log is not None:
        log_to_stderr(settings.log, settings.log_level)
    guarded = (_BehindProxies if settings.proxies else CookieGuard)(
        app,
        declare(load_policy(settings), cookies, read_file(settings.policy)),
        secret_key=settings.secret_keys,
        override=load_override(settings),
        templates=settings.templates,
    )
    path = show_metrics(settings, guarded.enforcer)
    whole: Any = guarded if path is None else _with_metrics(guarded, path)
    if settings.proxies:
        trusted = {f"x_{header}": settings.proxies for header in settings.proxy_headers}
        whole = ProxyFix(whole, **({"x_for": 0, "x_proto": 0} | trusted))
    return whole  # type: ignore[no-any-return]


class _BehindProxies(CookieGuard):
    behind_proxies = True


def show_metrics(settings: Settings, enforcer: Enforcer) -> str | None:
    """Let a guard count for Prometheus, if the settings say so; return the path to show it at, if any.

    SettingsError where that can't be.
    """
    path, mount = settings.metrics, enforcer.policy.guard.mount
    if path is None:
        return None
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    if path == "files" and folder is None:
        raise settings.wrong("metrics", "'files' needs a folder", "name one in PROMETHEUS_MULTIPROC_DIR")
    if f"{path}/".startswith(f"{mount}/"):
        raise settings.wrong("metrics", f"{path} is the visitor's", f"write a path outside of {mount}")
    if folder is not None and not os.path.isdir(folder):  # noqa: PTH112 - Path.is_dir raises for a name too long
        reason = f"PROMETHEUS_MULTIPROC_DIR names no folder: {folder}"
        raise settings.wrong("metrics", reason, "make it, and empty it before each start")
    try:
        from .prometheus import watch
    except ModuleNotFoundError as error:
        if error.name != "prometheus_client":
            raise
        raise settings.wrong(
            "metrics", "needs prometheus_client", "pip install 'cookieguard[prometheus]'"
        ) from error
    watch(enforcer)
    return None if path == "files" else path


def _with_metrics(guarded: CookieGuard, path: str) -> WSGIApplication:
    from .prometheus import Metrics

    return Metrics(guarded, path)


def _load(settings: Settings, name: str, spelled: str) -> Any:
    try:
        found = load_object(spelled)
    except NoSuchObject as error:
        raise settings.wrong(name, str(error), error.remedy) from None
    if not callable(found):
        raise settings.wrong(name, f"{spelled} is {type(found).__name__}", "name what can be called")
    return found


def _no_wsgi(app: Any) -> tuple[str, str] | None:
    """Say why an app can't be called as WSGI wants it, and what instead; None where nothing is wrong."""
    if is_async(app):
        return "is an ASGI app", "name a WSGI one here; for this one take cookieguard.asgi.CookieGuard"
    if not can_take(app, {}, None):
        return "takes no (environ, start_response)", "write () behind a factory, as module:create_app()"
    return None
