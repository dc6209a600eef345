"""What is wrong with one declaration: added to the reader's list."""

from __future__ import annotations

import re
from collections.abc import Collection

from msgspec.structs import asdict, replace

from .addresses import HOST, LOCAL_PATH
from .checks import warn_of_pattern
from .entries import CookieEntry
from .keypath import KeyPath
from .model import ESSENTIAL, Declaration, Origin, says_nothing
from .pattern import Exact, Pattern, Regex, compile_pattern
from .reader import Reader, closest, suggest
from .subset import BadPattern

_SHORTEST_ESSENTIAL_HEAD = 3
_ATTRIBUTES = ("domain", "path", "secure", "http_only", "same_site")


def check_category(reader: Reader, path: KeyPath, category: str, categories: Collection[str]) -> None:
    """Find a category that the policy doesn't have."""
    if category not in categories and not reader.has_reported((*path, "category")):
        reader.error(
            "cookieguard.E107",
            (*path, "category"),
            f"unknown category {category!r}",
            f"{suggest(category, categories)} (or declare [categories.{category}])",
        )


def check_cookie(
    reader: Reader,
    path: KeyPath,
    cookie: CookieEntry,
    categories: Collection[str],
    providers: Collection[str],
) -> None:
    """Find what one declaration refers to in vain, leaves out, or can't mean."""
    check_category(reader, path, cookie.category, categories)
    if cookie.provider is not None and cookie.provider not in providers:
        remedy = f"declare [providers.{cookie.provider or 'ID'}]"
        if providers:
            remedy = f"{suggest(cookie.provider, providers)} (or {remedy})"
        reader.error("cookieguard.E108", (*path, "provider"), f"unknown provider {cookie.provider!r}", remedy)
    essential = cookie.category == ESSENTIAL
    if says_nothing(cookie.purpose) and not reader.has_reported((*path, "purpose")):
        if essential:
            reader.error(
                "cookieguard.E114",
                path,
                f"{cookie.name!r} is essential without a purpose",
                "say in 'purpose' what the visitor asked for that needs it",
            )
        # Without a name it isn't shown at all, and that is a mistake of its own.
        elif cookie.name:
            reader.warn(
                "cookieguard.W202", path, f"{cookie.name!r} has no purpose to show", "add purpose = …"
            )
    shows_lifetime = cookie.kind == "cookie" and cookie.name
    if cookie.lifetime is None and shows_lifetime and not reader.has_reported((*path, "lifetime")):
        reader.warn("cookieguard.W205", path, f"{cookie.name!r} has no lifetime to show", "add lifetime = …")
    if cookie.party == "third" and not cookie.domain:
        reader.error(
            "cookieguard.E113",
            path,
            f"{cookie.name!r} is a third party's, without its domain",
            "add domain = …",
        )
    if cookie.domain is not None and not HOST.fullmatch(cookie.domain.removeprefix(".")):
        reader.error(
            "cookieguard.E126",
            (*path, "domain"),
            f"{cookie.domain!r} is no domain",
            'write "example.com" or ".example.com"',
        )
    if cookie.path is not None and (not LOCAL_PATH.fullmatch(cookie.path) or ";" in cookie.path):
        reader.error(
            "cookieguard.E119", (*path, "path"), f"{cookie.path!r} is no path", 'begin with a slash: "/shop"'
        )
    for where, prefix in reader.elements((*path, "essential_under"), cookie.essential_under):
        if not prefix.startswith("/") or re.search(r"//|/\.{1,2}(/|$)|[;?#%\\]|[\x00-\x20\x7f]", prefix):
            reader.error(
                "cookieguard.E119",
                where,
                f"{prefix!r} is no plain path",
                'write "/clientarea": begin with a slash, no dot segments, nothing encoded',
            )
        warn_of_pattern(reader, where, prefix)
    _check_attributes(reader, path, cookie)


def _check_attributes(reader: Reader, path: KeyPath, cookie: CookieEntry) -> None:
    """Find attributes that what is declared can't have."""
    if cookie.kind != "cookie":
        for key in _ATTRIBUTES:
            # A third party's domain says whose storage it is.
            if getattr(cookie, key) and not (key == "domain" and cookie.party == "third"):
                reader.warn(
                    "cookieguard.W214",
                    (*path, key),
                    f"{cookie.kind} knows no {key}",
                    'take it out, or write kind = "cookie"',
                )
        return
    if cookie.set_by == "script" and cookie.http_only:
        reader.warn(
            "cookieguard.W214",
            (*path, "http_only"),
            f"no script can set {cookie.name!r} as HttpOnly",
            'take it out, or write set_by = "server"',
        )
    if cookie.same_site == "None" and not cookie.secure:
        reader.warn(
            "cookieguard.W215",
            (*path, "same_site"),
            f"browsers drop {cookie.name!r} with SameSite=None where it isn't Secure",
            "add secure = true",
        )


def declare(
    reader: Reader, path: KeyPath, cookie: CookieEntry, categories: Collection[str], origin: Origin = "site"
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
        cookie = replace(cookie, category=closest(cookie.category, categories) or cookie.category)
    return Declaration(pattern=pattern, origin=origin, **asdict(cookie))


def check_pattern(reader: Reader, path: KeyPath, cookie: CookieEntry, pattern: Pattern) -> None:
    """Find names that no browser stores, and patterns that match too much."""
    where = (*path, "name")
    if (
        not isinstance(pattern, Regex)
        and (re.search(r"[\x00-\x1f\x7f;=]", cookie.name) or cookie.name.strip(" \t") != cookie.name)
        and cookie.kind == "cookie"
    ):
        reader.error(
            "cookieguard.E112",
            where,
            f"{cookie.name!r} is a name that no browser stores",
            "leave out control characters, ';', '=' and space around it",
        )
    if cookie.kind == "cookie" and pattern.literal_head.lower().startswith("__host-"):
        _check_host_prefix(reader, path, cookie)
    if cookie.kind == "cookie" and not cookie.name.isascii():
        # Servers take a header's bytes for Latin-1 (PEP 3333), scripts take them for UTF-8.
        reader.warn(
            "cookieguard.W209",
            where,
            f"{cookie.name!r} has letters beyond ASCII: it matches what scripts set, no response's cookie",
            "name the cookie in ASCII letters",
        )
    if cookie.party == "third":
        return
    if isinstance(pattern, Regex) and not pattern.literal_head:
        reader.warn(
            "cookieguard.W203",
            where,
            f"{cookie.name!r} begins with no fixed text, so every name is tried against it",
            "begin with the text that all its names share",
        )
    if (
        not isinstance(pattern, Exact)
        and cookie.category == ESSENTIAL
        and pattern.specificity < _SHORTEST_ESSENTIAL_HEAD
    ):
        reader.error(
            "cookieguard.E130",
            where,
            f"{cookie.name!r} would make nearly every cookie essential",
            "name the cookies, or fix at least three characters",
        )


def _check_host_prefix(reader: Reader, path: KeyPath, cookie: CookieEntry) -> None:
    """Find what browsers drop a cookie of the prefix for (6265bis, 4.1.3.2)."""
    # A third party's domain says whose cookie it is.
    if cookie.domain and cookie.party == "first":
        reader.error(
            "cookieguard.E134",
            (*path, "domain"),
            f"{cookie.name!r} can have no domain: browsers drop it",
            "take 'domain' out, or name the cookie without __Host-",
        )
    if cookie.path not in (None, "/"):
        reader.error(
            "cookieguard.E134",
            (*path, "path"),
            f"{cookie.name!r} can have no path but '/': browsers drop it",
            'write path = "/", or name the cookie without __Host-',
        )
