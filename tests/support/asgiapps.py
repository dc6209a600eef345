"""The contract's WSGI apps as native ASGI apps, and how tests put questions to a guarded one."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, MutableMapping
from typing import Any
from urllib.parse import unquote

from asking import App as WSGIApp
from asking import policy_of
from contract import HOST, SECRET, Answer
from htmlapps import PROVIDERS

from cookieguard.asgi import CookieGuard

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
App = Callable[[Any, Any, Any], Awaitable[None]]
Pairs = list[tuple[bytes, bytes]]

START, BODY = "http.response.start", "http.response.body"


def guarded(app: App, /, *, secret_key: Any = SECRET, **changes: Any) -> CookieGuard:
    options = {key: changes.pop(key) for key in ("override", "clock") if key in changes}
    return CookieGuard(app, policy_of(**changes), secret_key=secret_key, **options)


def paged(app: App, **changes: Any) -> CookieGuard:
    return guarded(app, **{**PROVIDERS, **changes})


# From WSGI to ASGI


def environ_of(scope: Scope) -> dict[str, Any]:
    """Return what a WSGI app sees of a scope, the guard's own keys too."""
    root, path = scope.get("root_path", ""), scope["path"]
    below = path.removeprefix(root) if path.startswith(root + "/") else path
    own = {key: value for key, value in scope.items() if key.startswith("cookieguard.")}
    fields = {
        "HTTP_" + bytes(name).decode("latin-1").upper().replace("-", "_"): bytes(value).decode("latin-1")
        for name, value in scope.get("headers", ())
    }
    return {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": root.encode().decode("latin-1"),
        "PATH_INFO": below.encode("utf-8", "replace").decode("latin-1"),
        "QUERY_STRING": scope.get("query_string", b"").decode("latin-1"),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.input": io.BytesIO(),
        **fields,
        **own,
    }


def as_asgi(app: WSGIApp) -> App:
    """Make an ASGI app of a WSGI one: each of its pieces is a message of its own."""

    async def translated(scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await live(receive, send)
            return
        await _Call(send).run(app, environ_of(scope))

    return translated


async def live(receive: Any, send: Any) -> None:
    """Say yes to start and end."""
    for phase in ("startup", "shutdown"):
        assert (await receive())["type"] == f"lifespan.{phase}"
        await send({"type": f"lifespan.{phase}.complete"})


class AsWsgi:
    """A guarded ASGI app, as a WSGI client calls it."""

    def __init__(self, guard: CookieGuard) -> None:
        self.guard = guard
        self.enforcer = guard.enforcer

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        named = {
            key[5:].replace("_", "-"): value for key, value in environ.items() if key.startswith("HTTP_")
        }
        named |= {key.replace("_", "-"): environ.get(key) or "" for key in ("CONTENT_TYPE", "CONTENT_LENGTH")}
        path = environ["PATH_INFO"] + (f"?{environ['QUERY_STRING']}" if environ.get("QUERY_STRING") else "")
        scope = a_scope(
            path,
            {key.lower(): value for key, value in named.items() if value},
            method=environ["REQUEST_METHOD"],
            client=(environ.get("REMOTE_ADDR", "127.0.0.1"), 1234),
        )
        form = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        answer = answer_of(
            talk(self.guard, scope, {"type": "http.request", "body": form, "more_body": False})
        )
        start_response(f"{answer.status} Whatever", answer.headers)
        return [answer.body]


class _Call:
    """One call of a WSGI app, whose blocking pieces are made beside the event loop."""

    def __init__(self, send: Any) -> None:
        self._send = send
        self._start: Message | None = None
        self._started = False
        self._written: list[bytes] = []

    def start_response(self, status: str, headers: Any, exc_info: Any = None) -> Callable[[bytes], None]:
        if exc_info and self._started:
            raise exc_info[1]
        pairs = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        self._start = {"type": START, "status": int(status[:3]), "headers": pairs}
        return self._written.append

    async def run(self, app: WSGIApp, environ: dict[str, Any]) -> None:
        pieces: Any = await asyncio.to_thread(app, environ, self.start_response)
        try:
            parts: Iterator[bytes] = iter(pieces)
            while (piece := await asyncio.to_thread(next, parts, None)) is not None:
                await self._emit(piece)
            await self._emit(b"", more=False)
        finally:
            getattr(pieces, "close", lambda: None)()

    async def _emit(self, piece: bytes, *, more: bool = True) -> None:
        if not self._started and self._start is not None:
            self._started = True
            await self._send(self._start)
        written = b"".join(self._written)
        self._written.clear()
        await self._send({"type": BODY, "body": written + piece, "more_body": more})


# Native apps


def saying(*messages: Message) -> App:
    """Make an app that sends these messages, whatever it is asked."""

    async def app(scope: Scope, receive: Any, send: Any) -> None:
        for message in messages:
            await send(message)

    return app


def start(*headers: tuple[bytes, bytes], status: int = 200, **more: Any) -> Message:
    return {"type": START, "status": status, "headers": list(headers), **more}


def body(data: bytes = b"", *, more: bool = False) -> Message:
    return {"type": BODY, "body": data, "more_body": more}


def cookies(*lines: bytes) -> Pairs:
    return [(b"set-cookie", line) for line in lines]


# Asking


def a_scope(path: str = "/", headers: Mapping[str, str] | None = None, **changes: Any) -> dict[str, Any]:
    raw, _, query = path.partition("?")
    given = {"host": HOST, **(headers or {})}
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": unquote(raw),
        "raw_path": raw.encode("ascii"),
        "query_string": query.encode("ascii"),
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in given.items()],
        "client": ("127.0.0.1", 1234),
        "server": ("127.0.0.1", 80),
        **changes,
    }


def a_websocket(path: str = "/", headers: Mapping[str, str] | None = None, **changes: Any) -> dict[str, Any]:
    return a_scope(path, headers, **{"type": "websocket", "scheme": "ws", "subprotocols": [], **changes})


def talk(app: App, scope: Scope, *incoming: Message) -> list[Message]:
    """Send a scope and messages to an app; return what it says. After them the client waits."""
    said: list[Message] = []
    waiting = list(incoming) or [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> Message:
        if not waiting:
            await asyncio.Event().wait()
        return waiting.pop(0)

    async def send(message: Message) -> None:
        said.append(message)

    asyncio.run(asyncio.wait_for(app(scope, receive, send), 10))  # type: ignore[arg-type]
    return said


def answer_of(said: Iterable[Message]) -> Answer:
    """Return what a client gets of an app's messages, which must follow each other as they should."""
    first, *rest = said
    assert first["type"] == START
    assert [message["type"] for message in rest] == [BODY] * len(rest)
    assert [message.get("more_body", False) for message in rest] == [True] * (len(rest) - 1) + [False]
    assert all(type(part) is bytes for pair in first["headers"] for part in pair)
    headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in first["headers"]]
    return Answer(first["status"], headers, b"".join(message.get("body", b"") for message in rest))


def ask(
    app: App,
    path: str = "/",
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    **scope: Any,
) -> Answer:
    sent = {**(headers or {}), **({"content-length": str(len(body))} if body else {})}
    request = {"type": "http.request", "body": body, "more_body": False}
    return answer_of(talk(app, a_scope(path, sent, method=method, **scope), request))
