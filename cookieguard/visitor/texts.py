"""The pages' own words in each language, and the site's words in the nearest one it has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from functools import cache
from pathlib import Path

from babel import Locale
from babel.dates import format_date
from babel.messages.pofile import read_po
from babel.units import format_unit
from markupsafe import Markup, escape
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from ..cookies.lifetime import Lifetime
from ..policy.entries import Text
from ..policy.policy import Policy

# Of an Accept-Language: each range costs a comparison with each language, and browsers send few.
_LONGEST_WISH = 512
_MOST_WISHES = 20
_FOLDER = Path(__file__).parent / "languages"


@cache
def shipped_languages() -> tuple[str, ...]:
    """Return the languages that the pages can speak."""
    return tuple(sorted(["en", *(path.stem for path in _FOLDER.glob("*.po"))]))


def choose_language(policy: Policy, asked: str | None, accept: str | None) -> str:
    """Choose "`?lang`, else `Accept-Language`, else the site's first"."""
    offered = languages(policy)
    if asked is not None and (near := _nearest(asked, offered)):
        return near
    if accept:
        wishes = accept[:_LONGEST_WISH].split(",")[:_MOST_WISHES]
        for tag, quality in parse_accept_header(",".join(wishes), LanguageAccept):
            if quality > 0 and (near := _nearest(tag, offered)):
                return near
    return offered[0]


def _nearest(tag: str, offered: Sequence[str]) -> str | None:
    """Find the very language of a tag, else what serves it better than a visitor's next choice."""
    spelled = {own.lower(): own for own in offered}
    for near in (tag.replace("_", "-"), *_wider(tag)):
        if found := spelled.get(near.lower()):
            return found
    # Of its regions, rather than none.
    language = near.lower()
    return next((own for low, own in spelled.items() if low.partition("-")[0] == language), None)


def _wider(tag: str) -> Iterator[str]:
    """Yield what a language tag may stand for, its language alone the last."""
    language, *rest = tag.lower().replace("_", "-").split("-")
    if language == "zh":
        traditional = {"hant", "tw", "hk", "mo"} & set(rest)
        yield "zh-Hant" if traditional else "zh-Hans"
    yield {"no": "nb", "nn": "nb", "iw": "he"}.get(language, language)


def languages(policy: Policy) -> Sequence[str]:
    """Return the languages a visitor may choose from, the site's own first."""
    if policy.site.languages:
        return policy.site.languages
    return [policy.language, *(language for language in shipped_languages() if language != policy.language)]


@cache
def _words(language: str) -> dict[str, str]:
    """Return our own sentences by key; the template holds the English ones."""
    path = _FOLDER / ("cookieguard.pot" if language == "en" else f"{language}.po")
    with path.open("rb") as file:
        messages = [message for message in read_po(file) if message.context]
    said = [(message.context, message.id if language == "en" else message.string) for message in messages]
    return {str(key): str(text) for key, text in said if text}


class Texts:
    """The words of one language, for one site."""

    def __init__(self, language: str, source: str) -> None:
        self.language = language
        self.locale = Locale.parse(language, sep="-")
        self._source = source
        spoken = [language, *_wider(language)]
        # A site may write in a language that we don't ship: its own words stand among English ones.
        self._own = next((tag for tag in spoken if tag in shipped_languages()), "en")

    @property
    def direction(self) -> str:
        return "rtl" if self.locale.character_order == "right-to-left" else "ltr"

    def say(self, key: str, **values: object) -> str | Markup:
        """Return one of our own sentences, `values` put in for {names}."""
        # What a translator has yet to say is said in English.
        spoken = self._own if key in _words(self._own) else "en"
        text = _words(spoken)[key]
        # What is put in may be marked up itself, as a title in another language is.
        return self._marked(escape(text).format(**values) if values else text, spoken)

    def knows(self, key: str) -> bool:
        """Tell whether there is such a sentence."""
        return key in _words("en")

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
        return ", ".join(_amount(amount, f"duration-{unit}", self.locale) for amount, unit in lifetime.parts)

    def day(self, day: date) -> str:
        """Write out a day."""
        return format_date(day, "long", locale=self.locale)

    def name_of(self, language: str) -> str:
        """Name a language in itself."""
        locale = Locale.parse(language, sep="-")
        return locale.get_display_name(locale) or language

    def _marked(self, text: str, language: str) -> str | Markup:
        written = Locale.parse(language, sep="-")
        if (written.language, written.script) == (self.locale.language, self.locale.script):
            return text
        if written.character_order == self.locale.character_order:
            return Markup('<span lang="{}">{}</span>').format(language, text)
        direction = "rtl" if written.character_order == "right-to-left" else "ltr"
        return Markup('<span lang="{}" dir="{}">{}</span>').format(language, direction, text)


def _amount(amount: int, unit: str, locale: Locale) -> str:
    # Where a language has no long form of its own, Babel gives the unit's identifier instead.
    long = format_unit(amount, unit, "long", locale=locale)
    return format_unit(amount, unit, "short", locale=locale) if unit in long else long
