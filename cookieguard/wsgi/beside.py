"""Headers that leave beside the response: some servers put a callable for them into the environ."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from ..guard.headers import SET_COOKIE, SPLITTING, kind_of, unsplit

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from ..visit import Visit
    from ..visitor.plans import Plans

Field = tuple[str | bytes, str | bytes]
SendFields = Callable[[Iterable[Field]], object]

# Gunicorn's; the first is other servers' too.
EARLY_HINTS, TRAILERS = "wsgi.early_hints", "gunicorn.http2.send_trailers"


def guard_beside(environ: WSGIEnvironment, visit: Visit, plans: Plans | None, root: str) -> None:
    """Have early hints and trailers carry no cookie, and name no host whose tags wait."""
    for key in (EARLY_HINTS, TRAILERS):
        send = environ.get(key)
        # A server that can't may say so by None.
        if callable(send) and visit.enforced:
            environ[key] = _screened(send, visit, plans, root)


def _screened(send: SendFields, visit: Visit, plans: Plans | None, root: str) -> SendFields:
    def send_screened(fields: Iterable[Field]) -> object:
        # No cookie is meant for them: "MUST NOT" in trailers (RFC 9110, 6.5.1).
        kept = [
            (name, unsplit(_text(value)))
            for name, value in ((_text(name), value) for name, value in fields)
            if kind_of(name) not in (SET_COOKIE, SPLITTING)
        ]
        if plans is not None:
            # Loaded by then; `import cookieguard` alone needs none of it.
            from ..html.linkheader import without_held_links

            kept = without_held_links(kept, plans.of(visit.policy, root).gate)
        return send(kept) if kept else None

    return send_screened


def _text(given: str | bytes) -> str:
    return given.decode("latin-1") if isinstance(given, bytes) else given
