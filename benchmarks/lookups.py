"""How long a name's classification takes, for ten declarations and for ten thousand."""

from __future__ import annotations

import time

from harness import measure, table

from cookieguard import Classifier, Policy

KINDS = {
    "exact": ("name{}", None),
    "glob": ("glob{}_*", None),
    "regex": (r"re{}_[0-9]+", "regex"),
}


def policy(count: int) -> Policy:
    """70 % exact names, 25 % globs, 5 % regular expressions."""
    cookies = []
    for number in range(count):
        kind = "exact" if number % 20 < 14 else "glob" if number % 20 < 19 else "regex"
        name, match = KINDS[kind]
        entry = {"name": name.format(number), "category": "analytics", "purpose": "x", "lifetime": "1 day"}
        cookies.append(entry | ({"match": match} if match else {}))
    return Policy.from_dict({"cookies": cookies})


def main() -> None:
    functions = {}
    built = {}
    for count in (10, 1_000, 10_000):
        start = time.perf_counter()
        loaded = policy(count) if count > 10 else policy(20)
        built[count] = time.perf_counter() - start
        # Asked past the memo of names, which would make every figure the same.
        classifier = Classifier(loaded)
        look_up, ask = classifier._look_up, classifier.classify
        functions[f"{count} hit"] = lambda look_up=look_up: look_up("name0", None)
        functions[f"{count} glob hit"] = lambda look_up=look_up: look_up("glob14_x", None)
        functions[f"{count} miss"] = lambda look_up=look_up: look_up("unknown_name", None)
        functions[f"{count} remembered"] = lambda ask=ask: ask("name0")
    times = measure(functions, rounds=15, loops=2000)
    for kind in ("hit", "glob hit", "miss", "remembered"):
        rows = [(f"{count} declarations", f"{times[f'{count} {kind}']:.3f}") for count in (10, 1_000, 10_000)]
        rows.append(("  10,000 to 10", f"{times[f'10000 {kind}'] / times[f'10 {kind}']:.2f}"))
        table(f"Look-up, {kind}, microseconds", rows)
    table(
        "Loading, seconds", [(f"{count} declarations", f"{seconds:.2f}") for count, seconds in built.items()]
    )


if __name__ == "__main__":
    main()
