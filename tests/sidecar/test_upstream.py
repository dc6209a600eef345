"""Where the app is: told at start as far as that can be."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from http.server import HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path

import pytest
import trustme
from contract import SECRET
from misbehaving import Upstream
from sidecars import HEALTH, running

from cookieguard import ConfigurationError
from cookieguard.sidecar import Sidecar
from cookieguard.sidecar import Upstream as Address

pytestmark = pytest.mark.server


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


def test_upstream_by_name() -> None:
    assert Address("https://app.internal").timeout.read == 60.0
    with pytest.raises(ConfigurationError, match="E005"):
        Sidecar(Address("http://localhost"), {}, secret_key=SECRET)  # type: ignore[arg-type]
