"""Which declaration a name falls to, in a time that doesn't grow with their number."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator

from .model import Declaration
from .pattern import Exact, Glob

# A framework knows its cookies better than any list of everybody's.
_ORIGINS = ("site", "framework", "imported", "catalogue")
Rank = tuple[int, int, int, int, int]
_Ranked = tuple[int, Declaration]


class Index:
    """Finds by exact name, then by the literal head of globs and regular expressions.

    "Who wins: the site's own declarations over imported over built-in; then exact, longest
    prefix, regex"; between equals the first declared. `declarations` holds them in that order.
    """

    def __init__(self, declarations: Iterable[Declaration]) -> None:
        exact: defaultdict[str, list[_Ranked]] = defaultdict(list)
        heads: defaultdict[str, list[_Ranked]] = defaultdict(list)
        self.declarations = tuple(declaration for _, declaration in ranked(declarations))
        for place, declaration in enumerate(self.declarations):
            by_name = exact if isinstance(declaration.pattern, Exact) else heads
            by_name[declaration.pattern.literal_head].append((place, declaration))
        self._exact = dict(exact)
        self._heads = sorted(heads)
        self._above = [*_above(self._heads)]
        self._under_head = [heads[head] for head in self._heads]
        self._first_pattern = min(
            (entries[0][0] for entries in self._under_head), default=len(self.declarations)
        )

    def find_all(self, name: str) -> list[Declaration]:
        """Return each declaration that matches, the winner first."""
        matching = list(self._exact.get(name, ()))
        for entries in self._under_heads_of(name):
            matching += [entry for entry in entries if entry[1].pattern.matches(name)]
        return [declaration for _, declaration in sorted(matching, key=_place)]

    def find(self, name: str) -> Declaration | None:
        """Return the declaration that wins, or None for an undeclared name."""
        best = self._exact.get(name, (None,))[0]
        if best is not None and best[0] < self._first_pattern:
            return best[1]
        for entries in self._under_heads_of(name):
            for entry in entries:
                if best is not None and best[0] < entry[0]:
                    break
                if entry[1].pattern.matches(name):
                    best = entry
        return best and best[1]

    def _under_heads_of(self, name: str) -> Iterator[list[_Ranked]]:
        """Yield what is declared under each head that the name begins with, the longest first.

        The last head in order up to the name is one of them, or goes on from each of them: between
        a head and a name that begins with it, all texts begin with it.
        """
        at = bisect_right(self._heads, name) - 1
        while at >= 0:
            if name.startswith(self._heads[at]):
                yield self._under_head[at]
            at = self._above[at]


def _above(heads: list[str]) -> Iterator[int]:
    """Yield for each of the sorted heads where the longest one stands that it begins with, or -1."""
    open_heads: list[int] = []
    for at, head in enumerate(heads):
        while open_heads and not head.startswith(heads[open_heads[-1]]):
            open_heads.pop()
        yield open_heads[-1] if open_heads else -1
        open_heads.append(at)


def ranked(declarations: Iterable[Declaration]) -> list[tuple[Rank, Declaration]]:
    """Return declarations with their ranks, who wins first."""
    entries = []
    for order, declaration in enumerate(declarations):
        pattern = declaration.pattern
        kind = 0 if isinstance(pattern, Exact) else 1 if isinstance(pattern, Glob) else 2
        origin, head = _ORIGINS.index(declaration.origin), len(pattern.literal_head)
        entries.append(((origin, kind, -head, -pattern.specificity, order), declaration))
    return sorted(entries, key=_rank)


def _rank(entry: tuple[Rank, Declaration]) -> Rank:
    return entry[0]


def _place(entry: _Ranked) -> int:
    return entry[0]
