"""The sidecar between a hostile client and an app: smuggled requests, forged `X-Forwarded-*`, odd hosts.

What it passes on otherwise is in tests/sidecar.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from contract import HOST
from misbehaving import Upstream, upstream, whole
from sidecars import Running, running

pytestmark = pytest.mark.server

LEAKS = whole("Set-Cookie: ads=1", "Set-Cookie: session=1")


@pytest.fixture(scope="module")
def seen() -> Iterator[Upstream]:
    with upstream({"/": LEAKS, "/evil": LEAKS}) as seen:
        yield seen


@pytest.fixture(scope="module")
def sidecar(seen: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("sidecar"), seen.url, "--read-timeout=2") as sidecar:
        yield sidecar


EVIL = "GET /evil HTTP/1.1\r\nHost: evil.example\r\nX-Evil: 1\r\n\r\n"
CHUNKED = f"0\r\n\r\n{EVIL}"
HEAD = f"POST / HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n"


def both(length: str, encoding: str, body: str = CHUNKED) -> str:
    return f"{HEAD}{length}\r\n{encoding}\r\n\r\n{body}"


LENGTH = f"Content-Length: {len(CHUNKED)}"
SMUGGLED = {
    "length before chunks": both(LENGTH, "Transfer-Encoding: chunked"),
    "chunks before length": both("Transfer-Encoding: chunked", LENGTH),
    "a short length": both("Content-Length: 4", "Transfer-Encoding: chunked"),
    "no length": both("Content-Length: 0", "Transfer-Encoding: chunked"),
    "two lengths": both("Content-Length: 0", f"Content-Length: {len(EVIL)}", EVIL),
    "a list of lengths": both(f"Content-Length: 0, {len(EVIL)}", "X-A: 1", EVIL),
    "a signed length": both("Content-Length: +5", "X-A: 1", "hello" + EVIL),
    "a negative length": both("Content-Length: -1", "X-A: 1", EVIL),
    "a length with an underscore": both("Content-Length: 1_0", "X-A: 1", EVIL),
    "a length in hex": both("Content-Length: 0x5", "X-A: 1", "hello" + EVIL),
    "a length after a space": both("Content-Length : 5", "X-A: 1", "hello" + EVIL),
    "a space before the colon": both(LENGTH, "Transfer-Encoding : chunked"),
    "a tab before the value": both(LENGTH, "Transfer-Encoding:\tchunked"),
    "a form feed before the value": both(LENGTH, "Transfer-Encoding:\x0cchunked"),
    "in capitals": both(LENGTH, "TRANSFER-ENCODING: CHUNKED"),
    "an underscore": both(LENGTH, "Transfer_Encoding: chunked"),
    "identity": both(LENGTH, "Transfer-Encoding: identity"),
    "chunked, identity": both(LENGTH, "Transfer-Encoding: chunked, identity"),
    "xchunked": both(LENGTH, "Transfer-Encoding: xchunked"),
    "twice": both("Transfer-Encoding: chunked", "Transfer-Encoding: x"),
    "folded": both(LENGTH, "Transfer-Encoding:\r\n chunked"),
    "folded into another": both(LENGTH, "X-A: 1\r\n Transfer-Encoding: chunked"),
    "a bare line feed": both(LENGTH, "X-A: 1\nTransfer-Encoding: chunked"),
    "a bare carriage return": both(LENGTH, "X-A: 1\rTransfer-Encoding: chunked"),
    "a NUL": both(LENGTH, "Transfer-Encoding: chunked\x00"),
    "a quote": both(LENGTH, 'Transfer-Encoding: "chunked"'),
    "named by Connection": both(LENGTH, "Connection: Transfer-Encoding, Content-Length\r\nTransfer-Encoding: chunked"),
    "a chunk of a signed size": both("X-A: 1", "Transfer-Encoding: chunked", f"+5\r\nhello\r\n{CHUNKED}"),
    "a chunk of a size in 0x": both("X-A: 1", "Transfer-Encoding: chunked", f"0x5\r\nhello\r\n{CHUNKED}"),
    "a chunk's extension with a line feed": both("X-A: 1", "Transfer-Encoding: chunked", f"5;a\nb\r\nhello\r\n{CHUNKED}"),
    "a chunk without its end": both("X-A: 1", "Transfer-Encoding: chunked", f"5\r\nhelloXX0\r\n\r\n{EVIL}"),
    "chunks by line feeds": both("X-A: 1", "Transfer-Encoding: chunked", f"5\nhello\n0\n\n{EVIL}"),
    "a trailer": both("X-A: 1", "Transfer-Encoding: chunked", f"0\r\nContent-Length: 5\r\nX-Evil: 1\r\n\r\n{EVIL}"),
    "in HTTP/1.0": both(LENGTH, "Transfer-Encoding: chunked").replace("HTTP/1.1", "HTTP/1.0", 1),
    "a body of a GET": both(LENGTH, "X-A: 1", CHUNKED).replace("POST", "GET", 1),
    "a request in a header": f"{HEAD}X-A: 1\r\n\r\n{EVIL}",
    "a request in the target": f"GET /{EVIL} HTTP/1.1\r\nHost: {HOST}\r\n\r\n",
    "a request behind an Upgrade": f"{HEAD}Upgrade: h2c\r\nHTTP2-Settings: AAA\r\nConnection: Upgrade\r\n\r\n{EVIL}",
    "a request behind an Expect": f"{HEAD}Expect: 100-continue\r\nContent-Length: 0\r\n\r\n{EVIL}",
    "pipelined": f"GET / HTTP/1.1\r\nHost: {HOST}\r\n\r\n{EVIL.replace('X-Evil', 'Connection: close' + chr(13) + chr(10) + 'X-Evil')}",
}  # fmt: skip


@pytest.mark.parametrize("request_", SMUGGLED.values(), ids=SMUGGLED)
def test_every_request_that_reaches_the_app_came_through_the_guard(
    sidecar: Running, seen: Upstream, request_: str
) -> None:
    before = len(seen.heads)
    answer = sidecar.raw(request_.encode("latin-1"))

    for head in seen.heads[before:]:
        # Each has what the sidecar adds, once, and one way to tell where its body ends.
        lowered = head.lower()
        assert lowered.count(b"\r\nvia:") == 1 and lowered.count(b"\r\nx-forwarded-for:") == 1
        assert lowered.count(b"\r\ncontent-length:") + lowered.count(b"\r\ntransfer-encoding:") <= 1
        assert not re.search(rb"\r(?!\n)|(?<!\r)\n|\0", head)
    # What the client gets is what was asked through the guard, too.
    assert len(re.findall(rb"HTTP/1\.1 200", answer)) <= len(seen.heads) - before
    assert b"ads=1" not in answer


def test_the_app_gets_no_request_that_the_guard_did_not(sidecar: Running, seen: Upstream) -> None:
    # A body that is a request stays a body.
    body = EVIL.encode()
    before = len(seen.heads)
    sidecar.ask("/", "POST", body)

    assert [head.split(b" ", 2)[1] for head in seen.heads[before:]] == [b"/"]


FORGED = [
    "X-Forwarded-For", "x-forwarded-for", "X_Forwarded_For", "X-Forwarded_For", "X-Forwarded-Proto", "X_FORWARDED_PROTO",
    "X-Forwarded-Host", "X_Forwarded_Host",
]  # fmt: skip


@pytest.mark.parametrize("name", FORGED)
def test_no_visitor_says_where_a_request_came_from(sidecar: Running, seen: Upstream, name: str) -> None:
    sidecar.raw(
        f"GET / HTTP/1.1\r\nHost: {HOST}\r\nConnection: close, {name}\r\n{name}: evil.example\r\n{name}: 6.6.6.6\r\n\r\n".encode()
    )

    assert b"evil" not in seen.heads[-1] and b"6.6.6.6" not in seen.heads[-1]
    assert seen.values("x-forwarded-for") == ["127.0.0.1"]
    assert seen.values("x-forwarded-proto") == ["http"]
    assert seen.values("x-forwarded-host") == [HOST]


def test_no_visitor_makes_a_cookie_secure_or_a_consent_anothers(sidecar: Running) -> None:
    answer = sidecar.ask(
        "/", X_Forwarded_Proto="https", X_Forwarded_Host="evil.example", Cookie="ads=1", Accept="text/html"
    )

    assert [cookie for cookie in answer.cookies if "Secure" in cookie or "evil" in cookie] == []
    assert f"ads=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/; Domain={HOST}" in answer.cookies


@pytest.mark.parametrize(
    "line",
    [
        "", "Host:", "Host: ", f"Host: {HOST}\r\nHost: evil.example", "Host: a b", "Host: a\x00b", "Host: a\tb", "Host: \xff", "Host: evil.example/..",
        "Host: [", "Host: user@evil.example", f"Host : {HOST}", f" Host: {HOST}", "Host: a,b", "Host: ;", f"Host: {'a' * 70_000}",
    ],
    ids=lambda line: ascii(line[:40]),
)  # fmt: skip
def test_a_host_of_odd_bytes_is_answered_or_refused(sidecar: Running, seen: Upstream, line: str) -> None:
    before = len(seen.heads)
    answer = sidecar.raw(
        f"GET / HTTP/1.1\r\n{line}{chr(13) + chr(10) if line else ''}Cookie: ads=1\r\nAccept: text/html\r\nConnection: close\r\n\r\n".encode(
            "latin-1"
        )
    )

    assert re.match(rb"HTTP/1\.1 (200|400|431) ", answer)
    assert b"ads=1" not in answer and b"Domain=evil" not in answer
    for head in seen.heads[before:]:
        assert head.lower().count(b"\r\nhost:") == 1


@pytest.mark.parametrize(
    "target",
    [
        "http://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "*",
        "evil.example:80",
        "/%0d%0aX-Evil:%201",
        "/\x7f",
        "/#x",
    ],
)
def test_no_target_leads_the_sidecar_elsewhere(sidecar: Running, seen: Upstream, target: str) -> None:
    before = len(seen.heads)
    answer = sidecar.raw(
        f"GET {target} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode("latin-1")
    )

    assert re.match(rb"HTTP/1\.1 (200|400|404|502) ", answer)
    # It always asks the one upstream, for one host: the target's own has the last word.
    host = "evil.example" if target.startswith("http:") else HOST
    for head in seen.heads[before:]:
        assert b"\r\nX-Evil" not in head
        assert re.findall(rb"(?im)^(?:x-forwarded-)?host: *(.*?)\r$", head) == [host.encode()] * 2
