"""A kept cookie, held to its declaration: no longer lifetime, no weaker attributes."""

from __future__ import annotations

from email.utils import formatdate

from ..cookies.date import parse_cookie_date
from ..cookies.setcookie import SetCookie, parse_max_age, split_attribute
from ..policy.model import Declaration

_STRENGTH = {None: 0, "None": 0, "Lax": 1, "Strict": 2}


def is_too_long(cookie: SetCookie, declaration: Declaration, now: float) -> bool:
    """Tell whether the cookie would outlive its declaration, in any browser."""
    attributes = cookie.attributes
    if not attributes.ends or not declaration.caps or declaration.lifetime is None:
        return False
    limit = declaration.lifetime.seconds
    if limit is None or attributes.contested or attributes.unreadable_end:
        return True
    if attributes.max_age is not None and attributes.max_age > limit:
        return True
    return attributes.expires is not None and attributes.expires.timestamp() > now + limit


def cap_lifetime(header: str, limit: int | None, now: float) -> str:
    """Shorten each Max-Age and Expires to `limit` seconds; None makes it a session cookie.

    What can't be read is taken off: some browser may read it.
    """
    pair, *attributes = header.split(";")
    kept = [pair]
    for attribute in attributes:
        name, value = split_attribute(attribute)
        if name == "max-age":
            seconds = parse_max_age(value)
            if seconds is None or limit is None:
                continue
            attribute = f" Max-Age={limit}" if seconds > limit else attribute
        elif name == "expires":
            date = parse_cookie_date(value)
            if date is None or limit is None:
                continue
            if date.timestamp() > now + limit:
                attribute = f" Expires={formatdate(now + limit, usegmt=True)}"
        kept.append(attribute)
    return ";".join(kept)


def missing_attributes(cookie: SetCookie, declaration: Declaration, *, https: bool) -> bool:
    """Tell whether the cookie has less than the declared minimum."""
    if declaration.origin == "catalogue":
        return False
    return (
        (declaration.secure and https and not cookie.secure)
        or (declaration.http_only and not cookie.http_only)
        or _STRENGTH[declaration.same_site] > _STRENGTH[cookie.same_site]
    )


def add_attributes(header: str, cookie: SetCookie, declaration: Declaration, *, https: bool) -> str:
    """Append what is missing; "the last attribute in the list" is the one that counts (5.7)."""
    if declaration.secure and https and not cookie.secure:
        header += "; Secure"
    if declaration.http_only and not cookie.http_only:
        header += "; HttpOnly"
    if _STRENGTH[declaration.same_site] > _STRENGTH[cookie.same_site]:
        header += f"; SameSite={declaration.same_site}"
    return header
