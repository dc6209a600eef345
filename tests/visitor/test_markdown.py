"""Whatever a policy says stays text in Markdown; judged by a CommonMark reader with GFM's tables."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markupsafe import Markup

from cookieguard.visitor.markdown import Markdown, escape_markdown, link_markdown

READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def text_of(markdown: str) -> str:
    """What a reader shows of inline Markdown; a tag or a link in it fails the test."""
    [inline] = READER.parseInline(markdown)
    children = inline.children or []
    assert {token.type for token in children} <= {"text", "text_special"}, children
    return "".join(token.content for token in children)


def shown(text: str) -> str:
    return " ".join(text.replace("\0", "\ufffd").split())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("Counts visitors.", "Counts visitors.", id="plain"),
        pytest.param("_ga_*", "\\_ga\\_\\*", id="emphasis"),
        pytest.param("a|b", "a\\|b", id="pipe"),
        pytest.param("[a](b)", "\\[a\\](b)", id="brackets"),
        pytest.param("a\\", "a\\\\", id="backslash"),
        pytest.param("<b>&lt;", "\\<b\\>\\&lt;", id="angle-brackets"),
        pytest.param(" one\n two\r\n", "one two", id="line-breaks"),
        pytest.param("- item", "\\- item", id="bullet"),
        pytest.param("1. item", "1\\. item", id="number"),
        pytest.param("2026 was", "2026 was", id="no-list"),
        pytest.param("# title", "\\# title", id="heading"),
        pytest.param(
            Markup('<span lang="en">Tom &amp; _</span>'), "Tom & \\_".replace("&", "\\&"), id="markup"
        ),
        pytest.param(Markdown("[a](<b>)"), "[a](<b>)", id="written-already"),
        pytest.param(7, "7", id="number-value"),
    ],
)
def test_escape(text: object, expected: str) -> None:
    assert escape_markdown(text) == expected


@given(st.text())
def test_any_text_is_shown_as_it_is(text: str) -> None:
    escaped = escape_markdown(text)

    assert text_of(escaped) == shown(text)
    assert escape_markdown(escaped) is escaped


@given(st.text(st.sampled_from("-+=#>*_~`|[]()!<>&;:.1 \n\t\\ab")))
def test_any_text_is_one_paragraph(text: str) -> None:
    kinds = [token.type for token in READER.parse(escape_markdown(text)) if not token.hidden]

    assert kinds in ([], ["paragraph_open", "inline", "paragraph_close"])


@given(st.lists(st.text(), min_size=2, max_size=4))
def test_any_text_is_one_cell(texts: list[str]) -> None:
    row = "| " + " | ".join(map(escape_markdown, texts)) + " |"
    tokens = READER.parse(f"{'| a ' * len(texts)}|\n{'|---' * len(texts)}|\n{row}\n")
    cells = [tokens[place + 1] for place, token in enumerate(tokens) if token.type == "td_open"]

    assert [text_of(cell.content) for cell in cells] == [shown(text) for text in texts]


@pytest.mark.parametrize(
    "address",
    [
        "https://acme.test/privacy?a=1&b=2",
        "https://acme.test/a(b)c_d_e*f*",
        "https://acme.test/?x&copy;=1",
        "/privacy-choices?lang=de",
    ],
)
def test_links_lead_where_they_should(address: str) -> None:
    html = MarkdownIt("commonmark").render(link_markdown("A [b] | <c>", address))

    assert f'href="{Markup.escape(address).replace("*", "*")}"' in html
    assert "A [b] | &lt;c&gt;</a>" in html


@given(st.text(st.characters(min_codepoint=1, max_codepoint=127)))
def test_no_address_breaks_out_of_its_link(address: str) -> None:
    [inline] = READER.parseInline(f"{link_markdown('text', 'https://a.test/' + address)}|x")

    assert [token.type for token in inline.children or []] == ["link_open", "text", "link_close", "text"]
