"""The ASGI adapter: unpack the scope, ask the visit, repack the messages (ASGI 3)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from ..adapter.conditions import prepare_for_app
from ..adapter.guarded import KEY, ROOT_KEY, TWO_GUARDS, Guarded
from ..adapter.occasion import occasion_of
from ..errors import ConfigurationError
from ..visit import Visit
from .aside import aside
from .request import ClientGone, Receive, Request, Scope, Send
from .response import Response, encoded

ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]


class CookieGuard(Guarded[ASGIApp]):
    """Wrap an ASGI app, so that no cookie leaves it that the visitor hasn't accepted.

    `secret_key` is 16 bytes or more, or a list of such keys, oldest first. `override` has the last
    word over each cookie. `templates` is a folder of templates that replace the shipped ones. `clock`
    returns POSIX seconds. ConfigurationError says what is wrong, before the first request.
    """

    takes = ("scope", "receive", "send")
    otherwise = "for a WSGI app take cookieguard.CookieGuard"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the visitor's pages answer, or the app; screen what leaves it."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        if KEY in scope:
            raise ConfigurationError("cookieguard.E006", TWO_GUARDS)
        request = Request(scope)
        fields = request.fields
        cookies = fields.get("HTTP_COOKIE")
        visit = Visit(self.enforcer, cookies, request.host, request.scheme, fields.get("HTTP_SEC_GPC"))
        # "[Middleware] should make a copy of the scope" (ASGI 3, "Middleware").
        scope = {**scope, "headers": request.headers, KEY: visit, ROOT_KEY: request.root}
        if request.below in self._special:
            if self._excludes(request.path):
                visit.exclude()
                await self.app(scope, receive, send)
                return
            if scope["type"] == "http" and request.below in self._desk.paths:
                await self._answer(request, visit, scope, receive, send)
                return
        if cookies is not None and (visible := visit.arrive().visible) is not cookies:
            if visible is None:
                del fields["HTTP_COOKIE"]
            else:
                fields["HTTP_COOKIE"] = visible

        plans = self._plans if scope["type"] == "http" else None
        response = Response(visit, request, send, plans)
        if plans is not None:
            response.revalidates = prepare_for_app(fields, visit, plans, request.root)
        scope["headers"] = request.headers
        await self.app(scope, receive, response.send)
        await response.give_up()

    async def _answer(
        self, request: Request, visit: Visit, scope: Scope, receive: Receive, send: Send
    ) -> None:
        try:
            form = await request.read_form(receive) if request.method == "POST" else None
        except ClientGone:
            return
        visit.occasion = occasion_of(scope)
        answer, asked = self._desk.answer, request.page_request(form)
        # A page is rendered in no time; a receipt waits for the ledger's disk.
        reply = await aside(answer, asked, visit) if self.enforcer.ledger else answer(asked, visit)
        headers = encoded(visit.leave(list(reply.headers), request), [])
        await send({"type": "http.response.start", "status": int(reply.status[:3]), "headers": headers})
        body = b"" if request.method == "HEAD" else reply.body
        await send({"type": "http.response.body", "body": body, "more_body": False})
