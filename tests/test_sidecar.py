"""The sidecar as a process of its own, before an upstream of raw bytes that may misbehave.

The contract runs through it in tests/test_servers.py, a PHP app in tests/browser/test_sidecar.py.
"""

from __future__ import annotations

import gzip
import hashlib
import http.client
import json
import logging
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
import tomllib
from collections.abc import Callable, Iterator
from http.server import HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path
from typing import Any, BinaryIO

import pytest
import trustme
from click.testing import CliRunner
from contract import HOST, MOUNT, NAVIGATION, SECRET
from misbehaving import PART, Upstream, upstream, whole
from served import clean, free_port, serving
from sidecars import POLICY, RUN, Running, running

from cookieguard import ConfigurationError, Policy
from cookieguard.cli.main import main
from cookieguard.consent.seal import Seal
from cookieguard.sidecar import Sidecar
from cookieguard.sidecar import Upstream as Address
from cookieguard.testing import consent_cookie

pytestmark = pytest.mark.server

NEW = "the new key, long enough for anybody"
HEALTH = "/.well-known/cookieguard/health"
MEGABYTE = 1024 * 1024


def hangs(seen: Upstream, out: BinaryIO, path: str) -> None:
    seen.wait.wait(20)


def hangs_in_the_body(seen: Upstream, out: BinaryIO, path: str) -> None:
    out.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 10\r\n\r\nfirst")
    seen.wait.wait(20)


def streams(seen: Upstream, out: BinaryIO, path: str) -> None:
    """Send for ever, until the client is gone."""
    out.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        out.write(b"5\r\ndata\n\r\n")
        time.sleep(0.01)


def download(seen: Upstream, out: BinaryIO, path: str) -> None:
    parts = int(path.rpartition("/")[2]) * MEGABYTE // len(PART)
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/zip\r\nContent-Length: {parts * len(PART)}\r\n\r\n"
    out.write(head.encode())
    for _ in range(parts):
        out.write(PART)


COOKIES = (
    'Set-Cookie: session="a, b" ; path=/;X',
    "set-cookie: ads=1",
    "SET-COOKIE: session=\xe4\xff; PATH=/b",
    "Set-Cookie: unheard-of=1",
    "Set-Cookie: session={1:2}",
)
PACKED = gzip.compress(b"text" * 1000)
ANSWERS: dict[str, Any] = {
    "/cookies": whole(*COOKIES, "X-Name: caf\xe9", "Date: Sun, 01 Nov 2026 00:00:00 GMT", "Server: mine"),
    "/hop": whole("Connection: X-Private", "X-Private: 1", "Keep-Alive: timeout=5", "X-Public: 1"),
    "/hop/cookie": whole("Connection: Set-Cookie, Content-Length", "Set-Cookie: session=1"),
    "/redirect": whole("Location: /elsewhere", "Set-Cookie: session=1", status="302 Found"),
    "/packed": whole("Content-Encoding: gzip", "Content-Type: text/plain", body=PACKED),
    "/two-lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"4\r\nonly\r\n0\r\n\r\n",
    "/204": b"HTTP/1.1 204 No Content\r\nSet-Cookie: session=1\r\n\r\n",
    "/304": b'HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\nETag: "1"\r\n\r\n',
    "/interim": b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + whole("Set-Cookie: session=1"),
    "/short": b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 100\r\nContent-Type: text/plain\r\n\r\nonly this",
    "/short/chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-A: 1\r\n\r\n4\r\nonly\r\n",
    "/short/page": b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n<\r\n",
    "/nothing": b"",
    "/garbage": b"220 mail.example ESMTP\r\n\r\n",
    "/smuggling": whole("X-A: 1\nSet-Cookie: ads=1", "Set-Cookie : ads=2"),
    **{f"/status/{status}": whole(status=f"{status} Odd") for status in ("099", "101", "599", "600", "999")},
    "/unread/413": whole("Connection: close", "Set-Cookie: ads=1", "Set-Cookie: session=1", status="413 No"),
    "/unread/401": whole("Connection: close", status="401 Unauthorized"),
    "/unread/302": whole("Connection: close", status="302 Found", body=PART[:8192]),
    "/hangs": hangs,
    "/hangs/in-the-body": hangs_in_the_body,
    "/streams": streams,
    "/page": whole(
        "Content-Type: text/html", "Set-Cookie: ads=1", body=b"<!doctype html><html><head></head></html>"
    ),
    **{f"/download/{size}": download for size in (40, 200)},
}


