"""A request's target in the one form that all else here reads: a path, with the site in `Host`."""

from __future__ import annotations

import re
from urllib.parse import unquote

from ..asgi.request import Scope, pairs_of
from .upstream import AUTHORITY

_ABSOLUTE = re.compile(rb"(?i:https?)://(%b)(/.*)?" % AUTHORITY.pattern.encode("ascii"))


def in_origin_form(scope: Scope) -> Scope | None:
    """Return the scope with its target so; None where it is no target of a site's."""
    target: bytes = scope["raw_path"]
    if target.startswith(b"/") or target == b"*":
        return scope
    absolute = _ABSOLUTE.fullmatch(target)
    if absolute is None:
        return None
    path: bytes = absolute[2] or b"/"
    # "When an origin server receives a request with an absolute-form of request-target, the origin
    # server MUST ignore the received Host header field (if any) and instead use the host information
    # of the request-target" (RFC 9112, 3.2.2).
    headers = [(b"host", absolute[1]), *(pair for pair in pairs_of(scope) if pair[0].lower() != b"host")]
    return {**scope, "raw_path": path, "path": unquote(path.decode("ascii")), "headers": headers}
