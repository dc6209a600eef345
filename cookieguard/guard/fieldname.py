"""Header names as they are compared, and what else a name tells, each worked out once: an app uses few."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from ..cookies.setcookie import WSP

_MOST = 1024
_LONGEST = 64

T = TypeVar("T")


class _Known(dict[str, T]):
    def __init__(self, tell: Callable[[str], T]) -> None:
        self._tell = tell

    def __missing__(self, name: str) -> T:
        told = self._tell(name)
        # An app may make names up.
        if len(self) < _MOST and len(name) <= _LONGEST:
            self[name] = told
        return told


def once(tell: Callable[[str], T]) -> Callable[[str], T]:
    """Remember what a function tells of a header's name."""
    return _Known(tell).__getitem__


@once
def field_name(name: str) -> str:
    """Return a header's name in lower case, without trailing spaces."""
    # Servers write a name that ends in a space as it is, and browsers read over it.
    return name.rstrip(WSP).lower()
