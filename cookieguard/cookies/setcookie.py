"""`Set-Cookie`, read as user agents are told to: draft-ietf-httpbis-rfc6265bis-22, sections 5.6, 5.7.

Where browsers differ from the draft or from each other, `SetCookie.names` holds every name
that one of them would store. Observed in Chromium 156 and Firefox 153; each case is a row in
`tests/cookies/test_setcookie.py`.
"""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache
from typing import Literal

import msgspec

from .date import parse_cookie_date

SameSite = Literal["Strict", "Lax", "None"]

WSP = " \t"
"""What the draft trims. `str.strip()` takes off more, U+00A0 among it, and browsers don't."""

# `Max-Age=0` bursts for cookies that don't exist evicted live session cookies in Firefox 153.
PAST = "Expires=Thu, 01 Jan 1970 00:00:00 GMT"
"""The attribute that takes a cookie away."""

_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_MAX_PAIR = 4096
_MAX_ATTRIBUTE_VALUE = 1024
_DELTA_SECONDS = re.compile(r"-?[0-9]+")
_CONTESTED_AGE = re.compile(r"\+|[0-9]{16}")
# What every browser tried reads as the same date. On others they differ from the draft and each
# other: Firefox obeys zones, and where a browser can't read a date it keeps the cookie.
PLAIN_DATE = re.compile(
    r'(?:"?(?:Mon|Tues?|Wed(?:nes)?|Thu(?:rs)?|Fri|Sat(?:ur)?|Sun)(?:day)?,? )?'
    r"[0-9]{1,2}[ -][A-Z][a-z]{2}[ -](?:[0-9]{2}|(?!0[1-9]|1[0-5]|1600)[0-9]{4}) "
    r'[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?: (?:GMT|UTC|[+-]0000))?"?',
    re.ASCII,
)
# Python refuses to convert longer digit strings; a browser clamps long before.
_MAX_DIGITS = 18


class Attributes(msgspec.Struct, frozen=True):
    """What stands behind the first `;`, after the last attribute of each name has won."""

    max_age: int | None = None
    expires: datetime | None = None
    domain: str | None = None
    path: str | None = None
    secure: bool = False
    http_only: bool = False
    same_site: SameSite | None = None
    partitioned: bool = False
    ends: bool = False
    """There is a Max-Age or an Expires, readable or not."""
    contested: bool = False
    """Browsers and the draft disagree on when the cookie ends."""
    unreadable_end: bool = False
    """There is a Max-Age or an Expires that the draft ignores, and some browser may not."""


class SetCookie(msgspec.Struct, frozen=True):
    """One cookie as a browser would store it.

    `name` and `value` are the draft's; `names` adds those of lenient browsers.
    """

    name: str
    value: str
    names: tuple[str, ...]
    attributes: Attributes

    def __repr__(self) -> str:
        # Error reports keep the variables of a frame; a value lets others in.
        return f"SetCookie(name={self.name!r}, value=…, attributes={self.attributes!r})"

    @property
    def judged_names(self) -> tuple[str, ...]:
        """The names to judge: `names`, and the one that servers read where a nameless `=ads` comes back."""
        if self.names != ("",):
            return self.names
        returned = _returned(self.value)
        return ("", returned) if returned else self.names

    @property
    def max_age(self) -> int | None:
        """Seconds to live, 0 or less to be deleted; None without a valid Max-Age."""
        return self.attributes.max_age

    @property
    def expires(self) -> datetime | None:
        """The end, aware and in UTC; None without a valid Expires."""
        return self.attributes.expires

    @property
    def domain(self) -> str | None:
        """The Domain, lower case, without a leading dot; None for a host-only cookie."""
        return self.attributes.domain

    @property
    def path(self) -> str | None:
        """The Path; None where the browser takes the request's."""
        return self.attributes.path

    @property
    def secure(self) -> bool:
        """Whether it travels over https only."""
        return self.attributes.secure

    @property
    def http_only(self) -> bool:
        """Whether scripts are kept from it."""
        return self.attributes.http_only

    @property
    def same_site(self) -> SameSite | None:
        """`Strict`, `Lax` or `None`; None where it says nothing that browsers know."""
        return self.attributes.same_site

    @property
    def partitioned(self) -> bool:
        """Whether it is kept apart for each top-level site."""
        return self.attributes.partitioned

    def deletes(self, now: datetime | float) -> bool:
        """Tell whether every browser would delete the cookie rather than keep it.

        `now` is an aware datetime, or POSIX seconds. Where browsers disagree the answer is no:
        a deletion passes the guard unasked, so a cookie must not travel as one.
        """
        attributes = self.attributes
        if attributes.contested:
            return False
        # "If a cookie has both the Max-Age and the Expires attribute, the Max-Age attribute
        # has precedence and controls the expiration date of the cookie." (4.1.2.2)
        if attributes.max_age is not None:
            return attributes.max_age <= 0
        if attributes.expires is None:
            return False
        seconds = now.timestamp() if isinstance(now, datetime) else now
        return attributes.expires.timestamp() <= seconds


