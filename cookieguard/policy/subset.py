"""The subset of regular expressions that takes linear time and means the same in JavaScript.

Python's `re` and JavaScript's backtrack, so what may make them go back is bounded here: only a
single character or class repeats, and a repetition is followed by something it can't itself match
(then going back fails at once) or, once, by nothing that varies in length.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

ASCII = frozenset(map(chr, range(0x20, 0x7F)))
# One stands for all others: a pattern can't name them, but what it negates takes them in.
ANY = ASCII | {"\x80"}
OTHER = ANY - ASCII
_DIGIT = frozenset("0123456789")
_WORD = _DIGIT | frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_")
_ESCAPES = {"d": _DIGIT, "D": ANY - _DIGIT, "w": _WORD, "W": ANY - _WORD}
_LITERAL_ESCAPES = frozenset("\\.^$|?*+()[]{}-/")
_PLAIN = (
    "write what is in the subset: characters, classes, \\d, \\w, groups, and * + ? {n,m} on one character"
)
_WITHOUT = "take it out: a pattern matches the whole name as it is"
_GROUP = "write (…): nothing reads its groups"
_CASES = "write both cases: [Aa]"
_SPELL = "write the character itself"
_LOOK = "declare what must not match as an entry of its own: an exact name or a longer prefix wins"
_EACH = "write each text that it may be: (aa|bb)"
# What a ( or a \ may begin elsewhere, by how it begins, and what to write instead.
_GROUPS = {
    "(?=": ("a look-ahead (?=…)", _LOOK),
    "(?!": ("a negative look-ahead (?!…)", _LOOK),
    "(?<=": ("a look-behind (?<=…)", _LOOK),
    "(?<!": ("a negative look-behind (?<!…)", _LOOK),
    "(?P<": ("a named group (?P<…>…)", _GROUP),
    "(?P=": ("a backreference (?P=…)", _EACH),
    "(?P>": ("a recursion (?P>…)", _PLAIN),
    "(?<": ("a named group (?<…>…)", _GROUP),
    "(?'": ("a named group (?'…'…)", _GROUP),
    "(?>": ("an atomic group (?>…)", "write (…): what is in the subset takes linear time as it is"),
    "(?|": ("a branch reset (?|…)", _GROUP),
    "(?(": ("a conditional group (?(…)…)", _EACH),
    "(?#": ("a comment (?#…)", "write it after a # in the policy file"),
    "(?R": ("a recursion (?R)", _PLAIN),
    "(*": ("a verb (*…)", _PLAIN),
    "(?": ("an inline flag (?…)", _CASES),
}
_ESCAPED = {
    **dict.fromkeys("bB", ("a word boundary", _WITHOUT)),
    **dict.fromkeys("AZzG", ("an anchor", _WITHOUT)),
    **dict.fromkeys(
        "sS", ("a class of white space", "take it out: no name holds white space, and . is all else")
    ),
    **dict.fromkeys("pP", ("a Unicode class", "write the characters: [A-Za-z0-9]")),
    **dict.fromkeys("123456789gk", ("a backreference", _EACH)),
    **dict.fromkeys("0xuUNco", ("a character by its number or name", _SPELL)),
    **dict.fromkeys("aefnrtvR", ("a control character", "take it out: no name holds one")),
    **dict.fromkeys("hHVX", ("a class", "write the characters: [A-Za-z0-9]")),
    **dict.fromkeys("QE", ("a quotation", "escape each character: \\.")),
    "K": ("a reset of the match", _WITHOUT),
}
_COUNTED = re.compile(r"\{([0-9]{1,3})(,([0-9]{0,3}))?\}")
_OVERCOUNTED = re.compile(r"\{[0-9]+(,[0-9]*)?\}")


class BadPattern(ValueError):
    """A name that can't be matched by: `reason` names the construct, `remedy` what to write instead."""

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(f"{reason}; {remedy}")
        self.reason = reason
        self.remedy = remedy


