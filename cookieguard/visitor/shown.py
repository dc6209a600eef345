"""The very text that a visitor decides on: each page's part that asks, without the visitor's own state."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from datetime import date
from functools import lru_cache

from msgspec import Struct
from msgspec.structs import replace

from ..consent.consent import Consent
from ..ledger.receipt import Layer, Shown
from ..policy.policy import Policy
from .context import Links, shell
from .sections import contact_of, sections_of, titles_of
from .templating import Templates
from .texts import Texts, languages

_TOKEN_BYTES = 12
_TOKEN = re.compile(r"[A-Za-z0-9_-]{16}")
_TEMPLATES: dict[Layer, str] = {"banner": "banner.html", "preferences": "preferences.html"}


class ShownTexts:
    """Renders what was shown, from the site's own templates; the same few come again and again.

    `mount` is the path of the visitor's pages, below wherever the app is mounted.
    """

    def __init__(self, templates: Templates, mount: str) -> None:
        self._templates = templates
        self._mount = mount
        self._rendered = lru_cache(maxsize=256)(self._render)

    def of(
        self,
        layer: Layer,
        language: str,
        policy: Policy,
        today: date,
        consent_cookie: str,
        *,
        asked: Sequence[str] = (),
        changed: Sequence[str] = (),
    ) -> Shown:
        """Return a text; a banner asks about the categories `asked`, of which `changed` have new wording."""
        announced = policy.announcement is not None and today < policy.announcement.effective
        day = today if announced else date.max
        return self._rendered(layer, language, policy, day, consent_cookie, tuple(asked), tuple(changed))

    def _render(
        self,
        layer: Layer,
        language: str,
        policy: Policy,
        day: date,
        consent_cookie: str,
        asked: tuple[str, ...],
        changed: tuple[str, ...],
    ) -> Shown:
        texts = Texts(language, policy.language)
        nobody = Consent.of(None, policy, day)
        values = {
            **shell(policy, texts, Links(self._mount), here=self._mount, script=None),
            "consent": replace(nobody, undecided=asked) if layer == "banner" else nobody,
            "today": day,
            "categories": titles_of(asked, policy, texts),
            "changed": titles_of(changed, policy, texts) if changed else "",
            "contact": contact_of(policy),
            "sections": sections_of(policy, texts, consent_cookie),
            "enforced": True,
            "proves": True,
            "saved": False,
            "stale": "",
        }
        return Shown(layer, language, self._templates.render(_TEMPLATES[layer], values))


class FormStamp(Struct, frozen=True):
    """Which text a form stands under, and the token that this one form was given.

    `token` is empty where there is none of ours.
    """

    layer: Layer
    language: str
    hash: str
    token: str


def write_stamp(shown: Shown) -> str:
    """Write the stamp of a fresh form under a text: `banner.de.HASH.TOKEN`."""
    return f"{shown.layer}.{shown.language}.{shown.hash}.{secrets.token_urlsafe(_TOKEN_BYTES)}"


def read_stamp(stamp: str | None, policy: Policy) -> FormStamp | None:
    """Read the stamp that a form came with; None where it says nothing of use."""
    layer, language, hash, token = [*(stamp or "").split(".", 3), "", "", "", ""][:4]
    if language not in languages(policy) or layer not in ("banner", "preferences"):
        return None
    return FormStamp(
        "banner" if layer == "banner" else "preferences",
        language,
        hash,
        token if _TOKEN.fullmatch(token) else "",
    )
