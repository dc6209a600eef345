"""Hosts in addresses and texts."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cookieguard.importers.hosts import host_of, hosts_in, same_site


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://WWW.Example.com:8443/a?b", "www.example.com"),
        ("http://example.com./", "example.com"),
        ("wss://[::1]:80/", "::1"),
        ("data:text/html,x", None),
        ("chrome-extension://abc/x", None),
        ("/local", None),
        ("https://[", None),
        ("", None),
        (None, None),
        (5, None),
    ],
)
def test_host_of(url: Any, host: str | None) -> None:
    assert host_of(url) == host


@pytest.mark.parametrize(
    ("text", "hosts"),
    [
        ("google-analytics.com (3rd party) or advertiser's website domain", ("google-analytics.com",)),
        ("A.example, .b.example and a.example", ("a.example", "b.example")),
        ("https://www.example.com/x", ("www.example.com",)),
        ("someone@example.com", ()),
        ("Advertiser's website domain (1st party)", ()),
        ("-a.example", ()),
        ("1.5", ()),
        ("", ()),
    ],
)
def test_hosts_in(text: str, hosts: tuple[str, ...]) -> None:
    assert hosts_in(text) == hosts


@pytest.mark.parametrize(
    ("host", "other", "same"),
    [
        ("example.com", "example.com", True),
        ("www.example.com", "cdn.a.example.com", True),
        ("example.com", "notexample.com", False),
        ("a.co.uk", "b.co.uk", False),
        ("www.a.co.uk", "a.co.uk", True),
        ("localhost", "localhost", True),
        ("127.0.0.1", "127.1.0.1", False),
        ("::1", "::2", False),
    ],
)
def test_same_site(host: str, other: str, same: bool) -> None:
    assert same_site(host, other) is same


@given(st.text())
def test_any_text_is_answered(text: str) -> None:
    hosts_in(text)
    host_of(text)
    host_of(f"https://{text}/")
