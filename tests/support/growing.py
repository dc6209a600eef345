"""How a cost grows with its input: a ratio between two sizes of processor time, never a time."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

# Four times as much is to cost four times as much; quadratic growth makes it sixteen.
TIMES = 4
_LINEAR = 8.0
# What is over in less than this says nothing but how the clock ticks.
_SECONDS = 0.0005


def grows_linearly(cost: Callable[[int], object], size: int) -> bool:
    """Tell whether TIMES as much input costs about TIMES as much.

    `cost` does the work for a size. Where the ratio is too large, something else may have taken the
    processor: then the best of more tries counts.
    """
    return any(
        _taken(cost, size, tries) <= _LINEAR * _taken(cost, size // TIMES, tries) for tries in (1, 2, 4, 8)
    )


def _taken(cost: Callable[[int], object], size: int, tries: int) -> float:
    times = []
    # How long a collection takes depends on all that other tests left behind.
    gc.disable()
    try:
        for _ in range(tries):
            begun = time.thread_time()
            cost(size)
            times.append(time.thread_time() - begun)
    finally:
        gc.enable()
    return max(_SECONDS, min(times))
