"""A request's header fields by their CGI names (RFC 3875, 4.1.18): `HTTP_ACCEPT` for `Accept`.

A WSGI environ is such a mapping; other adapters make one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ..html.validators import OF_OURS, strip_suffix

if TYPE_CHECKING:
    from ..visit import Visit
    from ..visitor.plans import Plans

Fields = dict[str, Any]

_ENCODED_SEPARATOR = re.compile(r"%(?:2f|5c|2e|3b|00)", re.IGNORECASE)
_RANGES = ("HTTP_RANGE", "HTTP_IF_RANGE")
_VALIDATORS = ("HTTP_IF_NONE_MATCH", "HTTP_IF_MATCH", "HTTP_IF_RANGE")
_RANGES_AND_CONDITIONS = (*_RANGES, "HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE")
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
    """Tell whether the response is to become a page in a tab."""
    mode = fields.get("HTTP_SEC_FETCH_MODE")
    if mode is not None:
        return bool(mode == "navigate")
    accept = fields.get("HTTP_ACCEPT")
    return accept is not None and "text/html" in accept and fields["REQUEST_METHOD"] in ("GET", "HEAD")


def prepare_for_app(fields: Fields, visit: Visit, plans: Plans, root: str) -> bool:
    """Have a request ask for the app's own page where it names the rewritten one.

    Return whether it named one that is today's, so that "304" may say that it still holds. `root` is where
    the guard is mounted.
    """
    # Nearly no request has any of these.
    conditional = "HTTP_IF_NONE_MATCH" in fields or "HTTP_IF_MATCH" in fields or "HTTP_IF_RANGE" in fields
    revalidates = (
        conditional and names_ours(fields) and take_back(fields, plans.of(visit.policy, root).version)
    )
    if revalidates:
        visit.must_screen = True
    if navigates(fields):
        ask_whole(fields, revalidates=revalidates)
    return revalidates


def names_ours(fields: Fields) -> bool:
    """Tell whether a request names the ETag of a rewritten page."""
    return any(OF_OURS in fields.get(key, "") for key in _VALIDATORS)


def take_back(fields: Fields, version: str) -> bool:
    """Give the app its own ETags; return whether one of ours was among them.

    `version` is that of today's pages: the browser's copy of another is not asked about.
    """
    if OF_OURS in fields.get("HTTP_IF_RANGE", ""):
        # The app's parts are of other bytes than the browser has.
        _forget(fields, _RANGES)
    revalidates = False
    for key in ("HTTP_IF_NONE_MATCH", "HTTP_IF_MATCH"):
        known = fields.get(key, "")
        if OF_OURS not in known:
            continue
        revalidates = True
        if stripped := strip_suffix(known, version):
            fields[key] = stripped
        elif key == "HTTP_IF_NONE_MATCH":
            # What is to happen only "if match" must not happen without.
            del fields[key]
    if revalidates:
        _forget(fields, ("HTTP_IF_MODIFIED_SINCE",))
    return revalidates


def ask_whole(fields: Fields, *, revalidates: bool) -> None:
    """Change a navigation so that HTML comes whole, unpacked, and anew unless it `revalidates` ours."""
    fields["HTTP_ACCEPT_ENCODING"] = "identity"
    # A copy from before the guard must not live on: "304" would say that it still holds.
    for key in _RANGES if revalidates else _RANGES_AND_CONDITIONS:
        fields.pop(key, None)


def _forget(fields: Fields, keys: Iterable[str]) -> None:
    for key in keys:
        fields.pop(key, None)


def hides_separators(raw: str) -> bool:
    """Tell whether an undecoded path has separators encoded: decoded, it can't be told from another."""
    return _ENCODED_SEPARATOR.search(raw.partition("?")[0]) is not None


def form_length(content_length: str) -> int | None:
    """Return how much of a form's body to read; None where its length isn't told, or too much."""
    if not (content_length.isascii() and content_length.isdigit()) or len(content_length) > 9:
        return None
    length = int(content_length)
    return length if length <= _MOST_FORM_BYTES else None
