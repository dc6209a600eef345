"""Which host an address leads to: Chromium answers the table that `cookieguard.html.address` answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from addresses import ADDRESSES

pytestmark = pytest.mark.browser

HOSTS = """vectors => vectors.map(([base, address]) => {
  const page = 'http://page.test/dir/'
  try {
    const url = new URL(address, new URL(base ?? '', page))
    return url.hostname === 'page.test' || !/^(http|ws)s?:$/.test(url.protocol) ? null : url.hostname
  } catch { return null }
})"""


def test_one_table_two_languages(visitor: Callable[..., Any]) -> None:
    told = visitor().page.evaluate(HOSTS, [vector[:2] for vector in ADDRESSES])

    differing = [(*vector, host) for vector, host in zip(ADDRESSES, told, strict=True) if host != vector[2]]
    assert differing == []
