"""What no single field can tell: each check adds its mistakes to the reader's list."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Literal

from ..cookies.lifetime import Lifetime
from .addresses import GPC_PATH, HOST, LOCAL_PATH, is_mountable, is_web_address
from .entries import (
    CATEGORY_ID,
    PROVIDER_ID,
    CategoryEntry,
    ConsentSettings,
    GuardSettings,
    LedgerSettings,
    ProviderEntry,
    Site,
)
from .keypath import KeyPath
from .model import ESSENTIAL, STANDARD_CATEGORIES, TOKEN_LENGTH
from .reader import Reader, closest, suggest
from .textchecks import check_language, check_not_blank

_CATEGORY_ID = re.compile(CATEGORY_ID)
_PROVIDER_ID = re.compile(PROVIDER_ID)
_SIGNALS = [signal for signals in STANDARD_CATEGORIES.values() for signal in signals]
_TOKEN = re.compile(rf"[A-Za-z0-9_-]{{{TOKEN_LENGTH}}}(?:[A-Za-z0-9_-]{{32}})?")
# SQLite in memory would prove nothing to the next process.
_LEDGER_URL = re.compile(r"sqlite:///(?!:memory:)[^?]+|postgresql(?:\+psycopg)?://.+")
# "the user agent MUST limit the maximum value of the expiry time to 400 days" (6265bis, 5.5)
_COOKIE_AGE_LIMIT = 400 * 86400


# With the script's address the tag must stay within the first bytes of a page, in which browsers look for
# its charset.
_LONGEST_MOUNT = 100
# What other tools, and the law's commentators, call them.
_ELSEWHERE = {
    "advertisement": "marketing",
    "advertising": "marketing",
    "necessary": "essential",
    "performance": "analytics",
    "preferences": "functional",
    "statistics": "analytics",
    "strictly-necessary": "essential",
    "targeting": "marketing",
}


def check_site(reader: Reader, site: Site) -> None:
    """Find languages that are none."""
    for where, language in reader.elements(("site", "languages"), site.languages):
        check_language(reader, where, language)


def check_guard(reader: Reader, guard: GuardSettings) -> None:
    """Find a mount that nobody reaches, and paths that are none."""
    _check_mount(reader, ("guard", "mount"), guard.mount)
    for where, path in reader.elements(("guard", "exclude"), guard.exclude):
        _check_excluded(reader, where, path, guard.mount)


def _check_mount(reader: Reader, where: KeyPath, mount: str) -> None:
    if not is_mountable(mount):
        bare = mount.rstrip("/")
        remedy = 'write a path like "/privacy-choices"'
        if is_mountable(bare):
            remedy = f'write it without the slash at its end: "{bare}"'
        reader.error(
            "cookieguard.E111", where, f"{mount!r} is no path that visitors could be sent to", remedy
        )
    elif len(mount) > _LONGEST_MOUNT:
        reader.error(
            "cookieguard.E111",
            where,
            f"a mount of {len(mount)} characters makes each page's script tag too long",
            f"write one of {_LONGEST_MOUNT} characters at most",
        )
    elif mount == GPC_PATH:
        reader.error(
            "cookieguard.E111",
            where,
            f"{mount!r} is where the statement on Global Privacy Control is read",
            'write another path, like "/privacy-choices"',
        )


def _check_excluded(reader: Reader, where: KeyPath, path: str, mount: str) -> None:
    if not LOCAL_PATH.fullmatch(path):
        reader.error("cookieguard.E123", where, f"{path!r} is no path", 'begin with a slash: "/healthz"')
    elif path == "/" or mount == path or mount.startswith(path.rstrip("/") + "/"):
        reader.error(
            "cookieguard.E124",
            where,
            f"{path!r} hides the visitor's pages at {mount!r}",
            "exclude a path beside the mount",
        )
    warn_of_pattern(reader, where, path)


def check_consent(reader: Reader, consent: ConsentSettings) -> None:
    """Find lifetimes and domains that can't serve, and what an opt-out site must honour."""
    _check_consent_lifetime(reader, consent.lifetime)
    if consent.model == "opt-out" and consent.gpc == "ignore":
        reader.error(
            "cookieguard.E116",
            ("consent", "gpc"),
            "an opt-out site must honour Global Privacy Control",
            'write gpc = "honour"',
        )
    if consent.domain is not None and (not HOST.fullmatch(consent.domain) or "." not in consent.domain):
        reader.error(
            "cookieguard.E126",
            ("consent", "domain"),
            f"{consent.domain!r} is no domain",
            'write "example.com", without a dot in front',
        )


