"""Each harness over its corpus and some thousands of mutations; `make fuzz` goes on for as long as you like."""

from __future__ import annotations

import logging
from random import Random

import pytest

from fuzz.harnesses import CORPUS, HARNESSES, pages, seals, seeds
from fuzz.mutating import mutated

# In proportion to how fast each is: some seconds a target.
TRIES = {"headers": 5_000, "policies": 1_000, "seals": 8_000, "pages": 8_000, "forms": 3_000}


@pytest.fixture(autouse=True)
def quiet() -> None:
    """Thousands of lines of odd cookies help nobody; the log is as before after each test."""
    logging.getLogger("cookieguard").setLevel(logging.CRITICAL)


@pytest.mark.parametrize("target", HARNESSES)
def test_the_corpus(target: str) -> None:
    for file in sorted((CORPUS / target).iterdir()):
        try:
            HARNESSES[target](file.read_bytes())
        except Exception as error:
            error.add_note(f"found by {file.relative_to(CORPUS)}")
            raise


@pytest.mark.parametrize("target", HARNESSES)
def test_mutations_of_the_corpus(target: str) -> None:
    # The same ones in each run: what fails here fails again.
    random, begun = Random(2026), seeds(target)
    for _ in range(TRIES[target]):
        data = mutated(begun, random)
        try:
            HARNESSES[target](data)
        except Exception as error:
            error.add_note(f"found by {data!r}")
            raise


def test_there_is_a_corpus_for_each_target() -> None:
    assert {folder.name for folder in CORPUS.iterdir()} == set(HARNESSES)
    for target in HARNESSES:
        assert len(seeds(target)) >= 10
        assert sum(map(len, seeds(target))) < 64 * 1024


def test_the_laws_can_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fuzz.harnesses.SEAL.loads", lambda sealed, audience: None)
    with pytest.raises(AssertionError):
        seals(b"1")
    # A name that nothing is renamed to: what is renamed all the same is told.
    monkeypatch.setattr("fuzz.harnesses._INERT", {b"none": b"none"})
    with pytest.raises(AssertionError):
        pages(b"h1234<!doctype html><img src=//held.example>")