def parse_set_cookie(header: str) -> SetCookie | None:
    """Read one `Set-Cookie` field value; None where every browser drops the header.

    `header` is what stands in a WSGI header tuple: octets as latin-1. Any text is answered,
    none raises.
    """
    # "If the set-cookie-string contains a %x00-08 / %x0A-1F / %x7F character (CTL characters
    # excluding HTAB): Abort this algorithm and ignore the set-cookie-string entirely." (5.6)
    if _CONTROL.search(header):
        return None
    # "The name-value-pair string consists of the characters up to, but not including, the first
    # %x3B (";"), and the unparsed-attributes consist of the remainder of the set-cookie-string"
    pair, _, unparsed = header.partition(";")
    name, equals, value = pair.partition("=")
    # "If the name-value-pair string lacks a %x3D ("=") character, then the name string is empty,
    # and the value string is the value of name-value-pair."
    if not equals:
        name, value = "", pair
    # "Remove any leading or trailing WSP characters from the name string and the value string."
    name, value = name.strip(WSP), value.strip(WSP)
    # "If the sum of the lengths of the name string and the value string is more than 4096 octets,
    # abort this algorithm and ignore the set-cookie-string entirely."
    if len(name) + len(value) > _MAX_PAIR or _octets(name) + _octets(value) > _MAX_PAIR:
        return None
    # "If cookie-name is empty and cookie-value is empty, abort these steps and ignore the cookie
    # entirely." (5.7)
    if not name and not value:
        return None
    attributes = parse_attributes(unparsed)
    if not _prefix_holds(name or value, nameless=not name, attributes=attributes):
        return None
    return SetCookie(name, value, (name,) if name else _lenient_names(value, bool(equals)), attributes)


def _octets(text: str) -> int:
    latin = text.isascii() or max(text) <= "\xff"
    return len(text) if latin else len(text.encode("utf-8", "surrogatepass"))


def _lenient_names(value: str, equals: bool) -> tuple[str, ...]:
    """Name a nameless cookie as browsers and, on its way back, servers do."""
    # Firefox stores `ads; Path=/` under the name `ads`; the draft stores `=ads=1` nameless and
    # sends it back as `ads=1`, which every server reads as a cookie named `ads`.
    if not equals:
        return ("", value)
    return ("", _returned(value)) if "=" in value.lstrip("=" + WSP) else ("",)


def _returned(value: str) -> str:
    """Return the name that servers read once a nameless cookie's value comes back."""
    return value.lstrip("=" + WSP).partition("=")[0].strip(WSP)


def _prefix_holds(name: str, *, nameless: bool, attributes: Attributes) -> bool:
    """Hold a cookie to what its name's prefix promises (5.7, and 4.1.3 on their meaning)."""
    if not name.startswith("__"):
        return True
    lowered = name.lower()
    secure = lowered.startswith(("__secure-", "__host-", "__http-"))
    # "If the cookie-name is empty and [...] the cookie-value begins with a case-insensitive match
    # for the string "__Secure-" [or one of the others], abort these steps and ignore the cookie"
    if nameless:
        return not secure
    if secure and not attributes.secure:
        return False
    # `__Http-` and `__Host-Http-` prove that a server set the cookie.
    if lowered.startswith(("__http-", "__host-http-")) and not attributes.http_only:
        return False
    # "The cookie's host-only-flag is true" and "the cookie's path is `/`". The draft asks for a
    # Path attribute in so many words; Firefox is content with a default path of `/`.
    return not (lowered.startswith("__host-") and (attributes.domain or attributes.path not in (None, "/")))


