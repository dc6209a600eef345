"""System checks: what is wrong with the settings and the policy, by the ids of docs/errors.md."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage
from django.utils.module_loading import import_string

from ..adapter.guarded import find_guard
from ..errors import ConfigurationError, PolicyError, Problem
from ..frameworkcheck import unlogged_warnings
from ..wsgi import CookieGuard
from .conf import guard, policy
from .cookies import middleware_paths

MIDDLEWARE = "cookieguard.django.middleware.CookieGuardMiddleware"


def check_guard(app_configs: Any, **_: object) -> list[CheckMessage]:
    """Try to build the guard; every mistake of the policy is a message of its own."""
    with unlogged_warnings():
        try:
            guard(CookieGuard, _nobody)
            return [*map(_message, policy().warnings), *_middleware(), *_application()]
        except PolicyError as error:
            return [_message(problem) for problem in error.problems]
        except ConfigurationError as error:
            return [checks.Error(str(error).removeprefix(f"{error.id}: "), id=error.id)]


def _nobody(environ: Any, start_response: Any) -> list[bytes]:
    raise AssertionError("a check asks nothing of the site")


def _message(problem: Problem) -> CheckMessage:
    place = problem.source if problem.line is None else f"{problem.source}:{problem.line}"
    kind = checks.Error if problem.level == "error" else checks.Warning
    return kind(f"{place}: {problem.entry}: {problem.reason}", hint=problem.remedy, id=problem.id)


def _middleware() -> Iterator[CheckMessage]:
    paths = middleware_paths()
    if MIDDLEWARE not in paths:
        yield checks.Warning(
            "requests have no cookie_consent, and tests see an unguarded site",
            hint=f"add {MIDDLEWARE!r} to MIDDLEWARE, as the first",
            id="cookieguard.W312",
        )
    elif paths[0] != MIDDLEWARE:
        yield checks.Warning(
            "CookieGuardMiddleware isn't the first, so that tests see cookies of others unguarded",
            hint="move it to the front of MIDDLEWARE",
            id="cookieguard.W313",
        )


def _application() -> Iterator[CheckMessage]:
    path = settings.WSGI_APPLICATION
    if path is None:
        said = "WSGI_APPLICATION isn't set, so runserver serves an unguarded application"
    else:
        try:
            guarded = find_guard(import_string(path)) is not None
        except Exception:
            # Who serves it hears of it from Django itself.
            return
        if guarded:
            return
        said = f"WSGI_APPLICATION ({path}) isn't guarded"
    yield checks.Warning(
        said,
        hint="in wsgi.py write: from cookieguard.django.wsgi import get_wsgi_application",
        id="cookieguard.W311",
    )