def _check_consent_lifetime(reader: Reader, lifetime: Lifetime) -> None:
    where: KeyPath = ("consent", "lifetime")
    seconds = lifetime.seconds
    if seconds is None:
        reader.error(
            "cookieguard.E106", where, "a consent for the session asks on every visit", "write '6 months'"
        )
    elif seconds < 86400:
        reader.error("cookieguard.E106", where, "a consent is kept for whole days", "write '1 day' or longer")
    elif seconds > _COOKIE_AGE_LIMIT:
        reader.warn(
            "cookieguard.W204", where, f"browsers keep no cookie for {lifetime}", "write '400 days' or less"
        )


def check_ledger(reader: Reader, ledger: LedgerSettings, consent: ConsentSettings) -> None:
    """Find databases that can't hold proof, and proof that ends before what it proves."""
    if not _LEDGER_URL.fullmatch(ledger.url) and not reader.has_reported(("ledger", "url")):
        # A wrong address may hold a password all the same.
        reader.error(
            "cookieguard.E132",
            ("ledger", "url"),
            "is neither a SQLite file nor a PostgreSQL database",
            'write "sqlite:///receipts.db" or "postgresql+psycopg://user@host/name"',
        )
    if ledger.spool is not None:
        check_not_blank(reader, ("ledger", "spool"), ledger.spool)
    if reader.has_reported(("ledger", "retention")):
        return
    kept = ledger.retention.seconds
    if kept is None or kept < 86400:
        reader.error(
            "cookieguard.E106",
            ("ledger", "retention"),
            "receipts are kept for whole days",
            "write '3 years', or what the law or your privacy policy says",
        )
    elif kept < (consent.lifetime.seconds or 0):
        reader.warn(
            "cookieguard.W208",
            ("ledger", "retention"),
            f"consent counts for {consent.lifetime}, its proof is gone after {ledger.retention}",
            f"write '{consent.lifetime.days} days' or longer",
        )


def check_category(reader: Reader, path: KeyPath, category: str, categories: Collection[str]) -> None:
    """Find a category that the policy doesn't have."""
    where = (*path, "category")
    if category in categories or reader.has_reported(where):
        return
    usable = {id for id in categories if _CATEGORY_ID.fullmatch(id)}
    # An id that can't be used is told at its table; what names it as it should be called isn't wrong as well.
    if category.lower() in {id.lower() for id in categories} - usable:
        return
    meant = meant_category(category, usable)
    remedy = f"did you mean {meant!r}?" if meant else suggest(category, usable)
    if _CATEGORY_ID.fullmatch(category):
        remedy += f" (or declare [categories.{category}])"
    reader.error("cookieguard.E107", where, f"unknown category {category!r}", remedy)


def meant_category(word: str, categories: Collection[str]) -> str | None:
    """Return the category that was likely meant by a word that is none."""
    elsewhere = _ELSEWHERE.get(word.lower().replace(" ", "-").replace("_", "-"))
    return elsewhere if elsewhere in categories else closest(word, categories)


