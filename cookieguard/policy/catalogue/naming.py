"""What a service that the catalogue hasn't may have been meant to be: misspelled, or under another name."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection

OTHER_NAMES = {
    "adwords": "google-ads",
    "bing-ads": "microsoft-ads",
    "clarity": "microsoft-clarity",
    "doubleclick": "google-ads",
    "facebook-pixel": "facebook",
    "ga": "google-analytics",
    "ga4": "google-analytics",
    "gtag": "google-analytics",
    "gtm": "google-tag-manager",
    "linkedin-insight": "linkedin",
    "meta": "facebook",
    "meta-pixel": "facebook",
    "piwik": "matomo",
    "tawk": "tawk-to",
    "tiktok-pixel": "tiktok",
    "ua": "google-analytics",
    "x": "twitter",
    "yandex": "yandex-metrica",
}
"""Names that the catalogue's services go by elsewhere."""

# Of each word, and of the whole where hyphens stand elsewhere: "google-maps" is no "google-ads".
_NEAR_WORD, _NEAR_WHOLE = 0.75, 0.9
_LONGEST = 64


def service_meant(name: str, services: Collection[str]) -> str | None:
    """Return the service that was likely meant, None where only a guess could tell."""
    spelled = re.sub(r"[\s_.-]+", "-", name[:_LONGEST].lower()).strip("-")
    if spelled in services:
        return spelled
    if spelled in OTHER_NAMES:
        return OTHER_NAMES[spelled]
    near = [service for service in services if _is_near(spelled, service)]
    return max(near, key=lambda service: _compared(spelled, service).ratio(), default=None)


def _is_near(one: str, other: str) -> bool:
    words, others = one.split("-"), other.split("-")
    if len(words) == len(others) and all(
        _is_like(word, meant, _NEAR_WORD) for word, meant in zip(words, others, strict=True)
    ):
        return True
    return _is_like("".join(words), "".join(others), _NEAR_WHOLE)


def _is_like(one: str, other: str, least: float) -> bool:
    compared = _compared(one, other)
    # The first two are cheap, and never less than the third.
    return min(compared.real_quick_ratio(), compared.quick_ratio()) >= least and compared.ratio() >= least


def _compared(one: str, other: str) -> difflib.SequenceMatcher[str]:
    return difflib.SequenceMatcher(None, one, other)
