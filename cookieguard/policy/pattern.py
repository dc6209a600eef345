"""Exact names, globs and regular expressions: linear time, the same in Python and JavaScript.

A pattern matches the whole name and tells upper from lower case.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, Protocol

import msgspec

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
        first, *middle, last = self.parts
        if len(name) < self.specificity:
            return False
        if not (name.startswith(first) and name.endswith(last)):
            return False
        # Taking each part at its first place leaves the most room for the rest, so one pass
        # without going back decides.
        at, end = len(first), len(name) - len(last)
        for part in middle:
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
    """Compile a declared name; without `match` a `*` makes it a glob. ValueError says what is wrong."""
    if not name:
        raise ValueError("the name is empty")
    if len(name) > MAX_PATTERN:
        raise ValueError(f"the name has {len(name)} characters, more than {MAX_PATTERN}")
    if match == "regex":
        head = _check_regex(name)
        return Regex(name, head, re.compile(name, re.ASCII))
    if match != "exact" and "*" in name:
        return Glob(tuple(name.split("*")))
    return Exact(name)


def sample_names(pattern: Pattern) -> Iterator[str]:
    """Yield some names that the pattern matches, each thing that may vary in it varied once."""
    if isinstance(pattern, Glob):
        yield "".join(pattern.parts)
        yield "0".join(pattern.parts)
    elif isinstance(pattern, Regex):
        for way in _Reader(pattern.source).read():
            least = [min(atom.chars) * max(atom.least, 1) for atom in way]
            yield "".join(least)
            for index, atom in enumerate(way):
                for char in sorted(atom.chars & _ASCII):
                    yield "".join([*least[:index], char * max(atom.least, 1), *least[index + 1 :]])
    else:
        yield pattern.literal_head


# The subset. Python's `re` and JavaScript's backtrack, so what may make them go back is bounded
# here: only a single character or class repeats, and a repetition is followed by something it
# can't itself match (then going back fails at once) or, once, by nothing that varies in length.

_ASCII = frozenset(map(chr, range(0x20, 0x7F)))
# One stands for all others: a pattern can't name them, but what it negates takes them in.
_ANY = _ASCII | {"\x80"}
_DIGIT = frozenset("0123456789")
_WORD = _DIGIT | frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_")
_ESCAPES = {"d": _DIGIT, "D": _ANY - _DIGIT, "w": _WORD, "W": _ANY - _WORD}
_LITERAL_ESCAPES = frozenset("\\.^$|?*+()[]{}-/")
_COUNTED = re.compile(r"\{([0-9]{1,3})(,([0-9]{0,3}))?\}")


class _Atom(msgspec.Struct):
    chars: frozenset[str]
    literal: str | None
    least: int = 1
    most: int | None = 1

    @property
    def varies(self) -> bool:
        return self.least != self.most


class _Reader:
    """Reads the subset into branches of atoms, refusing every other construct by its name."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.at = 0

    def fail(self, construct: str) -> ValueError:
        return ValueError(f"{construct} at character {self.at + 1} of {self.source!r} isn't in the subset")

    def peek(self) -> str:
        return self.source[self.at : self.at + 1]

    def read(self, depth: int = 0) -> list[list[_Atom]]:
        """Return every way through the expression up to its end or its closing bracket."""
        done: list[list[_Atom]] = []
        ways: list[list[_Atom]] = [[]]
        while (char := self.peek()) and char != ")":
            if char == "|":
                self.at += 1
                done, ways = done + ways, [[]]
            elif char == "(":
                inner = self._group(depth)
                ways = [before + way for before in ways for way in inner]
            else:
                atom = self._atom(char)
                ways = [[*way, atom] for way in ways]
            if len(done) + len(ways) > 64:
                raise self.fail("more than 64 alternatives")
        if char and not depth:
            raise self.fail("an unopened )")
        return done + ways

    def _group(self, depth: int) -> list[list[_Atom]]:
        if depth == 3:
            raise self.fail("a group four deep")
        if self.source.startswith("(?", self.at) and not self.source.startswith("(?:", self.at):
            raise self.fail("a look-around, flag or named group (?…)")
        self.at += 3 if self.source.startswith("(?:", self.at) else 1
        ways = self.read(depth + 1)
        if self.peek() != ")":
            raise self.fail("an unclosed (")
        self.at += 1
        if self.peek() == "?":
            self.at += 1
            ways = [[], *ways]
        if self.peek() in ("*", "+", "?", "{") and self.peek():
            raise self.fail("a repeated group (nested quantifier)")
        return ways

    def _atom(self, char: str) -> _Atom:
        if char in "*+?{":
            raise self.fail(f"a quantifier {char} without anything to repeat")
        if char in "^$":
            raise self.fail(f"an anchor {char} (a pattern matches the whole name as it is)")
        if char in "]}":
            raise self.fail(f"an unescaped {char}")
        if char == "[":
            chars, literal = self._class(), None
        elif char == ".":
            chars, literal = _ANY, None
            self.at += 1
        else:
            chars, literal = self._char()
        least, most = self._quantifier()
        return _Atom(chars, literal, least, most)

    def _char(self) -> tuple[frozenset[str], str | None]:
        char = self.peek()
        if char == "\\":
            self.at += 1
            char = self.peek()
            if char in _ESCAPES and char:
                self.at += 1
                return _ESCAPES[char], None
            if char not in _LITERAL_ESCAPES or not char:
                raise self.fail(f"the escape \\{char}")
        elif char not in _ASCII:
            raise self.fail(f"the character {char!r} (cookie patterns are printable ASCII)")
        self.at += 1
        return frozenset(char), char

    def _class(self) -> frozenset[str]:
        self.at += 1
        negated = self.peek() == "^"
        self.at += negated
        chars: frozenset[str] = frozenset()
        while (char := self.peek()) != "]":
            if not char:
                raise self.fail("an unclosed [")
            if char == "[":
                raise self.fail("an unescaped [ inside a class")
            if self.source[self.at : self.at + 2] in ("--", "&&", "||", "~~"):
                raise self.fail(f"a doubled {char} inside a class (kept for set operations)")
            low_set, low = self._char()
            if self.peek() == "-" and self.source[self.at + 1 : self.at + 2] not in ("]", ""):
                self.at += 1
                _, high = self._char()
                if low is None or high is None or low > high:
                    raise self.fail("a range that isn't from low to high")
                low_set = frozenset(map(chr, range(ord(low), ord(high) + 1)))
            chars |= low_set
        self.at += 1
        if not chars:
            raise self.fail("an empty class")
        return _ANY - chars if negated else chars

    def _quantifier(self) -> tuple[int, int | None]:
        char = self.peek()
        least, most = 1, 1 if char not in ("*", "+") else None
        if char and char in "*+?":
            self.at += 1
            least = 1 if char == "+" else 0
        elif char == "{":
            counted = _COUNTED.match(self.source, self.at)
            if counted is None:
                raise self.fail("a { that counts nothing")
            self.at = counted.end()
            least = int(counted[1])
            most = least if counted[2] is None else int(counted[3]) if counted[3] else None
            if most is not None and most < least:
                raise self.fail("a count that isn't from low to high")
        if self.peek() and self.peek() in "*+?{":
            raise self.fail("a lazy, possessive or double quantifier")
        return least, most


def _first_chars(atoms: list[_Atom]) -> Iterator[frozenset[str]]:
    for atom in atoms:
        yield atom.chars
        if atom.least:
            return


def _check_regex(source: str) -> str:
    """Refuse what isn't linear or isn't the same in JavaScript; return the literal head."""
    ways = _Reader(source).read()
    for way in ways:
        for index, atom in enumerate(way):
            rest = way[index + 1 :]
            overlaps = any(atom.chars & chars for chars in _first_chars(rest))
            if atom.varies and overlaps and any(later.varies for later in rest):
                raise ValueError(
                    f"{source!r} repeats what may also follow, and varies again behind it: that takes "
                    "more than linear time"
                )
    heads = ["".join(_literal_head(way)) for way in ways]
    head = min(heads, key=len)
    while not all(other.startswith(head) for other in heads):
        head = head[:-1]
    return head


def _literal_head(way: list[_Atom]) -> Iterator[str]:
    for atom in way:
        if atom.literal is None or atom.varies:
            return
        yield atom.literal * atom.least