class Atom(msgspec.Struct, frozen=True):
    """One character out of `chars`, from `least` to `most` times; None is any number."""

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

    def fail(self, construct: str, remedy: str = _PLAIN) -> BadPattern:
        reason = f"{construct} at character {self.at + 1} of {self.source!r} isn't in the subset"
        return BadPattern(reason, remedy)

    def peek(self) -> str:
        return self.source[self.at : self.at + 1]

    def read(self, depth: int = 0) -> list[list[Atom]]:
        """Return every way through the expression up to its end or its closing bracket."""
        done: list[list[Atom]] = []
        ways: list[list[Atom]] = [[]]
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
                raise self.fail("more than 64 alternatives", "declare some of them as entries of their own")
        if char and not depth:
            raise self.fail("an unopened )", "write \\) for the character")
        return done + ways

    def _group(self, depth: int) -> list[list[Atom]]:
        if depth == 3:
            raise self.fail("a group four deep", "write its alternatives out")
        for beginning, (construct, remedy) in _GROUPS.items():
            if self.source.startswith(beginning, self.at) and not self.source.startswith("(?:", self.at):
                raise self.fail(construct, remedy)
        self.at += 3 if self.source.startswith("(?:", self.at) else 1
        ways = self.read(depth + 1)
        if self.peek() != ")":
            raise self.fail("an unclosed (", "write \\( for the character")
        self.at += 1
        if self.peek() == "?":
            self.at += 1
            ways = [[], *ways]
        if self.peek() in ("*", "+", "?", "{") and self.peek():
            raise self.fail("a repeated group (nested quantifier)", "repeat a single class: [ab]*")
        return ways

    def _atom(self, char: str) -> Atom:
        if char in "*+?{":
            raise self.fail(
                f"a quantifier {char} without anything to repeat", f"write \\{char} for the character"
            )
        if char in "^$":
            raise self.fail(f"an anchor {char}", _WITHOUT)
        if char in "]}":
            raise self.fail(f"an unescaped {char}", f"write \\{char} for the character")
        if char == "[":
            chars, literal = self._class(), None
        elif char == ".":
            chars, literal = ANY, None
            self.at += 1
        else:
            chars, literal = self._char()
        least, most = self._quantifier()
        return Atom(chars, literal, least, most)

    def _char(self) -> tuple[frozenset[str], str | None]:
        char = self.peek()
        if char == "\\":
            self.at += 1
            char = self.peek()
            if char in _ESCAPES and char:
                self.at += 1
                return _ESCAPES[char], None
            if char not in _LITERAL_ESCAPES or not char:
                construct, remedy = _ESCAPED.get(char, ("", _SPELL)) if char else ("", _SPELL)
                raise self.fail(f"the escape \\{char}" + f" ({construct})" * bool(construct), remedy)
        elif char not in ASCII:
            remedy = "write . for it: patterns are printable ASCII"
            raise self.fail(f"the character {char!r}", remedy)
        self.at += 1
        return frozenset(char), char

    def _class(self) -> frozenset[str]:
        self.at += 1
        negated = self.peek() == "^"
        self.at += negated
        chars: frozenset[str] = frozenset()
        while (char := self.peek()) != "]":
            if not char:
                raise self.fail("an unclosed [", "write \\[ for the character")
            if char == "[":
                if self.source[self.at + 1 : self.at + 2] in (":", ".", "="):
                    raise self.fail("a POSIX class [:…:]", "write the characters: [A-Za-z0-9]")
                raise self.fail("an unescaped [ inside a class", "write \\[ for the character")
            if self.source[self.at : self.at + 2] in ("--", "&&", "||", "~~"):
                construct = f"a doubled {char} inside a class (kept for set operations)"
                raise self.fail(construct, f"write it once, or \\{char}")
            low_set, low = self._char()
            if self.peek() == "-" and self.source[self.at + 1 : self.at + 2] not in ("]", ""):
                self.at += 1
                _, high = self._char()
                if low is None or high is None or low > high:
                    raise self.fail("a range that isn't from low to high", "write [a-z], or \\- for a hyphen")
                low_set = frozenset(map(chr, range(ord(low), ord(high) + 1)))
            chars |= low_set
        self.at += 1
        found = ANY - chars if negated else chars
        if not found or not chars:
            raise self.fail("an empty class", "write \\] for the character, or take it out")
        return found

    def _quantifier(self) -> tuple[int, int | None]:
        char = self.peek()
        least, most = 1, 1 if char not in ("*", "+") else None
        if char and char in "*+?":
            self.at += 1
            least = 1 if char == "+" else 0
        elif char == "{":
            counted = _COUNTED.match(self.source, self.at)
            if counted is None and _OVERCOUNTED.match(self.source, self.at):
                raise self.fail(
                    "a count of more than three digits", "write 999 at most, or {1,} for any number"
                )
            if counted is None:
                raise self.fail("a { that counts nothing", "write {2} or {0,3}, or \\{ for the character")
            self.at = counted.end()
            least = int(counted[1])
            most = least if counted[2] is None else int(counted[3]) if counted[3] else None
            if most is not None and most < least:
                raise self.fail("a count that isn't from low to high", "write {2,3}")
        if (behind := self.peek()) and behind in "*+?{":
            kind = {"?": "a lazy quantifier", "+": "a possessive quantifier"}.get(
                behind, "a double quantifier"
            )
            raise self.fail(kind, "write the quantifier alone: the whole name matches or it doesn't")
        return least, most


def _first_chars(atoms: list[Atom]) -> Iterator[frozenset[str]]:
    for atom in atoms:
        yield atom.chars
        if atom.least:
            return


def read_ways(source: str) -> list[list[Atom]]:
    """Return every way through a regular expression; BadPattern where it is outside the subset."""
    return _Reader(source).read()


def literal_head_of(source: str) -> str:
    """Refuse what isn't linear or isn't the same in JavaScript; return the literal head."""
    ways = read_ways(source)
    for way in ways:
        for index, atom in enumerate(way):
            rest = way[index + 1 :]
            overlaps = any(atom.chars & chars for chars in _first_chars(rest))
            if atom.varies and overlaps and any(later.varies for later in rest):
                raise BadPattern(
                    f"{source!r} repeats what may also follow, and varies again behind it: that takes "
                    "more than linear time",
                    "repeat once, by a class of all the characters, or fix one between that neither takes",
                )
    heads = ["".join(_literal_head(way)) for way in ways]
    head = min(heads, key=len)
    while not all(other.startswith(head) for other in heads):
        head = head[:-1]
    return head


def _literal_head(way: list[Atom]) -> Iterator[str]:
    for atom in way:
        if atom.literal is None or atom.varies:
            return
        yield atom.literal * atom.least
