"""A sidecar, as a process of its own, before an upstream of raw bytes that may misbehave."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from misbehaving import Upstream, upstream
from rawanswers import ANSWERS
from sidecars import Running, running


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
