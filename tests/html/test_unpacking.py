"""Packed bodies that break."""

from __future__ import annotations

import gzip
import logging
import random
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cookieguard.html.unpacking import MOST_AT_ONCE, Unpacker

TEXT = random.Random(1).randbytes(3000) + b"abc" * 1000


def unpack(packing: str, data: bytes, size: int | None = None) -> bytes:
    unpacker = Unpacker(packing)
    step = size or max(len(data), 1)
    pieces = [piece for at in range(0, len(data), step) for piece in unpacker.feed(data[at : at + step])]
    unpacker.finish()
    assert all(0 < len(piece) <= MOST_AT_ONCE for piece in pieces)
    return b"".join(pieces)


PACKED = gzip.compress(TEXT)
BROKEN = [
    pytest.param("gzip", PACKED[:-9], TEXT, id="cut-in-the-data"),
    pytest.param("gzip", PACKED[:-4], TEXT, id="cut-in-the-trailer"),
    pytest.param("gzip", PACKED[:-8] + bytes(8), TEXT, id="wrong-sum"),
    pytest.param("gzip", TEXT, b"", id="none-at-all"),
    pytest.param("gzip", b"\x1f", b"", id="one-byte"),
    pytest.param("deflate", zlib.compress(TEXT)[:-4] + b"abcd", TEXT, id="wrong-sum-deflate"),
]


@pytest.mark.parametrize(("packing", "data", "expected"), BROKEN)
@pytest.mark.parametrize("size", [None, 1, 100])
def test_what_came_so_far_passes(
    packing: str, data: bytes, expected: bytes, size: int | None, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "cookieguard"):
        found = unpack(packing, data, size)

    assert expected.startswith(found)
    assert len(expected) - len(found) < 300
    assert [record.levelname for record in caplog.records] == ["WARNING"]


@pytest.mark.parametrize("packed", [PACKED, PACKED + b"\x1f", PACKED + b"garbage", b""], ids=range(4))
def test_what_is_whole_is_not_told_of(packed: bytes, caplog: pytest.LogCaptureFixture) -> None:
    assert unpack("gzip", packed) == unpack("gzip", packed, 1) == (TEXT if packed else b"")
    assert not caplog.records


@pytest.mark.parametrize("more", range(-3, 4))
@pytest.mark.parametrize("packing", ["gzip", "deflate"])
def test_a_step_that_ends_with_the_body(packing: str, more: int, caplog: pytest.LogCaptureFixture) -> None:
    text = bytes(3 * MOST_AT_ONCE + more)
    packed = gzip.compress(text) if packing == "gzip" else zlib.compress(text)

    for size in (None, 1, len(packed) - 8, len(packed) - 9):
        assert unpack(packing, packed, size) == text
    assert not caplog.records


@given(st.sampled_from(["gzip", "deflate"]), st.binary(), st.integers(1, 20))
def test_any_bytes(packing: str, data: bytes, size: int) -> None:
    assert unpack(packing, data, size) == unpack(packing, data)


@given(st.integers(0, len(PACKED) - 1), st.integers(0, 255), st.integers(1, 4000))
def test_any_fault_in_any_chunks(place: int, byte: int, size: int) -> None:
    broken = PACKED[:place] + bytes([byte]) + PACKED[place + 1 :]

    assert unpack("gzip", broken, size) == unpack("gzip", broken)
