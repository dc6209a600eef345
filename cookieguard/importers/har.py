"""A HAR file, as browsers' developer tools and proxies record a visit."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from ..cookies.cookieheader import split_cookie_header
from ..cookies.setcookie import parse_set_cookie
from ..errors import UnreadableImport
from .hosts import host_of, same_site
from .sighting import Sighting, merged, seen_in_header


def read_har(data: bytes, source: str = "<har>", *, now: float | None = None) -> list[Sighting]:
    """Read the cookies that a recorded visit set and sent; UnreadableImport where it is no HAR.

    The first party is the first page's host. Each entry says when it was recorded, else `now`
    (POSIX) counts. Browsers leave cookies out of a "sanitized" HAR: then nothing is found.
    """
    entries = _entries(data, source)
    first_party = _first_party(entries)
    clock = time.time() if now is None else now
    return merged(seen for entry in entries for seen in _sightings(entry, first_party, clock))


def har_hosts(data: bytes, source: str = "<har>") -> list[str]:
    """Return the hosts that the visit's requests went to, in order of the first one to each."""
    return list(dict.fromkeys(host for entry in _entries(data, source) if (host := _host(entry))))


def _entries(data: bytes, source: str) -> list[dict[str, Any]]:
    try:
        document = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", None)
        raise UnreadableImport(
            source, "isn't JSON, as a HAR file is", "export it again from the browser's network tab", line
        ) from error
    log = _table(document).get("log")
    if not isinstance(log, dict) or not isinstance(log.get("entries"), list):
        raise UnreadableImport(
            source, "is no HAR file: it has no log.entries", "export one from the browser's network tab"
        )
    return _tables(log["entries"])


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _tables(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _host(entry: dict[str, Any]) -> str | None:
    return host_of(_table(entry.get("request")).get("url"))


def _first_party(entries: list[dict[str, Any]]) -> str | None:
    for entry in entries:
        content = _table(_table(entry.get("response")).get("content"))
        if "html" in _text(content.get("mimeType")) and (host := _host(entry)):
            return host
    hosts = Counter(host for entry in entries if (host := _host(entry)))
    return next((host for host, _ in hosts.most_common(1)), None)


def _sightings(entry: dict[str, Any], first_party: str | None, now: float) -> Iterator[Sighting]:
    host = _host(entry)
    third_party = bool(host and first_party and not same_site(host, first_party))
    sent, received = _table(entry.get("request")), _table(entry.get("response"))
    names = _sent_names(sent)
    yield from (Sighting(name, host, third_party=third_party) for name in names)
    clock = _recorded(entry, now)
    for header in _set_cookie_headers(received):
        if cookie := parse_set_cookie(header):
            yield from seen_in_header(cookie, host, clock, third_party=third_party)


def _headers(message: dict[str, Any], wanted: str) -> list[str]:
    return [
        _text(header.get("value"))
        for header in _tables(message.get("headers"))
        if _text(header.get("name")).lower() == wanted
    ]


def _sent_names(request: dict[str, Any]) -> list[str]:
    headers = _headers(request, "cookie")
    if headers:
        return [name for header in headers for name, _ in split_cookie_header(header)]
    return [name for cookie in _tables(request.get("cookies")) if (name := _text(cookie.get("name")))]


def _set_cookie_headers(response: dict[str, Any]) -> list[str]:
    # Several headers of one name stand in one value, a line each.
    lines = [line for value in _headers(response, "set-cookie") for line in value.split("\n")]
    return lines or [header for cookie in _tables(response.get("cookies")) if (header := _spelled(cookie))]


def _spelled(cookie: dict[str, Any]) -> str:
    """Write a cookie of `response.cookies` as the header that it was read from, without its value."""
    header = f"{_text(cookie.get('name'))}=x"
    for key in ("path", "domain"):
        if value := _text(cookie.get(key)):
            header += f"; {key}={value}"
    expires = _time(cookie.get("expires"))
    return f"{header}; expires={expires:%a, %d %b %Y %H:%M:%S} GMT" if expires else header


def _recorded(entry: dict[str, Any], now: float) -> float:
    started = _time(entry.get("startedDateTime"))
    return started.timestamp() if started else now


def _time(value: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(_text(value))
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
