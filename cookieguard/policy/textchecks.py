"""What is wrong with texts and their languages: added to the reader's list."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from .entries import Site, Text
from .keypath import KeyPath
from .model import says_nothing
from .reader import Reader

# What Babel reads as one may hold anything behind a dot, an `@` or a hyphen.
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*")


def check_language(reader: Reader, where: KeyPath, tag: str) -> None:
    """Find a language tag that is none."""
    if not _is_language(tag):
        reader.error(
            "cookieguard.E125", where, f"{tag!r} is no language tag", "write one, as 'en' or 'pt-BR'"
        )


@cache
def _is_language(tag: str) -> bool:
    if not _LANGUAGE.fullmatch(tag):
        return False
    from babel import Locale, UnknownLocaleError  # takes long to load

    try:
        return bool(Locale.parse(tag, sep="-"))
    except (ValueError, UnknownLocaleError):
        return False


def check_not_blank(reader: Reader, path: KeyPath, text: Text) -> None:
    """Find a text that says nothing where something must be said."""
    if says_nothing(text) and not reader.has_reported(path):
        reader.error("cookieguard.E133", path, "is blank", f"say something: {path[-1]} = …")


def check_languages(reader: Reader, texts: Iterable[tuple[KeyPath, Text | None]]) -> None:
    """Find wordings under what is no language."""
    for path, text in texts:
        for tag in text if isinstance(text, dict) else ():
            check_language(reader, (*path, tag), tag)


def check_texts(reader: Reader, site: Site, texts: Iterable[tuple[KeyPath, Text | None]]) -> None:
    """Find texts that the site's own language is missing from, where that is known."""
    languages: KeyPath = ("site", "languages")
    if reader.has_reported((*languages, 0) if site.languages else languages):
        return
    for path, text in texts:
        if isinstance(text, dict) and _is_wanting(reader, path, text, site.language):
            reader.error(
                "cookieguard.E121",
                path,
                f"has no wording in {site.language!r}, the site's first language",
                f"add {site.language} = …",
            )


def _is_wanting(reader: Reader, path: KeyPath, text: dict[str, str], language: str) -> bool:
    if language not in text:
        return True
    # What is blank in every language is a missing text, and told as that.
    blank = not text[language].strip() and not says_nothing(text)
    return blank and not reader.has_reported((*path, language))
