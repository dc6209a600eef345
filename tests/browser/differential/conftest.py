"""Two browsers as judges, and the app that they are sent to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from browser.differential import firefox
from browser.differential.bench import Bench, bench
from browser.differential.judge import Chromium, Judge
from browser.serving import Certificate


@pytest.fixture(scope="package", params=["chromium", "firefox"])
def judge(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judge]:
    """A browser with an empty jar of its own."""
    if request.param == "firefox":
        with firefox.start(tmp_path_factory.mktemp("firefox")) as judge:
            yield judge
        return
    context = request.getfixturevalue("chromium").new_context()
    yield Chromium(context)
    context.close()


@pytest.fixture(scope="package")
def benches(certificate: Certificate) -> Iterator[dict[str, Bench]]:
    with ExitStack() as running:
        yield {scheme: running.enter_context(bench(certificate, scheme)) for scheme in ("https", "http")}


@pytest.fixture
def at_shop(judge: Judge, benches: dict[str, Bench]) -> Bench:
    """The shop over https; the judge has its page open."""
    return opened(judge, benches["https"])


@pytest.fixture
def at_plain_shop(judge: Judge, benches: dict[str, Bench]) -> Bench:
    """The same over http."""
    return opened(judge, benches["http"])


def opened(judge: Judge, shop: Bench) -> Bench:
    judge.goto(shop.url(shop.bare))
    return shop
