"""The same of the browser guard: what scripts write to `document.cookie`, and what the jars hold."""

from __future__ import annotations

from random import Random

import pytest

from browser.differential import grammar
from browser.differential.bench import Bench
from browser.differential.judge import Judge
from browser.differential.shapes import responses
from browser.differential.test_headers import TIMES

pytestmark = pytest.mark.browser


def as_text(headers: list[str]) -> list[str]:
    """What a script would write to send the same octets."""
    return [header.encode("latin-1").decode("utf-8", "replace") for header in headers]


def test_known_shapes(judge: Judge, at_shop: Bench) -> None:
    lines = [as_text([each for headers in shapes.values() for each in headers]) for shapes in responses()]

    assert at_shop.blame_scripts(judge, lines) == []


def test_lines_without_end(judge: Judge, at_shop: Bench) -> None:
    random = Random(TIMES)
    lines = [as_text(grammar.headers(random, grammar.SLOTS)) for _ in range(25 * TIMES)]
    lines += [as_text([grammar.lonely(random)]) for _ in range(25 * TIMES)]

    assert at_shop.blame_scripts(judge, lines) == []
