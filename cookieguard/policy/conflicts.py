"""What is wrong between declarations, where none is by itself: added to the reader's list."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, islice

from .index import Index, ranked
from .keypath import KeyPath, spell
from .model import ESSENTIAL, GUARD_COOKIES, Declaration, third_party_domain
from .overlap import overlap
from .pattern import Exact, Glob, Regex, plainest, sample_names
from .reader import Reader

# Of one pattern: the widest regular expression has a million, others some hundred.
_MOST_SAMPLES = 2_000

Declared = Sequence[tuple[KeyPath, Declaration]]
"""The entries of one file, each with its path."""


def check_twice(reader: Reader, declared: Declared) -> None:
    """Find cookies declared a second time, and those that the guard declares itself."""
    seen: dict[tuple[object, ...], KeyPath] = {}
    for path, cookie in declared:
        names = plainest(cookie.pattern)
        key = (cookie.kind, names, third_party_domain(cookie))
        if isinstance(names, Exact) and names.name in GUARD_COOKIES:
            reader.error(
                "cookieguard.E109",
                path,
                f"{cookie.name!r} is one of the guard's own cookies",
                "take the entry out: it is declared automatically",
            )
        elif key in seen:
            line = reader.document.line(seen[key])
            first = spell(seen[key]) + (f" in line {line}" if line else "")
            reader.error(
                "cookieguard.E109",
                path,
                f"{cookie.name!r} is declared a second time, after {first}",
                "keep one of the two entries",
            )
        seen.setdefault(key, path)


def check_swallowed(reader: Reader, declared: Declared, others: Sequence[Declaration]) -> None:
    """Find patterns that take an essential cookie's name away from it, or some of its names."""
    paths = {id(cookie): path for path, cookie in declared}
    everyone = chain((cookie for _, cookie in declared), others)
    first_party = [cookie for cookie in everyone if cookie.party == "first" and cookie.kind == "cookie"]
    index = Index(first_party)
    outranking = _Outranking(first_party)
    for essential in first_party:
        if not essential.essential:
            continue
        winner = _swallower(index, essential)
        if winner is not None:
            reader.error(
                "cookieguard.E129",
                _path_of(winner, paths),
                f"the {winner.category} pattern {winner.name!r} swallows the essential cookie "
                f"{essential.name!r}",
                _way_out(essential),
            )
        others = [each for each in outranking.of(essential) if each is not winner]
        if others:
            _warn_of_overlap(reader, _path_of(others[0], paths), others, essential)


def _way_out(essential: Declaration) -> str:
    if isinstance(essential.pattern, Regex):
        # No regular expression comes before a glob.
        return "make the pattern longer, so that it matches none of its names"
    return "make the pattern longer, or declare the essential cookie beside it"


def _warn_of_overlap(
    reader: Reader, path: KeyPath, optional: Sequence[Declaration], essential: Declaration
) -> None:
    first, *more = optional
    beside = f" (and {len(more)} more patterns)" if more else ""
    reader.warn(
        "cookieguard.W212",
        path,
        f"some names match the {first.category} pattern {first.name!r}{beside} and the essential "
        f"{essential.name!r}, and count as {first.category}",
        "make one of the two longer, so that no name matches both",
    )


def _path_of(cookie: Declaration, paths: dict[int, KeyPath]) -> KeyPath:
    return paths.get(id(cookie), ("import",) if cookie.origin == "imported" else ("use",))


def _swallower(index: Index, essential: Declaration) -> Declaration | None:
    """Return the pattern that wins a name which an essential declaration stands for."""
    winners = (index.find(name) for name in sample_names(essential.pattern))
    return next((cookie for cookie in winners if cookie and _is_swallower(cookie)), None)


def _is_swallower(cookie: Declaration) -> bool:
    # An exact name is meant. Without a category, which is reported, nothing is known.
    return not (cookie.essential or isinstance(cookie.pattern, Exact) or not cookie.category)


