"""How a site's pages begin, remembered: there are few ways, and reading one takes longer than to compare."""

from __future__ import annotations

from .prologue import Prologue, read_prologue

_MOST, _MOST_LENGTHS = 64, 8
_LONGEST = 1024
# A place is settled by the tag behind it, or by that tag's name.
_LONGEST_NAME = 24


class Beginnings:
    """The bytes that settled a page's prologue, and what they settled. Thread-safe."""

    def __init__(self) -> None:
        self._known: dict[tuple[bytes, bool], Prologue] = {}
        self._lengths: tuple[int, ...] = ()

    def read(self, data: bytes, *, ended: bool = False, xml: bool = False) -> Prologue | None:
        """Return what `read_prologue` does."""
        for length in self._lengths:
            known = self._known.get((data[:length], xml))
            if known is not None:
                return known
        found = read_prologue(data, ended=ended, xml=xml)
        if found is not None and found.kind == "page" and len(self._known) < _MOST:
            self._learn(data, xml, found)
        return found

    def _learn(self, data: bytes, xml: bool, found: Prologue) -> None:
        for end in range(found.at, min(found.at + _LONGEST_NAME, _LONGEST, len(data)) + 1):
            if read_prologue(data[:end], xml=xml) == found:
                lengths = {*self._lengths, end}
                if len(lengths) <= _MOST_LENGTHS:
                    self._known[data[:end], xml] = found
                    self._lengths = tuple(sorted(lengths))
                return


remembered = Beginnings()
"""Of all sites in this process."""
