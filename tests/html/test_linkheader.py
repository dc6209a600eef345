"""`Link` entries that load from held hosts are taken out, the others stay byte for byte."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from judge import GATE

from cookieguard.html.linkheader import without_held_links

HELD = "<//held.test/a.js>; rel=preload; as=script"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(HELD, None, id="preload"),
        pytest.param("<https://a.held.test>;rel=preconnect", None, id="preconnect"),
        pytest.param('<//held.test>; as=x; REL = "next PreLoad"', None, id="quoted"),
        pytest.param("<//held.test>; rel=icon", None, id="icon"),
        pytest.param("<//held.test>; rel=canonical", "<//held.test>; rel=canonical", id="canonical"),
        pytest.param("<//held.test>", "<//held.test>", id="no-rel"),
        pytest.param(
            "<//held.test>; rel=next; rel=preload", "<//held.test>; rel=next; rel=preload", id="first-rel"
        ),
        pytest.param("</a,b.js>;rel=preload", "</a,b.js>;rel=preload", id="own"),
        pytest.param(
            f"</a.css>; rel=preload , {HELD},  </b>;rel=x", "</a.css>; rel=preload ,  </b>;rel=x", id="some"
        ),
        pytest.param(f"{HELD}, </b>;rel=x", "</b>;rel=x", id="first"),
        pytest.param('</a>; title="<, \\", //held.test"; rel=preload', ..., id="in-quotes"),
        pytest.param("<\\\\held.test/,x>; rel=preload", None, id="backslashes"),
        pytest.param(
            '</a>; rel=preload; as=image; imagesrcset="/a 1x, //held.test/b 2x"', None, id="imagesrcset"
        ),
        pytest.param("//held.test; rel=preload", ..., id="no-target"),
        pytest.param("", ..., id="empty"),
        pytest.param('<//held.test>; rel="preload', None, id="open-quote"),
        pytest.param("<//held.test; rel=preload", ..., id="open-target"),
    ],
)
def test_links(value: str, expected: object) -> None:
    headers = [("A", "1"), ("link", value), ("B", "2")]
    wanted = value if expected is ... else expected

    found = without_held_links(headers, GATE)

    assert found == [("A", "1"), *([] if wanted is None else [("link", wanted)]), ("B", "2")]
    assert headers == [("A", "1"), ("link", value), ("B", "2")]


def test_without_a_gate_the_list_is_the_same() -> None:
    headers = [("Link", HELD)]

    assert without_held_links(headers, None) is headers


@given(st.text(alphabet='<>;,"\\ =arelpod/.tshd'))
def test_no_text_raises(value: str) -> None:
    (found,) = without_held_links([("Link", value)], GATE) or [("Link", value)]

    assert set(found[1]) <= set(value)
