"""Where the visitor's pages are, for `url_for`."""

from __future__ import annotations

from typing import Any

import flask

PREFERENCES, POLICY = "cookieguard.preferences", "cookieguard.policy"
# What a rule takes for the part of the host that an app tells its pages apart by.
_HOST, _SUBDOMAIN = "_cookieguard_host", "_cookieguard_subdomain"
# What werkzeug calls the subdomain of a host outside SERVER_NAME, where error pages are shown all the same.
_ELSEWHERE = "<invalid>"


def add_address(app: flask.Flask, endpoint: str, path: str) -> None:
    """Let an app know the address of one of the guard's pages, at whichever host it is asked by.

    The guard answers there; the app only builds the address. A choice belongs to the host that the
    visitor is at, and must not be made at another.
    """
    options: dict[str, Any] = {}
    if app.url_map.host_matching:
        options["host"] = f"<{_HOST}>"
    elif app.subdomain_matching:
        options["subdomain"] = f"<{_SUBDOMAIN}>"
    app.add_url_rule(path, endpoint=endpoint, build_only=True, **options)
    if options:
        app.url_defaults(_stay)


def _stay(endpoint: str, values: dict[str, Any]) -> None:
    if endpoint not in (PREFERENCES, POLICY):
        return
    app = flask.current_app
    own = app.config["SERVER_NAME"] or ""
    if app.url_map.host_matching:
        values.setdefault(_HOST, flask.request.host if flask.has_request_context() else own)
        return
    # Set by `bind_to_environ`, before the first view.
    adapter = flask.globals.request_ctx.url_adapter if flask.has_request_context() else None
    subdomain = adapter.subdomain if adapter else None
    if not subdomain or subdomain == _ELSEWHERE:
        subdomain = app.url_map.default_subdomain
    values.setdefault(_SUBDOMAIN, subdomain)
