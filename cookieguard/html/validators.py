"""Validators of a rewritten page: an ETag bound to policy and version, put on and taken off again."""

from __future__ import annotations

import re

from ..cookies.setcookie import WSP
from ..guard.caching import Headers
from ..guard.fieldname import field_name

_ETAG = re.compile(r'((?:W/)?"[\x21\x23-\x7e\x80-\xff]*)"')
_LISTED = re.compile(r'[ \t]*((?:W/)?"[^"]*")[ \t]*(?:,|$)')
OF_OURS = "-cg"
"""What each ETag of a rewritten page has in it."""
VERSION_LENGTH = 12
_OF_SOME_VERSION = re.compile(rf'{OF_OURS}[0-9a-f]{{{VERSION_LENGTH}}}"$')
# They speak of bytes that no longer leave.
_STALE = frozenset(
    {"last-modified", "accept-ranges", "content-md5", "digest", "repr-digest", "content-digest"}
)
VOUCHING = _STALE | {"etag"}
"""Headers that speak of the body's bytes."""


def suffixed(headers: Headers, version: str) -> Headers:
    """Return the headers with each ETag's suffix put on, without what vouches for the body's old bytes.

    What is no ETag is left out. Of a 304 answer: only where `strip_suffix` had taken a suffix off the
    request.
    """
    changed: Headers = []
    for header in headers:
        field = field_name(header[0])
        if field == "etag":
            tag = _ETAG.fullmatch(header[1].strip(WSP))
            if tag is not None:
                changed.append((header[0], f'{tag[1]}{OF_OURS}{version}"'))
        elif field not in _STALE:
            changed.append(header)
    return changed


def strip_suffix(value: str, version: str) -> str:
    """Return `If-None-Match` or `If-Match` as the app may know it.

    Tags of another policy or version are left out; where none remains, the answer is empty. What is
    no list of ETags, and a list without a suffix, stays as it is.
    """
    if OF_OURS not in value:
        return value
    tags = _tags(value)
    if tags is None:
        return value
    ours = f'{OF_OURS}{version}"'
    kept = []
    for tag in tags:
        if tag.endswith(ours):
            kept.append(tag.removesuffix(ours) + '"')
        elif not _OF_SOME_VERSION.search(tag):
            kept.append(tag)
    return ", ".join(kept)


def _tags(value: str) -> list[str] | None:
    tags, at = [], 0
    while at < len(value):
        tag = _LISTED.match(value, at)
        if tag is None:
            return None
        tags.append(tag[1])
        at = tag.end()
    return tags
