"""Exact names, globs and the regular expressions that take linear time."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cookieguard.policy.pattern import Exact, Glob, Match, Regex, compile_pattern


@pytest.mark.parametrize(
    ("name", "match", "kind", "head"),
    [
        ("sid", None, Exact, "sid"),
        ("_ga_*", None, Glob, "_ga_"),
        ("*_id", None, Glob, ""),
        ("a*b*", "exact", Exact, "a*b*"),
        ("sid", "glob", Exact, "sid"),
        ("a.b[c]", None, Exact, "a.b[c]"),
        ("_ga_[A-Z]+", "regex", Regex, "_ga_"),
        ("_g(a|b)x", "regex", Regex, "_g"),
        ("ab?", "regex", Regex, "a"),
        ("ab{2}c*", "regex", Regex, "abb"),
        ("(ab)?c", "regex", Regex, ""),
        (r"a\.b", "regex", Regex, "a.b"),
    ],
)
def test_kind_and_head(name: str, match: Match | None, kind: type, head: str) -> None:
    pattern = compile_pattern(name, match)

    assert type(pattern) is kind
    assert pattern.literal_head == head


@pytest.mark.parametrize(
    ("pattern", "match", "matching", "others"),
    [
        pytest.param("sid", None, ["sid"], ["Sid", "sid1", "asid", ""], id="exact"),
        pytest.param("sid", "glob", ["sid"], ["sid1", "si"], id="glob without a star"),
        pytest.param("_ga_*", None, ["_ga_", "_ga_X1"], ["_ga", "_GA_1", "x_ga_"], id="prefix"),
        pytest.param("*_id", None, ["_id", "a_id"], ["_ids", "id"], id="suffix"),
        pytest.param("a*b*c", None, ["abc", "axbxc", "abbcc"], ["ac", "acb", "abcd"], id="middle"),
        pytest.param("ab*ba", None, ["abba", "abxba"], ["aba"], id="ends don't overlap"),
        pytest.param("*", None, ["", "x"], [], id="all"),
        pytest.param("a.*[b]", None, ["a.[b]", "a.x[b]"], ["axb", "a.b"], id="only a star is special"),
        pytest.param(
            "_ga_[A-Z0-9]+", "regex", ["_ga_X1"], ["_ga_", "_ga_x", "x_ga_X", "_ga_X\n"], id="regex"
        ),
        pytest.param("a|bc", "regex", ["a", "bc"], ["ac", "abc"], id="alternatives"),
        pytest.param(
            r"\d{3}(-\w+)?", "regex", ["123", "123-x"], ["12", "\u0661\u0661\u0661", "123-"], id="digits"
        ),
        pytest.param(
            "(a|b)(c|d)(e|f)?", "regex", ["ac", "bd", "bde"], ["ab", "cd", "ef"], id="groups in a row"
        ),
        pytest.param("[^a-z]x", "regex", ["1x", "\xe4x"], ["ax"], id="negated"),
    ],
)
def test_matches(pattern: str, match: Match | None, matching: list[str], others: list[str]) -> None:
    compiled = compile_pattern(pattern, match)

    assert [name for name in matching + others if compiled.matches(name)] == matching


def test_a_regex_matches_no_name_over_256_characters() -> None:
    compiled = compile_pattern("a.*", "regex")

    assert compiled.matches("a" * 256)
    assert not compiled.matches("a" * 257)


@given(st.text("ab*", min_size=1, max_size=8), st.text("abc", max_size=16))
def test_glob_is_a_run_of_anything_for_each_star(glob: str, name: str) -> None:
    reference = re.compile(".*".join(map(re.escape, glob.split("*"))), re.DOTALL)

    assert compile_pattern(glob).matches(name) == (reference.fullmatch(name) is not None)


@pytest.mark.parametrize(
    ("name", "says"),
    [("", "empty"), ("a" * 201, "201"), ("a" * 200 + "*", "201")],
    ids=["empty", "long", "long glob"],
)
def test_refuses_in_any_kind(name: str, says: str) -> None:
    for match in (None, "exact", "glob", "regex"):
        with pytest.raises(ValueError, match=says):
            compile_pattern(name, match)
