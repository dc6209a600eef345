"""The style sheet: small, and harmless in a page that isn't ours."""

from __future__ import annotations

import gzip
import re

import pytest

from cookieguard.visitor.style import STYLE, stripped

RULES = re.sub(r"@media[^{]*\{|\}\s*\}", "}", STYLE.body.decode())
SELECTORS = [selector.strip() for selector in re.findall(r"([^{}]+)\{", RULES)]


def test_small() -> None:
    assert len(gzip.compress(STYLE.body, 9, mtime=0)) <= 1100


@pytest.mark.parametrize("selector", SELECTORS)
def test_each_rule_is_scoped_by_a_class_of_ours(selector: str) -> None:
    # Commas within :is() don't part selectors.
    for part in re.sub(r"\([^()]*,[^()]*\)", "", selector).split(","):
        assert part == ":where(:root)" or part.startswith((".cg-", "html:has(.cg-banner)")), part


def test_there_are_rules() -> None:
    assert len(SELECTORS) > 20 and all(re.search(r"\w", selector) for selector in SELECTORS)


def test_root_sets_properties_alone_and_without_weight() -> None:
    for block in re.findall(r":where\(:root\)\{([^}]*)\}", STYLE.body.decode()):
        assert all(line.startswith("--cg-") for line in block.split(";"))


@pytest.mark.parametrize(
    ("css", "expected"),
    [
        pytest.param("a { b: c; d: e; }\n", "a{b:c;d:e}", id="spaces"),
        pytest.param("/* x { } */a {}", "a{}", id="comment"),
        pytest.param(".a :is(b, c) { d: e }", ".a :is(b,c){d:e}", id="descendants-stay"),
        pytest.param("a { b: max(1rem, 50% - 3rem) }", "a{b:max(1rem,50% - 3rem)}", id="sums-stay"),
        pytest.param("@media (a: b) and (c: d) { e { f: g } }", "@media (a:b) and (c:d){e{f:g}}", id="media"),
    ],
)
def test_stripped(css: str, expected: str) -> None:
    assert stripped(css) == expected
