"""What is done to the pages of a site: a plan for each policy in force and each place it is mounted at."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from ..enforcer import Enforcer
from ..guard.caching import Headers
from ..html.address import Gate
from ..html.linkheader import without_held_links
from ..html.page import Page, Plan, open_page
from ..html.validators import suffixed
from ..policy.policy import Policy
from ..policy.waiting import waiting_hosts
from ..visit import Visit
from .request import quoted_root
from .script import link_bar, page_language, script_for, script_tag
from .version import version_of

_MOST = 64


class Opened(NamedTuple):
    """A response's headers, and what becomes of the body: rewritten by `page`, else as it is if it `passes`.

    The headers may leave now; where there is a page they wait for its first bytes.
    """

    headers: Headers
    passes: bool = True
    page: Page | None = None


class Plans:
    """Makes plans when they are first asked for, and remembers them."""

    def __init__(self, enforcer: Enforcer) -> None:
        guard = enforcer.policy.guard
        # "Report mode is for roll-out: [...] no tag, no banner."
        self.any = enforcer.mode == "enforce" and (guard.inject or guard.gate == "server")
        self._mount = guard.mount
        self._remembered = lru_cache(maxsize=_MOST)(self._make)

    def of(self, policy: Policy, root: str) -> Plan:
        """Return the plan for an app mounted at `root` (SCRIPT_NAME)."""
        return self._remembered(policy, root)

    def open(
        self, visit: Visit, root: str, status: str, headers: Headers, method: str, *, revalidates: bool
    ) -> Opened:
        """Take what `visit.leave` returned.

        `status` begins with the three digits. `revalidates` tells whether the request named a page of
        ours that the browser has.
        """
        plan = self.of(visit.policy, root)
        if revalidates and status.startswith("304"):
            # "The server generating a 304 response MUST generate [...] ETag" as for 200 (RFC 9110,
            # 15.4.5), and for 200 it has our suffix, and no Last-Modified beside it.
            return Opened(suffixed(headers, plan.version))
        opened = open_page(status, headers, method, plan)
        if opened is None:
            # A browser loads what they name for a text or picture in a tab too.
            return Opened(without_held_links(headers, plan.gate))
        if isinstance(opened, Page):
            return Opened(headers, passes=False, page=opened)
        if opened.reason != "empty":
            visit.count_untouched(opened.reason)
        # Some apps give HEAD a body, and servers tell the length of a list of one.
        return Opened(opened.headers, method != "HEAD" or opened.reason != "empty")

    def _make(self, policy: Policy, root: str) -> Plan:
        mount = quoted_root(root) + self._mount
        # A page may say anything of its language; choosing one of ours takes longer than to remember.
        language = lru_cache(maxsize=_MOST)(lambda lang: page_language(policy, lang))
        bar = lru_cache(maxsize=_MOST)(lambda lang: link_bar(policy, mount, language(lang)).encode())
        tag = lru_cache(maxsize=_MOST)(lambda lang: script_tag(policy, mount, language(lang), None).encode())
        return Plan(
            gate=Gate.of(waiting_hosts(policy)) if policy.guard.gate == "server" else None,
            inject=policy.guard.inject,
            version=_version(policy, mount),
            tag=lambda lang, nonce: (
                script_tag(policy, mount, language(lang), nonce).encode() if nonce else tag(lang)
            ),
            bar=bar,
        )


def _version(policy: Policy, mount: str) -> str:
    """Hash all that a page's own bytes are changed by."""
    language = page_language(policy, None)
    script = script_for(policy, language).version
    changes = (script, mount, link_bar(policy, mount, language), policy.guard.inject, policy.guard.gate)
    return version_of(repr(changes).encode())
