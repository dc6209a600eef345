"""A cookie jar in Netscape's format, as `curl -c`, wget and browser extensions write it."""

from __future__ import annotations

import time
from collections.abc import Iterator

from ..errors import UnreadableImport
from .hosts import same_site
from .sighting import Sighting, merged

_HTTP_ONLY = "#HttpOnly_"
_FIELDS = ("domain", "subdomains", "path", "secure", "expires", "name", "value")


def read_cookie_jar(
    data: bytes, *, site: str | None = None, source: str = "<cookie jar>", now: float | None = None
) -> list[Sighting]:
    """Read the cookies of a jar; UnreadableImport names the first line that is none.

    `site` is the host whose visit the jar comes from: cookies of other sites are third parties'.
    `now` is POSIX seconds: lifetimes are what remained then. A jar doesn't say who set a cookie.
    """
    # The standard library's MozillaCookieJar drops expired cookies, wants a magic first line that
    # some tools leave out, and stops at a nameless cookie.
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    clock = time.time() if now is None else now
    return merged(_sightings(text, site.lower() if site else None, source, clock))


def _sightings(text: str, site: str | None, source: str, now: float) -> Iterator[Sighting]:
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        if line.startswith(_HTTP_ONLY):
            line = line.removeprefix(_HTTP_ONLY)
        elif line.startswith("#") or not line.strip():
            continue
        fields = line.split("\t")
        # A cookie without a value loses its last tab in an editor.
        if len(fields) not in (len(_FIELDS), len(_FIELDS) - 1) or fields[3].upper() not in ("TRUE", "FALSE"):
            raise UnreadableImport(
                source,
                "is no line of a cookie jar",
                f"it has these fields, with a tab between: {', '.join(_FIELDS)}",
                number,
            )
        host, _, path, _, expires, name = fields[:6]
        host = host.removeprefix(".").lower()
        if name:
            third_party = site is not None and not same_site(site, host)
            yield Sighting(name, host, path or None, _remaining(expires, now), third_party=third_party)


def _remaining(expires: str, now: float) -> int | None:
    try:
        left = round(float(expires) - now)
    except (ValueError, OverflowError):
        return None
    return left if left > 0 else None
