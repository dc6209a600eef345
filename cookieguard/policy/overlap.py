"""Whether two patterns share a name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from .pattern import MAX_NAME, Pattern, Regex, ways_through
from .subset import Atom

# Steps to take in all for two patterns: some milliseconds. Patterns that stand for cookies take a hundred.
_MOST_STEPS = 2_000


def overlap(one: Pattern, other: Pattern) -> bool:
    """Tell whether some name matches both.

    The answer is yes too where only characters beyond ASCII decide, or where it takes too long: what
    may take a name from an essential cookie is told rather than trusted.
    """
    head, other_head = one.literal_head, other.literal_head
    if not (head.startswith(other_head) or other_head.startswith(head)):
        return False
    left = _MOST_STEPS
    other_ways = _written_out(other)
    for way in _written_out(one):
        for other_way in other_ways:
            if not _may_meet(way, other_way):
                continue
            left -= len(way)
            if left < 0 or _meet(way, other_way):
                return True
    return False


class _Step(Struct, frozen=True):
    chars: frozenset[str]
    skips: bool = False
    loops: bool = False


def _written_out(pattern: Pattern) -> list[list[_Step]]:
    """Return each way to match, so that each step takes one character."""
    most = MAX_NAME if isinstance(pattern, Regex) else None
    return [[*_steps(way, most)] for way in ways_through(pattern) if most is None or _least(way) <= most]


def _least(way: Sequence[Atom]) -> int:
    return sum(atom.least for atom in way)


def _steps(way: Sequence[Atom], longest: int | None) -> Iterator[_Step]:
    for atom in way:
        for _ in range(atom.least):
            yield _Step(atom.chars)
        more = None if atom.most is None else atom.most - atom.least
        # No name is long enough to tell many from any number.
        if more is None or (longest is not None and more >= longest - _least(way)):
            yield _Step(atom.chars, skips=True, loops=True)
        else:
            yield from [_Step(atom.chars, skips=True)] * more


def _may_meet(one: Sequence[_Step], other: Sequence[_Step]) -> bool:
    """Compare what both begin and end with, before anything varies in length: that tells most apart."""
    return _agree(one, other) and _agree(one[::-1], other[::-1])


def _agree(one: Sequence[_Step], other: Sequence[_Step]) -> bool:
    for step, other_step in zip(one, other, strict=False):
        if step.skips or other_step.skips:
            return True
        if not step.chars & other_step.chars:
            return False
    return True


def _meet(one: Sequence[_Step], other: Sequence[_Step]) -> bool:
    """Walk both at once: they share a name if both ends are reached by the same characters.

    Where `one` has come to a step, the bits of a number are the places that `other` may be at.
    """
    skips = _places(step.skips for step in other)
    loops = _places(step.loops for step in other)
    taking: dict[frozenset[str], int] = {}
    places = 1
    for step in one:
        takes = taking.get(step.chars)
        if takes is None:
            takes = taking[step.chars] = _places(bool(step.chars & theirs.chars) for theirs in other)
        places = _spread(places, skips | takes if step.loops else skips)
        taken = places & takes
        following = 0 if step.loops else (taken & ~loops) << 1 | (taken & loops)
        places = following | places if step.skips else following
        if not places:
            return False
    return bool(_spread(places, skips) >> len(other))


def _places(which: Iterator[bool]) -> int:
    return sum(1 << place for place, holds in enumerate(which) if holds)


def _spread(places: int, passable: int) -> int:
    """Add what is reached by going on through passable places: a carry runs through them in one addition."""
    return places | ((passable + (places & passable)) ^ passable)
