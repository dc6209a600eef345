"""Exact names, globs and regular expressions: linear time, the same in Python and JavaScript.

A pattern matches the whole name and tells upper from lower case.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Literal, Protocol

import msgspec

from .subset import ANY, ASCII, OTHER, Atom, BadPattern, literal_head_of, read_ways

Match = Literal["exact", "glob", "regex"]

MAX_PATTERN = 200
"""Characters in a pattern; cookie names in the wild stay under 100."""
MAX_NAME = 256
"""A longer name matches no regular expression, so that the work for one name is bounded."""


class Pattern(Protocol):
    """One way to match a name."""

    @property
    def literal_head(self) -> str:
        """The text every match begins with: what an index can look up."""

    @property
    def specificity(self) -> int:
        """How many characters are fixed; of two patterns of one kind the larger wins."""

    def matches(self, name: str) -> bool:
        """Tell whether the whole name matches."""


class Exact(msgspec.Struct, frozen=True):
    name: str

    @property
    def literal_head(self) -> str:
        return self.name

    @property
    def specificity(self) -> int:
        return len(self.name)

    def matches(self, name: str) -> bool:
        return name == self.name


class Glob(msgspec.Struct, frozen=True):
    """`*` stands for any run of characters, an empty one too; nothing else is special."""

    parts: tuple[str, ...]

    @property
    def literal_head(self) -> str:
        return self.parts[0]

    @property
    def specificity(self) -> int:
        return sum(map(len, self.parts))

    def matches(self, name: str) -> bool:
        first, last = self.parts[0], self.parts[-1]
        at, end = len(first), len(name) - len(last)
        if at > end or not (name.startswith(first) and name.endswith(last)):
            return False
        # Taking each part at its first place leaves the most room for the rest, so one pass
        # without going back decides.
        for part in self.parts[1:-1]:
            found = name.find(part, at, end)
            if found < 0:
                return False
            at = found + len(part)
        return True


class Regex(msgspec.Struct, frozen=True):
    source: str
    literal_head: str
    compiled: re.Pattern[str]

    @property
    def specificity(self) -> int:
        return len(self.literal_head)

    def matches(self, name: str) -> bool:
        return len(name) <= MAX_NAME and self.compiled.fullmatch(name) is not None


def compile_pattern(name: str, match: Match | None = None) -> Pattern:
    """Compile a declared name; without `match` a `*` makes it a glob. BadPattern says what is wrong."""
    if not name:
        raise BadPattern("the name is empty", "write the cookie's name, or * for any")
    if len(name) > MAX_PATTERN:
        reason = f"the name has {len(name)} characters, more than {MAX_PATTERN}"
        raise BadPattern(reason, "write how it begins, and a * for the rest")
    if match == "regex":
        head = literal_head_of(name)
        return Regex(name, head, re.compile(name, re.ASCII))
    if match != "exact" and "*" in name:
        return Glob(tuple(name.split("*")))
    return Exact(name)


def narrowness(pattern: Pattern) -> float:
    """Return how many characters each of its names is sure to have fixed.

    One of a class counts in part: the less, the more characters are in it.
    """
    if not isinstance(pattern, Regex):
        return pattern.specificity
    return min(sum(map(_narrowness, way)) for way in read_ways(pattern.source))


def _narrowness(atom: Atom) -> float:
    return atom.least * (1 - math.log(len(atom.chars), len(ANY)))


def plainest(pattern: Pattern) -> Pattern:
    """Return the plainest pattern of the same names: `a*` for `a**`, an exact one for a fixed regex."""
    if isinstance(pattern, Glob):
        first, *between, last = pattern.parts
        return Glob((first, *filter(None, between), last))
    if isinstance(pattern, Regex):
        way, *others = read_ways(pattern.source)
        if not others and all(len(atom.chars) == 1 and not atom.varies for atom in way):
            return Exact("".join(min(atom.chars) * atom.least for atom in way))
    return pattern


def sample_names(pattern: Pattern) -> Iterator[str]:
    """Yield some names that the pattern matches, each thing that may vary in it varied once."""
    if isinstance(pattern, Glob):
        yield "".join(pattern.parts)
        yield "0".join(pattern.parts)
    elif isinstance(pattern, Regex):
        for way in read_ways(pattern.source):
            least = [min(atom.chars) * max(atom.least, 1) for atom in way]
            yield "".join(least)
            for index, atom in enumerate(way):
                for char in sorted(atom.chars & ASCII):
                    yield "".join([*least[:index], char * max(atom.least, 1), *least[index + 1 :]])
    else:
        yield pattern.literal_head


def ways_through(pattern: Pattern) -> list[list[Atom]]:
    """Return each way to match, as atoms; a character beyond ASCII stands for any other beyond it."""
    if isinstance(pattern, Regex):
        return read_ways(pattern.source)
    parts = pattern.parts if isinstance(pattern, Glob) else (pattern.literal_head,)
    way: list[Atom] = []
    for part in parts:
        way += [Atom(ANY, None, 0, None), *(Atom(frozenset(char) & ASCII or OTHER, char) for char in part)]
    return [way[1:]]
