"""Who wins where several declarations match one name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cookieguard.policy.index import Index, ranked
from cookieguard.policy.model import Declaration, Origin
from cookieguard.policy.pattern import Match, compile_pattern


def declare(
    name: str, match: Match | None = None, origin: Origin = "site", category: str = "analytics"
) -> Declaration:
    return Declaration(
        name=name, match=match, origin=origin, category=category, pattern=compile_pattern(name, match)
    )


@pytest.mark.parametrize(
    ("name", "declarations", "order"),
    [
        pytest.param("_ga", [declare("_g*"), declare("_ga")], ["_ga", "_g*"], id="exact before glob"),
        pytest.param(
            "_ga",
            [declare("_g.", "regex"), declare("_g*")],
            ["_g*", "_g."],
            id="glob before regular expression",
        ),
        pytest.param(
            "_ga_x", [declare("_*"), declare("_ga_*"), declare("_ga*")], ["_ga_*", "_ga*", "_*"], id="longest"
        ),
        pytest.param(
            "_ga_x",
            [declare("_g\\w+", "regex"), declare("_ga\\w+", "regex")],
            ["_ga\\w+", "_g\\w+"],
            id="longest regular expression",
        ),
        pytest.param(
            "_ga",
            [
                declare("_ga", origin="catalogue"),
                declare("_ga", origin="imported"),
                declare("_*", origin="site"),
            ],
            ["_*", "_ga", "_ga"],
            id="the site's own before imported before the catalogue",
        ),
        pytest.param("ab", [declare("a*"), declare("*b")], ["a*", "*b"], id="equal: first declared"),
        pytest.param(
            "ba", [declare("*a"), declare("b*")], ["b*", "*a"], id="longest prefix, whatever the order"
        ),
        pytest.param("x", [declare("_ga"), declare("_ga*")], [], id="none"),
        pytest.param("a", [declare("a*"), declare("aa*")], ["a*"], id="name shorter than a prefix"),
        pytest.param("_GA", [declare("_ga"), declare("_ga*")], [], id="case"),
        pytest.param("", [declare("a"), declare("*")], ["*"], id="nameless"),
    ],
)
def test_order(name: str, declarations: list[Declaration], order: list[str]) -> None:
    index = Index(declarations)

    assert [found.name for found in index.find_all(name)] == order
    winner = index.find(name)
    assert (winner and winner.name) == (order[0] if order else None)


def test_origins_in_order() -> None:
    index = Index(
        [declare("a", origin="catalogue"), declare("a", origin="imported"), declare("a", origin="site")]
    )

    assert [found.origin for found in index.find_all("a")] == ["site", "imported", "catalogue"]


@pytest.mark.parametrize("name", ["a", "ab", "abc", "abd", "b", "", "abcd", "c"])
def test_heads_inside_heads(name: str) -> None:
    heads = ["", "a", "ab", "abc", "abca", "abd", "b", "bb"]
    found = Index(declare(head + "*") for head in heads).find_all(name)

    assert [cookie.name for cookie in found] == [
        head + "*" for head in sorted(heads, key=len, reverse=True) if name.startswith(head)
    ]


names = st.text("ab", min_size=1, max_size=4)
patterns = names | st.text("ab*", min_size=1, max_size=4)


@given(st.lists(patterns, max_size=8), names)
def test_finds_what_trying_each_would_find(declared: list[str], name: str) -> None:
    declarations = [declare(pattern) for pattern in declared]

    found = Index(declarations).find_all(name)

    assert sorted(cookie.name for cookie in found) == sorted(
        cookie.name for cookie in declarations if cookie.pattern.matches(name)
    )
    exact = [cookie.name == name for cookie in found]
    assert exact == sorted(exact, reverse=True)


regexes = st.sampled_from(["a", "b", "[ab]", "a?", "[ab]+"]).flatmap(
    lambda last: st.text("ab", max_size=3).map(lambda head: (head + last, "regex"))
)
origins: st.SearchStrategy[Origin] = st.sampled_from(["site", "imported", "catalogue"])
declarations = st.builds(
    lambda pattern, origin: declare(*pattern, origin=origin),
    patterns.map(lambda pattern: (pattern, None)) | regexes,
    origins,
)


@given(st.lists(declarations, max_size=10), names)
def test_the_winner_is_the_best_of_all_that_match(declared: list[Declaration], name: str) -> None:
    index = Index(declared)
    best = [each for _, each in ranked(declared) if each.pattern.matches(name)]

    assert [*map(id, index.find_all(name))] == [*map(id, best)]
    assert index.find(name) is (best[0] if best else None)
