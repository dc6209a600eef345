"""One response's headers on their way to the server, and the page that may follow them."""

from __future__ import annotations

from typing import NamedTuple

from ..guard.caching import Headers
from ..html.page import Page, Plan, open_page
from ..html.validators import suffixed
from ..visit import Visit


class Opened(NamedTuple):
    """Headers that may leave now; `passes` tells whether the body behind them stays as it is."""

    headers: Headers
    passes: bool = True


def open_response(
    visit: Visit, plan: Plan, status: str, headers: Headers, method: str, *, revalidates: bool
) -> Page | Opened:
    """Take what `visit.leave` returned; a Page keeps the headers until its first bytes have come.

    `status` begins with the three digits. `revalidates` tells whether the request named a page of
    ours that the browser has.
    """
    if revalidates and status.startswith("304"):
        # "The server generating a 304 response MUST generate [...] ETag" as for 200 (RFC 9110,
        # 15.4.5), and for 200 it has our suffix, and no Last-Modified beside it.
        return Opened(suffixed(headers, plan.version))
    opened = open_page(status, headers, method, plan)
    if opened is None:
        return Opened(headers)
    if isinstance(opened, Page):
        return opened
    if opened.reason != "empty":
        visit.count_untouched(opened.reason)
    # Some apps give HEAD a body, and servers tell the length of a list of one.
    return Opened(opened.headers, method != "HEAD" or opened.reason != "empty")
