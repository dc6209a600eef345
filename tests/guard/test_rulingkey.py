"""What makes two cookies one to a ruling."""

from __future__ import annotations

import pytest
from werkzeug.http import http_date

from cookieguard.guard.rulingkey import Key, key_of

NOW = 1_795_000_000.0
SOON = http_date(NOW + 60)


@pytest.mark.parametrize(
    ("header", "key"),
    [
        pytest.param("sid=1", ("sid", ""), id="pair"),
        pytest.param("sid=a=b; Path=/", ("sid", " Path=/"), id="the-value-is-no-part"),
        pytest.param("sid=1;", ("sid", ""), id="semicolon-alone"),
        pytest.param(f"sid=1; Expires={SOON}", ("sid", " E", 60, ""), id="date"),
        pytest.param(f" sid=1; expires={SOON}", (" sid", " e", 60, ""), id="django"),
        pytest.param(
            f"sid=1; HttpOnly; Expires={SOON}; Path=/",
            ("sid", " HttpOnly; E", 60, "; Path=/"),
            id="date-between",
        ),
        pytest.param("sid=1; Expires=tomorrow", None, id="other-date"),
        pytest.param("sid", None, id="nameless"),
        pytest.param("sid=1\x00", None, id="control-character"),
        pytest.param(f"sid={'x' * 1024}", None, id="long"),
    ],
)
def test_key_of(header: str, key: Key | None) -> None:
    assert key_of(header, lambda: NOW) == key
