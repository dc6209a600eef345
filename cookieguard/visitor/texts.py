"""The pages' own words in each language, and the site's words in the nearest one it has."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from babel import Locale
from babel.dates import format_date
from babel.lists import format_list
from babel.units import format_unit
from markupsafe import Markup, escape
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from ..cookies.lifetime import Lifetime
from ..policy.entries import Text
from ..policy.policy import Policy

_FOLDER = Path(__file__).parent / "languages"


@cache
def shipped_languages() -> tuple[str, ...]:
    """Return the languages that the pages can speak."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.toml")))


def choose_language(policy: Policy, asked: str | None, accept: str | None) -> str:
    """Choose "`?lang`, else `Accept-Language`, else the site's first"."""
    offered = languages(policy)
    if asked is not None and asked in offered:
        return asked
    if accept:
        wanted = parse_accept_header(accept, LanguageAccept)
        # Who asks for `de-AT` before `en` is better served by `de`.
        wider = [(tag.partition("-")[0], quality) for tag, quality in wanted if quality > 0]
        best = LanguageAccept([*wanted, *wider]).best_match(offered)
        if best is not None:
            return best
    return offered[0]


def languages(policy: Policy) -> Sequence[str]:
    """Return the languages a visitor may choose from, the site's own first."""
    if policy.site.languages:
        return policy.site.languages
    return [policy.language, *(language for language in shipped_languages() if language != policy.language)]


@cache
def _words(language: str) -> dict[str, Any]:
    return tomllib.loads((_FOLDER / f"{language}.toml").read_text("utf-8"))


class Texts:
    """The words of one language, for one site."""

    def __init__(self, language: str, source: str) -> None:
        self.language = language
        self.locale = Locale.parse(language, sep="-")
        self._source = source
        spoken = [language, language.partition("-")[0]]
        # A site may write in a language that we don't ship: its own words stand among English ones.
        self._own = next((tag for tag in spoken if tag in shipped_languages()), "en")

    @property
    def direction(self) -> str:
        return "rtl" if self.locale.character_order == "right-to-left" else "ltr"

    def say(self, key: str, **values: object) -> str | Markup:
        """Return one of our own sentences, `values` put in for {names}."""
        value: Any = _words(self._own)
        for step in key.split("."):
            value = value[step]
        # What is put in may be marked up itself, as a title in another language is.
        text = escape(value).format(**values) if values else str(value)
        return self._marked(text, self._own)

    def knows(self, key: str) -> bool:
        """Tell whether there is such a sentence."""
        value: Any = _words(self._own)
        for step in key.split("."):
            value = value.get(step) if isinstance(value, dict) else None
        return value is not None

    def site(self, text: Text | None) -> str | Markup:
        """Return the site's wording; in its own language, marked as such, where this one is missing."""
        if not text:
            return ""
        if isinstance(text, str):
            return self._marked(text, self._source)
        for tag in (self.language, self.language.partition("-")[0]):
            if tag in text:
                return text[tag]
        tag = self._source if self._source in text else next(iter(text))
        return self._marked(text[tag], tag)

    def lifetime(self, lifetime: Lifetime | None) -> str | Markup:
        """Say how long a cookie stays."""
        if lifetime is None:
            return self.say("cookie.lifetime_unknown")
        if lifetime.seconds is None:
            return self.say("cookie.session")
        units = [
            format_unit(amount, f"duration-{unit}", "long", locale=self.locale)
            for amount, unit in lifetime.parts
        ]
        return format_list(units, "unit", locale=self.locale)

    def day(self, day: date) -> str:
        """Write out a day."""
        return format_date(day, "long", locale=self.locale)

    def name_of(self, language: str) -> str:
        """Name a language in itself."""
        locale = Locale.parse(language, sep="-")
        return locale.get_display_name(locale) or language

    def _marked(self, text: str, language: str) -> str | Markup:
        if language.partition("-")[0] == self.language.partition("-")[0]:
            return text
        return Markup('<span lang="{}">{}</span>').format(language, text)
