"""Path confusion: a path that servers, proxies and apps may read in different ways is nobody's exception.

`essential_under` is also in tests/wsgi/test_guard.py (trap 37). Real servers decode a target before the app
sees it; what they make of one is asked of them here.
"""

from __future__ import annotations

import os
import posixpath
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest
from asking import Server, an_environ, guarded
from contract import HOST, MOUNT, SECRET, responding
from served import GUNICORN, WAITRESS, Site, clean, serving

POLICY = """
[guard]
exclude = ["/healthz"]
[[cookies]]
name = "ads"
category = "marketing"
purpose = "Shows ads."
lifetime = "1 day"
[[cookies]]
name = "chat"
category = "functional"
purpose = "Support chat."
lifetime = "1 day"
essential_under = ["/clientarea"]
"""
ROOT = Path(__file__).parents[2]
APP = """
import os
from cookieguard import CookieGuard, Policy

def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("Set-Cookie", "ads=1"), ("Set-Cookie", "chat=1")])
    return [b"the app's"]

app = CookieGuard(app, Policy.from_file("cookies.toml"), secret_key=os.environ["SECRET"])
"""
# What leads from a path that is excepted to one that isn't, or looks so to somebody.
STEPS = [
    "/../shop", "/%2e%2e/shop", "/.%2e/shop", "/%2E%2E%2fshop", "%2f..%2fshop", "%2F%2E%2E%2Fshop", "/..;/shop", "/..;a=b/shop", ";/../shop",
    "/..%3b/shop", "/..\\shop", "\\..\\shop", "/..%5cshop", "%5c..%5cshop", "/%252e%252e/shop", "%252f..%252fshop", "/%c0%ae%c0%ae/shop", "/%u002e%u002e/shop",
    "/./../shop", "//../shop", "/x/../../shop", "/x//../../../shop", "%00/../shop", "/..%00/shop", "/..%0d%0a/shop", "/..?/../shop", "/..%23/shop", "/..%3f/shop",
]  # fmt: skip
NEAR = [
    "z",
    "%20",
    "%00",
    ";",
    ";a=b",
    "%3b",
    ".",
    "..",
    "%2e",
    "\\",
    "%5c",
    "~",
    "%09",
    "%0a",
    "%c3%a9",
    "%ff",
    "'",
    "%27",
    "*",
    "@",
    ":80",
    "%",
]


def normal(target: str) -> str:
    """What the most eager reader makes of a target: decoded twice, all separators alike, dots resolved."""
    path = unquote(unquote(target.partition("?")[0])).replace("\\", "/")
    plain = "/".join(segment.partition(";")[0] for segment in path.split("/"))
    return posixpath.normpath("/" + plain.replace("\0", "").lstrip("/"))


TARGETS = [f"{prefix}{step}" for prefix in ("/healthz", "/clientarea") for step in (*STEPS, *NEAR)]


def names(target: str, raw: str | None) -> set[str]:
    """The cookies that leave, for a path decoded as servers decode it."""
    path = unquote(target.partition("?")[0], "latin-1")
    keys = {raw: target} if raw else {}
    server = Server()
    policy = {"guard": {"exclude": ["/healthz"]}}
    guard = guarded(responding("ads=1", "chat=1"), **policy)
    b"".join(guard(an_environ(PATH_INFO=path, **keys), server.start_response))
    return {value.partition("=")[0] for name, value in server.calls[0][1] if name == "Set-Cookie"}


@pytest.mark.parametrize("raw", [None, "RAW_URI", "REQUEST_URI"])
@pytest.mark.parametrize("target", TARGETS, ids=ascii)
def test_no_way_leads_out_of_an_exception(target: str, raw: str | None) -> None:
    left = names(target, raw)

    if not normal(target).startswith("/healthz/") and normal(target) != "/healthz":
        assert "ads" not in left
    if not normal(target).startswith("/clientarea/") and normal(target) != "/clientarea":
        assert "chat" not in left or "ads" in left


@pytest.mark.parametrize("raw", ["RAW_URI", "REQUEST_URI"])
def test_exceptions_hold(raw: str) -> None:
    assert (
        names("/healthz", raw) == names("/healthz/a", raw) == names("/healthz?x=/../", raw) == {"ads", "chat"}
    )
    assert names("/clientarea", raw) == names("/clientarea/a?next=%2F..", raw) == {"chat"}


@pytest.mark.parametrize(
    "path",
    [
        f"/{MOUNT}", f"{MOUNT}//", f"{MOUNT}/.", f"{MOUNT}/..", f"{MOUNT};x", f"{MOUNT}/policy/", f"{MOUNT}//policy", f"{MOUNT}/../x", f"{MOUNT}\x00", f"{MOUNT} ",
        f"{MOUNT}.", MOUNT.upper(), MOUNT.replace("-", "_"), f"/x/..{MOUNT}", f"\\{MOUNT[1:]}", f"{MOUNT}\\", f"{MOUNT}%2f", f"{MOUNT}/guard.js/x",
    ],
    ids=ascii,
)  # fmt: skip
def test_what_only_resembles_the_mount_is_the_apps(path: str) -> None:
    server = Server()
    body = b"".join(guarded(responding("ads=1"))(an_environ(PATH_INFO=path), server.start_response))

    assert body == b"ok"
    assert not [name for name, _ in server.calls[0][1] if name == "Set-Cookie"]


# The same, as real servers decode it


@pytest.fixture(
    scope="module", params=[pytest.param(GUNICORN, id="gunicorn"), pytest.param(WAITRESS, id="waitress")]
)
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder: Path = tmp_path_factory.mktemp("site")
    (folder / "cookies.toml").write_text(POLICY)
    (folder / "the_app.py").write_text(APP)
    with serving(
        [*request.param, "the_app:app"],
        folder,
        clean(SECRET=SECRET, PYTHONPATH=f"{folder}{os.pathsep}{ROOT}"),
    ) as site:
        yield site


def on_the_wire(port: int, target: str) -> str:
    head = f"GET {target} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        client.sendall(head.encode("latin-1"))
        return b"".join(iter(lambda: client.recv(65536), b"")).decode("latin-1")


@pytest.mark.server
def test_no_server_is_led_out_of_an_exception(site: Site) -> None:
    led = {}
    for target in (*TARGETS, "//healthz", f"http://{HOST}/healthz/../shop", "/./healthz/../shop", "healthz"):
        answer = on_the_wire(site.port, target)
        outside = not normal(target).startswith(("/healthz", "/clientarea"))
        if outside and ("Set-Cookie: ads=1" in answer or "Set-Cookie: chat=1" in answer):
            led[target] = answer

    assert led == {}
    assert "Set-Cookie: ads=1" in on_the_wire(site.port, "/healthz/x")
