"""A request's target, in each of its forms."""

from __future__ import annotations

import pytest
from contract import HOST, MOUNT
from misbehaving import Upstream
from sidecars import HEALTH, Running, asked_by

pytestmark = pytest.mark.server


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("http://other.example:81/a%2Fb?q=1", "/a%2Fb?q=1"),
        ("HTTPS://other.example:81?q", "/?q"),
        ("http://other.example:81//a", "//a"),
    ],
)
def test_a_target_with_a_host_has_the_last_word(
    sidecar: Running, seen: Upstream, target: str, path: str
) -> None:
    sidecar.raw(asked_by(target))

    assert seen.lines()[0] == f"GET {path} HTTP/1.1"
    assert seen.values("Host") == seen.values("X-Forwarded-Host") == ["other.example:81"]


def test_a_target_with_a_host_leads_to_the_sidecars_own_paths(sidecar: Running, seen: Upstream) -> None:
    before = len(seen.heads)

    assert b'"status": "ok"' in sidecar.raw(asked_by(f"http://{HOST}{HEALTH}"))
    assert b"set-cookie: cookieguard=" in sidecar.raw(
        f"POST http://{HOST}{MOUNT} HTTP/1.1\r\nHost: other.example\r\nOrigin: http://{HOST}\r\n"
        "Content-Length: 11\r\nConnection: close\r\n\r\nchoice=none".encode()
    )
    assert len(seen.heads) == before


@pytest.mark.parametrize(
    "target", ["a", "ftp://a/", "http:///a", "http://user@a/", "a.example:80", "http:/a"]
)
def test_no_target_of_a_site(sidecar: Running, seen: Upstream, target: str) -> None:
    before = len(seen.heads)

    assert sidecar.raw(asked_by(target)).startswith(b"HTTP/1.1 400 ")
    assert len(seen.heads) == before


def test_the_whole_site_is_asked_about(sidecar: Running, seen: Upstream) -> None:
    sidecar.raw(asked_by("*").replace(b"GET", b"OPTIONS"))

    assert seen.lines()[0] == "OPTIONS * HTTP/1.1"
