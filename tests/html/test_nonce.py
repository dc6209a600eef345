"""Which nonce a page's own policy gives."""

from __future__ import annotations

import pytest

from cookieguard.html.nonce import find_nonce


@pytest.mark.parametrize(
    ("policies", "nonce"),
    [
        pytest.param([], None, id="none"),
        pytest.param(["script-src 'self' 'nonce-aB3+/=='"], "aB3+/==", id="script-src"),
        pytest.param(["default-src 'nonce-d'; style-src 'nonce-s'"], "d", id="default"),
        pytest.param(["default-src 'nonce-d'; script-src 'nonce-s'"], "s", id="script-before-default"),
        pytest.param(["script-src 'nonce-s'; SCRIPT-SRC-ELEM 'NONCE-e'"], "e", id="elem-before-script"),
        pytest.param(["script-src 'nonce-a' 'nonce-b'"], "a", id="first"),
        pytest.param(["script-src 'nonce-'"], None, id="empty"),
        pytest.param(["script-src 'nonce-a\"><b' 'nonce-ok'"], "ok", id="no-base64"),
        pytest.param(["script-src nonce-a"], None, id="no-quotes"),
        pytest.param(["style-src 'nonce-a'"], None, id="style"),
        pytest.param(["script-src 'self'; script-src 'nonce-a'"], None, id="second-directive"),
        pytest.param(["img-src *, script-src 'nonce-a'"], "a", id="second-policy"),
        pytest.param(["img-src *", "script-src 'nonce-b'"], "b", id="second-header"),
        pytest.param([" ;; ,;script-src\t'nonce-a'"], "a", id="odd-space"),
    ],
)
def test_find_nonce(policies: list[str], nonce: str | None) -> None:
    assert find_nonce(policies) == nonce
