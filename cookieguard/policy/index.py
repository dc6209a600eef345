"""Which declaration a name falls to, in a time that doesn't grow with their number."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from .model import Declaration
from .pattern import Exact, Glob

_ORIGINS = ("site", "imported", "catalogue")
Rank = tuple[int, int, int, int, int]


class Index:
    """Finds by exact name, then by the literal head of globs and regular expressions.

    "Who wins: the site's own declarations over imported over built-in; then exact, longest
    prefix, regex"; between equals the first declared.
    """

    def __init__(self, declarations: Iterable[Declaration]) -> None:
        exact: defaultdict[str, list[tuple[Rank, Declaration]]] = defaultdict(list)
        heads: defaultdict[str, list[tuple[Rank, Declaration]]] = defaultdict(list)
        for order, declaration in enumerate(declarations):
            pattern = declaration.pattern
            kind = 0 if isinstance(pattern, Exact) else 1 if isinstance(pattern, Glob) else 2
            origin, head = _ORIGINS.index(declaration.origin), len(pattern.literal_head)
            rank = (origin, kind, -head, -pattern.specificity, order)
            (heads if kind else exact)[pattern.literal_head].append((rank, declaration))
        self._exact = {name: sorted(found, key=_rank) for name, found in exact.items()}
        self._heads = {head: sorted(found, key=_rank) for head, found in heads.items()}
        # One dict look-up for each length there is, whatever the number of patterns.
        self._lengths = sorted({len(head) for head in heads}, reverse=True)

    def find_all(self, name: str) -> list[Declaration]:
        """Return each declaration that matches, the winner first."""
        matching = list(self._exact.get(name, ()))
        for head in {name[:length] for length in self._lengths}:
            for rank, declaration in self._heads.get(head, ()):
                if declaration.pattern.matches(name):
                    matching.append((rank, declaration))
        return [declaration for _, declaration in sorted(matching, key=_rank)]

    def find(self, name: str) -> Declaration | None:
        """Return the declaration that wins, or None for an undeclared name."""
        return next(iter(self.find_all(name)), None)


def _rank(entry: tuple[Rank, Declaration]) -> Rank:
    return entry[0]
