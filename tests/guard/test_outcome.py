"""What becomes of headers of which it is known what each is."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cookieguard import Classification
from cookieguard.guard.caching import Headers
from cookieguard.guard.headers import CACHING, LINK, PAGE, PLAIN, REPEATING
from cookieguard.guard.outcome import Known, Outcome
from cookieguard.guard.ruling import Ruling
from cookieguard.guard.verdict import Verdict

KEPT = Ruling(Verdict("kept", "essential", "sid", Classification("essential")), False, False)
ACCEPTED = Ruling(Verdict("kept", "accepted", "stats", Classification("analytics")), False, True)
CAPPED = Ruling(
    Verdict("capped", "lifetime", "stats", Classification("analytics")), False, True, " Max-Age=9"
)
STRIPPED = Ruling(Verdict("stripped", "undeclared", "ads"), True, True)
PRIVATE = ("Cache-Control", "private")


def cookie(value: str) -> tuple[str, str]:
    return "Set-Cookie", value


@pytest.mark.parametrize(
    ("known", "headers", "leaving"),
    [
        pytest.param([], [], [], id="nothing"),
        pytest.param(
            [PLAIN, KEPT], [("ETag", "1"), cookie("sid=1")], [("ETag", "1"), cookie("sid=1")], id="kept"
        ),
        pytest.param(
            [STRIPPED, PLAIN, STRIPPED, KEPT, STRIPPED],
            [cookie("ads=1"), ("ETag", "1"), cookie("ads=2"), cookie("sid=1"), cookie("ads=3")],
            [("ETag", "1"), cookie("sid=1"), PRIVATE],
            id="stripped-around-what-stays",
        ),
        pytest.param(
            [STRIPPED, CAPPED, STRIPPED, CAPPED],
            [
                cookie("ads=1"),
                cookie("stats=a"),
                cookie("ads=2"),
                ("set-cookie", "stats=b; Max-Age=99; Path=/"),
            ],
            [cookie("stats=a; Max-Age=9"), ("set-cookie", "stats=b; Max-Age=9"), PRIVATE],
            id="amended-between-what-is-stripped",
        ),
        pytest.param(
            [CACHING, ACCEPTED],
            [("Cache-Control", "public, max-age=60"), cookie("stats=1")],
            [("Cache-Control", "private, max-age=60"), cookie("stats=1")],
            id="private-in-place-of-public",
        ),
        pytest.param(
            [CACHING, KEPT],
            [("Cache-Control", "public"), cookie("sid=1")],
            [("Cache-Control", "public"), cookie("sid=1")],
            id="public-where-it-tells-nothing",
        ),
    ],
)
def test_what_leaves(known: Sequence[Known], headers: Headers, leaving: Headers) -> None:
    given = list(headers)

    assert Outcome.of(known).apply(given) == leaving
    assert given == headers


@pytest.mark.parametrize(
    ("known", "concerns"),
    [([PLAIN, REPEATING, CACHING, KEPT], False), ([PLAIN, PAGE], True), ([LINK, STRIPPED], True)],
)
def test_what_concerns_pages(known: Sequence[Known], concerns: bool) -> None:
    assert Outcome.of(known).concerns_page == concerns


@given(st.lists(st.sampled_from([PLAIN, LINK, KEPT, ACCEPTED, CAPPED, STRIPPED]), max_size=12))
def test_it_is_what_each_ruling_says_in_turn(known: Sequence[Known]) -> None:
    headers = [
        ("Set-Cookie" if isinstance(each, Ruling) else "X", f"{at}=1") for at, each in enumerate(known)
    ]
    expected = [
        (name, each.apply(value) if isinstance(each, Ruling) else value)
        for (name, value), each in zip(headers, known, strict=True)
        if not (isinstance(each, Ruling) and each.stripped)
    ]
    outcome = Outcome.of(known)

    assert [header for header in outcome.apply(headers) if header != PRIVATE] == expected
    assert list(outcome.verdicts) == [each.verdict for each in known if isinstance(each, Ruling)]
