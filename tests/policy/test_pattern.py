"""Exact names, globs and the regular expressions that take linear time."""

from __future__ import annotations

import re
from collections.abc import Iterator

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
    ("source", "says"),
    [
        pytest.param("(a*)*", "nested quantifier", id="nested"),
        pytest.param("(a+)+b", "nested quantifier", id="nested plus"),
        pytest.param("(a|ab)*", "nested quantifier", id="repeated alternatives"),
        pytest.param("(ab){2}", "nested quantifier", id="counted group"),
        pytest.param("a*a*b", "more than linear", id="twice the same"),
        pytest.param("a?a?a?aaa", "more than linear", id="optional in a row"),
        pytest.param("a*(b|a)c*", "more than linear", id="through an alternative"),
        pytest.param("a*(b)?a*c", "more than linear", id="over an optional group"),
        pytest.param(".*x.*", "more than linear", id="two dots"),
        pytest.param(r"\w+\d+x", "more than linear", id="overlapping classes"),
        pytest.param("a{1,50}a{1,50}b", "more than linear", id="counted twice"),
        pytest.param("[^ -~]*[^ -~]*x", "more than linear", id="both beyond ascii"),
        pytest.param("[^ -M]*[^N-~]*x", "more than linear", id="beyond ascii on both sides"),
        pytest.param(r"[^ -M]*\W*x", "more than linear", id="beyond ascii by an escape"),
        pytest.param("(?=a)b", "look-around", id="look-ahead"),
        pytest.param("(?i)a", "flag", id="flag"),
        pytest.param("(?P<x>a)", "named group", id="named group"),
        pytest.param(r"(a)\1", r"the escape \1", id="backreference"),
        pytest.param(r"\bads", r"the escape \b", id="word boundary"),
        pytest.param(r"\s", r"the escape \s", id="white space"),
        pytest.param(r"\x41", r"the escape \x", id="hexadecimal"),
        pytest.param("a\\", "the escape", id="backslash at the end"),
        pytest.param("^a", "an anchor ^", id="anchor"),
        pytest.param("a$", "an anchor $", id="end anchor"),
        pytest.param("a*?", "lazy", id="lazy"),
        pytest.param("a++", "possessive", id="possessive"),
        pytest.param("a{2}{3}", "double quantifier", id="double"),
        pytest.param("*a", "without anything to repeat", id="star in front"),
        pytest.param("a|*", "without anything to repeat", id="star in an alternative"),
        pytest.param("a{,3}", "counts nothing", id="a count that JavaScript reads as text"),
        pytest.param("a{3,2}", "low to high", id="count from high to low"),
        pytest.param("(a", "unclosed (", id="unclosed group"),
        pytest.param("a)", "unopened )", id="unopened group"),
        pytest.param("[a", "unclosed [", id="unclosed class"),
        pytest.param("a]", "unescaped ]", id="unopened class"),
        pytest.param("a}", "unescaped }", id="unopened count"),
        pytest.param("[]a]", "empty class", id="a class that JavaScript reads as empty"),
        pytest.param("[[a]", "unescaped [ inside", id="nested class"),
        pytest.param("[z-a]", "low to high", id="range from high to low"),
        pytest.param(r"[\d-z]", "low to high", id="range from a class"),
        pytest.param("[a&&b]", "doubled &", id="set intersection"),
        pytest.param("[a||b]", "doubled |", id="set union"),
        pytest.param("\xe4", "printable ASCII", id="beyond ascii"),
        pytest.param("a\n", "printable ASCII", id="line feed"),
        pytest.param("((((a))))", "four deep", id="deep"),
        pytest.param("(a|b|c)" * 6, "64 alternatives", id="many ways"),
    ],
)
def test_refuses(source: str, says: str) -> None:
    with pytest.raises(ValueError, match=re.escape(says)) as caught:
        compile_pattern(source, "regex")

    assert repr(source) in str(caught.value)


@pytest.mark.parametrize(
    ("name", "says"),
    [("", "empty"), ("a" * 201, "201"), ("a" * 200 + "*", "201")],
    ids=["empty", "long", "long glob"],
)
def test_refuses_in_any_kind(name: str, says: str) -> None:
    for match in (None, "exact", "glob", "regex"):
        with pytest.raises(ValueError, match=says):
            compile_pattern(name, match)


# Linear time: expressions are built from a tree, so that a naive backtracking matcher can count
# the steps that `re` or JavaScript would take at worst.

Atom = tuple[str, str]
Item = Atom | tuple[list[list[Atom]], str]

ALPHABET = "ab-\xe4"
CLASSES = {
    "a": "a",
    "b": "b",
    "[ab]": "ab",
    ".": ALPHABET,
    "[^a]": "b-\xe4",
    "[^b]": "a-\xe4",
    "[^ -a]": "b\xe4",
    "[^b-~]": "a-\xe4",
    r"\W": "-\xe4",
}
QUANTIFIERS = {
    "": (1, 1),
    "*": (0, 999),
    "+": (1, 999),
    "?": (0, 1),
    "{2}": (2, 2),
    "{1,}": (1, 999),
    "{0,3}": (0, 3),
}

atoms = st.tuples(st.sampled_from(sorted(CLASSES)), st.sampled_from(sorted(QUANTIFIERS)))
groups = st.tuples(st.lists(st.lists(atoms, max_size=2), min_size=1, max_size=2), st.sampled_from(["", "?"]))
trees = st.lists(atoms | groups, min_size=1, max_size=5)


def render(items: list[Item]) -> str:
    return "".join(
        item[0] + item[1] if isinstance(item[0], str) else f"({'|'.join(map(render, item[0]))}){item[1]}"
        for item in items
    )


def ends(items: list[Item], name: str, at: int, steps: list[int]) -> Iterator[int]:
    """Yield each place where the items can end, in the order of a backtracking engine."""
    steps[0] += 1
    if not items:
        yield at
        return
    (what, quantifier), *rest = items
    if isinstance(what, str):
        least, most = QUANTIFIERS[quantifier]
        far = at
        while far < len(name) and far - at < most and name[far] in CLASSES[what]:
            far += 1
        for stop in range(far, at + least - 1, -1):
            yield from ends(rest, name, stop, steps)
    else:
        for way in what:
            yield from ends([*way, *rest], name, at, steps)
        if quantifier:
            yield from ends(rest, name, at, steps)


def count_steps(tree: list[Item], name: str) -> tuple[bool, int]:
    steps = [0]
    return any(end == len(name) for end in ends(tree, name, 0, steps)), steps[0]


@given(trees, st.text(ALPHABET, min_size=1, max_size=3), st.sampled_from(["", "-", "b", "ab"]))
def test_accepted_regexes_take_linear_time(tree: list[Item], unit: str, tail: str) -> None:
    try:
        compiled = compile_pattern(render(tree), "regex")
    except ValueError:
        return

    for size in (0, 1, 2, 40, 80):
        name = unit * size + tail
        matched, steps = count_steps(tree, name)
        assert compiled.matches(name) == matched
        # 2 ** 5 ways at most, and in each the items and the end are tried at each place.
        assert steps <= 32 * 12 * (len(name) + 1)


@pytest.mark.parametrize(
    "tree", [[("a", "*"), ("a", "*"), ("b", "")], [("[^a]", "*"), ("[^b]", "*"), ("b", "")]]
)
def test_the_measure_finds_quadratic_time(tree: list[Item]) -> None:
    short, long = (
        count_steps(tree, "\xe4" * size if tree[0][0] == "[^a]" else "a" * size)[1] for size in (40, 80)
    )

    assert long > 3 * short
