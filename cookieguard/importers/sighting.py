"""A cookie seen somewhere."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from ..cookies.setcookie import SetCookie


class Sighting(Struct, frozen=True):
    """One cookie seen somewhere, never with its value.

    `host` is the one that set or received it. `lifetime` is in seconds, None for a session cookie
    and where it isn't known. `set_by` is None for a cookie of which only the return was seen.
    """

    name: str
    host: str | None = None
    path: str | None = None
    lifetime: int | None = None
    kind: str = "cookie"
    set_by: Literal["server", "script"] | None = None
    third_party: bool = False


def seen_in_header(cookie: SetCookie, host: str | None, now: float, *, third_party: bool) -> list[Sighting]:
    """Return what one `Set-Cookie` shows at the time `now` (POSIX): each name that a browser may store.

    A cookie that is being deleted has been set before, for a time that isn't known.
    """
    lifetime = cookie.max_age
    if lifetime is None and cookie.expires is not None:
        lifetime = round(cookie.expires.timestamp() - now)
    if lifetime is not None and lifetime <= 0:
        lifetime = None
    return [
        Sighting(name, host, cookie.path, lifetime, set_by="server", third_party=third_party)
        for name in cookie.names
        if name
    ]


def merged(sightings: Iterable[Sighting]) -> list[Sighting]:
    """Keep one sighting for each name and host, in order: the longest lifetime, and who set it."""
    kept: dict[tuple[str, str | None], Sighting] = {}
    for seen in sightings:
        key = (seen.name, seen.host)
        before = kept.setdefault(key, seen)
        lifetimes = [each for each in (before.lifetime, seen.lifetime) if each is not None]
        kept[key] = replace(
            before,
            path=before.path or seen.path,
            lifetime=max(lifetimes, default=None),
            set_by=before.set_by or seen.set_by,
        )
    return list(kept.values())
