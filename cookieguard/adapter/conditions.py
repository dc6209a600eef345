"""A request's conditions, ranges and codings: the app is asked for its own page, and for all of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ..html.validators import OF_OURS, strip_suffix
from .fields import Fields, navigates

if TYPE_CHECKING:
    from ..visit import Visit
    from ..visitor.plans import Plans

_RANGES = ("HTTP_RANGE", "HTTP_IF_RANGE")
_VALIDATORS = ("HTTP_IF_NONE_MATCH", "HTTP_IF_MATCH", "HTTP_IF_RANGE")
_RANGES_AND_CONDITIONS = (*_RANGES, "HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE")


def prepare_for_app(fields: Fields, visit: Visit, plans: Plans, root: str) -> bool:
    """Have a request ask for the app's own page where it names the rewritten one.

    Return whether it named one that is today's, so that "304" may say that it still holds. `root` is where
    the guard is mounted.
    """
    # Nearly no request has any of these.
    conditional = "HTTP_IF_NONE_MATCH" in fields or "HTTP_IF_MATCH" in fields or "HTTP_IF_RANGE" in fields
    revalidates = (
        conditional and _names_ours(fields) and _take_back(fields, plans.of(visit.policy, root).version)
    )
    if revalidates:
        visit.must_screen = True
    if navigates(fields):
        _ask_whole(fields, revalidates=revalidates)
    return revalidates


def _names_ours(fields: Fields) -> bool:
    """Tell whether a request names the ETag of a rewritten page."""
    return any(OF_OURS in fields.get(key, "") for key in _VALIDATORS)


def _take_back(fields: Fields, version: str) -> bool:
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


def _ask_whole(fields: Fields, *, revalidates: bool) -> None:
    """Change a navigation so that HTML comes whole, unpacked, and anew unless it `revalidates` ours."""
    fields["HTTP_ACCEPT_ENCODING"] = "identity"
    # A copy from before the guard must not live on: "304" would say that it still holds.
    for key in _RANGES if revalidates else _RANGES_AND_CONDITIONS:
        fields.pop(key, None)


def _forget(fields: Fields, keys: Iterable[str]) -> None:
    for key in keys:
        fields.pop(key, None)
