"""A request's Visit, Consent and way to the visitor's pages, over WSGI and ASGI alike."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest

from ..adapter.guarded import KEY, ROOT_KEY
from ..consent.consent import Consent
from ..consent.nobody import consent_of_nobody
from ..errors import NoGuard
from ..ledger.drafting import Occasion
from ..visit import Visit
from ..visitor.request import quoted_root
from .conf import policy


def visit_of(request: HttpRequest) -> Visit:
    """Return the request's Visit; NoGuard where none stands around the site."""
    visit = find_visit(request)
    if visit is None:
        raise NoGuard(
            "no guard stands around this request: add cookieguard.django.middleware.CookieGuardMiddleware to "
            "MIDDLEWARE, and take get_wsgi_application from cookieguard.django.wsgi"
        )
    if visit.occasion is None and visit.proves is not None:
        visit.occasion = Occasion(request.path, request.META.get("REMOTE_ADDR"))
    return visit


def find_visit(request: HttpRequest) -> Visit | None:
    """Return the request's Visit, None where no guard stands around it."""
    visit: Visit | None = _said(request, KEY)
    return visit


def _said(request: HttpRequest, key: str) -> Any:
    # An ASGI request has a scope, of which META is made.
    return request.META.get(key, getattr(request, "scope", {}).get(key))


def equip(request: HttpRequest) -> None:
    """Give a request `cookie_consent` and `cookie_visit`; NoGuard as `visit_of`."""
    visit = visit_of(request)
    # A visit is of the request's environ: with the request itself it would be a cycle.
    known = weakref.ref(request)
    visit.when_asked = lambda: _keep_from_caches(known())
    request.cookie_consent = ConsentOf(lambda: visit.consent)
    request.cookie_visit = visit


def _keep_from_caches(request: HttpRequest | None) -> None:
    # Django's cache learns what a response varies by before the guard around it can say so: one
    # visitor's page would be everybody's. This is how Django's own middleware tells it.
    if request is not None:
        request._cache_update_cache = False


class ConsentOf:
    """The Consent of a request's visitor, read when it is asked.

    A page that reads it varies by `Cookie`, and stays out of Django's cache; others needn't.
    """

    def __init__(self, read: Callable[[], Consent]) -> None:
        self._read = read

    def __getattr__(self, name: str) -> Any:
        # Who copies it asks for these, before it has a request.
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._read(), name)


def consent_of(request: HttpRequest) -> Consent:
    """Return the Consent of a request's visitor; where no guard saw it, nothing is decided."""
    visit = find_visit(request)
    if visit is None:
        _keep_from_caches(request)
    return consent_of_nobody(policy()) if visit is None else visit.consent


def preferences_url(request: HttpRequest) -> str:
    """Return the address of the visitor's preferences, as a link in a page needs it."""
    root = _said(request, ROOT_KEY)
    if root is None:
        # Django decodes it; an environ has its octets.
        root = request.META.get("SCRIPT_NAME", "").encode().decode("latin-1")
    return quoted_root(root) + policy().guard.mount
