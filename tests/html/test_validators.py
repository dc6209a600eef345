"""A suffix on the way out, and off again on the way in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cookieguard.html.validators import strip_suffix, suffixed


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        pytest.param('"a-cgv1"', '"a"', id="ours"),
        pytest.param('W/"a-cgv1"', 'W/"a"', id="weak"),
        pytest.param('"-cgv1"', '""', id="empty-tag"),
        pytest.param('"a-cg0123456789ab"', "", id="other-version"),
        pytest.param('"a"', '"a"', id="foreign"),
        pytest.param('"logo-cg2024"', '"logo-cg2024"', id="looks-like-ours"),
        pytest.param("*", "*", id="any"),
        pytest.param("", "", id="empty"),
        pytest.param('"a-cgv1", "b-cg0123456789ab" ,W/"c"', '"a", W/"c"', id="list"),
        pytest.param('"a, b-cgv1"', '"a, b"', id="comma-inside"),
        pytest.param('"a-cgx-cgv1"', '"a-cgx"', id="twice"),
        pytest.param("Wed, 21 Oct 2026 07:28:00 GMT", "Wed, 21 Oct 2026 07:28:00 GMT", id="date"),
        pytest.param("a-cgv1", "a-cgv1", id="bare"),
        pytest.param('"a-cgv1" x', '"a-cgv1" x', id="no-list"),
        pytest.param('"a-cgv1', '"a-cgv1', id="open"),
        pytest.param('"a-cg v1"', '"a-cg v1"', id="no-suffix"),
    ],
)
def test_strip_suffix(sent: str, expected: str) -> None:
    assert strip_suffix(sent, "v1") == expected


TAGS = st.from_regex(r'(?:W/)?"[!#-~]*"', fullmatch=True)


@given(st.lists(TAGS, min_size=1))
def test_off_again(tags: list[str]) -> None:
    sent = [value for _, value in suffixed([("ETag", tag) for tag in tags], "v1")]

    assert strip_suffix(", ".join(sent), "v1") == ", ".join(tags)


@given(st.text())
def test_no_text_raises(value: str) -> None:
    assert isinstance(strip_suffix(value + '-cgv1"', "v1"), str)


@pytest.mark.parametrize("etag", ["a", 'w/"a"', '"a', '"a"b"', "", '"a b"'], ids=range(6))
def test_what_is_no_etag_is_left_out(etag: str) -> None:
    assert suffixed([("A", "1"), ("ETag", etag)], "v1") == [("A", "1")]
