"""The sidecar's own short answers, where the app has none."""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape

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


async def answer(
    send: Send, scope: Scope, status: int, reason: str, text: str, *more: tuple[bytes, bytes]
) -> None:
    """Answer with a short page that says what is wrong, and `more` headers."""
    page = _PAGE.format(status=status, reason=escape(reason), text=escape(text)).encode()
    await _send_whole(send, scope, status, b"text/html; charset=utf-8", page, *more)


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
