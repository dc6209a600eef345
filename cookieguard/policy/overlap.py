"""Whether two patterns share a name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from .pattern import Pattern, ways_through
from .subset import Atom


def overlap(one: Pattern, other: Pattern) -> bool:
    """Tell whether some name matches both; where only characters beyond ASCII decide, the answer is yes."""
    head, other_head = one.literal_head, other.literal_head
    if not (head.startswith(other_head) or other_head.startswith(head)):
        return False
    other_ways = [[*_steps(way)] for way in ways_through(other)]
    return any(_meet([*_steps(way)], other_way) for way in ways_through(one) for other_way in other_ways)


class _Step(Struct, frozen=True):
    chars: frozenset[str]
    skips: bool = False
    loops: bool = False


def _steps(way: Sequence[Atom]) -> Iterator[_Step]:
    """Write repetitions out, so that each step takes one character."""
    for atom in way:
        for _ in range(atom.least):
            yield _Step(atom.chars)
        if atom.most is None:
            yield _Step(atom.chars, skips=True, loops=True)
        else:
            for _ in range(atom.most - atom.least):
                yield _Step(atom.chars, skips=True)


def _meet(one: Sequence[_Step], other: Sequence[_Step]) -> bool:
    """Walk both at once: they share a name if both ends are reached by the same characters."""
    seen: set[tuple[int, int]] = set()
    waiting = [(0, 0)]
    while waiting:
        place = at, there = waiting.pop()
        if place in seen:
            continue
        seen.add(place)
        if at == len(one) and there == len(other):
            return True
        if at < len(one) and one[at].skips:
            waiting.append((at + 1, there))
        if there < len(other) and other[there].skips:
            waiting.append((at, there + 1))
        if at < len(one) and there < len(other) and one[at].chars & other[there].chars:
            waiting.append((at + (not one[at].loops), there + (not other[there].loops)))
    return False
