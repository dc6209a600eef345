"""Two patterns share a name, or don't."""

from __future__ import annotations

from itertools import product

import pytest
from growing import grows_linearly
from hypothesis import given
from hypothesis import strategies as st

from cookieguard.policy.overlap import overlap
from cookieguard.policy.pattern import Match, Pattern, compile_pattern, sample_names, ways_through


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [
        pytest.param("sid", "sid", True, id="the same name"),
        pytest.param("sid", "Sid", False, id="case"),
        pytest.param("sess*", "sessionid", True, id="prefix of a name"),
        pytest.param("sessionid_*", "sessionid", False, id="longer than the name"),
        pytest.param("wp_*", "wp_logged_*", True, id="prefix of a prefix"),
        pytest.param("wp_logged_in_a*", "wp_logged_*", True, id="inside a prefix"),
        pytest.param("a*z", "a*y", False, id="other ends"),
        pytest.param("a*z", "*b*", True, id="middle"),
        pytest.param("ab*ba", "aba", False, id="ends don't overlap"),
        pytest.param("/_[a-z]+_session", "_foo_s*", True, id="prefix into a regular expression"),
        pytest.param("/_[a-z]+_session", "_ga_*", True, id="one that could go on"),
        pytest.param("/_[a-z]+_session", "_GA_*", False, id="one that could not"),
        pytest.param("/a{2,3}b", "aaab", True, id="counted"),
        pytest.param("/a{2,3}b", "aaaab", False, id="counted too many"),
        pytest.param("/(ab)?c", "/a?c", True, id="optional"),
        pytest.param("/x[0-9]+", r"/x\D+", False, id="classes apart"),
        pytest.param("/a{300}", "/a*", False, id="longer than any name"),
        pytest.param("/a{200}b{0,900}", "/a{200}b{40}", True, id="more than a name can hold"),
        pytest.param("/s_[a-z0-9]{1,64}_1", "/s_[a-z0-9]{1,64}_2", False, id="other fixed ends"),
        pytest.param("/s_[a-z]{1,64}_1_[a-z]+", "/s_[a-z]{1,64}_2_[a-z]+", False, id="other middles"),
        pytest.param("\u00e4*", "/.b", True, id="beyond ascii"),
        pytest.param("*", "", True, id="everything"),
    ],
)
def test_overlap(one: str, other: str, shared: bool) -> None:
    patterns = [
        compile_pattern(text.removeprefix("/") or "*", "regex" if text.startswith("/") else None)
        for text in (one, other)
    ]

    assert overlap(*patterns) is shared
    assert overlap(*reversed(patterns)) is shared


# Alternatives that each make for a walk of its own, and much that may be left out.
MANY = "([o-q]|x)" * 6 + "".join(f"{char}{{0,240}}" for char in "abcdefghijklm")


def test_what_takes_too_long_to_tell_may_overlap() -> None:
    patterns = [compile_pattern(f"{MANY}{end}", "regex") for end in ("q?[n-q]", "r?[q-z]")]

    assert overlap(*patterns)


def test_many_patterns_with_wide_counts_are_compared() -> None:
    def compare(size: int) -> None:
        each = [compile_pattern(f"shop_[a-z]{{1,{size}}}_{end}_[a-z]*", "regex") for end in range(10)]
        assert not any(overlap(one, other) for one in each[:5] for other in each[5:])

    assert grows_linearly(compare, 200)


def compiled(source: str, match: Match | None) -> Pattern | None:
    try:
        return compile_pattern(source, match)
    except ValueError:
        return None


names = st.text("ab-", max_size=5)
patterns = st.builds(compiled, st.text("ab*", min_size=1, max_size=5), st.sampled_from([None, "exact"])) | st.builds(
    compiled,
    st.lists(st.sampled_from(["a", "b", "[ab]", "[^a]", "a*", "b+", "a?", "b{1,2}", "(a|b)", "."]), max_size=4).map("".join),
    st.just("regex"),
)  # fmt: skip
patterns = patterns.filter(lambda pattern: pattern is not None)


@given(patterns, patterns, st.lists(names, max_size=20))
def test_a_shared_name_is_found(one: Pattern, other: Pattern, tried: list[str]) -> None:
    samples = [*tried, *sample_names(one), *sample_names(other)]
    if any(one.matches(name) and other.matches(name) for name in samples):
        assert overlap(one, other)


SHORT = ["".join(chars) for length in range(6) for chars in product("ab-*", repeat=length)]
short_patterns = patterns.filter(lambda pattern: sum(len(way) for way in ways_through(pattern)) <= 3)


@given(short_patterns, short_patterns)
def test_agrees_with_trying_each_name(one: Pattern, other: Pattern) -> None:
    assert overlap(one, other) == any(one.matches(name) and other.matches(name) for name in SHORT)
