"""A request goes on to the app as it came, and the app's answer comes back, both as they stream."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpcore
import httpx

from ..asgi.request import Message, Pairs, Receive, Scope, Send, pairs_of
from .answers import LOOP, NO_ANSWER, NO_FORWARD_PROXY, NO_WEBSOCKETS, TOO_LATE, Answer, answer
from .headers import from_upstream, passed_here, to_upstream, values_of
from .logger import logger
from .sockets import Backend
from .upstream import Upstream, greet

# Below what servers wait for another request: one that ends in between is lost.
_IDLE_SECONDS = 2.0
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_FAILURES = (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError)


class Forwarder:
    """An ASGI app that is the app upstream; `close` it after the last request."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream
        url = httpx.URL(upstream.url)
        self._url = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=b"/")
        self._host = None if upstream.host is None else upstream.host.encode("ascii")
        self._netloc = url.netloc
        self._timeout = upstream.timeout.as_dict()
        # Whom to trust is the environment's to say (SSL_CERT_FILE), and nothing else.
        self._context = httpx.create_ssl_context()
        # Without httpx around it: no cookie jar, no redirects, no proxy out of the environment, and
        # methods as they come.
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=self._context,
            network_backend=Backend() if url.scheme == "http" else None,
            max_connections=None,
            max_keepalive_connections=100,
            keepalive_expiry=_IDLE_SECONDS,
        )

    async def open(self) -> None:
        """Say in the log whether the app is there."""
        await greet(self._upstream, self._context)

    async def close(self) -> None:
        """Close the connections that are left."""
        await self._pool.aclose()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = _refusal(scope)
        if refusal is not None:
            await answer(send, scope, refusal)
            return
        body = _Body(scope, receive)
        # Whichever ends first: the exchange, or the visitor's patience.
        exchange = asyncio.ensure_future(self._exchange(scope, body, send))
        leaving = asyncio.ensure_future(body.left())
        try:
            await asyncio.wait({exchange, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            leaving.cancel()
            if not exchange.done():
                exchange.cancel()
            await asyncio.gather(exchange, leaving, return_exceptions=True)
        if not exchange.cancelled() and (error := exchange.exception()) is not None:
            raise error

    async def _exchange(self, scope: Scope, body: _Body, send: Send) -> None:
        try:
            response = await self._ask(scope, body)
        except _VisitorLeft:
            return
        except _FAILURES as error:
            logger.error("the app at %s gave no answer: %s", self._upstream.url, self._why(error))
            late = isinstance(error, httpcore.TimeoutException)
            await answer(send, scope, TOO_LATE if late else NO_ANSWER)
            return
        try:
            # "Values outside the range 100..599 are invalid" (RFC 9110, 15), and servers know no words for
            # them; 1xx ends nothing.
            if not 200 <= response.status <= 599:
                logger.error("the app at %s gave no answer: its status is invalid", self._upstream.url)
                await answer(send, scope, NO_ANSWER)
                return
            await _pass_on(response, send)
        except _FAILURES as error:
            logger.error("the app at %s broke off its answer: %s", self._upstream.url, type(error).__name__)
            raise BrokenOff from error
        finally:
            await response.aclose()

    def _why(self, error: Exception) -> str:
        if isinstance(error, httpcore.ConnectError):
            return f"ConnectError, {error}"
        # Another's text may name the path that was asked for.
        told = type(error).__name__
        plain = self._url.scheme == b"http" and isinstance(error, httpcore.ProtocolError | httpcore.ReadError)
        return f"{told}; if it speaks TLS, upstream begins with https://" if plain else told

    async def _ask(self, scope: Scope, body: _Body) -> httpcore.Response:
        """Send the request; again, where an idle connection ended meanwhile and nothing can happen twice."""
        steps: list[str] = []

        async def trace(step: str, details: object) -> None:
            steps.append(step)

        try:
            return await self._send(scope, body, trace=trace)
        except (httpcore.RemoteProtocolError, httpcore.ReadError, httpcore.WriteError):
            was_idle = "connection.connect_tcp.started" not in steps
            if not was_idle or scope["method"] not in _SAFE or body.is_there:
                raise
            return await self._send(scope, body)

    async def _send(self, scope: Scope, body: _Body, **extensions: object) -> httpcore.Response:
        request = httpcore.Request(
            scope["method"],
            self._url,
            headers=to_upstream(scope, self._host, self._netloc),
            content=body.parts() if body.is_there else None,
            extensions={"timeout": self._timeout, "target": _target(scope), **extensions},
        )
        return await self._pool.handle_async_request(request)


def _target(scope: Scope) -> bytes:
    """Return path and query as they came."""
    query: bytes = scope["query_string"]
    path: bytes = scope["raw_path"]
    return path + b"?" + query if query else path


async def _pass_on(response: httpcore.Response, send: Send) -> None:
    headers = from_upstream(response.status, response.headers)
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    async for part in response.aiter_stream():
        await send({"type": "http.response.body", "body": part, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


class BrokenOff(Exception):
    """The app's answer began, and will not end."""


class _VisitorLeft(Exception):
    """The visitor closed the connection before the request was whole."""


class _Body:
    """A request's body on its way."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        headers = pairs_of(scope)
        lengths = values_of(headers, b"content-length")
        self.is_there = lengths not in ([], [b"0"]) or bool(values_of(headers, b"transfer-encoding"))
        self._receive = receive
        self._read = asyncio.Event()
        if not self.is_there:
            self._read.set()

    async def parts(self) -> AsyncIterator[bytes]:
        """Yield the body. _VisitorLeft rather than an early end, which would pass for a whole upload."""
        more = True
        while more:
            message: Message = await self._receive()
            if message["type"] == "http.disconnect":
                raise _VisitorLeft
            more = message.get("more_body", False)
            if part := message.get("body", b""):
                yield part
        self._read.set()

    async def left(self) -> None:
        """Return once the visitor, having sent everything, has closed the connection."""
        await self._read.wait()
        while (await self._receive())["type"] != "http.disconnect":
            pass


def _refusal(scope: Scope) -> Answer | None:
    """Return the answer to what isn't forwarded."""
    headers: Pairs = pairs_of(scope)
    if passed_here(scope):
        logger.error("a request came back through the sidecar: upstream leads to a sidecar again")
        return LOOP
    # Methods are case-sensitive, but not every app's server knows it.
    if scope["method"].upper() == "CONNECT":
        return NO_FORWARD_PROXY
    if any(value.strip().lower() == b"websocket" for value in values_of(headers, b"upgrade")):
        logger.warning("a WebSocket was refused: the sidecar carries none, so lead its path past the sidecar")
        return NO_WEBSOCKETS
    return None
