"""Which headers pass, and what is said of the visitor's connection."""

from __future__ import annotations

from pathlib import Path

import pytest
from contract import HOST, MOUNT
from misbehaving import Upstream
from sidecars import Running, running

pytestmark = pytest.mark.server


def test_hop_by_hop_headers_stay_behind(sidecar: Running) -> None:
    answer = sidecar.ask("/hop")

    assert {name.lower() for name, _ in answer.headers} == {
        "content-length",
        "x-public",
        "date",
        "connection",
    }
    assert sidecar.ask("/hop/cookie").cookies == ["session=1"]


def test_an_answer_with_two_lengths(sidecar: Running) -> None:
    answer = sidecar.ask("/two-lengths")

    assert (answer.body, answer.get("content-length")) == (b"only", None)


def test_what_the_app_is_told_of_the_connection(sidecar: Running, seen: Upstream) -> None:
    forged = {
        "X-Forwarded-For": "1.2.3.4",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "evil.example",
        "X_Forwarded_For": "1.2.3.4",
    }
    sent = "".join(f"{name}: {value}\r\n" for name, value in forged.items())
    sidecar.raw(
        f"GET / HTTP/1.1\r\nHost: {HOST}\r\n{sent}Forwarded: for=_x\r\nConnection: close\r\n\r\n".encode()
    )

    assert seen.values("X-Forwarded-For") == ["127.0.0.1"]
    assert seen.values("X-Forwarded-Proto") == ["http"]
    assert seen.values("X-Forwarded-Host") == seen.values("Host") == [HOST]
    assert (seen.values("Forwarded"), seen.values("Via")) == (["for=_x"], ["1.1 cookieguard"])
    assert seen.values("X_Forwarded_For") == []


def test_hop_by_hop_headers_of_a_request_stay_behind(sidecar: Running, seen: Upstream) -> None:
    sidecar.ask(
        "/", Connection="close, X-Private, Cookie", X_Private="1", TE="trailers", Cookie="a=1", Expect="x"
    )

    assert seen.values("X-Private") == seen.values("TE") == seen.values("Expect") == []
    assert seen.values("Cookie") == ["a=1"]


def test_nothing_is_made_up(sidecar: Running, seen: Upstream) -> None:
    sidecar.raw(f"GET / HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode())

    names = {line.partition(":")[0].lower() for line in seen.lines()[1:]}
    assert names == {"host", "via", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"}


def test_trusted_proxies(seen: Upstream, tmp_path: Path) -> None:
    said = {"X_Forwarded_For": "203.0.113.7, 10.0.0.1", "X_Forwarded_Proto": "https"}
    options = ("--trust-forwarded=127.0.0.1,10.0.0.0/8", "--upstream-host=inner.example", "--health-path=/up")
    with running(tmp_path, seen.url, *options) as sidecar:
        decided = sidecar.ask(MOUNT, "POST", b"choice=none", Origin=f"https://{HOST}", **said)
        sidecar.ask("/", **said)
        assert sidecar.ask("/up").body.startswith(b"{")

    assert decided.names == ["__Host-cookieguard"]
    assert (seen.values("X-Forwarded-For"), seen.values("X-Forwarded-Proto")) == (["203.0.113.7"], ["https"])
    assert (seen.values("Host"), seen.values("X-Forwarded-Host")) == (["inner.example"], [HOST])


def test_the_host_that_is_sent_where_the_visitor_says_none(seen: Upstream, tmp_path: Path) -> None:
    with running(tmp_path, seen.url, "--upstream-host=inner.example") as sidecar:
        sidecar.raw(b"GET / HTTP/1.0\r\n\r\n")
        assert (seen.values("Host"), seen.values("X-Forwarded-Host")) == (["inner.example"], [])
    with running(tmp_path, seen.url) as sidecar:
        sidecar.raw(b"GET / HTTP/1.0\r\n\r\n")
        assert seen.values("Host") == [seen.url.removeprefix("http://")]


def test_a_proxy_that_is_not_trusted_is_told_once(sidecar: Running) -> None:
    for _ in range(2):
        sidecar.ask("/", X_Forwarded_Proto="https")

    told = "W304: a proxy at 127.0.0.1 says https, and isn't trusted: add --trust-forwarded=127.0.0.1\n"
    assert sidecar.log.read_text().count(told) == 1
