"""The contract again, over real servers and real HTTP."""

from __future__ import annotations

import contextlib
import http.client
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlencode

import pytest
from contract import ALL, CASES, EXPIRED, HOST, MOUNT, NAVIGATION, Answer, Case
from htmlapps import GET, GUARDED, GUARDED_FRAGMENT, PAGE, REST, bar
from processes import end
from servers_app import FIRST, LARGE, LAST

pytestmark = pytest.mark.server

SUPPORT = Path(__file__).with_name("support")
GUNICORN = [sys.executable, "-m", "gunicorn", "servers_app:app", "--no-control-socket", "--workers=1"]
GUNICORN += ["--graceful-timeout=1", "--log-level=critical", "--bind=fd://{fd}"]
OWN = [sys.executable, str(SUPPORT / "servers_app.py")]
SERVERS = {
    "gunicorn-sync": [*GUNICORN, "--worker-class=sync"],
    "gunicorn-gthread": [*GUNICORN, "--worker-class=gthread", "--threads=2"],
    "waitress": [*OWN, "waitress", "{fd}"],
    "wsgiref": [*OWN, "wsgiref", "{fd}"],
    "uvicorn": [sys.executable, "-m", "uvicorn", "servers_asgi:app", "--log-level=critical", "--fd={fd}"],
    "sidecar": [sys.executable, str(SUPPORT / "servers_sidecar.py"), "{fd}"],
}

ASK_THE_VISIT = (
    "grant",
    "withdrawal",
    "reads-the-consent",
    "a-page-that-reads-the-consent",
    "a-page-that-grants",
)


# Seconds: all of them start at once.
PATIENCE = 60


