"""Sightings of one cookie become one."""

from __future__ import annotations

import pytest

from cookieguard.cookies.setcookie import parse_set_cookie
from cookieguard.importers.sighting import Sighting, merged, seen_in_header

NOW = 1_790_000_000  # 2026-09-21 14:13:20 UTC


@pytest.mark.parametrize(
    ("header", "seen"),
    [
        pytest.param("a=1", [("a", None, None)], id="session"),
        pytest.param("a=1; Path=/x; Max-Age=60", [("a", "/x", 60)], id="max-age"),
        pytest.param("a=1; Expires=Mon, 21 Sep 2026 14:14:20 GMT", [("a", None, 60)], id="expires"),
        pytest.param("a=1; Max-Age=5; Expires=Mon, 21 Sep 2026 14:14:20 GMT", [("a", None, 5)], id="both"),
        pytest.param("a=; Max-Age=0", [("a", None, None)], id="deleted"),
        pytest.param("a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT", [("a", None, None)], id="expired"),
        pytest.param("ads; Path=/", [("ads", "/", None)], id="a name in some browsers"),
        pytest.param("=v", [], id="nameless"),
    ],
)
def test_seen_in_header(header: str, seen: list[tuple[str, str | None, int | None]]) -> None:
    cookie = parse_set_cookie(header)
    assert cookie is not None

    found = seen_in_header(cookie, "h.example", NOW, third_party=True)

    assert [(each.name, each.path, each.lifetime) for each in found] == seen
    assert all((each.host, each.set_by, each.third_party) == ("h.example", "server", True) for each in found)


def test_one_for_each_name_and_host() -> None:
    both = merged(
        [
            Sighting("a", "x", lifetime=5),
            Sighting("b", "x"),
            Sighting("a", "y"),
            Sighting("a", "x", path="/p", lifetime=60, set_by="server"),
            Sighting("a", "x"),
        ]
    )

    assert both == [
        Sighting("a", "x", "/p", 60, set_by="server"),
        Sighting("b", "x"),
        Sighting("a", "y"),
    ]


def test_no_sighting_has_room_for_a_value() -> None:
    assert "value" not in Sighting.__struct_fields__
