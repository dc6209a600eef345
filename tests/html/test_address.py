"""Which host an address leads to, and what a gate holds."""

from __future__ import annotations

import pytest
from addresses import ADDRESSES
from hypothesis import given
from hypothesis import strategies as st

from cookieguard.html.address import Gate, candidates, hosts_of, read_host


@pytest.mark.parametrize(
    ("base", "address", "host"), [pytest.param(*vector, id=ascii(vector[:2])) for vector in ADDRESSES]
)
def test_hosts_of(base: str | None, address: str, host: str | None) -> None:
    assert hosts_of(address, base) == (() if host is None else (host,))


def test_a_base_without_a_scheme_leaves_two() -> None:
    assert hosts_of("https:x.test/y", "//a.test/") == ("x.test", "a.test")


def test_a_space_hides_nothing_from_the_gate() -> None:
    # The standard refuses such a host, Chromium looks up `a%20.held.test`.
    assert hosts_of("//a .held.test/") == ("a .held.test",)


def test_a_port_may_begin_with_zeros_without_end() -> None:
    zeros = "0" * 5000
    assert hosts_of(f"//x.test:{zeros}80/") == ("x.test",)
    assert hosts_of(f"//x.test:{zeros}/") == ("x.test",)
    assert hosts_of(f"//x.test:{zeros}65536/") == ()


@given(st.text(), st.none() | st.text())
def test_no_text_raises(address: str, base: str | None) -> None:
    assert all(hosts_of(address, base))
    assert all(hosts_of("//" + address, base))


@given(st.text(alphabet="a%.\u00ad\uff41\u00df\u3002@:/[]0x19\ud800"))
def test_hosts_are_ascii_or_longer_than_any_label(text: str) -> None:
    for host in hosts_of("//" + text):
        assert host.isascii() or max(map(len, host.split("."))) > 63


@pytest.mark.parametrize(
    ("srcset", "expected"),
    [
        pytest.param("", [], id="empty"),
        pytest.param("a.png", ["a.png"], id="one"),
        pytest.param("a.png 1x, b.png 2x", ["a.png", "b.png"], id="two"),
        pytest.param("a.png, b.png", ["a.png", "b.png"], id="no-descriptors"),
        pytest.param("a.png,b.png", ["a.png,b.png"], id="comma-inside"),
        pytest.param("a.png 1x,b.png 2x", ["a.png", "b.png"], id="no-space-behind-comma"),
        pytest.param(" , ,a.png\t1x\n,\f//b.test/c,d.png 100w", ["a.png", "//b.test/c,d.png"], id="space"),
        pytest.param("a.png (1, 2) 1x, b.png", ["a.png", "b.png"], id="parentheses"),
        pytest.param("a.png (1, b.png", ["a.png"], id="open-parenthesis"),
        pytest.param("data:,x,, b.png", ["data:,x", "b.png"], id="commas-at-the-end"),
        pytest.param("//b.test 1q, c.png", ["//b.test", "c.png"], id="unknown-descriptor"),
    ],
)
def test_candidates(srcset: str, expected: list[str]) -> None:
    assert list(candidates(srcset)) == expected


@pytest.mark.parametrize(
    ("host", "held"),
    [
        pytest.param("a.test", True, id="itself"),
        pytest.param("x.y.a.test", True, id="below"),
        pytest.param("a.test.", True, id="final-dot"),
        pytest.param("xa.test", False, id="longer"),
        pytest.param("test", False, id="above"),
        pytest.param("", False, id="empty"),
        pytest.param(".", False, id="dot"),
        pytest.param("xn--bcher-kva.test", True, id="international"),
        pytest.param("127.0.0.1", True, id="number"),
    ],
)
def test_gate(host: str, held: bool) -> None:
    gate = Gate.of(["A.test", "b\u00fccher.test.", "127.0.0.1"])

    assert gate is not None
    assert gate.holds(host) is held


def test_no_hosts_no_gate() -> None:
    assert Gate.of([]) is None
    assert Gate.of(["", "a<b"]) is None


def test_a_long_label_takes_no_time() -> None:
    assert read_host("\u00fc" * 60_000 + ".test") is not None
