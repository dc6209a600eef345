"""The whole sidecar as one ASGI app: health, then the guard, then the app upstream."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from os import PathLike

from werkzeug.http import http_date

from ..asgi import CookieGuard
from ..asgi.guard import ASGIApp
from ..asgi.request import Message, Receive, Scope, Send, pairs_of
from ..consent.consent import day_of
from ..enforcer import Enforcer
from ..errors import ConfigurationError
from ..guard.verdict import Override
from ..policy.addresses import is_mountable, is_under
from ..policy.policy import Policy
from .answers import BAD_TARGET, NO_ANSWER, NOT_ALLOWED, answer, answer_json
from .forward import BrokenOff, Forwarder
from .headers import unbelieved_proxy, values_of
from .logger import logger
from .target import in_origin_form
from .upstream import Upstream

HEALTH_PATH = "/.well-known/cookieguard/health"
# Under this name in a scope's state a server may offer to reset the request's connection.
RESET = "cookieguard.reset"


class Sidecar:
    """Guards the app at `upstream`; `policy` and the other options are `CookieGuard`'s.

    `health_path` answers for the sidecar itself, and is never forwarded. ConfigurationError says what
    is wrong, before the first request.
    """

    def __init__(
        self,
        upstream: Upstream,
        policy: Policy,
        *,
        secret_key: str | bytes | Sequence[str | bytes],
        override: Override | None = None,
        templates: str | PathLike[str] | None = None,
        health_path: str = HEALTH_PATH,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.upstream = upstream
        self._forwarder = Forwarder(upstream)
        self._guard = CookieGuard(
            self._forwarder,
            policy,
            secret_key=secret_key,
            override=override,
            templates=templates,
            clock=clock,
        )
        if not is_mountable(health_path) or is_under(health_path, (policy.guard.mount,)):
            raise ConfigurationError(
                "cookieguard.E031",
                f"the health path is {health_path!r}; write a path of its own, as {HEALTH_PATH!r}",
            )
        self._own: dict[str, ASGIApp] = {health_path: self._tell_health}
        self._clock = clock
        self._told_of_proxy = False

    @property
    def enforcer(self) -> Enforcer:
        """The guard's."""
        return self._guard.enforcer

    def show(self, path: str, app: ASGIApp) -> None:
        """Let another app answer GET and HEAD at one path, which is then never forwarded."""
        self._own[path] = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        sending = _Sending(send)
        asked = in_origin_form(scope)
        if asked is None:
            await answer(sending.send, scope, BAD_TARGET)
            return
        scope = asked
        own = self._own.get(scope["path"])
        if own is not None:
            if scope["method"] in ("GET", "HEAD"):
                await own(scope, receive, sending.send)
            else:
                await answer(sending.send, scope, NOT_ALLOWED)
            return
        if not self._told_of_proxy and (proxy := unbelieved_proxy(scope)):
            self._told_of_proxy = True
            logger.warning(
                "cookieguard.W304: a proxy at %s says https, and isn't trusted: add --trust-forwarded=%s",
                proxy,
                proxy,
            )
        try:
            await self._guard(scope, receive, sending.send)
        except BrokenOff:
            # The server closes a connection whose response doesn't end: nobody takes it for whole.
            if not sending.started:
                await answer(sending.send, scope, NO_ANSWER)
            elif scope["http_version"] == "1.0" and (reset := scope.get("state", {}).get(RESET)):
                # HTTP/1.0 has no chunks: without a Content-Length the close is the end of the body.
                reset()

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        await self._forwarder.open()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._forwarder.close()
        await send({"type": "lifespan.shutdown.complete"})

    async def _tell_health(self, scope: Scope, receive: Receive, send: Send) -> None:
        policy = self.enforcer.policy.on(day_of(self._clock()))
        told = {"status": "ok", "mode": self.enforcer.mode, "policy": _digest_of_categories(policy)}
        await answer_json(send, scope, told)


def _digest_of_categories(policy: Policy) -> str:
    """Return twelve hex digits over all categories' digests: what a visitor is asked about."""
    digests = "".join(f"{id}:{category.digest}\n" for id, category in sorted(policy.categories.items()))
    return hashlib.sha256(digests.encode()).hexdigest()[:12]


class _Sending:
    """The server's `send`, for one response: whether it began, and its Date."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.started = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            message = _dated(message)
        await self._send(message)


def _dated(message: Message) -> Message:
    # "A recipient with a clock that receives a response message without a Date header field MUST
    # record the time it was received and append a corresponding Date header field to the message's
    # header section if it is cached or forwarded downstream" (RFC 9110, 6.6.1).
    headers = pairs_of(message)
    if values_of(headers, b"date"):
        return message
    return {**message, "headers": [*headers, (b"date", http_date().encode("ascii"))]}
