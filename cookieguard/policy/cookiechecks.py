"""What is wrong with one declaration: added to the reader's list."""

from __future__ import annotations

import re
from collections.abc import Collection

from .addresses import HOST, LOCAL_PATH
from .checks import check_category, warn_of_pattern
from .entries import CookieEntry
from .keypath import KeyPath
from .model import ESSENTIAL, says_nothing
from .pattern import Exact, Pattern, Regex, narrowness
from .reader import Reader, suggest

_NARROW = 3
"""Characters that an essential pattern fixes at least."""
_ATTRIBUTES = ("domain", "path", "secure", "http_only", "same_site")


def check_cookie(
    reader: Reader,
    path: KeyPath,
    cookie: CookieEntry,
    categories: Collection[str],
    providers: Collection[str],
) -> None:
    """Find what one declaration refers to in vain, leaves out, or can't mean."""
    check_category(reader, path, cookie.category, categories)
    if cookie.provider is not None:
        _check_provider(reader, path, cookie.provider, providers)
    _check_purpose(reader, path, cookie)
    _check_lifetime(reader, path, cookie)
    _check_place(reader, path, cookie)
    _check_prefixes(reader, path, cookie)
    if cookie.kind == "cookie":
        _check_attributes(reader, path, cookie)
    else:
        _check_storage(reader, path, cookie)


def _check_provider(reader: Reader, path: KeyPath, provider: str, providers: Collection[str]) -> None:
    if provider in providers:
        return
    remedy = f"declare [providers.{provider or 'ID'}]"
    if providers:
        remedy = f"{suggest(provider, providers)} (or {remedy})"
    reader.error("cookieguard.E108", (*path, "provider"), f"unknown provider {provider!r}", remedy)


def _check_purpose(reader: Reader, path: KeyPath, cookie: CookieEntry) -> None:
    if not says_nothing(cookie.purpose) or reader.has_reported((*path, "purpose")):
        return
    if cookie.category == ESSENTIAL:
        reader.error(
            "cookieguard.E114",
            path,
            f"{cookie.name!r} is essential without a purpose",
            "say in 'purpose' what the visitor asked for that needs it",
        )
    # Without a name it isn't shown at all, and that is a mistake of its own.
    elif cookie.name:
        reader.warn("cookieguard.W202", path, f"{cookie.name!r} has no purpose to show", "add purpose = …")


def _check_lifetime(reader: Reader, path: KeyPath, cookie: CookieEntry) -> None:
    is_shown = cookie.kind == "cookie" and cookie.name
    if cookie.lifetime is None and is_shown and not reader.has_reported((*path, "lifetime")):
        reader.warn("cookieguard.W205", path, f"{cookie.name!r} has no lifetime to show", "add lifetime = …")


def _check_place(reader: Reader, path: KeyPath, cookie: CookieEntry) -> None:
    """Find a domain or path that is none, and a third party's domain that is missing."""
    if cookie.party == "third" and not cookie.domain and not reader.has_reported((*path, "domain")):
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


def _check_prefixes(reader: Reader, path: KeyPath, cookie: CookieEntry) -> None:
    for where, prefix in reader.elements((*path, "essential_under"), cookie.essential_under):
        if not prefix.startswith("/") or re.search(r"//|/\.{1,2}(/|$)|[;?#%\\]|[\x00-\x20\x7f]", prefix):
            reader.error(
                "cookieguard.E119",
                where,
                f"{prefix!r} is no plain path",
                'write "/clientarea": begin with a slash, no dot segments, nothing encoded',
            )
        warn_of_pattern(reader, where, prefix)


def _check_storage(reader: Reader, path: KeyPath, cookie: CookieEntry) -> None:
    """Find attributes of cookies."""
    for key in _ATTRIBUTES:
        # A third party's domain says whose storage it is.
        if getattr(cookie, key) and not (key == "domain" and cookie.party == "third"):
            reader.warn(
                "cookieguard.W214",
                (*path, key),
                f"{cookie.kind} knows no {key}",
                'take it out, or write kind = "cookie"',
            )


def _check_attributes(reader: Reader, path: KeyPath, cookie: CookieEntry) -> None:
    """Find attributes that can't be had together."""
    if cookie.same_site == "None" and not cookie.secure:
        reader.warn(
            "cookieguard.W215",
            (*path, "same_site"),
            f"browsers drop {cookie.name!r} with SameSite=None where it isn't Secure",
            "add secure = true",
        )


def check_pattern(reader: Reader, path: KeyPath, cookie: CookieEntry, pattern: Pattern) -> None:
    """Find names that no browser stores, and patterns that match too much."""
    if cookie.kind == "cookie":
        _check_name(reader, (*path, "name"), cookie.name, pattern)
        if pattern.literal_head.lower().startswith("__host-"):
            _check_host_prefix(reader, path, cookie)
    if cookie.party == "first":
        _check_reach(reader, (*path, "name"), cookie, pattern)


def _check_name(reader: Reader, where: KeyPath, name: str, pattern: Pattern) -> None:
    is_text = not isinstance(pattern, Regex)
    if is_text and (re.search(r"[\x00-\x1f\x7f;=]", name) or name.strip(" \t") != name):
        reader.error(
            "cookieguard.E112",
            where,
            f"{name!r} is a name that no browser stores",
            "leave out control characters, ';', '=' and space around it",
        )
    if not name.isascii():
        # Servers take a header's bytes for Latin-1 (PEP 3333), scripts take them for UTF-8.
        reader.warn(
            "cookieguard.W209",
            where,
            f"{name!r} has letters beyond ASCII: it matches what scripts set, no response's cookie",
            "name the cookie in ASCII letters",
        )


def _check_reach(reader: Reader, where: KeyPath, cookie: CookieEntry, pattern: Pattern) -> None:
    if isinstance(pattern, Regex) and not pattern.literal_head:
        reader.warn(
            "cookieguard.W203",
            where,
            f"{cookie.name!r} begins with no fixed text, so every name is tried against it",
            "begin with the text that all its names share",
        )
    is_wide = not isinstance(pattern, Exact) and narrowness(pattern) < _NARROW
    if is_wide and cookie.category == ESSENTIAL:
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
