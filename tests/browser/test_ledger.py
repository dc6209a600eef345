"""No proof, no consent: what a visitor sees while the ledger's database is away."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import ledgers
import pytest
from contract import SECRET
from playwright.sync_api import expect

from browser import snippets
from browser.providers import Providers
from browser.test_journeys import SERVICES, banner, check, press, settle, shop
from cookieguard.ledger.store import Store
from cookieguard.ledger.verifying import verify

pytestmark = pytest.mark.browser

Make = Callable[..., Any]
SAYS = "can't record a consent"


class Base:
    """A ledger's database that can go away and come back."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.url = f"sqlite:///{file}"
        self.store: Store = ledgers.store_of(self.url, (SECRET,))

    def leave(self) -> None:
        self.store.database.close()
        self.file.rename(self.file.with_suffix(".away"))

    def come_back(self) -> None:
        self.file.with_suffix(".away").rename(self.file)

    @property
    def receipts(self) -> int:
        report = verify(self.store)
        assert report.breaks == ()
        return report.verified


@pytest.fixture
def base(tmp_path: Path) -> Iterator[Base]:
    made = Base(tmp_path / "receipts.db")
    yield made
    made.store.database.close()


def served(site: Make, base: Base) -> Any:
    made = site(shop(snippets.page()), {**SERVICES, "ledger": {"url": base.url, "retention": "3 years"}})
    # The guard was ready before.
    base.leave()
    return made


def consent_of(anna: Any) -> list[str]:
    return [cookie["value"] for cookie in anna.jar.cookies if cookie["name"] == "cookieguard"]


def test_the_banners_accept_says_so_and_grants_nothing(
    site: Make, visitor: Make, providers: Providers, base: Base
) -> None:
    made, anna = served(site, base), visitor()
    anna.watch.tolerate("503")
    anna.page.goto(made.url())
    press(anna, "all")
    anna.page.wait_for_url(made.mount)
    expect(anna.page.get_by_role("alert")).to_contain_text(SAYS)
    assert consent_of(anna) == []
    anna.page.goto(made.url())
    check(anna, made, providers)

    press(anna, "none")
    expect(banner(anna)).to_have_count(0)
    (refused,) = consent_of(anna)
    assert "+" not in refused
    base.come_back()
    anna.page.goto(made.mount)
    press(anna, "all", "main")
    settle(anna)
    (accepted,) = consent_of(anna)
    assert "+analytics" in accepted and base.receipts == 2


def test_a_page_that_accepts_is_told(site: Make, visitor: Make, providers: Providers, base: Base) -> None:
    made, anna = served(site, base), visitor()
    anna.watch.tolerate("503")
    anna.page.goto(made.url())
    settle(anna)
    said = anna.page.evaluate("cookieguard.accept(['analytics']).then(() => 'yes', error => error.message)")
    assert SAYS in said
    assert anna.page.evaluate("cookieguard.allows('analytics')") is False
    assert consent_of(anna) == []
    check(anna, made, providers)
    anna.page.evaluate("cookieguard.refuse()")
    assert consent_of(anna) != []
    base.come_back()
    anna.page.evaluate("cookieguard.accept(['analytics'])")
    assert anna.page.evaluate("cookieguard.allows('analytics')") is True and base.receipts == 2


def test_without_a_script(site: Make, visitor: Make, providers: Providers, base: Base) -> None:
    made, anna = served(site, base), visitor(javascript=False)
    anna.watch.tolerate("503")
    anna.page.goto(made.mount)
    press(anna, "all", "main")
    expect(anna.page.get_by_role("alert")).to_contain_text(SAYS)
    assert consent_of(anna) == []
    anna.page.goto(made.mount)
    expect(anna.page.get_by_role("alert")).to_contain_text(SAYS)
    press(anna, "none", "main")
    settle(anna)
    assert len(consent_of(anna)) == 1
    # A beacon outlives its page: an earlier visitor's may have come by now.
    providers.requests.clear()
    anna.page.goto(made.url())
    check(anna, made, providers)
