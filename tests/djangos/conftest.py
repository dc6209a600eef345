"""A guarded Django site."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from djangoshop import (
    with_settings,
)


@pytest.fixture
def shop() -> Iterator[None]:
    with with_settings():
        yield
