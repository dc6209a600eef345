"""What an ASGI scope says of its request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from ..adapter.fields import FieldsRequest, form_length, hides_separators
from ..visitor.request import PageRequest

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Pairs = list[tuple[bytes, bytes]]

# The fields that decide anything, and those that may be changed on their way to the app.
_KEYS = {
    name.encode(): "HTTP_" + name.upper().replace("-", "_")
    for name in (
        "cookie",
        "host",
        "sec-gpc",
        "sec-fetch-mode",
        "sec-fetch-dest",
        "sec-fetch-site",
        "accept",
        "accept-encoding",
        "range",
        "if-range",
        "if-none-match",
        "if-match",
        "if-modified-since",
    )
}
_SCHEMES = {"ws": "http", "wss": "https"}


class Request(FieldsRequest):
    """`visit.Request` over a scope.

    `root` is where the app is mounted, as WSGI has it: latin-1 of its UTF-8. `below` is the path
    from there on. `fields` may be changed; `headers` then returns what the app is to see.
    """

    __slots__ = ("_given", "_scope", "_sent", "below", "root")

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._given: Pairs = list(scope.get("headers") or ())
        fields = _fields(self._given)
        fields["REQUEST_METHOD"] = scope.get("method", "GET")
        super().__init__(fields)
        self._sent = fields.copy()
        root, self.below = _split_path(scope)
        self.root = root if root.isascii() else root.encode("utf-8", "replace").decode("latin-1")

    @property
    def fields(self) -> dict[str, Any]:
        return self._fields

    @property
    def method(self) -> str:
        method: str = self._fields["REQUEST_METHOD"]
        return method

    @property
    def scheme(self) -> str:
        scheme: str = self._scope.get("scheme", "http")
        return _SCHEMES.get(scheme, scheme)

    @property
    def host(self) -> str:
        host: str = self._fields.get("HTTP_HOST") or (self._scope.get("server") or ("",))[0]
        return host

    @property
    def path(self) -> str | None:
        # The decoded path can't tell `/a%2Fb` from `/a/b`; most servers keep the raw one beside it.
        raw: bytes = self._scope.get("raw_path") or b""
        if hides_separators(raw.decode("latin-1")):
            return None
        return _split_path(self._scope)[0] + self.below

    @property
    def headers(self) -> Pairs:
        """The request's headers with the changes in `fields`, every other byte as it came."""
        sent, now = self._sent, self._fields
        if sent == now:
            return self._given
        changed = {key for key in _KEYS.values() if sent.get(key) != now.get(key)}
        kept = [pair for pair in self._given if _KEYS.get(pair[0].lower()) not in changed]
        for name, key in _KEYS.items():
            if key in changed and key in now:
                kept.append((name, now[key].encode("latin-1")))
        return kept

    async def read_form(self, receive: Receive) -> bytes | None:
        """Read the body up to a capped Content-Length; None where it is too long or has none.

        ClientGone where the client doesn't wait for an answer.
        """
        said = b",".join(value for name, value in self._given if name.lower() == b"content-length")
        length = form_length(said.decode("latin-1"))
        if length is None:
            return None
        body, more = b"", True
        while more and len(body) < length:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientGone
            body += message.get("body", b"")
            more = message.get("more_body", False)
        # A form that broke off may say something else than the whole one.
        return body[:length] if len(body) >= length else b""

    def page_request(self, form: bytes | None) -> PageRequest:
        """Return the request as the visitor's pages take it."""
        headers: dict[str, str] = {}
        for name, value in decoded(self._given):
            lowered = name.lower()
            headers[lowered] = f"{headers[lowered]},{value}" if lowered in headers else value
        return PageRequest(
            method=self.method,
            scheme=self.scheme,
            host=self.host,
            root=self.root,
            path=self.below,
            query=self._scope.get("query_string", b"").decode("latin-1"),
            headers=headers,
            content_type=headers.get("content-type", ""),
            read=lambda: form,
        )


class ClientGone(Exception):
    """The client closed the connection before its request was read."""


def pairs_of(message: MutableMapping[str, Any]) -> Pairs:
    """Return the headers of a scope or a message as a list of its own; they may be missing."""
    return [(bytes(name), bytes(value)) for name, value in message.get("headers") or ()]


def decoded(pairs: Pairs) -> list[tuple[str, str]]:
    """Return headers as text: octets as latin-1, as WSGI has them."""
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in pairs]


def _fields(pairs: Pairs) -> dict[str, str]:
    fields: dict[str, str] = {}
    for name, value in pairs:
        key = _KEYS.get(name.lower())
        if key is None:
            continue
        text = value.decode("latin-1")
        if key in fields:
            # "If there are multiple Cookie header fields after decompression, these MUST be
            # concatenated into a single octet string using the two-octet delimiter of 0x3b, 0x20"
            # (RFC 9113, 8.2.3).
            text = fields[key] + ("; " if key == "HTTP_COOKIE" else ",") + text
        fields[key] = text
    return fields


def _split_path(scope: Scope) -> tuple[str, str]:
    """Return where the app is mounted, and the path from there on; both decoded."""
    root: str = scope.get("root_path", "").rstrip("/")
    path: str = scope["path"]
    # By the specification the path includes the root path; some servers leave it out.
    if root and (path == root or path.startswith(root + "/")):
        path = path[len(root) :]
    return root, path
