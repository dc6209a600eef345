"""The company behind the shop's support chat: it serves one script, from a host of its own."""

from __future__ import annotations

from pathlib import Path

from werkzeug import Request, Response

SCRIPT = (Path(__file__).parent / "chat.js").read_bytes()


@Request.application
def chat(request: Request) -> Response:
    return Response(SCRIPT, mimetype="text/javascript")
