"""A kept cookie, held to its declaration: no longer lifetime, no weaker attributes.

Both work on what stands behind the first `;` of a `Set-Cookie`; name and value stay untouched.
"""

from __future__ import annotations

from email.utils import formatdate

from ..cookies.date import parse_cookie_date
from ..cookies.setcookie import Attributes, is_contested_age, parse_max_age, split_attribute
from ..policy.model import Declaration

_STRENGTH = {None: 0, "None": 0, "Lax": 1, "Strict": 2}


def is_too_long(attributes: Attributes, declaration: Declaration, now: float) -> bool:
    """Tell whether the cookie would outlive its declaration, in any browser."""
    if not attributes.ends or declaration.lifetime is None:
        return False
    limit = declaration.lifetime.seconds
    if limit is None or attributes.contested or attributes.unreadable_end:
        return True
    if attributes.max_age is not None and attributes.max_age > limit:
        return True
    return attributes.expires is not None and attributes.expires.timestamp() > now + limit


def cap_lifetime(unparsed: str, limit: int | None, now: float) -> str:
    """Shorten each Max-Age and Expires to `limit` seconds; None makes it a session cookie.

    What can't be read is taken off, since some browser may read it, and with it what stands before:
    to browsers the last one counts.
    """
    kept: list[str] = []
    contested = False
    for attribute in unparsed.split(";"):
        name, value = split_attribute(attribute)
        if name == "max-age":
            contested |= is_contested_age(value)
            seconds = parse_max_age(value)
            if seconds is None or limit is None:
                kept = _without(name, kept)
                continue
            attribute = f" Max-Age={limit}" if seconds > limit else attribute
        elif name == "expires":
            date = parse_cookie_date(value)
            if date is None or limit is None:
                kept = _without(name, kept)
                continue
            if date.timestamp() > now + limit:
                attribute = f" Expires={formatdate(now + limit, usegmt=True)}"
        kept.append(attribute)
    # Some browser obeys the Max-Age, others the date beside it: either may be past, and neither is the
    # cookie to be lost.
    return ";".join(_without("expires", _without("max-age", kept)) if contested else kept)


def _without(name: str, attributes: list[str]) -> list[str]:
    return [attribute for attribute in attributes if split_attribute(attribute)[0] != name]


def missing_attributes(attributes: Attributes, declaration: Declaration, *, https: bool) -> str:
    """Return what to append for the declared minimum; "the last attribute" of a name counts (5.7).

    Catalogue and imports impose nothing, and what the cookie has is never taken away.
    """
    missing = ""
    if declaration.origin != "site":
        return missing
    if declaration.secure and https and not attributes.secure:
        missing += "; Secure"
    if declaration.http_only and not attributes.http_only:
        missing += "; HttpOnly"
    if _STRENGTH[declaration.same_site] > _STRENGTH[attributes.same_site]:
        missing += f"; SameSite={declaration.same_site}"
    return missing