@pytest.fixture(scope="module")
def seen() -> Iterator[Upstream]:
    with upstream(ANSWERS) as seen:
        yield seen


@pytest.fixture(scope="module")
def sidecar(seen: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    options = ("--read-timeout=1.5", "--connect-timeout=1")
    # A proxy in the environment isn't asked: nobody listens there.
    proxies = {"HTTP_PROXY": "http://127.0.0.1:9", "ALL_PROXY": "http://127.0.0.1:9"}
    with running(tmp_path_factory.mktemp("sidecar"), seen.url, *options, **proxies) as sidecar:
        yield sidecar


# The response


def test_cookies_are_judged_and_the_rest_passes_byte_for_byte(sidecar: Running) -> None:
    answer = sidecar.ask("/cookies")

    assert answer.cookies == ['session="a, b" ; path=/;X', "session=\xe4\xff; PATH=/b", "session={1:2}"]
    assert (answer.get("x-name"), answer.get("server"), answer.body) == ("caf\xe9", "mine", b"ok")
    assert answer.get("date") == "Sun, 01 Nov 2026 00:00:00 GMT"
    assert answer.get("cache-control") == "private"


def test_a_consent_counts(sidecar: Running) -> None:
    policy = Policy.from_dict(tomllib.loads(POLICY))
    cookie = "=".join(consent_cookie(policy, SECRET, ["marketing"], host=HOST))

    assert sidecar.ask("/page", Cookie=cookie).cookies == ["ads=1"]
    assert sidecar.ask("/page").cookies == []


def test_hop_by_hop_headers_stay_behind(sidecar: Running) -> None:
    answer = sidecar.ask("/hop")

    assert {name.lower() for name, _ in answer.headers} == {
        "content-length",
        "x-public",
        "date",
        "connection",
    }
    assert sidecar.ask("/hop/cookie").cookies == ["session=1"]


def test_a_redirect_is_the_visitors_to_follow(sidecar: Running) -> None:
    answer = sidecar.ask("/redirect")

    assert (answer.status, answer.get("location"), answer.cookies) == (302, "/elsewhere", ["session=1"])


def test_a_status_without_a_name(sidecar: Running) -> None:
    assert sidecar.ask("/status/599").status == 599


def test_packed_bytes_stay_packed(sidecar: Running) -> None:
    answer = sidecar.ask("/packed", Accept_Encoding="gzip")

    assert (answer.body, answer.get("content-encoding")) == (PACKED, "gzip")
    assert answer.get("content-length") == str(len(PACKED))


def test_an_answer_with_two_lengths(sidecar: Running) -> None:
    answer = sidecar.ask("/two-lengths")

    assert (answer.body, answer.get("content-length")) == (b"only", None)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(("path", "status"), [("/204", 204), ("/304", 304), ("/interim", 200)])
def test_answers_without_a_body(sidecar: Running, path: str, status: int, method: str) -> None:
    with_body = status == 200 and method == "GET"

    for _ in range(2):
        answer = sidecar.ask(path, method)
        assert (answer.status, answer.body) == (status, b"ok" if with_body else b"")


def test_no_cookie_is_smuggled(sidecar: Running) -> None:
    answer = sidecar.ask("/smuggling")

    assert "ads" not in answer.names


# The request


def asked_by(target: str) -> bytes:
    return f"GET {target} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode()


@pytest.mark.parametrize(
    "target",
    ["/a%2Fb/%7Euser?q=%C3%A4&&x", "/a//b/../c;d=1?", "/%zz", "/a+b?a=b%20c+d", "/k%C3%A4se", '/a|b"<>?{}^`'],
)
def test_path_and_query_go_on_as_they_came(sidecar: Running, seen: Upstream, target: str) -> None:
    sidecar.raw(asked_by(target))

    # An empty query can't be told from none, and means the same.
    assert seen.lines()[0] == f"GET {target.removesuffix('?')} HTTP/1.1"


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


@pytest.mark.parametrize("method", ["get", "PURGE", "Post"])
def test_a_method_goes_on_as_it_came(sidecar: Running, seen: Upstream, method: str) -> None:
    sidecar.raw(asked_by("/").replace(b"GET", method.encode()))

    assert seen.lines()[0] == f"{method} / HTTP/1.1"


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


def test_refused_cookies_are_hidden(sidecar: Running, seen: Upstream) -> None:
    answer = sidecar.ask(
        "/page", Cookie="session=1; ads=2", **{k.replace("-", "_"): v for k, v in NAVIGATION.items()}
    )

    assert seen.values("Cookie") == ["session=1"]
    assert seen.values("Accept-Encoding") == ["identity"]
    assert "ads" in answer.names and all("1970" in line for line in answer.cookies)
    assert b"/privacy-choices/guard.js" in answer.body


def test_nothing_is_made_up(sidecar: Running, seen: Upstream) -> None:
    sidecar.raw(f"GET / HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode())

    names = {line.partition(":")[0].lower() for line in seen.lines()[1:]}
    assert names == {"host", "via", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"}


def test_the_visitors_cookies_are_not_another_visitors(sidecar: Running, seen: Upstream) -> None:
    sidecar.ask("/cookies")
    sidecar.ask("/")

    assert seen.values("Cookie") == []


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
def test_an_upload(sidecar: Running, seen: Upstream, chunked: bool) -> None:
    data = os.urandom(300_000)
    body: Any = iter([data[:100_000], data[100_000:]]) if chunked else data
    answer = sidecar.ask("/", "POST", body, **({"Transfer_Encoding": "chunked"} if chunked else {}))

    assert answer.body == b"ok"
    assert seen.bodies[-1] == f"300000 {hashlib.sha256(data).hexdigest()}"


@pytest.mark.parametrize("status", [302, 401, 413])
@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
def test_an_upload_that_is_not_read(sidecar: Running, chunked: bool, status: int) -> None:
    connection = sidecar.connect()
    for _ in range(5):
        parts = [PART] * (20 * MEGABYTE // len(PART))
        connection.request(
            "POST", f"/unread/{status}", iter(parts) if chunked else b"".join(parts), {"Host": HOST}
        )
        with connection.getresponse() as response:
            assert response.status == status
            assert response.headers.get_all("Set-Cookie", []) == (["session=1"] if status == 413 else [])
            assert response.read() == (PART[:8192] if status == 302 else b"ok")
    connection.close()


def test_an_upload_with_two_lengths(sidecar: Running, seen: Upstream) -> None:
    head = f"POST / HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 90\r\nTransfer-Encoding: chunked\r\n"
    left = sidecar.raw(f"{head}Connection: close\r\n\r\n3\r\nabc\r\n0\r\n\r\n".encode())

    if b" 200 " in left.partition(b"\r\n")[0]:
        assert seen.values("Content-Length") == []
        assert seen.bodies[-1].startswith("3 ")


def test_expect_100_continue(sidecar: Running, seen: Upstream) -> None:
    with socket.create_connection(("127.0.0.1", sidecar.port), timeout=10) as client:
        head = f"POST / HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 3\r\nExpect: 100-continue\r\n"
        client.sendall(f"{head}Connection: close\r\n\r\n".encode())
        assert client.recv(4096).startswith(b"HTTP/1.1 100 ")
        client.sendall(b"abc")
        assert client.recv(4096).startswith(b"HTTP/1.1 200 ")

    assert seen.bodies[-1].startswith("3 ")


def test_an_upload_that_is_cut_short_is_none(sidecar: Running, seen: Upstream) -> None:
    seen.broken.clear()
    with socket.create_connection(("127.0.0.1", sidecar.port), timeout=10) as client:
        head = f"POST /cut HTTP/1.1\r\nHost: {HOST}\r\nTransfer-Encoding: chunked\r\n\r\n"
        client.sendall(head.encode() + b"5\r\nfirst\r\n")
        wait_for(lambda: b"POST /cut" in seen.heads[-1])

    assert seen.broken.wait(5)


def wait_for(what: Callable[[], bool]) -> None:
    for _ in range(500):
        if what():
            return
        time.sleep(0.01)
    raise AssertionError("waited for too long")


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the kernel tells no memory here")
def test_neither_way_is_gathered(sidecar: Running, seen: Upstream) -> None:
    sidecar.ask("/page")
    before = sidecar.most_memory()

    assert len(sidecar.ask("/download/40").body) == 40 * MEGABYTE
    sidecar.ask("/", "POST", iter([PART] * (40 * MEGABYTE // len(PART))), Transfer_Encoding="chunked")

    assert seen.bodies[-1].startswith(f"{40 * MEGABYTE} ")
    assert sidecar.most_memory() - before < 8 * MEGABYTE


# When things go wrong


@pytest.mark.parametrize(
    ("path", "status"),
    [
        *((path, 502) for path in ("/nothing", "/garbage", "/short/page")),
        *((f"/status/{status}", 502) for status in ("099", "101", "600", "999")),
        ("/hangs", 504),
    ],
)
def test_no_answer_is_a_short_page(sidecar: Running, path: str, status: int) -> None:
    for method in ("GET", "POST"):
        answer = sidecar.ask(path, method)
        assert (answer.status, answer.get("cache-control"), answer.cookies) == (status, "no-store", [])
        assert b"<h1>" in answer.body
        assert b"127.0.0.1" not in answer.body


@pytest.mark.parametrize("path", ["/short", "/short/chunked", "/hangs/in-the-body"])
def test_an_answer_that_breaks_off_is_not_taken_for_whole(sidecar: Running, path: str) -> None:
    with pytest.raises(http.client.IncompleteRead):
        sidecar.ask(path)


@pytest.mark.parametrize("path", ["/short", "/short/chunked", "/hangs/in-the-body"])
def test_nor_by_a_visitor_without_chunks(sidecar: Running, path: str) -> None:
    with pytest.raises(ConnectionResetError):
        sidecar.raw(f"GET {path} HTTP/1.0\r\n\r\n".encode())

    assert sidecar.raw(b"GET /two-lengths HTTP/1.0\r\n\r\n").endswith(b"\r\n\r\nonly")


def test_who_leaves_ends_the_answer(sidecar: Running, seen: Upstream) -> None:
    for path in ("/streams", "/hangs"):
        seen.broken.clear()
        with socket.create_connection(("127.0.0.1", sidecar.port), timeout=10) as client:
            client.sendall(f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
            wait_for(lambda path=path: path.encode() in seen.heads[-1])  # type: ignore[misc]
        if path == "/streams":
            assert seen.broken.wait(5)
    assert b"Traceback" not in sidecar.log.read_bytes()


def test_a_connection_that_ended_meanwhile_is_opened_anew(sidecar: Running, seen: Upstream) -> None:
    before = seen.connections
    for _ in range(3):
        assert sidecar.ask("/").status == 200
    assert seen.connections - before <= 1


@pytest.mark.parametrize(("method", "times"), [("GET", 2), ("HEAD", 2), ("POST", 1)])
def test_only_an_idle_connection_is_worth_another_try(
    seen: Upstream, tmp_path: Path, method: str, times: int
) -> None:
    with running(tmp_path, seen.url) as sidecar:
        sidecar.ask("/")
        asked = []
        for _ in range(2):
            before = len(seen.heads)
            assert sidecar.ask("/nothing", method).status == 502
            asked.append(len(seen.heads) - before)

    assert asked == [times, 1]


def test_upstream_down(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with running(tmp_path, f"http://127.0.0.1:{port}") as sidecar:
        answer, own, health = sidecar.ask("/"), sidecar.ask(MOUNT), sidecar.ask(HEALTH)

    assert (answer.status, own.status, health.status) == (502, 200, 200)


def test_a_websocket_is_refused_clearly(sidecar: Running) -> None:
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec_WebSocket_Version": "13"}
    answer = sidecar.ask("/ws", **upgrade, Sec_WebSocket_Key="dGhlIHNhbXBsZSBub25jZQ==")

    assert answer.status == 501
    assert b"WebSockets aren't carried" in answer.body.replace(b"&#x27;", b"'")
    assert "a WebSocket was refused" in sidecar.log.read_text()


@pytest.mark.parametrize("target", ["example.com:443", "/"])
@pytest.mark.parametrize("method", ["CONNECT", "connect"])
def test_no_forward_proxy(sidecar: Running, seen: Upstream, method: str, target: str) -> None:
    before = len(seen.heads)
    left = sidecar.raw(asked_by(target).replace(b"GET", method.encode()))

    assert left.partition(b"\r\n")[0].split()[1] == (b"501" if target == "/" else b"400")
    assert len(seen.heads) == before


def test_no_circles(sidecar: Running) -> None:
    assert sidecar.ask("/", Via="1.1 cookieguard").status == 508


def test_the_log_holds_no_paths(sidecar: Running) -> None:
    sidecar.ask("/nothing?token=geheim")

    log = sidecar.log.read_text()
    assert "gave no answer: RemoteProtocolError" in log
    assert "geheim" not in log
    assert "Traceback" not in log


# Of its own


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_health(sidecar: Running, seen: Upstream, method: str) -> None:
    before = len(seen.heads)
    answer = sidecar.ask(HEALTH, method)

    assert (answer.status, answer.get("cache-control"), len(seen.heads)) == (200, "no-store", before)
    if method == "GET":
        health = json.loads(answer.body)
        assert (health["status"], health["mode"]) == ("ok", "enforce")
        assert re.fullmatch("[0-9a-f]{12}", health["policy"])


@pytest.mark.parametrize("method", ["POST", "OPTIONS", "get"])
def test_health_is_only_read(sidecar: Running, seen: Upstream, method: str) -> None:
    before = len(seen.heads)
    answer = sidecar.ask(HEALTH, method)

    assert (answer.status, answer.get("allow"), len(seen.heads)) == (405, "GET, HEAD", before)


def test_the_visitors_pages_are_not_forwarded(sidecar: Running, seen: Upstream) -> None:
    before = len(seen.heads)
    decided = sidecar.ask(MOUNT, "POST", b"choice=none", Origin=f"http://{HOST}")

    assert (decided.status, decided.names, len(seen.heads)) == (303, ["cookieguard"], before)


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


def test_report_mode_changes_nothing(seen: Upstream, tmp_path: Path) -> None:
    with running(tmp_path, seen.url, COOKIEGUARD_MODE="report") as sidecar:
        answer = sidecar.ask("/cookies")

    assert answer.cookies == [line.partition(": ")[2] for line in COOKIES]
    assert "would strip ads" in sidecar.log.read_text()


def test_it_ends_when_the_answers_under_way_are_done(tmp_path: Path) -> None:
    def slow(seen: Upstream, out: BinaryIO, path: str) -> None:
        out.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Type: text/plain\r\n\r\nab")
        seen.wait.wait(10)
        out.write(b"cd")

    with upstream({"/slow": slow}) as seen, running(tmp_path, seen.url) as sidecar:
        connection = sidecar.connect()
        connection.request("GET", "/slow", headers={"Host": HOST})
        with connection.getresponse() as response:
            first = response.read(2)
            sidecar.process.send_signal(signal.SIGTERM)
            time.sleep(0.2)
            seen.wait.set()
            assert (first, response.read()) == (b"ab", b"cd")
        connection.close()
        assert sidecar.process.wait(5) in (0, -signal.SIGTERM)


def test_an_app_that_is_not_there_yet_is_warned_of(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with running(tmp_path, f"http://127.0.0.1:{port}") as sidecar:
        sidecar.ask(HEALTH)
        assert f"W303: the app at http://127.0.0.1:{port} isn't to be reached: " in sidecar.log.read_text()
        sidecar.ask("/")
        assert "gave no answer: ConnectError, [Errno 111]" in sidecar.log.read_text()


def test_https_where_http_is_spoken_is_warned_of(seen: Upstream, tmp_path: Path) -> None:
    with running(tmp_path, seen.url.replace("http:", "https:"), "--connect-timeout=0.1") as sidecar:
        assert sidecar.ask("/").status == 504

    assert "W303: " in sidecar.log.read_text()
    assert "to begin TLS; is it http:// that it speaks?" in sidecar.log.read_text()


@pytest.fixture
def over_tls(tmp_path: Path) -> Iterator[int]:
    """Speak TLS, under a certificate that no public authority signed; yield the port."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    server = HTTPServer(("127.0.0.1", 0), SimpleHTTPRequestHandler)
    # The handshake in the handler's own time: a visitor without TLS isn't waited for.
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    thread.join(10)
    server.server_close()


@pytest.mark.parametrize(
    ("scheme", "trusted", "status", "says"),
    [
        pytest.param("https", True, 200, "", id="own authority"),
        pytest.param(
            "https", False, 502, "so name who signed its certificate in SSL_CERT_FILE", id="unknown"
        ),
        pytest.param("http", False, 502, "if it speaks TLS, upstream begins with https://", id="no TLS"),
    ],
)
def test_an_app_over_tls(
    over_tls: int, tmp_path: Path, scheme: str, trusted: bool, status: int, says: str
) -> None:
    environment = {"SSL_CERT_FILE": str(tmp_path / "ca.pem")} if trusted else {}
    with running(tmp_path, f"{scheme}://localhost:{over_tls}", **environment) as sidecar:
        assert sidecar.ask("/").status == status

    log = sidecar.log.read_text()
    assert says in log if says else "W303" not in log


def test_a_proxy_that_is_not_trusted_is_told_once(sidecar: Running) -> None:
    for _ in range(2):
        sidecar.ask("/", X_Forwarded_Proto="https")

    told = "W304: a proxy at 127.0.0.1 says https, and isn't trusted: add --trust-forwarded=127.0.0.1\n"
    assert sidecar.log.read_text().count(told) == 1


def test_metrics_and_json_lines(seen: Upstream, tmp_path: Path) -> None:
    before = len(seen.heads)
    with running(tmp_path, seen.url, COOKIEGUARD_METRICS="/metrics", COOKIEGUARD_LOG="json") as sidecar:
        sidecar.ask("/cookies")
        shown = sidecar.ask("/metrics")
        assert sidecar.ask("/metrics", "POST").status == 405

    assert 'cookieguard_verdicts_total{action="stripped",category="marketing"} 1.0' in shown.body.decode()
    assert len(seen.heads) - before == 1
    lines = [json.loads(line) for line in sidecar.log.read_text().splitlines()]
    assert {line["logger"].partition(".")[0] for line in lines} == {"cookieguard", "uvicorn"}


def test_metrics_on_a_port_of_their_own(seen: Upstream, tmp_path: Path) -> None:
    """examples/serving/metrics.py beside a sidecar that shows none itself."""
    (tmp_path / "counts").mkdir()
    example = Path(__file__).parent.parent / "examples" / "serving" / "metrics.py"
    port, variables = free_port(), {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "counts")}
    with running(tmp_path, seen.url, "--metrics=files", **variables) as sidecar:
        sidecar.ask("/cookies")
        command = [sys.executable, str(example)]
        with serving(command, tmp_path, clean(METRICS_PORT=str(port), **variables), port=port) as metrics:
            shown = metrics.ask("/metrics").body.decode()

    assert 'cookieguard_verdicts_total{action="stripped",category="marketing"} 1.0' in shown


def test_all_can_be_said_in_a_file_and_a_flag_wins(seen: Upstream, tmp_path: Path) -> None:
    """The hook is imported from where the sidecar is started."""
    (tmp_path / "hook.py").write_text("def keep(verdict, details):\n    return None\n")
    (tmp_path / "sidecar.toml").write_text(
        'upstream = "http://nowhere.invalid"\noverride = "hook:keep"\nread_timeout = 9.5\nport = 1\n'
        'health_path = "/file"\nguard_mount = "/choices"\ntrust_forwarded = ["127.0.0.1"]\n'
    )
    given = {"COOKIEGUARD_CONFIG": "sidecar.toml", "COOKIEGUARD_HEALTH_PATH": "/variable"}
    with running(tmp_path, seen.url, "--health-path=/flag", **given) as sidecar:
        asked = [sidecar.ask(path).body[:1] for path in ("/flag", "/variable", "/file")]
        page = sidecar.ask("/choices", X_Forwarded_Proto="https")

    assert (asked, page.status) == ([b"{", b"o", b"o"], 200)
    assert "W30" not in sidecar.log.read_text()


def asked_until(sidecar: Running, holds: Callable[[], bool]) -> list[int]:
    """Ask for a page until something holds; return the statuses."""
    end, statuses = time.monotonic() + 10, []
    while not holds():
        assert time.monotonic() < end, sidecar.log.read_text()
        statuses.append(sidecar.ask("/page").status)
    return statuses


def test_a_new_key_and_policy_without_a_request_that_fails(seen: Upstream, tmp_path: Path) -> None:
    """Another on the same socket, which takes over once the first has its SIGTERM."""
    with (
        socket.create_server(("127.0.0.1", 0)) as listening,
        running(tmp_path, seen.url, socket=listening) as old,
    ):
        decided = old.ask(MOUNT, "POST", b"choice=none", Origin=f"http://{HOST}").cookies[-1]
        health, answers = [json.loads(old.ask(HEALTH).body)["policy"]], []
        changed = POLICY.replace("Shows ads.", "Shows ads, and counts them.")
        with running(tmp_path, seen.url, policy=changed, socket=listening, key=f"{SECRET}\n{NEW}") as new:
            answers += asked_until(new, lambda: "startup complete" in new.log.read_text())
            old.process.terminate()
            answers += asked_until(new, lambda: old.process.poll() is not None)
            health.append(json.loads(new.ask(HEALTH).body)["policy"])
            again = new.ask(MOUNT, Cookie=decided.partition(";")[0], Accept="application/json")
            signed = new.ask(MOUNT, "POST", b"choice=none", Origin=f"http://{HOST}").cookies[-1]
    assert set(answers) == {200} and health[0] != health[1]
    assert json.loads(again.body)["undecided"] == ["marketing"]
    assert Seal(NEW).loads(signed.partition(";")[0].partition("=")[2], HOST) is not None


# At start

RIGHT = {"upstream": "http://127.0.0.1:1", "policy": "cookies.toml", "secret_file": "secret"}
MISTAKES = [
    pytest.param({"upstream": None}, ["E023", "upstream: is missing", "http://127.0.0.1:8080"], id="no app"),
    pytest.param({"upstream": "localhost:8080"}, ["E030"], id="no scheme"),
    pytest.param({"upstream": "ftp://localhost"}, ["E030"], id="another scheme"),
    pytest.param({"upstream": "http://localhost/app"}, ["only scheme, host and port"], id="a path"),
    pytest.param({"upstream": "http://"}, ["E030"], id="no host"),
    pytest.param({"upstream_host": "n\u00e4"}, ["E030"], id="a Host that is none"),
    pytest.param({"health_path": "up"}, ["E031"], id="a health path that is none"),
    pytest.param({"health_path": f"{MOUNT}/policy"}, ["E031"], id="a health path of the visitor's"),
    pytest.param({"fd": "99"}, ["E025", "fd: 99 is no socket"], id="no socket"),
    pytest.param({"fd": "stdin"}, ["E022", "fd: 'stdin' is no number"], id="no number"),
    pytest.param({"port": "65536"}, ["E022", "port: is 65536", "from 0 to 65535"], id="no port"),
    pytest.param({"read_timeout": "1m"}, ["E022", "read_timeout: '1m' is no number"], id="no seconds"),
    pytest.param({"policy": "bad.toml"}, ["E103", "bad.toml:1"], id="a policy with mistakes"),
    pytest.param({"policy": "missing.toml"}, ["E022", "there is no file", "missing.toml"], id="wrong path"),
    pytest.param({"policy": None}, ["E023", "policy: is missing"], id="missing policy"),
    pytest.param({"secret_file": "short"}, ["E003", "line 1"], id="a weak secret"),
    pytest.param({"secret_file": "empty"}, ["E024", "holds no key; write one"], id="an empty secret file"),
    pytest.param({"secret_file": "nowhere"}, ["E024", "nowhere can't be read"], id="no secret file"),
    pytest.param(
        {"secret_file": None},
        ["E023", "secret_file: is missing", "or set COOKIEGUARD_SECRET; make one: python -c"],
        id="missing secret",
    ),
    pytest.param({"templates": "nowhere"}, ["E022", "there is no folder"], id="no templates"),
    pytest.param({"metrics": MOUNT}, ["E025", "metrics", "visitor's"], id="metrics over the pages"),
    pytest.param(
        {"metrics": "/up", "health_path": "/up"}, ["E025", "where health is asked"], id="metrics over health"
    ),
    pytest.param({"log": "xml"}, ["E022", "log", "'json'"], id="no such log"),
    pytest.param({"upstream_host": "a b"}, ["E030", "'a b'"], id="no Host"),
    pytest.param({"upstream_host": "http://x/"}, ["E030", "give a name"], id="an address for a Host"),
    *(
        pytest.param(
            {"trust_forwarded": proxy}, ["E025", "trust_forwarded", "no address"], id=f"proxy {proxy}"
        )
        for proxy in ("proxy.local", "300.1.1.1", "10.0.0.0/33", "10.0.0.1/8")
    ),
    pytest.param({"port": "8017", "upstream": "http://localhost:8017"}, ["E032"], id="itself"),
    pytest.param(
        {"port": "8018", "host": "0.0.0.0", "upstream": "http://127.0.0.1:8018"},
        ["E032"],
        id="itself, by all",
    ),
]
ELSEWHERE = [
    pytest.param({"proxies": "1"}, ["E021", "proxies", "TRUST_FORWARDED"], id="of servers"),
    pytest.param({"app": "shop:app"}, ["E021", "app", "UPSTREAM"], id="of cookieguard.serve"),
    pytest.param({"polcy": "x"}, ["E021", "did you mean COOKIEGUARD_POLICY?"], id="unknown"),
    pytest.param({"secret": "a long enough secret"}, ["E022", "keep one"], id="two secrets"),
    pytest.param({"override": "nowhere:keep"}, ["E025", "no module 'nowhere'"], id="no hook"),
]


Start = Callable[..., str]


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Start a sidecar that can't start; return what it says."""
    (tmp_path / "cookies.toml").write_text(POLICY)
    (tmp_path / "bad.toml").write_text("[gaurd]\n")
    (tmp_path / "secret").write_text(f"# the newest last\n\n{SECRET}\n")
    (tmp_path / "short").write_text("short")
    (tmp_path / "empty").write_text("\n")
    for name in [name for name in os.environ if name.startswith("COOKIEGUARD_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr("cookieguard.cli.sidecar._server", lambda app: pytest.fail("it starts"))
    loggers = [logging.getLogger(name) for name in ("cookieguard", "uvicorn")]
    before = [(logger.level, logger.propagate, [*logger.handlers]) for logger in loggers]

    def start(*flags: str, **variables: str) -> str:
        done = CliRunner().invoke(main, ["sidecar", *flags], env=variables)
        assert done.exit_code == 2
        assert SECRET not in done.output
        return done.stderr

    yield start
    for logger, (level, propagate, handlers) in zip(loggers, before, strict=True):
        logger.setLevel(level)
        logger.propagate, logger.handlers = propagate, handlers


def said(options: dict[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in {**RIGHT, **options}.items() if value is not None}


@pytest.mark.parametrize(("options", "words"), MISTAKES)
def test_what_is_wrong_is_said_at_start(
    start: Start, options: dict[str, str | None], words: list[str]
) -> None:
    flags = [f"--{name.replace('_', '-')}={value}" for name, value in said(options).items()]
    told = start(*flags)

    assert [word for word in words if word.replace("_", "-") not in told.replace("_", "-")] == [], told


@pytest.mark.parametrize(("options", "words"), [*MISTAKES, *ELSEWHERE])
def test_and_of_the_environment(start: Start, options: dict[str, str | None], words: list[str]) -> None:
    told = start(**{f"COOKIEGUARD_{name.upper()}": value for name, value in said(options).items()})

    assert [word for word in words if word.lower() not in told.lower()] == [], told


def test_all_mistakes_at_once_each_where_it_was_said(start: Start, tmp_path: Path) -> None:
    (tmp_path / "sidecar.toml").write_text("\n\nread_timeout = -1\n")
    given = {"COOKIEGUARD_CONFIG": "sidecar.toml", "COOKIEGUARD_PORT": "x"}
    told = start("--upstream=http://localhost", "--log=xml", **given)

    assert [line.partition("Error: ")[2].split(": ")[0] for line in told.splitlines()] == [
        "the command line",
        "the environment",
        f"{tmp_path}/sidecar.toml:3",
        "the command line",
        "the command line",
    ]


def test_a_taken_port_is_said(tmp_path: Path, seen: Upstream) -> None:
    with running(tmp_path, seen.url):
        given = [
            f"--upstream={seen.url}",
            "--policy=cookies.toml",
            "--secret-file=secret",
            f"--port={seen.port}",
        ]
        done = subprocess.run([*RUN, *given], cwd=tmp_path, capture_output=True, text=True, timeout=30)

    assert done.returncode == 2
    assert f"can't listen at 127.0.0.1, port {seen.port}: " in done.stderr


@pytest.mark.parametrize("missing", ["httpcore", "httpx", "uvicorn"])
def test_a_missing_extra_is_said(tmp_path: Path, missing: str) -> None:
    (tmp_path / "cookies.toml").write_text(POLICY)
    code = f"import sys; sys.modules[{missing!r}] = None; from cookieguard.cli import run; run()"
    given = ["sidecar", "--upstream=http://localhost", "--policy=cookies.toml", "--secret-file=cookies.toml"]
    done = subprocess.run(
        [sys.executable, "-c", code, *given], cwd=tmp_path, capture_output=True, text=True, timeout=30
    )

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "Error: the sidecar needs an extra: pip install 'cookieguard[sidecar]'\n"


def test_upstream_by_name() -> None:
    assert Address("https://app.internal").timeout.read == 60.0
    with pytest.raises(ConfigurationError, match="E005"):
        Sidecar(Address("http://localhost"), {}, secret_key=SECRET)  # type: ignore[arg-type]
