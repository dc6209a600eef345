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
    ],
)
def test_is_under(path: str, prefix: str, under: bool) -> None:
    assert is_under(path, (prefix,)) is under


def test_under_no_prefix_lies_nothing() -> None:
    assert not is_under("/a", ())
