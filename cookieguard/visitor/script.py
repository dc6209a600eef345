"""The browser guard as it is served, the tag that loads it, and the bar for visitors without scripts."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from pathlib import Path

from markupsafe import escape
from msgspec import Struct

from ..policy.policy import Policy
from .rules import browser_rules
from .texts import Texts, choose_language
from .version import version_of

SCRIPT_PATH = "/guard.js"
_MINIFIED = (Path(__file__).parent / "guard.min.js").read_text("ascii")
_LANGUAGE = re.compile(r"[A-Za-z0-9]{1,8}(?:[-_][A-Za-z0-9]{1,8})*")


class Script(Struct, frozen=True):
    """The script for one policy and language. `version` is the hash of its bytes, in its address."""

    body: bytes
    version: str
    language: str

    @property
    def path(self) -> str:
        """The address below the mount."""
        return f"{SCRIPT_PATH}?v={self.language}.{self.version}"


@lru_cache(maxsize=256)
def script_for(policy: Policy, language: str) -> Script:
    """Return the script that serves pages in one of the policy's languages."""
    texts = Texts(language, policy.language)
    data = {
        **browser_rules(policy),
        "language": language,
        "words": str(texts.say("banner.settings")),
    }
    body = _MINIFIED.replace("POLICY", json.dumps(data, separators=(",", ":"))).encode("ascii")
    return Script(body, version_of(body), language)


def page_language(policy: Policy, lang: str | None) -> str:
    """Return the language for a page that says `lang` of itself; the site's first where it doesn't."""
    return choose_language(policy, None, lang if lang and _LANGUAGE.fullmatch(lang) else None)


def script_tag(policy: Policy, mount: str, language: str, nonce: str | None) -> str:
    """Write the tag that loads the script, in ASCII and well-formed in XHTML too."""
    path = script_for(policy, language).path
    return f'<script src="{escape(mount)}{path}"{_attribute("nonce", nonce)}></script>'


def link_bar(policy: Policy, mount: str, language: str) -> str:
    """Write what visitors without scripts find at the end of each page."""
    texts = Texts(language, policy.language)
    links = [
        f'<a href="{escape(mount)}{path}?lang={language}">{texts.say(key)}</a>'
        for path, key in (("", "banner.settings"), ("/policy", "banner.policy"))
    ]
    bar = f'<p class="cg-bar" lang="{language}" dir="{texts.direction}">{" · ".join(links)}</p>'
    # The page's encoding isn't ours to know.
    return f"<noscript>{bar}</noscript>".encode("ascii", "xmlcharrefreplace").decode()


def _attribute(name: str, value: str | None) -> str:
    return f' {name}="{escape(value)}"' if value else ""
