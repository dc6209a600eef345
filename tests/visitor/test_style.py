"""The style sheet: small, and harmless in a page that isn't ours."""

from __future__ import annotations

import gzip
import re

import pytest

from cookieguard.visitor.style import POLICY_STYLE, STYLE, Style, insistent, stripped

RULES = re.sub(r"@media[^{]*\{|\}\s*\}", "}", STYLE.body.decode())
SELECTORS = [selector.strip() for selector in re.findall(r"([^{}]+)\{", RULES)]


def test_small() -> None:
    assert len(gzip.compress(STYLE.body, 9, mtime=0)) <= 1100


@pytest.mark.parametrize("selector", SELECTORS)
def test_each_rule_is_scoped_by_a_class_of_ours(selector: str) -> None:
    # Commas within :is() don't part selectors.
    for part in re.split(r",(?![^(]*\))", selector):
        begun = re.match(r":is\((.*?)\)", part)
        for scope in begun[1].split(",") if begun else [part]:
            assert scope == ":where(:root)" or scope.startswith((".cg-", "html:has(.cg-banner)")), part


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


@pytest.mark.parametrize(
    ("css", "expected"),
    [
        pytest.param("a{b:c;d:e}", "a{b:c!important;d:e!important}", id="each"),
        pytest.param(
            ":where(:root){--cg-a:b;--cg-c:d}", ":where(:root){--cg-a:b;--cg-c:d}", id="not-properties"
        ),
        pytest.param("@media (a:b){c::d{e:f}}", "@media (a:b){c::d{e:f!important}}", id="media"),
        pytest.param('a:has(b)::after{c:""}', 'a:has(b)::after{c:""!important}', id="pseudo"),
    ],
)
def test_insistent(css: str, expected: str) -> None:
    assert insistent(css) == expected


@pytest.mark.parametrize("style", [STYLE, POLICY_STYLE], ids=lambda style: style.path)
def test_nothing_that_is_served_gives_way(style: Style) -> None:
    rules = style.body.decode()
    declared = re.findall(r"(?<=[;{])(?!--)[a-z-]+:[^;{}]*[;}]", rules)
    assert declared and all(each.endswith(("!important;", "!important}")) for each in declared)
    assert "--cg-text:CanvasText;" in STYLE.body.decode()
