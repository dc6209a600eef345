"""What no single field can tell: each check adds its mistakes to the reader's list."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from functools import cache

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
    Text,
)
from .keypath import KeyPath
from .model import ESSENTIAL, STANDARD_CATEGORIES, TOKEN_LENGTH, says_nothing
from .reader import Reader, suggest

# What Babel reads as one may hold anything behind a dot, an `@` or a hyphen.
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*")
_CATEGORY_ID = re.compile(CATEGORY_ID)
_PROVIDER_ID = re.compile(PROVIDER_ID)
_SIGNALS = [signal for signals in STANDARD_CATEGORIES.values() for signal in signals]
_TOKEN = re.compile(rf"[A-Za-z0-9_-]{{{TOKEN_LENGTH}}}(?:[A-Za-z0-9_-]{{32}})?")
# SQLite in memory would prove nothing to the next process.
_LEDGER_URL = re.compile(r"sqlite:///(?!:memory:)[^?]+|postgresql(?:\+psycopg)?://.+")
# "the user agent MUST limit the maximum value of the expiry time to 400 days" (6265bis, 5.5)
_COOKIE_AGE_LIMIT = 400 * 86400


def check_site(reader: Reader, site: Site) -> None:
    """Find languages that are none."""
    for where, language in reader.elements(("site", "languages"), site.languages):
        _check_language(reader, where, language)


def _check_language(reader: Reader, where: KeyPath, tag: str) -> None:
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


def check_guard(reader: Reader, guard: GuardSettings) -> None:
    """Find a mount that nobody reaches, and paths that are none."""
    mount = guard.mount
    if not is_mountable(mount):
        reader.error(
            "cookieguard.E111",
            ("guard", "mount"),
            f"{mount!r} is no path that visitors could be sent to",
            'write a path like "/privacy-choices"',
        )
    elif mount == GPC_PATH:
        reader.error(
            "cookieguard.E111",
            ("guard", "mount"),
            f"{mount!r} is where the statement on Global Privacy Control is read",
            'write another path, like "/privacy-choices"',
        )
    for where, path in reader.elements(("guard", "exclude"), guard.exclude):
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
    seconds = consent.lifetime.seconds
    if seconds is None:
        reader.error(
            "cookieguard.E106",
            ("consent", "lifetime"),
            "a consent for the session asks on every visit",
            "write '6 months'",
        )
    elif seconds < 86400:
        reader.error(
            "cookieguard.E106",
            ("consent", "lifetime"),
            "a consent is kept for whole days",
            "write '1 day' or longer",
        )
    elif seconds > _COOKIE_AGE_LIMIT:
        reader.warn(
            "cookieguard.W204",
            ("consent", "lifetime"),
            f"browsers keep no cookie for {consent.lifetime}",
            "write '400 days' or less",
        )
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
            f"write '{consent.lifetime}' or longer",
        )


def check_categories(reader: Reader, categories: Mapping[str | int, CategoryEntry]) -> None:
    """Find ids that can't be used, digests that are none, and consent asked for essentials."""
    for id, category in categories.items():
        path: KeyPath = ("categories", id)
        if not isinstance(id, str) or not _CATEGORY_ID.fullmatch(id):
            reader.error(
                "cookieguard.E120",
                path,
                "is no name for a category",
                "use a-z, 0-9, - and _, beginning with a letter, at most 32",
            )
        for where, token in reader.elements((*path, "accepts"), category.accepts):
            if not _TOKEN.fullmatch(token):
                reader.error(
                    "cookieguard.E122",
                    where,
                    f"{token!r} is no digest",
                    "copy it from 'cookieguard check FILE --against OLD'",
                )
        for where, signal in reader.elements((*path, "consent_mode"), category.consent_mode or ()):
            if signal not in _SIGNALS:
                reader.warn(
                    "cookieguard.W213",
                    where,
                    f"Google Consent Mode has no signal {signal!r}",
                    suggest(signal, _SIGNALS),
                )
        if id == ESSENTIAL and (category.sold or category.accepts):
            reader.error(
                "cookieguard.E127", path, "essential cookies need no consent", "take 'sold' and 'accepts' out"
            )


def check_providers(reader: Reader, providers: Mapping[str | int, ProviderEntry]) -> None:
    """Find ids that can't be used, and addresses and hosts that are none."""
    for id, provider in providers.items():
        path: KeyPath = ("providers", id)
        if not isinstance(id, str) or not _PROVIDER_ID.fullmatch(id):
            reader.error(
                "cookieguard.E120",
                path,
                "is no name for a provider",
                "use a-z, 0-9, '-', '_' and '.', at most 64",
            )
        check_not_blank(reader, (*path, "name"), provider.name)
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


def check_not_blank(reader: Reader, path: KeyPath, text: Text) -> None:
    """Find a text that says nothing where something must be said."""
    if says_nothing(text) and not reader.has_reported(path):
        reader.error("cookieguard.E133", path, "is blank", f"say something: {path[-1]} = …")


def check_languages(reader: Reader, texts: Iterable[tuple[KeyPath, Text | None]]) -> None:
    """Find wordings under what is no language."""
    for path, text in texts:
        for tag in text if isinstance(text, dict) else ():
            _check_language(reader, (*path, tag), tag)


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
