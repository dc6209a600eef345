"""Measure functions side by side: rounds in turn, so that a busy machine slows all of them alike."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping


def measure(
    functions: Mapping[str, Callable[[], object]], *, rounds: int = 25, loops: int = 4000
) -> dict[str, float]:
    """Return the median time of one call, in microseconds, by name."""
    samples: dict[str, list[float]] = {name: [] for name in functions}
    for function in functions.values():
        for _ in range(loops // 10):
            function()
    gc.collect()
    for _ in range(rounds):
        for name, function in functions.items():
            start = time.perf_counter()
            for _ in range(loops):
                function()
            samples[name].append((time.perf_counter() - start) / loops * 1e6)
    return {name: statistics.median(times) for name, times in samples.items()}


def table(title: str, rows: list[tuple[str, str]]) -> None:
    """Print rows of label and figure."""
    print(title)
    for label, figure in rows:
        print(f"  {label:<62}{figure:>12}")
    print()