def parse_attributes(unparsed: str) -> Attributes:
    """Read what follows the first `;` of a `Set-Cookie`. A site's few spellings are remembered."""
    return _parse_short_attributes(unparsed) if len(unparsed) <= 256 else _parse_attributes(unparsed)


def split_attribute(cookie_av: str) -> tuple[str, str]:
    """Split one `cookie-av` into its lower-case name and its value, both trimmed."""
    name, _, value = cookie_av.partition("=")
    return name.strip(WSP).lower(), value.strip(WSP)


def _parse_attributes(unparsed: str) -> Attributes:
    found: dict[str, str] = {}
    max_age: int | None = None
    expires: datetime | None = None
    odd_age = odd_date = unreadable = False
    for cookie_av in unparsed.split(";"):
        name, value = split_attribute(cookie_av)
        # "If the attribute-value is longer than 1024 octets, ignore the cookie-av string and
        # return to Step 1 of this algorithm."
        if len(value) > _MAX_ATTRIBUTE_VALUE:
            continue
        found[name] = value
        # The draft leaves an invalid Max-Age or Expires out and an earlier one stands; browsers
        # let the last one win and then find it invalid.
        if name == "max-age":
            seconds = parse_max_age(value)
            odd_age |= seconds is None and (max_age is not None or is_contested_age(value))
            unreadable |= seconds is None
            max_age = max_age if seconds is None else seconds
        elif name == "expires":
            date = parse_cookie_date(value)
            odd_date |= expires is not None if date is None else not PLAIN_DATE.fullmatch(value)
            unreadable |= date is None
            expires = expires if date is None else date
    # "If cookie-domain starts with %x2E ("."), let cookie-domain be cookie-domain without its
    # leading %x2E ("."). Convert the cookie-domain to lower case." (5.6.3)
    domain = found.get("domain", "").removeprefix(".").lower()
    # "If the attribute-value is empty or if the first character of the attribute-value is not
    # %x2F ("/"): Let cookie-path be the default-path." (5.6.4)
    path = found.get("path", "")
    return Attributes(
        max_age=max_age,
        expires=expires,
        domain=domain or None,
        path=path if path.startswith("/") else None,
        secure="secure" in found,
        http_only="httponly" in found,
        same_site=_SAME_SITE.get(found.get("samesite", "").lower()),
        partitioned="partitioned" in found,
        ends="max-age" in found or "expires" in found,
        # Where a Max-Age counts, the date doesn't.
        contested=odd_age or (odd_date and max_age is None),
        unreadable_end=unreadable,
    )


_parse_short_attributes = lru_cache(maxsize=1024)(_parse_attributes)


_SAME_SITE: dict[str, SameSite] = {"strict": "Strict", "lax": "Lax", "none": "None"}


def is_contested_age(value: str) -> bool:
    """Tell whether some browser may obey a Max-Age that the draft ignores.

    Chromium takes a plus sign, Chromium and Firefox store `9223372036854775808,` for 400 days.
    """
    return bool(_CONTESTED_AGE.match(value)) and parse_max_age(value) is None


def parse_max_age(value: str) -> int | None:
    """Read a Max-Age in seconds, clamped to 18 digits; None where the draft ignores it."""
    # "If the first character of the attribute-value is neither a DIGIT, nor a "-" character
    # followed by a DIGIT, ignore the cookie-av. If the remainder of attribute-value contains a
    # non-DIGIT character, ignore the cookie-av." (5.6.2)
    if not _DELTA_SECONDS.fullmatch(value):
        return None
    digits = value.lstrip("-").lstrip("0")[: _MAX_DIGITS + 1] or "0"
    seconds = int(digits) if len(digits) <= _MAX_DIGITS else 10**_MAX_DIGITS
    return -seconds if value.startswith("-") else seconds
