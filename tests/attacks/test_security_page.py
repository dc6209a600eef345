"""SECURITY.md names tests that are there."""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
PAGE = (TESTS.parent / "SECURITY.md").read_text("utf-8")


def test_each_promise_names_tests_that_are_there() -> None:
    rows = [line.split("|")[1:-1] for line in PAGE.splitlines() if line.startswith("| ")][1:]

    assert len(rows) > 15
    for threat, promised, _, shown in rows:
        named = re.findall(r"`([^`]+?)`", re.sub(r"\(.*?\)", "", shown))
        assert promised.strip() and named, threat
        for name in named:
            assert (TESTS / name).exists(), name


def test_every_attack_is_named() -> None:
    attacks = {file.name for file in Path(__file__).parent.glob("test_*.py")} - {Path(__file__).name}

    assert {name for name in attacks if f"attacks/{name}" not in PAGE} == set()
