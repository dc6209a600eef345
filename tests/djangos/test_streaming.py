"""Pages that stream through the middleware, with a loop and without."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from django.test import AsyncClient, Client, override_settings
from djangoshop import (
    MIDDLEWARE,
    SYNCHRONOUS,
    cookies_of,
)


def test_a_stream_is_guarded_by_the_test_client(shop: None) -> None:
    response = Client().get("/streamed")

    assert cookies_of(response) == []
    assert b"guard.js" in b"".join(response.streaming_content)


async def drip(address: str) -> tuple[Any, list[bytes]]:
    response = await AsyncClient().get(address)
    return response, [piece async for piece in response.streaming_content if piece]


@pytest.mark.parametrize("middleware", [[], [SYNCHRONOUS]], ids=["", "behind one that is synchronous"])
@pytest.mark.parametrize(
    ("address", "pieces"),
    [
        pytest.param("/dripped?size=1000", 2, id="whole"),
        pytest.param("/dripped?size=30", 3, id="piece by piece"),
        pytest.param("/dripped?size=1", 20, id="byte by byte"),
    ],
)
def test_a_page_that_only_a_loop_can_read_is_guarded(
    shop: None, address: str, pieces: int, middleware: list[str]
) -> None:
    with override_settings(MIDDLEWARE=[MIDDLEWARE, *middleware]):
        response, body = asyncio.run(drip(address))

    whole = b"".join(body)
    assert cookies_of(response) == []
    assert whole.count(b"guard.js") == 1 and b"privacy-choices" in whole.partition(b"Hello")[2]
    # As it streams by, not at its end.
    assert len(body) >= pieces


def test_an_endless_stream_is_not_waited_for(shop: None) -> None:
    async def begin() -> tuple[Any, list[bytes]]:
        response = await AsyncClient().get("/ticks")
        ticks = response.streaming_content
        seen = [await anext(ticks), await anext(ticks)]
        await ticks.aclose()
        return response, seen

    for middleware in ([MIDDLEWARE], [MIDDLEWARE, SYNCHRONOUS]):
        with override_settings(MIDDLEWARE=middleware):
            response, seen = asyncio.run(begin())
        assert (cookies_of(response), seen) == ([], [b"data: tick\n\n"] * 2)


def test_a_page_that_breaks_off_breaks_off(shop: None) -> None:
    with pytest.raises(ZeroDivisionError):
        asyncio.run(drip("/dripped?size=0"))


def test_without_a_loop_django_reads_such_a_page_at_once(shop: None) -> None:
    with pytest.warns(Warning, match="must consume asynchronous iterators"):
        response = Client().get("/dripped?size=30")

    body = b"".join(response.streaming_content)
    assert (cookies_of(response), body.count(b"guard.js")) == ([], 1)
