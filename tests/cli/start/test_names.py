"""Names that differ from visitor to visitor."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cookieguard.cli.start.names import family_of
from cookieguard.policy.pattern import compile_pattern


@pytest.mark.parametrize(
    ("name", "family"),
    [
        pytest.param("sess_0a1b2c3d", "sess_*", id="hexadecimal"),
        pytest.param("WHMCS0a1b2c3d4e", "WHMCS*", id="right behind letters"),
        pytest.param("cart-6f1c2a34-0b1c-4d2e-8f3a-0123456789ab", "cart-*", id="uuid"),
        pytest.param("visit.k3Jd82mQpX0aZ7wL", "visit.*", id="letters and digits"),
        pytest.param("session", "session", id="a word"),
        pytest.param(
            "roundup_session_Roundupissuetracker", "roundup_session_Roundupissuetracker", id="long words"
        ),
        pytest.param("sid_0a1b2c3d", "sid_*", id="short head"),
        pytest.param("a_0a1b2c3d", "a_0a1b2c3d", id="too short a head"),
        pytest.param("theme_2", "theme_2", id="a number"),
        pytest.param("facade_deadbeef", "facade_deadbeef", id="a word of hexadecimal letters"),
        pytest.param("pre*_0a1b2c3d", "pre*_0a1b2c3d", id="an asterisk of its own"),
    ],
)
def test_families(name: str, family: str) -> None:
    assert family_of(name) == family


@given(st.text(st.characters(codec="ascii", exclude_categories=["Cc", "Zs"]), min_size=1))
def test_a_name_is_of_its_family(name: str) -> None:
    family = family_of(name)
    assert family == name or compile_pattern(family).matches(name)
