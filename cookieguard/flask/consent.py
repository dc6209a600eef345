"""What views and templates use: this request's Visit and Consent."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, ParamSpec
from urllib.parse import quote

import flask
from werkzeug.local import LocalProxy

from ..adapter.fields import navigates
from ..consent.consent import Consent
from ..consent.nobody import consent_of_nobody
from ..errors import NoGuard, UsageError
from ..visit import Visit
from ..wsgi import visit_from
from .addresses import PREFERENCES
from .guarded import NAME, GuardedApp

P = ParamSpec("P")


_NO_GUARD = (
    "this app has no guard: CookieGuard(app) switches it on, or guard.init_app(app) in a factory, "
    "from cookieguard.flask import CookieGuard"
)
_NO_VISITOR = "no guard saw this request, as one of test_request_context(): app.test_client() asks through it"


def _visit() -> Visit:
    try:
        return visit_from(flask.request.environ)
    except NoGuard:
        # The words are those for an app that is wrapped by hand.
        raise NoGuard(_NO_VISITOR if NAME in flask.current_app.extensions else _NO_GUARD) from None


def _consent() -> Consent:
    if flask.has_request_context():
        try:
            return _visit().consent
        except NoGuard:
            # `app.test_request_context()` has no visitor, who then decided nothing.
            if NAME not in flask.current_app.extensions:
                raise
    try:
        guarded: GuardedApp = flask.current_app.extensions[NAME]
    except KeyError:
        raise NoGuard(_NO_GUARD) from None
    return consent_of_nobody(guarded.policy)


current_visit: Visit = LocalProxy(_visit)  # type: ignore[assignment]
"""This request's Visit: `current_visit.grant(["analytics"])`, `current_visit.withdraw()`."""

cookie_consent: Consent = LocalProxy(_consent)  # type: ignore[assignment]
"""This visitor's Consent, as templates have it; without a request that of nobody."""


def requires_consent(*categories: str) -> Callable[[Callable[P, Any]], Callable[P, Any]]:
    """Let a view be called only for visitors who accepted these categories.

    Others who open the page are sent to the preferences (303), which say what it needs, and from
    there back; every other request, as a script's or a form's, gets 403. Where nothing is enforced,
    in report mode or on an excluded path, everybody may pass. It belongs below `@app.route(…)`.
    """
    if not categories or not all(isinstance(category, str) for category in categories):
        raise TypeError('name at least one category: @requires_consent("analytics")')

    def decorate(view: Callable[P, Any]) -> Callable[P, Any]:
        @functools.wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> Any:
            missing = [category for category in categories if not cookie_consent.allows(category)]
            if missing and _enforced():
                return _ask_for(missing)
            return flask.current_app.ensure_sync(view)(*args, **kwargs)

        return guarded

    return decorate


def _enforced() -> bool:
    try:
        return visit_from(flask.request.environ).enforced
    except NoGuard:
        return True


def _ask_for(categories: list[str]) -> Any:
    request = flask.request
    for category in categories:
        if cookie_consent.state(category) == "undecided" and category not in cookie_consent.undecided:
            # The preferences, which don't show it, would lead back here, and this there again.
            raise UsageError(
                f"nothing is declared in {category!r}, so that no visitor can accept it; "
                "declare what this view uses, or take the category out of @requires_consent"
            )
    if request.method not in ("GET", "HEAD") or not navigates(request.environ):
        preferences = flask.url_for(PREFERENCES)
        flask.abort(
            403, f"This needs your consent to cookies ({', '.join(categories)}), given at {preferences}."
        )
    here = quote(request.root_path.rstrip("/") + request.path, safe="/:@!$&'()*+,;=~-._")
    query = request.query_string.decode("latin-1")
    following = f"{here}?{query}" if query else here
    return flask.redirect(flask.url_for(PREFERENCES, next=following, needs=categories), 303)
