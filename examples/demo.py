"""What a browser would keep of one example site, and then the site itself.

python examples/demo.py            tables, then http://127.0.0.1:8000/ until Ctrl-C
python examples/demo.py --once     tables only
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ad_partners.app import make_app
from ad_partners.chat import chat
from rich import box
from rich.console import Console
from rich.logging import RichHandler
from rich.padding import Padding
from rich.table import Table
from serving import SITE, listen, open_browser, played, serve
from werkzeug.test import Client

from cookieguard import CookieGuard, Verdict, visit_from

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

SETTINGS = "/privacy-choices"
# A visit to every corner of the site.
WALK = (("GET", "/"), ("POST", "/log-in"), ("GET", "/account"), ("GET", "/shop"), ("GET", "/support"))
COLOURS = {"kept": "green", "capped": "yellow", "stripped": "red", "swept": "red"}

console = Console(width=100, highlight=False)


class Browser:
    """A test client with a cookie jar; it notes what the guard decided over each cookie."""

    def __init__(self, guarded: CookieGuard) -> None:
        self._guarded = guarded
        self._client = Client(self._watched)
        self.verdicts: dict[str, Verdict] = {}

    def _watched(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        body = self._guarded(environ, start_response)
        for verdict in visit_from(environ).verdicts:
            self.verdicts[verdict.name] = verdict
        return body

    def decide(self, *, accept: bool) -> None:
        """Choose on the settings page, as a script of the site would."""
        state: dict[str, Any] = self._client.get(SETTINGS, headers={"Accept": "application/json"}).json or {}
        digests = {
            id: category["digest"] for id, category in state["categories"].items() if id != "essential"
        }
        choice = {"accept": list(digests) if accept else [], "digests": digests}
        self._client.post(SETTINGS, json=choice, headers={"Origin": "http://localhost"})

    def walk(self) -> None:
        for method, path in WALK:
            self._client.open(path, method=method)

    @property
    def jar(self) -> list[str]:
        return [name for name in ("cookieguard", *self.verdicts) if self._client.get_cookie(name)]


def tables(guarded: CookieGuard) -> None:
    """Print what becomes of each cookie in each state that a visitor can be in."""
    # The tables say what the log would warn of.
    logging.getLogger("cookieguard").setLevel(logging.ERROR)
    for title, accept in (
        ("A visitor who hasn't decided", None),
        ("A visitor who refuses", False),
        ("A visitor who accepts", True),
    ):
        browser = Browser(guarded)
        if accept is not None:
            browser.decide(accept=accept)
        browser.walk()
        console.print(_table(title, browser.verdicts.values()))
        held = f"[bold]The browser holds:[/] {', '.join(browser.jar)}"
        console.print(Padding(held, (0, 2, 1, 2)))


def _table(title: str, verdicts: Iterable[Verdict]) -> Table:
    table = Table(
        title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, width=100, pad_edge=True
    )
    for heading in ("cookie", "category", "verdict", "reason"):
        table.add_column(heading, ratio=1)
    for verdict in verdicts:
        colour = COLOURS[verdict.action]
        table.add_row(
            verdict.name,
            verdict.category or "–",
            f"[{colour}]{verdict.action}[/]",
            verdict.reason,
        )
    return table


def serve_site() -> None:
    """Serve on loopback until Ctrl-C; each cookie that is held back is told on the terminal."""
    logging.basicConfig(
        format="%(message)s", handlers=[RichHandler(console=console, show_level=False, show_path=False)]
    )
    logging.getLogger("cookieguard").setLevel(logging.INFO)
    with listen(8000) as server, played(chat) as provider:
        address = f"http://{SITE}:{server.server_port}/"
        console.print(
            f"[bold]Open {address} and choose: the page shows what waits, and what your browser holds.[/]"
        )
        console.print("What the guard holds back is listed here. Ctrl-C ends.")
        open_browser(address)
        serve(server, make_app(chat=provider))
    console.print()


def main() -> None:
    parser = argparse.ArgumentParser(description="Show what a browser keeps of a guarded site.")
    parser.add_argument("--once", action="store_true", help="end after the tables")
    once = parser.parse_args().once
    console.print(
        "A shop with advertising partners (examples/ad_partners): a browser opens the home page, logs in,"
    )
    console.print(
        "and visits the account, the shop and the support chat. What the guard makes of each cookie that"
    )
    console.print("the app sets; support_chat_visitor is declared in the policy of next year only.\n")
    tables(make_app())
    if not once:
        serve_site()


if __name__ == "__main__":
    main()
