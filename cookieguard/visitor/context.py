"""What the pages that answer one request have in common."""

from __future__ import annotations

from msgspec import Struct

from ..policy.policy import Policy
from ..visit import Visit
from .request import PageRequest
from .sections import site_name
from .style import POLICY_STYLE, STYLE
from .templating import Templates
from .texts import Texts, languages


class Links(Struct, frozen=True):
    """The addresses of the visitor's pages: `mount` is the first's, `language` what a link must keep."""

    mount: str
    language: str | None = None

    @property
    def preferences(self) -> str:
        return self._to("")

    @property
    def policy(self) -> str:
        return self._to("/policy")

    @property
    def markdown(self) -> str:
        return self._to("/policy.md")

    @property
    def style(self) -> str:
        return self.mount + STYLE.address

    @property
    def policy_style(self) -> str:
        return self.mount + POLICY_STYLE.address

    def _to(self, page: str) -> str:
        return f"{self.mount}{page}?lang={self.language}" if self.language else self.mount + page


class PageContext(Struct, frozen=True):
    """A request to the visitor's pages, and what its answer is rendered with.

    `script` is the address of the browser guard, None where nothing is `enforced`.
    """

    request: PageRequest
    visit: Visit
    texts: Texts
    links: Links
    templates: Templates
    enforced: bool
    script: str | None

    @property
    def policy(self) -> Policy:
        """The policy in force today."""
        return self.visit.policy


def shell(policy: Policy, texts: Texts, links: Links, *, here: str, script: str | None) -> dict[str, object]:
    """Return what every template is given; `here` is the page's own address, without a query."""
    return {
        "policy": policy,
        "texts": texts,
        "links": links,
        "here": here,
        "script": script,
        "site_name": site_name(policy, texts),
        "languages": languages(policy),
        "following": None,
        "needed": (),
        # What the form says of its own text, where a ledger keeps it.
        "shown": "",
    }
