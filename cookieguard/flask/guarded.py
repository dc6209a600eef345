"""The app behind its guard, as the app's configuration describes it."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import flask
from msgspec.structs import replace

from ..consent.seal import MAKE_KEY
from ..enforcer import Enforcer
from ..errors import ConfigurationError
from ..logger import logger
from ..options import Keys, own_keys, read_options
from ..policy.model import Declaration
from ..policy.policy import Policy
from ..wsgi import CookieGuard as WSGIGuard
from .cookies import framework_cookies

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

NAME = "cookieguard"
_PREFIX = "COOKIEGUARD_"


class GuardedApp:
    """What a server calls: the app behind its guard.

    The guard is built with `init_app`, so that a mistake shows at start, and built anew by the first
    request where the app was configured further in between.
    """

    def __init__(self, app: flask.Flask) -> None:
        self._flask, self._inner = app, app.wsgi_app
        self._config = _our_config(app)
        self._options = read_options(
            {key.removeprefix(_PREFIX): value for key, value in self._config.items()},
            lambda option: _PREFIX + option,
            Path(app.root_path),
            usual="cookies.toml",
        )
        self._building = threading.Lock()
        self._ready: WSGIGuard | None = None
        self._built_from = self._keys(), framework_cookies(app)
        keys, cookies = self._built_from
        if not keys:
            logger.warning("cookieguard.W314: %s, before the first request", self._no_secret)
        # Under this name a second guard around it is found.
        self.app = self._build(keys, cookies) if keys else self._try(cookies)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        guard = self._ready or self.guard
        return guard(environ, start_response)

    @property
    def guard(self) -> WSGIGuard:
        """The guard itself, built from what the app's configuration says by now."""
        with self._building:
            if self._ready is None:
                self._ready = self.app = self._finished()
            return self._ready

    @property
    def enforcer(self) -> Enforcer:
        """What the guard's visits share, its counts among it; the app must be configured by now."""
        return self.guard.enforcer

    @property
    def policy(self) -> Policy:
        """The policy, with the cookies that Flask and Flask-Login set by now."""
        cookies = framework_cookies(self._flask)
        if self._ready or cookies == self._built_from[1]:
            return self.app.enforcer.policy
        return self._options.completed(cookies, ()).policy

    def _finished(self) -> WSGIGuard:
        for key, value in _our_config(self._flask).items():
            if key not in self._config or self._config[key] != value:
                raise ConfigurationError("cookieguard.E045", f"{key} was set after init_app; set it before")
        keys, cookies = self._keys(), framework_cookies(self._flask)
        if not keys:
            raise ConfigurationError("cookieguard.E046", self._no_secret)
        if (keys, cookies) == self._built_from:
            return self.app
        return self._build(keys, cookies)

    @property
    def _no_secret(self) -> str:
        return (
            f"the app {self._flask.name!r} has no secret; make one with: {MAKE_KEY} "
            f"and set SECRET_KEY or {_PREFIX}SECRET_KEY in app.config, "
            "which app.config.from_prefixed_env() reads from FLASK_SECRET_KEY"
        )

    def _build(self, keys: Keys, cookies: list[Declaration]) -> WSGIGuard:
        return self._options.completed(cookies, keys).guard(WSGIGuard, self._inner)

    def _try(self, cookies: list[Declaration]) -> WSGIGuard:
        """Build for the mistakes alone that show whatever key comes later: a ledger opens by its own."""
        options = self._options.completed(cookies, (secrets.token_bytes(),))
        return replace(options, policy=replace(options.policy, ledger=None)).guard(WSGIGuard, self._inner)

    def _keys(self) -> Keys:
        if self._options.keys:
            return self._options.keys
        config = self._flask.config
        if not config.get("SECRET_KEY"):
            return ()
        return own_keys(config.get("SECRET_KEY_FALLBACKS") or (), config["SECRET_KEY"])


def _our_config(app: flask.Flask) -> dict[str, Any]:
    return {key: value for key, value in app.config.items() if key.startswith(_PREFIX)}
