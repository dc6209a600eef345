"""What goes to the app and comes back, as it streams.

The contract runs through it in tests/test_servers.py, a PHP app in tests/browser/test_sidecar.py.
"""

from __future__ import annotations

import socket
import tomllib
from pathlib import Path

import pytest
from contract import HOST, NAVIGATION, SECRET
from misbehaving import PART, Upstream
from rawanswers import MEGABYTE, PACKED
from sidecars import POLICY, Running, asked_by, running, wait_for

from cookieguard import Policy
from cookieguard.testing import consent_cookie

pytestmark = pytest.mark.server


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


def test_a_redirect_is_the_visitors_to_follow(sidecar: Running) -> None:
    answer = sidecar.ask("/redirect")

    assert (answer.status, answer.get("location"), answer.cookies) == (302, "/elsewhere", ["session=1"])


def test_a_status_without_a_name(sidecar: Running) -> None:
    assert sidecar.ask("/status/599").status == 599


def test_packed_bytes_stay_packed(sidecar: Running) -> None:
    answer = sidecar.ask("/packed", Accept_Encoding="gzip")

    assert (answer.body, answer.get("content-encoding")) == (PACKED, "gzip")
    assert answer.get("content-length") == str(len(PACKED))


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


@pytest.mark.parametrize(
    "target",
    ["/a%2Fb/%7Euser?q=%C3%A4&&x", "/a//b/../c;d=1?", "/%zz", "/a+b?a=b%20c+d", "/k%C3%A4se", '/a|b"<>?{}^`'],
)
def test_path_and_query_go_on_as_they_came(sidecar: Running, seen: Upstream, target: str) -> None:
    sidecar.raw(asked_by(target))

    # An empty query can't be told from none, and means the same.
    assert seen.lines()[0] == f"GET {target.removesuffix('?')} HTTP/1.1"


@pytest.mark.parametrize("method", ["get", "PURGE", "Post"])
def test_a_method_goes_on_as_it_came(sidecar: Running, seen: Upstream, method: str) -> None:
    sidecar.raw(asked_by("/").replace(b"GET", method.encode()))

    assert seen.lines()[0] == f"{method} / HTTP/1.1"


def test_refused_cookies_are_hidden(sidecar: Running, seen: Upstream) -> None:
    answer = sidecar.ask(
        "/page", Cookie="session=1; ads=2", **{k.replace("-", "_"): v for k, v in NAVIGATION.items()}
    )

    assert seen.values("Cookie") == ["session=1"]
    assert seen.values("Accept-Encoding") == ["identity"]
    assert "ads" in answer.names and all("1970" in line for line in answer.cookies)
    assert b"/privacy-choices/guard.js" in answer.body


def test_the_visitors_cookies_are_not_another_visitors(sidecar: Running, seen: Upstream) -> None:
    sidecar.ask("/cookies")
    sidecar.ask("/")

    assert seen.values("Cookie") == []


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the kernel tells no memory here")
def test_neither_way_is_gathered(sidecar: Running, seen: Upstream) -> None:
    sidecar.ask("/page")
    before = sidecar.most_memory()

    assert len(sidecar.ask("/download/40").body) == 40 * MEGABYTE
    sidecar.ask("/", "POST", iter([PART] * (40 * MEGABYTE // len(PART))), Transfer_Encoding="chunked")

    assert seen.bodies[-1].startswith(f"{40 * MEGABYTE} ")
    assert sidecar.most_memory() - before < 8 * MEGABYTE


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
