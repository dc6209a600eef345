"""Regular expressions: what is refused, by which name, and that the rest takes linear time."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cookieguard.policy.pattern import compile_pattern
from cookieguard.policy.subset import BadPattern


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
        pytest.param("(?=a)b", "a look-ahead (?=…)", id="look-ahead"),
        pytest.param("(?!a)b", "a negative look-ahead (?!…)", id="negative look-ahead"),
        pytest.param("(?<=a)b", "a look-behind (?<=…)", id="look-behind"),
        pytest.param("(?<!a)b", "a negative look-behind (?<!…)", id="negative look-behind"),
        pytest.param("(?i)a", "an inline flag (?…)", id="flag"),
        pytest.param("(?i:a)", "an inline flag (?…)", id="flag of a group"),
        pytest.param("(?-i:a)", "an inline flag (?…)", id="flag taken back"),
        pytest.param("(?P<x>a)", "a named group (?P<…>…)", id="named group"),
        pytest.param("(?<x>a)", "a named group (?<…>…)", id="named group in JavaScript"),
        pytest.param("(?P<x>a)(?P=x)", "a named group", id="named backreference behind its group"),
        pytest.param("(?P=x)", "a backreference (?P=…)", id="named backreference"),
        pytest.param("(?>a)", "an atomic group (?>…)", id="atomic"),
        pytest.param("(a)?(?(1)b|c)", "a conditional group (?(…)…)", id="conditional"),
        pytest.param("a(?#note)", "a comment (?#…)", id="comment"),
        pytest.param("(?R)", "a recursion (?R)", id="recursion"),
        pytest.param("(*FAIL)", "a verb (*…)", id="verb"),
        pytest.param(r"(a)\1", r"the escape \1 (a backreference)", id="backreference"),
        pytest.param(r"\k<x>", r"the escape \k (a backreference)", id="backreference in JavaScript"),
        pytest.param(r"\bads", r"the escape \b (a word boundary)", id="word boundary"),
        pytest.param(r"[\b]", r"the escape \b (a word boundary)", id="word boundary in a class"),
        pytest.param(r"a\B", r"the escape \B (a word boundary)", id="no word boundary"),
        pytest.param(r"\Aa", r"the escape \A (an anchor)", id="anchor by an escape"),
        pytest.param(r"a\Z", r"the escape \Z (an anchor)", id="end anchor by an escape"),
        pytest.param(r"\s", r"the escape \s (a class of white space)", id="white space"),
        pytest.param(r"[\S]", r"the escape \S (a class of white space)", id="no white space"),
        pytest.param(r"\p{L}", r"the escape \p (a Unicode class)", id="unicode class"),
        pytest.param(r"\P{Lu}", r"the escape \P (a Unicode class)", id="no unicode class"),
        pytest.param(r"\x41", r"the escape \x (a character by its number", id="hexadecimal"),
        pytest.param(r"\u0041", r"the escape \u (a character by its number", id="unicode"),
        pytest.param(r"\N{DASH}", r"the escape \N (a character by its number or name)", id="by name"),
        pytest.param(r"\0", r"the escape \0 (a character by its number", id="octal"),
        pytest.param(r"\n", r"the escape \n (a control character)", id="control"),
        pytest.param(r"\_", r"the escape \_ at", id="an escape of nothing"),
        pytest.param("[[:alpha:]]", "a POSIX class [:…:]", id="posix class"),
        pytest.param("a\\", "the escape", id="backslash at the end"),
        pytest.param("^a", "an anchor ^", id="anchor"),
        pytest.param("a$", "an anchor $", id="end anchor"),
        pytest.param("a*?", "a lazy quantifier", id="lazy"),
        pytest.param("a{2}?", "a lazy quantifier", id="lazy count"),
        pytest.param("a++", "a possessive quantifier", id="possessive"),
        pytest.param("a**", "a double quantifier", id="double star"),
        pytest.param("a{2}{3}", "double quantifier", id="double"),
        pytest.param("*a", "without anything to repeat", id="star in front"),
        pytest.param("a|*", "without anything to repeat", id="star in an alternative"),
        pytest.param("a{,3}", "counts nothing", id="a count that JavaScript reads as text"),
        pytest.param("a{1,1000}", "more than three digits", id="a count over the most"),
        pytest.param("a{1000}", "more than three digits", id="a fixed count over the most"),
        pytest.param("a{1000,}", "more than three digits", id="a least count over the most"),
        pytest.param("a{x}", "counts nothing", id="a count of no number"),
        pytest.param("a{3,2}", "low to high", id="count from high to low"),
        pytest.param("(a", "unclosed (", id="unclosed group"),
        pytest.param("a)", "unopened )", id="unopened group"),
        pytest.param("[a", "unclosed [", id="unclosed class"),
        pytest.param("a]", "unescaped ]", id="unopened class"),
        pytest.param("a}", "unescaped }", id="unopened count"),
        pytest.param("[]a]", "empty class", id="a class that JavaScript reads as empty"),
        pytest.param(r"[^\d\D]", "empty class", id="a class that takes everything out"),
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

    assert isinstance(caught.value, BadPattern)
    assert repr(source) in caught.value.reason
    assert caught.value.remedy.startswith(("write", "take", "repeat", "declare", "escape"))


@pytest.mark.parametrize(
    ("source", "remedy"),
    [
        ("(?i)ads", "write both cases: [Aa]"),
        ("^ads$", "take it out: a pattern matches the whole name as it is"),
        ("(ab)+", "repeat a single class: [ab]*"),
        (r"\p{L}+", "write the characters: [A-Za-z0-9]"),
        ("(?!_ga)_g.*", "declare what must not match as an entry of its own"),
        ("a}", r"write \} for the character"),
    ],
)
def test_says_what_to_write_instead(source: str, remedy: str) -> None:
    with pytest.raises(BadPattern) as caught:
        compile_pattern(source, "regex")

    assert caught.value.remedy.startswith(remedy)


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