class Server:
    """One server on loopback, and how to talk to it."""

    def __init__(self, name: str, port: int) -> None:
        self.name, self._port = name, port

    def open(
        self, method: str, path: str, headers: dict[str, str], body: bytes | None = None
    ) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE)
        connection.request(method, path, body, {"Host": HOST, "Connection": "close", **headers})
        response = connection.getresponse()
        # The response holds the socket's file; it is what the caller closes.
        connection.close()
        return response

    def head(self, path: str) -> str:
        """Return all that comes before the body, interim responses too, which `http.client` skips."""
        with socket.create_connection(("127.0.0.1", self._port), PATIENCE) as connection:
            connection.sendall(f"HEAD {path} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode())
            return b"".join(iter(lambda: connection.recv(65536), b"")).decode("latin-1")

    @contextlib.contextmanager
    def kept_alive(self) -> Iterator[http.client.HTTPConnection]:
        """Open one connection for several requests; where the server closes it, the next opens anew."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE)
        try:
            yield connection
        finally:
            connection.close()

    def ask(
        self, path: str, headers: dict[str, str] | None = None, method: str = "GET", body: bytes | None = None
    ) -> Answer:
        with self.open(method, path, headers or {}, body) as response:
            return Answer(response.status, response.getheaders(), response.read())


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Server]]:
    """Start all servers at once. They inherit listening sockets, so nobody waits or races for a port."""
    folder = tmp_path_factory.mktemp("servers")
    environment = {**os.environ, "PYTHONPATH": str(SUPPORT)}
    processes, servers = [], {}
    try:
        for name, command in SERVERS.items():
            with socket.create_server(("127.0.0.1", 0)) as listening, (folder / name).open("wb") as log:
                fd = listening.fileno()
                processes.append(
                    subprocess.Popen(
                        [argument.format(fd=fd) for argument in command],
                        cwd=folder,
                        env=environment,
                        pass_fds=[fd],
                        stdin=subprocess.DEVNULL,
                        stdout=log,
                        stderr=log,
                    )
                )
                servers[name] = Server(name, listening.getsockname()[1])
        yield servers
    finally:
        end(*processes)


@pytest.fixture(params=SERVERS)
def server(request: pytest.FixtureRequest, running: dict[str, Server]) -> Server:
    return running[request.param]


@pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in CASES])
def test_contract(server: Server, case: Case) -> None:
    if server.name == "sidecar" and case.id in ASK_THE_VISIT:
        pytest.skip("an app in another process has no visit")
    case.check(server.ask(case.path, case.request_headers(), case.method))


def test_streams_piece_by_piece(server: Server, tmp_path: Path) -> None:
    gate = tmp_path / "gate"

    with server.open("GET", "/pieces", {"X-Gate": str(gate)}) as response:
        first = response.read(len(FIRST))
        gate.touch()
        rest = response.read()

    assert (first, rest) == (FIRST, LAST)
    assert response.getheader("Set-Cookie") is None


@pytest.mark.parametrize("name", ["gunicorn-sync", "gunicorn-gthread"])
def test_no_cookie_leaves_with_early_hints(running: dict[str, Server], name: str) -> None:
    head = running[name].head("/hints")

    assert "103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n" in head.partition(" ")[2]
    assert "200 OK" in head


def test_exc_info_after_a_piece_ends_the_response(server: Server) -> None:
    with server.open("GET", "/failure", {}) as response:
        body = response.read(len(FIRST))
        with contextlib.suppress(http.client.IncompleteRead, ConnectionError):
            body += response.read()

    assert body == FIRST
    assert (response.status, response.getheader("Set-Cookie")) == (200, "session=1")


@pytest.mark.parametrize("path", ["/clientarea%2Ftickets", "/clientarea/x%5Cy", "/clientarea/%2e%2e%2fblog"])
# wsgiref keeps no undecoded path.
@pytest.mark.parametrize("server", [name for name in SERVERS if name != "wsgiref"], indirect=True)
def test_encoded_separators_are_not_essential(server: Server, path: str) -> None:
    assert server.ask(path, {"X-Case": "essential-under"}).cookies == []


class _Form(HTMLParser):
    """The hidden fields of the visitor's page, and where its form goes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.action = ""
        self.hidden: list[tuple[str, str]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self.action = given["action"] or ""
        elif tag == "input" and given.get("type") == "hidden":
            self.hidden.append((given["name"] or "", given["value"] or ""))


def _post(server: Server, choice: str, cookie: str, origin: str = f"http://{HOST}") -> Answer:
    form = _Form(server.ask(MOUNT).body.decode())
    headers = {"Origin": origin, "Content-Type": "application/x-www-form-urlencoded", "Cookie": cookie}
    return server.ask(
        form.action, headers, "POST", urlencode([*form.hidden, ("choice", choice)]).encode("ascii")
    )


def test_consent_flow(server: Server) -> None:
    accepted = _post(server, "all", "session=1")
    consent = accepted.cookies[0].partition(";")[0]

    assert (accepted.status, accepted.names) == (303, ["cookieguard"])
    assert accepted.get("Location") == f"{MOUNT}?saved"
    assert b"checked" in server.ask(MOUNT, {"Cookie": consent}).body
    assert server.ask("/", {"Cookie": consent}).cookies == list(ALL[:-1])

    refused = _post(server, "none", f"{consent}; ads=1")
    refusal = refused.cookies[-1].partition(";")[0]

    assert refused.cookies[:-1] == [f"ads=; {EXPIRED}", f"ads=; {EXPIRED}; Domain={HOST}"]
    assert server.ask("/", {"Cookie": refusal}).cookies == ["session=1"]
    assert server.ask("/", {"Cookie": f"{refusal}; _ga=1", **NAVIGATION}).names == ["session", "_ga", "_ga"]


def test_another_sites_form_grants_nothing(server: Server) -> None:
    answer = _post(server, "all", "session=1", origin="http://evil.example")

    assert (answer.status, answer.cookies) == (403, [])


def test_a_body_that_is_too_long_is_refused(server: Server) -> None:
    headers = {"Origin": f"http://{HOST}", "Content-Type": "application/x-www-form-urlencoded"}
    answer = server.ask(MOUNT, headers, "POST", b"choice=all&x=" + b"x" * 70_000)

    assert (answer.status, answer.cookies) == (413, [])


# Pages


HTML_CASES = [
    pytest.param("/html/page", "GET", GUARDED, id="page"),
    pytest.param("/html/page", "HEAD", b"", id="head"),
    pytest.param("/html/fragment", "GET", GUARDED_FRAGMENT, id="fragment"),
    pytest.param("/html/stream", "GET", GUARDED, id="stream"),
    pytest.param("/html/written", "GET", GUARDED, id="write"),
    pytest.param("/html/careless", "GET", GUARDED, id="no length"),
    pytest.param("/html/failing", "GET", GUARDED, id="exc_info"),
    pytest.param("/html/large", "GET", LARGE.replace(PAGE, GUARDED[: -len(bar())]) + bar(), id="large page"),
    pytest.param("/html/zip", "GET", LARGE, id="large file"),
]


@pytest.mark.parametrize(("path", "method", "body"), HTML_CASES)
def test_pages_and_what_follows_them(
    server: Server, path: str, method: str, body: bytes, tmp_path: Path
) -> None:
    """A wrong length, or a body where none may be, shows in the next answer on the same connection."""
    gate = tmp_path / "gate"
    gate.touch()
    with server.kept_alive() as connection:
        for asked, way, expected in [(path, method, body), ("/html/page", "GET", GUARDED)] * 2:
            connection.request(way, asked, headers={"Host": HOST, "X-Gate": str(gate)})
            socket_before = connection.sock
            with connection.getresponse() as response:
                assert response.read() == expected
                assert response.status == (500 if asked == "/html/failing" else 200)
                length = response.getheader("Content-Length")
                # waitress closes where no length is said, the other two always.
                if server.name == "gunicorn-gthread" or (server.name == "waitress" and length):
                    assert connection.sock is socket_before
                if length:
                    assert (way, int(length)) == ("GET", len(expected))


def test_a_page_streams_part_by_part(server: Server, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    first = GUARDED[: GUARDED.index(REST)]

    with server.open("GET", "/html/stream", {"X-Gate": str(gate)}) as response:
        got = response.read(len(first))
        gate.touch()
        rest = response.read()

    assert (got, rest) == (first, REST + bar())


def test_a_page_revalidates(server: Server) -> None:
    etag = server.ask("/html/page", GET).get("ETag") or ""
    with server.kept_alive() as connection:
        for _ in range(2):
            connection.request("GET", "/html/page", headers={"Host": HOST, "If-None-Match": etag, **GET})
            with connection.getresponse() as response:
                assert (response.status, response.getheader("ETag"), response.read()) == (304, etag, b"")

    assert server.ask("/html/page", GET | {"If-None-Match": '"1"'}).body == GUARDED


def test_no_length_where_an_app_gives_head_a_body(server: Server) -> None:
    with server.open("HEAD", "/html/careless", {}) as response:
        assert (response.status, response.getheader("Content-Length")) == (200, None)


def test_an_error_while_the_headers_wait_is_the_servers_error_page(server: Server) -> None:
    assert server.ask("/html/cut-short").status == (502 if server.name == "sidecar" else 500)
    assert server.ask("/html/page").body == GUARDED
