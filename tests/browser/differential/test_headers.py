"""Browsers as judges of the guard: thousands of `Set-Cookie` headers, and what their jars hold.

Each response is sent bare and through the guard, to Chromium and to Firefox. No refused name is ever
stored, and no cookie that is allowed ever missing or changed; `laws.py` says it in full.
"""

from __future__ import annotations

import os
from random import Random

import pytest

from browser.differential import grammar
from browser.differential.bench import Bench
from browser.differential.judge import Judge
from browser.differential.shapes import FIELDS, NAMES, responses

pytestmark = pytest.mark.browser

PARTS = 2
TIMES = int(os.environ.get("DIFFERENTIAL", "1"))
"""How many times as many headers as CI tries: `make differential`."""


def test_the_bench_sees_what_comes_through(judge: Judge, at_shop: Bench) -> None:
    fields = [("Set-Cookie", f"{name}00=1") for name in NAMES]
    jars = [at_shop.jar(judge, fields, kind) for kind in (None, "block", "allow")]

    expected = [["ads00", "keep00", "lang00", "mine00", "sid00"], ["keep00", "lang00", "sid00"]]
    expected.append(["keep00", "lang00", "mine00", "sid00"])
    assert [sorted(held.name for held in jar.held) for jar in jars] == expected
    assert [sorted(name for name, _ in jar.sent) for jar in jars] == expected


@pytest.mark.parametrize("shapes", [pytest.param(each, id=f"{next(iter(each))} …") for each in responses()])
def test_known_shapes(judge: Judge, at_shop: Bench, shapes: dict[str, list[str]]) -> None:
    fields = [("Set-Cookie", header) for headers in shapes.values() for header in headers]

    assert at_shop.blame(judge, fields) == []


@pytest.mark.parametrize("fields", [pytest.param(fields, id=id) for id, fields in FIELDS.items()])
def test_known_fields(judge: Judge, at_shop: Bench, fields: list[tuple[str, str]]) -> None:
    named = [
        (field.replace("NAME", f"{name}00"), value.replace("NAME", f"{name}00"))
        for name in NAMES
        for field, value in fields
    ]

    assert at_shop.blame(judge, named) == []


@pytest.mark.parametrize("part", range(PARTS))
def test_whole_responses(judge: Judge, at_shop: Bench, part: int) -> None:
    random = Random(f"{part} {TIMES}")
    told = []
    for count in range(25 * TIMES):
        make = grammar.octets if count % 8 == 7 else grammar.headers
        headers = [("Set-Cookie", header) for header in make(random, grammar.SLOTS)]
        told += at_shop.blame(judge, [*grammar.date_field(random), *headers], [_kind(count)])

    assert told == []


@pytest.mark.parametrize("part", range(PARTS))
def test_headers_that_travel_alone(judge: Judge, at_shop: Bench, part: int) -> None:
    random = Random(f"{part} {TIMES}")
    told = []
    for count in range(15 * TIMES):
        told += at_shop.blame(judge, [("Set-Cookie", grammar.lonely(random))], [_kind(count)])

    assert told == []


def test_over_http(judge: Judge, at_plain_shop: Bench) -> None:
    random = Random(TIMES)
    told = []
    for count in range(25 * TIMES):
        headers = grammar.headers(random, grammar.SLOTS)
        told += at_plain_shop.blame(judge, [("Set-Cookie", header) for header in headers], [_kind(count)])

    assert told == []


def _kind(count: int) -> str:
    return ("block", "allow")[count % 2]
