"""The entries of `[[cookies]]` and `[providers]` -> declarations and providers, checked on the way."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from msgspec.structs import asdict, replace

from .checks import meant_category
from .cookiechecks import check_cookie, check_pattern
from .entries import CookieEntry
from .keypath import KeyPath
from .model import Declaration, Origin
from .pattern import compile_pattern
from .reader import Reader
from .subset import BadPattern


def declarations_of(
    reader: Reader,
    cookies: Mapping[str | int, CookieEntry],
    categories: Collection[str],
    providers: Collection[str],
    origin: Origin = "site",
) -> list[tuple[KeyPath, Declaration]]:
    """Check the entries of a file, which may refer to these categories and providers, and compile them."""
    declared: list[tuple[KeyPath, Declaration]] = []
    for position, cookie in cookies.items():
        path: KeyPath = ("cookies", position)
        check_cookie(reader, path, cookie, categories, providers)
        if declaration := declaration_of(reader, path, cookie, categories, origin):
            declared.append((path, declaration))
    return declared


def declaration_of(
    reader: Reader, path: KeyPath, cookie: CookieEntry, categories: Collection[str], origin: Origin
) -> Declaration | None:
    """Compile an entry's name and check it; None where the name is too wrong for a declaration.

    A category that the policy doesn't have is taken for the one it is most like, so that what else
    is wrong of the entry is found at once.
    """
    if reader.has_reported((*path, "name")):
        return None
    try:
        pattern = compile_pattern(cookie.name, cookie.match)
    except BadPattern as error:
        reader.error("cookieguard.E112", (*path, "name"), error.reason, error.remedy)
        return None
    check_pattern(reader, path, cookie, pattern)
    if cookie.category not in categories:
        cookie = replace(cookie, category=meant_category(cookie.category, categories) or cookie.category)
    return Declaration(pattern=pattern, origin=origin, **asdict(cookie))