def _check_id(
    reader: Reader, path: KeyPath, kind: Literal["category", "provider"], usable: re.Pattern[str], remedy: str
) -> None:
    """Find an id that can't be used."""
    id = path[-1]
    if isinstance(id, str) and usable.fullmatch(id):
        return
    reason = f"is no name for a {kind}"
    if isinstance(id, str) and usable.fullmatch(id.lower()):
        reason += ": ids are lower case"
        remedy = f'write "{id.lower()}", here and where cookies name it'
    reader.error("cookieguard.E120", path, reason, remedy)


def check_categories(reader: Reader, categories: Mapping[str | int, CategoryEntry]) -> None:
    """Find ids that can't be used, digests and signals that are none, and consent asked for essentials."""
    for id, category in categories.items():
        path: KeyPath = ("categories", id)
        remedy = "use a-z, 0-9, - and _, beginning with a letter, at most 32"
        _check_id(reader, path, "category", _CATEGORY_ID, remedy)
        if id == ESSENTIAL and (category.sold or category.accepts):
            reader.error(
                "cookieguard.E127", path, "essential cookies need no consent", "take 'sold' and 'accepts' out"
            )
        _check_tokens(reader, (*path, "accepts"), category.accepts)
        _check_signals(reader, (*path, "consent_mode"), category.consent_mode or ())


def _check_tokens(reader: Reader, path: KeyPath, tokens: Sequence[str]) -> None:
    for where, token in reader.elements(path, tokens):
        if not _TOKEN.fullmatch(token):
            reader.error(
                "cookieguard.E122",
                where,
                f"{token!r} is no digest",
                "copy it from 'cookieguard check FILE --against OLD'",
            )


def _check_signals(reader: Reader, path: KeyPath, signals: Sequence[str]) -> None:
    for where, signal in reader.elements(path, signals):
        if signal not in _SIGNALS:
            reader.warn(
                "cookieguard.W213",
                where,
                f"Google Consent Mode has no signal {signal!r}",
                suggest(signal, _SIGNALS),
            )


def check_providers(
    reader: Reader, providers: Mapping[str | int, ProviderEntry], categories: Collection[str]
) -> None:
    """Find ids and names that can't be used, addresses and hosts that are none, and unknown categories."""
    for id, provider in providers.items():
        path: KeyPath = ("providers", id)
        _check_id(reader, path, "provider", _PROVIDER_ID, "use a-z, 0-9, '-', '_' and '.', at most 64")
        check_not_blank(reader, (*path, "name"), provider.name)
        if provider.category is not None:
            check_category(reader, path, provider.category, categories)
        _check_addresses(reader, path, provider)


def _check_addresses(reader: Reader, path: KeyPath, provider: ProviderEntry) -> None:
    for key in ("privacy_url", "opt_out_url"):
        url = getattr(provider, key)
        if url is not None and not is_web_address(url):
            reader.error(
                "cookieguard.E115",
                (*path, key),
                f"{url!r} is no address that a visitor can open",
                "write one that begins with https://",
            )
    for where, host in reader.elements((*path, "hosts"), provider.hosts):
        if not HOST.fullmatch(host):
            reader.error(
                "cookieguard.E128",
                where,
                f"{host!r} is no host name",
                'write "cdn.example.com", without scheme or path',
            )


def check_waiting(
    reader: Reader, providers: Mapping[str | int, ProviderEntry], named: Collection[str | None]
) -> None:
    """Find hosts whose tags wait for nothing; `named` are the providers that declared cookies name."""
    for id, provider in providers.items():
        if provider.hosts and provider.category is None and id not in named:
            reader.warn(
                "cookieguard.W210",
                ("providers", id, "hosts"),
                "wait for nothing: the provider has no category, and no cookie names it",
                f'give it a category, or its cookies provider = "{id}"',
            )


def warn_of_pattern(reader: Reader, where: KeyPath, prefix: str) -> None:
    """Warn of a `*` where paths stand for all that is below them."""
    if "*" in prefix:
        reader.warn(
            "cookieguard.W211",
            where,
            f"{prefix!r} is no pattern here, so it matches that very text",
            "write the path alone, as '/api': all below it is meant",
        )
