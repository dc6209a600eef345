"""What only a real server shows: where it says that an app is mounted, and clients that go away.

The contract runs over uvicorn in tests/test_servers.py.
"""

from __future__ import annotations

import asyncio
import http.client
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import uvicorn
from asgiapps import App, body, cookies, paged, saying, start
from contract import HOST, MOUNT, Answer
from htmlapps import FRONT, PAGE, guarded_page
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Mount, Route

pytestmark = pytest.mark.server


@contextmanager
def served(app: App, **options: Any) -> Iterator[int]:
    """Serve an app by uvicorn in a thread of its own; yield the port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        config = uvicorn.Config(app, log_level="critical", lifespan="off", **options)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join(10)


def ask(port: int, path: str) -> Answer:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path, headers={"Host": HOST, "Connection": "close"})
    with connection.getresponse() as response:
        connection.close()
        return Answer(response.status, response.getheaders(), response.read())


@pytest.mark.parametrize("root", ["", "/shop"])
def test_a_root_path_of_the_servers(root: str) -> None:
    async def page(request: Any) -> HTMLResponse:
        response = HTMLResponse(PAGE)
        response.set_cookie("ads", "1")
        return response

    app = paged(Starlette(routes=[Mount("/deep", routes=[Route("/page", page)])]))
    # The proxy in front takes the root off; uvicorn puts it on again.
    with served(app, root_path=root) as port:
        answer, own = ask(port, "/deep/page"), ask(port, MOUNT)

    assert (answer.body, answer.cookies) == (guarded_page(root=root), [])
    assert own.status == 200
    assert f'action="{root}{MOUNT}"'.encode() in own.body


def test_a_client_that_goes_away_ends_the_app() -> None:
    ended = threading.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        html = (b"content-type", b"text/html")
        await saying(start(html, *cookies(b"session=1", b"ads=1")), body(FRONT, more=True))(
            scope, receive, send
        )
        try:
            while (await receive())["type"] != "http.disconnect":
                await asyncio.sleep(0)
        finally:
            ended.set()

    with served(paged(app)) as port:
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(f"GET / HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
            head = b""
            while FRONT not in head:
                head += client.recv(4096)
        assert ended.wait(5)

    assert b"session=1" in head
    assert b"ads=1" not in head
