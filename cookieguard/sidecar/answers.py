"""The sidecar's own short answers, where the app has none."""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape

from msgspec import Struct

from ..asgi.request import Pairs, Scope, Send

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{status} {reason}</title>
</head>
<body>
<h1>{reason}</h1>
<p>{text}</p>
</body>
</html>
"""


class Answer(Struct, frozen=True):
    """A short page that says what is wrong, and headers beside."""

    status: int
    reason: str
    text: str
    headers: tuple[tuple[bytes, bytes], ...] = ()


BAD_TARGET = Answer(400, "Bad Request", "The address isn't one of a site's.")
# "The origin server MUST generate an Allow header field in a 405 response" (RFC 9110, 15.5.6).
NOT_ALLOWED = Answer(405, "Method Not Allowed", "This can only be read.", ((b"allow", b"GET, HEAD"),))
NO_FORWARD_PROXY = Answer(501, "Not Implemented", "This is no forward proxy.")
NO_WEBSOCKETS = Answer(501, "Not Implemented", "WebSockets aren't carried here.")
NO_ANSWER = Answer(502, "Bad Gateway", "The site can't be reached at the moment.")
TOO_LATE = Answer(504, "Gateway Timeout", "The site takes too long to answer.")
LOOP = Answer(508, "Loop Detected", "The site is set up so that requests go in circles.")


async def answer(send: Send, scope: Scope, said: Answer) -> None:
    """Send one of these."""
    reason, text = escape(said.reason), escape(said.text)
    page = _PAGE.format(status=said.status, reason=reason, text=text).encode()
    await _send_whole(send, scope, said.status, b"text/html; charset=utf-8", page, *said.headers)


async def answer_json(send: Send, scope: Scope, data: Mapping[str, object]) -> None:
    """Answer 200 with JSON."""
    await _send_whole(send, scope, 200, b"application/json", json.dumps(data).encode())


async def _send_whole(
    send: Send, scope: Scope, status: int, kind: bytes, body: bytes, *more: tuple[bytes, bytes]
) -> None:
    headers: Pairs = [
        (b"content-type", kind),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        *more,
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    sent = b"" if scope["method"] == "HEAD" else body
    await send({"type": "http.response.body", "body": sent, "more_body": False})
