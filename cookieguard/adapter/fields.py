"""A request's header fields by their CGI names (RFC 3875, 4.1.18): `HTTP_ACCEPT` for `Accept`.

A WSGI environ is such a mapping; other adapters make one.
"""

from __future__ import annotations

import re
from typing import Any

Fields = dict[str, Any]

_ENCODED_SEPARATOR = re.compile(r"%(?:2f|5c|2e|3b|00)", re.IGNORECASE)
_MOST_FORM_BYTES = 64 * 1024


class FieldsRequest:
    """`visit.Request` over header fields, but for the path."""

    __slots__ = ("_fields",)

    def __init__(self, fields: Fields) -> None:
        self._fields = fields

    @property
    def navigates(self) -> bool:
        return navigates(self._fields)

    @property
    def cross_site_subresource(self) -> bool:
        fields = self._fields
        # A frame in another site's page navigates too.
        visits = (
            fields.get("HTTP_SEC_FETCH_MODE") == "navigate"
            and fields.get("HTTP_SEC_FETCH_DEST", "document") == "document"
        )
        return fields.get("HTTP_SEC_FETCH_SITE") == "cross-site" and not visits


def navigates(fields: Fields) -> bool:
    """Tell whether the response is to become a page, in a tab or a frame."""
    mode = fields.get("HTTP_SEC_FETCH_MODE")
    if mode is not None:
        return bool(mode == "navigate")
    accept = fields.get("HTTP_ACCEPT")
    return accept is not None and "text/html" in accept and fields["REQUEST_METHOD"] in ("GET", "HEAD")


def decoded_path(path: str) -> str:
    """Return a WSGI environ's path as text; there each character stands for one byte (PEP 3333)."""
    return path if path.isascii() else path.encode("latin-1", "replace").decode("utf-8", "replace")


def hides_separators(raw: str) -> bool:
    """Tell whether an undecoded path has separators encoded: decoded, it can't be told from another."""
    return _ENCODED_SEPARATOR.search(raw.partition("?")[0]) is not None


def form_length(content_length: str) -> int | None:
    """Return how much of a form's body to read; None where its length isn't told, or too much."""
    if not (content_length.isascii() and content_length.isdigit()) or len(content_length) > 9:
        return None
    length = int(content_length)
    return length if length <= _MOST_FORM_BYTES else None
