"""Keep what is one visitor's out of shared caches, and never make a response more cacheable."""

from __future__ import annotations

from collections.abc import Iterable

from werkzeug.http import parse_list_header

from .fieldname import field_name

Headers = list[tuple[str, str]]

PRIVATE = ("Cache-Control", "private")

_FORBIDDING = {"private", "no-store"}
_FOR_SHARED_CACHES = ("public", "s-maxage", "proxy-revalidate")
# What CDNs obey before, or instead of, Cache-Control, beside the `…-Cache-Control` of RFC 9213.
_TARGETED = frozenset({"surrogate-control", "edge-control", "x-accel-expires"})


def is_about_caching(name: str) -> bool:
    """Tell whether a header, its name in lower case, says who may keep the response."""
    return name.endswith("cache-control") or name in _TARGETED


def make_private(headers: Headers) -> Headers:
    """Return the headers of a response that only the visitor's own browser may keep."""
    kept: Headers = []
    directives: list[str] = []
    place: int | None = None
    for name, value in headers:
        lowered = field_name(name)
        if lowered == "cache-control":
            place = len(kept) if place is None else place
            directives += _split(value)
        elif not is_about_caching(lowered) or _is_forbidding(value):
            kept.append((name, value))
    private = [directive for directive in directives if _key(directive) not in _FOR_SHARED_CACHES]
    if not _FORBIDDING & {directive.lower() for directive in private}:
        # A qualified `private="…"` speaks of single fields only. In front, no quote left open by the
        # app can swallow it.
        private.insert(0, "private")
    kept.insert(len(kept) if place is None else place, (PRIVATE[0], ", ".join(private)))
    return kept


def add_vary(headers: Headers, fields: Iterable[str]) -> Headers:
    """Return the headers with these fields merged into `Vary`, the existing ones as they were."""
    present = [name for key, value in headers if key.lower() == "vary" for name in parse_list_header(value)]
    if "*" in present:
        return headers
    known = {name.lower() for name in present}
    missing = [field for field in fields if field.lower() not in known]
    if not missing:
        return headers
    for index, (name, value) in enumerate(headers):
        if name.lower() == "vary":
            merged = ", ".join([value, *missing]) if value.strip() else ", ".join(missing)
            return [*headers[:index], (name, merged), *headers[index + 1 :]]
    return [*headers, ("Vary", ", ".join(missing))]


def _is_forbidding(value: str) -> bool:
    return bool(_FORBIDDING & {directive.lower() for directive in _split(value)}) or value.strip() == "0"


def _key(directive: str) -> str:
    return directive.partition("=")[0].strip().lower()


def _split(value: str) -> list[str]:
    """Split at commas outside quotes, each directive as it was written."""
    parts, quoted, start = [], False, 0
    for at, char in enumerate(value):
        if char == '"':
            quoted = not quoted
        elif char == "," and not quoted:
            parts.append(value[start:at])
            start = at + 1
    parts.append(value[start:])
    return [part.strip() for part in parts if part.strip()]
