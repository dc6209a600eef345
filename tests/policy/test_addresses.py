"""What lies under a path; hosts, mounts and addresses have their rows in test_checks."""

from __future__ import annotations

import pytest

from cookieguard.policy.addresses import is_under


@pytest.mark.parametrize(
    ("path", "prefix", "under"),
    [
        pytest.param("/a/b", "/a/", True, id="slash at the end of the prefix"),
        pytest.param("/a/", "/a/", True, id="the prefix itself"),
        pytest.param("/ab", "/a/", False, id="longer segment"),
        pytest.param("/a/b", "/", True, id="root holds all"),
        pytest.param("/a/../b", "/", False, id="root holds no dot segments"),
        pytest.param("/m\xfcnchen/x", "/m\xfcnchen", True, id="decoded"),
        pytest.param("/a/100%", "/a", True, id="a percent sign"),
        pytest.param("/a/100%.pdf", "/a", True, id="a percent sign before a dot"),
        pytest.param("/a/%2e%2e/b", "/a", False, id="decoded once more it is another path"),
        pytest.param("/a/%252e", "/a", False, id="twice more"),
        pytest.param("/a/%u002e", "/a", False, id="as IIS encodes"),
    ],
)
def test_is_under(path: str, prefix: str, under: bool) -> None:
    assert is_under(path, (prefix,)) is under


def test_under_no_prefix_lies_nothing() -> None:
    assert not is_under("/a", ())