class _Outranking:
    """Knows the optional patterns that come before an essential one and share names with it."""

    def __init__(self, cookies: Sequence[Declaration]) -> None:
        patterns = [entry for entry in ranked(cookies) if not isinstance(entry[1].pattern, Exact)]
        self._ranks = {id(cookie): rank for rank, cookie in patterns}
        self._optional = [entry for entry in patterns if entry[1].category not in ("", ESSENTIAL)]

    def of(self, essential: Declaration) -> Iterator[Declaration]:
        own = self._ranks.get(id(essential))
        for rank, cookie in self._optional if own is not None else ():
            if own is not None and own < rank:
                return
            if not _is_exception(cookie, essential) and overlap(cookie.pattern, essential.pattern):
                yield cookie


def _is_exception(cookie: Declaration, essential: Declaration) -> bool:
    """Tell whether a site made an exception from its own: `cart_reco_*` from an essential `cart_*`."""
    if not cookie.origin == essential.origin == "site":
        return False
    outer = plainest(essential.pattern)
    is_prefix = isinstance(outer, Glob) and len(outer.parts) == 2 and not outer.parts[1]
    return is_prefix and cookie.pattern.literal_head.startswith(outer.literal_head)


def check_against_catalogue(
    reader: Reader, declared: Declared, catalogue: Callable[[str | None], Index]
) -> None:
    """Find names that the catalogue knows as the opposite: essential, or not.

    `catalogue` returns what it knows of a third party's domain, or of first parties.
    """
    scopes: defaultdict[tuple[str, str | None], list[Declaration]] = defaultdict(list)
    for _, cookie in declared:
        # A third party without its domain is a mistake of its own.
        if cookie.party == "first" or cookie.domain:
            scopes[cookie.kind, third_party_domain(cookie)].append(cookie)
    contradicted: dict[int, Declaration] = {}
    for (_, domain), own in scopes.items():
        for cookie, known in _contradictions(own, catalogue(domain)):
            contradicted.setdefault(id(cookie), known)
    for path, cookie in declared:
        if id(cookie) in contradicted and not reader.has_reported((*path, "category")):
            _warn_of_contradiction(reader, path, cookie, contradicted[id(cookie)])


def _contradictions(
    own: Sequence[Declaration], catalogue: Index
) -> Iterator[tuple[Declaration, Declaration]]:
    """Yield who wins a name in the policy and in the catalogue, where they disagree on it."""
    index = Index(own)
    cookies = (
        own if all(isinstance(cookie.pattern, Exact) for cookie in own) else [*own, *catalogue.declarations]
    )
    samples = (islice(sample_names(cookie.pattern), _MOST_SAMPLES) for cookie in cookies)
    for name in chain.from_iterable(samples):
        mine, known = index.find(name), catalogue.find(name)
        if mine and known and _is_opposite(mine, known):
            yield mine, known


def _is_opposite(mine: Declaration, known: Declaration) -> bool:
    if _is_essential_everywhere(mine):
        return not known.essential
    # Where it is essential somewhere, its author has thought of it.
    return known.essential and not mine.essential_under


def _is_essential_everywhere(cookie: Declaration) -> bool:
    return cookie.essential or "/" in cookie.essential_under


def _warn_of_contradiction(reader: Reader, path: KeyPath, cookie: Declaration, known: Declaration) -> None:
    key, said = "category", cookie.category
    if _is_essential_everywhere(cookie) and not cookie.essential:
        key, said = "essential_under", "essential under '/'"
    knows = "it" if known.name == cookie.name else repr(known.name)
    remedy = "make sure that it isn't another system's cookie of that name"
    if not known.pattern.matches(next(sample_names(cookie.pattern))):
        beside = "" if isinstance(known.pattern, Regex) else f", or declare {known.name!r} beside it"
        remedy = f"make the pattern longer{beside}"
    reader.warn(
        "cookieguard.W201",
        (*path, key),
        f"{cookie.name!r} is {said} here, the catalogue knows {knows} as {known.category}",
        remedy,
    )
