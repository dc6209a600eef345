"""How long a name's classification takes as declarations grow, beside the ways that are usual elsewhere."""

from __future__ import annotations

import random
import re
import statistics
import time
from collections.abc import Callable

from cookieguard import Classifier, Policy
from cookieguard.policy.catalogue import whole_index

COUNTS = (10, 1_000, 10_000)
ROUNDS = 9
# How a declared name is written, one that it matches, and one that it just doesn't.
KINDS = {
    "exact": ("name{}", "name{}", "name{}x"),
    "glob": ("glob{}_*", "glob{}_x1", "glob{}-x1"),
    "regex": (r"re{}_[0-9]+", "re{}_42", "re{}_x"),
}
OURS, REMEMBERED, LOOP, ALTERNATION = (
    "ours, past the memo", "ours, with the memo", "a loop of compiled regexes", "one alternation"
)  # fmt: skip

Classify = Callable[[str], object]


def declared(count: int) -> list[tuple[str, int]]:
    """Return (kind, number) of each declaration: 70 % exact names, 25 % globs, 5 % regular expressions, mixed."""
    kinds = [
        "exact" if at < 0.7 * count else "glob" if at < 0.95 * count - 0.5 else "regex" for at in range(count)
    ]
    random.Random(count).shuffle(kinds)
    return [(kind, number) for number, kind in enumerate(kinds)]


def asked(declarations: list[tuple[str, int]]) -> tuple[list[str], list[str]]:
    """Return 20 names that are declared, in the same parts, and 20 that just aren't."""
    choose = random.Random(0).choice
    chosen = [
        choose([declaration for declaration in declarations if declaration[0] == kind])
        for kind, times in (("exact", 14), ("glob", 5), ("regex", 1))
        for _ in range(times)
    ]
    return [KINDS[kind][1].format(number) for kind, number in chosen], [
        KINDS[kind][2].format(number) for kind, number in chosen
    ]


def policy(declarations: list[tuple[str, int]]) -> Policy:
    cookies = []
    for kind, number in declarations:
        entry = {
            "name": KINDS[kind][0].format(number),
            "category": "analytics",
            "purpose": "x",
            "lifetime": "1 day",
        }
        cookies.append(entry | ({"match": "regex"} if kind == "regex" else {}))
    return Policy.from_dict({"cookies": cookies})


def expression(kind: str, number: int) -> str:
    name = KINDS[kind][0].format(number)
    return name if kind == "regex" else re.escape(name).replace(r"\*", ".*")


def loop(sources: list[str]) -> Classify:
    compiled = [re.compile(source) for source in sources]

    def classify(name: str) -> object:
        for number, pattern in enumerate(compiled):
            if pattern.fullmatch(name):
                return number
        return None

    return classify


def alternation(sources: list[str]) -> Classify:
    match = re.compile("|".join(f"({source})" for source in sources)).fullmatch

    def classify(name: str) -> object:
        found = match(name)
        return found.lastindex if found else None

    return classify


def measure(ways: dict[str, Classify], names: list[str]) -> dict[str, float]:
    """Return the median time of one look-up in microseconds; the ways take turns, a round each."""
    samples: dict[str, list[float]] = {way: [] for way in ways}
    for classify in ways.values():
        for name in names:
            classify(name)
    for _ in range(ROUNDS):
        for way, classify in ways.items():
            repeats = 200 if way in (OURS, REMEMBERED) else 1
            start = time.perf_counter()
            for _ in range(repeats):
                for name in names:
                    classify(name)
            samples[way].append((time.perf_counter() - start) / repeats / len(names) * 1e6)
    return {way: statistics.median(times) for way, times in samples.items()}


def show(title: str, times: dict[int, dict[str, float]]) -> None:
    print(f"{title}, microseconds; in brackets: times the loop's speed")
    print(f"  {'':<28}" + "".join(f"{count:>22,}" for count in COUNTS) + f"{'10,000 to 10':>16}")
    for way in times[10]:
        figures = [
            f"{times[count][way]:.2f} ({times[count][LOOP] / times[count][way]:,.2f})" for count in COUNTS
        ]
        growth = times[10_000][way] / times[10][way]
        print(f"  {way:<28}" + "".join(f"{figure:>22}" for figure in figures) + f"{growth:>16,.2f}")
    print()


def main() -> None:
    whole_index()  # the catalogue is read once for all policies
    hits: dict[int, dict[str, float]] = {}
    misses: dict[int, dict[str, float]] = {}
    built: dict[int, tuple[float, float]] = {}
    for count in COUNTS:
        declarations = declared(count)
        start = time.perf_counter()
        loaded = policy(declarations)
        middle = time.perf_counter()
        classifier = Classifier(loaded)
        built[count] = middle - start, time.perf_counter() - middle
        sources = [expression(*declaration) for declaration in declarations]
        ways: dict[str, Classify] = {
            OURS: lambda name, look_up=classifier._look_up: look_up(name, None),
            REMEMBERED: classifier.classify,
            LOOP: loop(sources),
            ALTERNATION: alternation(sources),
        }
        found, unknown = asked(declarations)
        assert all(classifier.classify(name).declared for name in found)
        assert not any(classifier.classify(name).declared for name in unknown)
        assert None not in map(ways[LOOP], found)
        assert {*map(ways[LOOP], unknown), *map(ways[ALTERNATION], unknown)} == {None}
        hits[count], misses[count] = measure(ways, found), measure(ways, unknown)
    show("Look-up of a declared name", hits)
    show("Look-up of a name that just isn't declared", misses)
    print("Building, seconds")
    for count, (load, classifier_) in built.items():
        print(f"  {count:>6,} declarations: policy {load:.3f}, classifier {classifier_:.3f}")


if __name__ == "__main__":
    main()
