"""Which headers go on to the app and back, and what is said of the visitor's connection."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address

from ..asgi.request import Pairs, Scope, pairs_of

NAME = b"cookieguard"

# "Intermediaries SHOULD remove or replace fields that are known to require removal before forwarding"
# (RFC 9110, 7.6.1), whether or not `Connection` names them.
_HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
# "A sender MUST NOT send a connection option corresponding to a field that is intended for all
# recipients of the content" (RFC 9110, 7.6.1); without these a message would be another.
_ALWAYS_KEPT = frozenset({b"host", b"content-length", b"content-type", b"cookie", b"set-cookie"})
_OURS = frozenset({b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host"})


def to_upstream(scope: Scope, host: bytes | None, address: bytes) -> Pairs:
    """Return a request's headers as the app is to have them.

    `host` takes the place of the visitor's `Host`, and the app's `address` that of none.
    """
    given = pairs_of(scope)
    # "If a message is received with both [...], the Transfer-Encoding overrides the Content-Length"
    # (RFC 9112, 6.3), and the other is not to be forwarded.
    chunked = bool(values_of(given, b"transfer-encoding"))
    unsent = {b"expect", b"host", b"via"} | ({b"content-length"} if chunked else set())
    kept = [
        (name, value)
        for name, value in end_to_end(given)
        # CGI and its kin write `_` for `-`: a visitor's `X_Forwarded_For` would pass for ours. And
        # 100 was said when the body was asked for.
        if name.lower().replace(b"_", b"-") not in _OURS and name.lower() not in unsent
    ]
    # HTTP/1.0 may come without a Host; the app is asked in HTTP/1.1, which needs one.
    ours = [(b"host", host or (values_of(given, b"host") or [address])[0])]
    if chunked:
        ours.append((b"transfer-encoding", b"chunked"))
    return [*ours, *kept, *_forwarded(scope, given), (b"via", _via(scope, given))]


def from_upstream(status: int, headers: Iterable[tuple[bytes, bytes]]) -> Pairs:
    """Return a response's headers as the visitor is to have them."""
    given = list(headers)
    kept = end_to_end(given)
    # Servers count what follows against it: nothing may follow 204 and 304, and "the Transfer-Encoding
    # overrides the Content-Length" (RFC 9112, 6.3).
    if status in (204, 304) or values_of(given, b"transfer-encoding"):
        return [(name, value) for name, value in kept if name.lower() != b"content-length"]
    return kept


def end_to_end(headers: Pairs) -> Pairs:
    """Return headers without those that speak of one connection alone."""
    named = {
        option.strip().lower()
        for name, value in headers
        if name.lower() == b"connection"
        for option in value.split(b",")
    }
    dropped = (named - _ALWAYS_KEPT) | _HOP_BY_HOP
    return [(name, value) for name, value in headers if name.lower() not in dropped]


def values_of(headers: Pairs, name: bytes) -> list[bytes]:
    """Return each value that a header was sent with."""
    return [value for given, value in headers if given.lower() == name]


def passed_here(scope: Scope) -> bool:
    """Tell whether a request has come through a sidecar before."""
    return any(NAME in value for value in values_of(pairs_of(scope), b"via"))


def unbelieved_proxy(scope: Scope) -> str | None:
    """Return the address of a near-by proxy that says https, where nothing takes its word for it."""
    if scope["scheme"] != "http" or values_of(pairs_of(scope), b"x-forwarded-proto")[-1:] != [b"https"]:
        return None
    try:
        address = ip_address(scope["client"][0])
    except (TypeError, ValueError):
        return None
    # A visitor from the open internet may write what he likes.
    return str(address) if address.is_private else None


def _forwarded(scope: Scope, given: Pairs) -> Pairs:
    said = [(b"x-forwarded-proto", scope["scheme"].encode("ascii"))]
    client = scope.get("client")
    if client:
        said.append((b"x-forwarded-for", client[0].encode("latin-1", "replace")))
    said += [(b"x-forwarded-host", host) for host in values_of(given, b"host")[:1]]
    return said


def _via(scope: Scope, given: Pairs) -> bytes:
    # "An HTTP-to-HTTP gateway MUST send an appropriate Via header field in each inbound request
    # message" (RFC 9110, 7.6.3).
    ours = scope["http_version"].encode("ascii") + b" " + NAME
    return b", ".join([*values_of(given, b"via"), ours])
