"""What an app asks its guard for: the request's visit, the tag for pages of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from ..errors import NoGuard, UsageError
from ..visit import Visit
from ..visitor.request import quoted_root
from .guarded import KEY, ROOT_KEY
from .occasion import occasion_of


def visit_from(environ: Mapping[str, Any] | Any) -> Visit:
    """Return the request's Visit; NoGuard where no CookieGuard stands around the app.

    The environ is `request.environ` in Flask and `request.META` in Django. For an ASGI app it is the
    scope, or a request that has one: Starlette's, FastAPI's and Django's.
    """
    found = _mapping(environ)
    try:
        visit: Visit = found[KEY]
    except KeyError:
        raise NoGuard(
            "no CookieGuard stands around this app: wrap it, app = CookieGuard(app, policy, secret_key=…); "
            "in Flask by cookieguard.flask, in Django by the middleware of cookieguard.django"
        ) from None
    if visit.occasion is None and visit.proves is not None:
        # Only now, since hardly a request asks.
        visit.occasion = occasion_of(found)
    return visit


def script_tag(
    environ: Mapping[str, Any] | Any, *, nonce: str | None = None, language: str | None = None
) -> Markup:
    """Return the tag of the browser guard, for pages that place it by hand (`[guard] inject = false`).

    It belongs first in `head`. `nonce` is that of the page's Content-Security-Policy, `language`
    the page's own. Empty where nothing is enforced. `environ` and NoGuard as with `visit_from`.
    """
    # Where there is a guard, this is loaded.
    from ..visitor.script import page_language
    from ..visitor.script import script_tag as tag_for

    found = _mapping(environ)
    visit = visit_from(found)
    if not visit.enforced:
        return Markup()
    policy = visit.policy
    mount = quoted_root(found[ROOT_KEY]) + policy.guard.mount
    tag = tag_for(policy, mount, page_language(policy, language), nonce)
    return Markup(tag)  # noqa: S704 - an address of ours, escaped


def _mapping(given: Any) -> dict[str, Any]:
    """Return an environ or a scope itself, or the scope of a request."""
    found = given if isinstance(given, dict) else getattr(given, "scope", None)
    if not isinstance(found, dict):
        raise UsageError(
            f"{type(given).__name__} is no WSGI environ and has no ASGI scope; "
            "give request.environ in Flask, request.META in Django, request in Starlette and FastAPI"
        )
    return found
