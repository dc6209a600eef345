"""An answer that breaks off, as the visitor's side of the connection tells it."""

from __future__ import annotations

import http.client

import pytest
from sidecars import Running

pytestmark = pytest.mark.server


@pytest.mark.parametrize("path", ["/short", "/short/chunked", "/hangs/in-the-body"])
def test_an_answer_that_breaks_off_is_not_taken_for_whole(sidecar: Running, path: str) -> None:
    with pytest.raises(http.client.IncompleteRead):
        sidecar.ask(path)


@pytest.mark.parametrize("path", ["/short", "/short/chunked", "/hangs/in-the-body"])
def test_nor_by_a_visitor_without_chunks(sidecar: Running, path: str) -> None:
    with pytest.raises(ConnectionResetError):
        sidecar.raw(f"GET {path} HTTP/1.0\r\n\r\n".encode())

    assert sidecar.raw(b"GET /two-lengths HTTP/1.0\r\n\r\n").endswith(b"\r\n\r\nonly")
