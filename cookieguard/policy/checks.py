"""What no single field can tell: each check adds its mistakes to the reader's list."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from urllib.parse import urlsplit

from babel import Locale, UnknownLocaleError

from .document import Path
from .entries import (
    AnnouncementEntry,
    CategoryEntry,
    ConsentSettings,
    CookieEntry,
    GuardSettings,
    ProviderEntry,
    Site,
)
from .index import Index
from .model import ESSENTIAL, TOKEN_LENGTH, Declaration
from .pattern import Exact, Pattern, Regex
from .reader import Reader, suggest

_CATEGORY_ID = re.compile(r"[a-z][a-z0-9_-]{0,31}")
_PROVIDER_ID = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")
_LOCAL_PATH = re.compile(r"/[!-~]*")
_HOST = re.compile(
    r"(?=.{1,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.I
)
_TOKEN = re.compile(rf"[A-Za-z0-9_-]{{{TOKEN_LENGTH}}}(?:[A-Za-z0-9_-]{{32}})?")
_SHORTEST_ESSENTIAL_HEAD = 3
# "the user agent MUST limit the maximum value of the expiry time to 400 days" (6265bis, 5.5)
_COOKIE_AGE_LIMIT = 400 * 86400

RESERVED_NAMES = ("cookieguard", "__Host-cookieguard")


def check_site(reader: Reader, site: Site) -> None:
    for index, language in enumerate(site.languages):
        try:
            Locale.parse(language, sep="-")
        except (ValueError, UnknownLocaleError):
            reader.error(
                "cookieguard.E125",
                ("site", "languages", index),
                f"{language!r} is no language tag",
                "write 'en' or 'pt-BR'",
            )


def check_guard(reader: Reader, guard: GuardSettings) -> None:
    mount = guard.mount
    if not is_mountable(mount):
        reader.error(
            "cookieguard.E111",
            ("guard", "mount"),
            f"{mount!r} is no path that visitors could be sent to",
            'write a path like "/privacy-choices"',
        )
    for index, path in enumerate(guard.exclude):
        where = ("guard", "exclude", index)
        if not _LOCAL_PATH.fullmatch(path):
            reader.error("cookieguard.E123", where, f"{path!r} is no path", 'begin with a slash: "/healthz"')
        elif path == "/" or mount == path or mount.startswith(path.rstrip("/") + "/"):
            reader.error(
                "cookieguard.E124",
                where,
                f"{path!r} hides the visitor's pages at {mount!r}",
                "exclude a path beside the mount",
            )


def is_mountable(mount: str) -> bool:
    """Tell whether the mount is a path of plain segments, so that a request can reach it."""
    return bool(re.fullmatch(r"(?:/[A-Za-z0-9._~-]+)+", mount)) and not {".", ".."} & set(mount.split("/"))


def check_consent(reader: Reader, consent: ConsentSettings) -> None:
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
    if consent.domain is not None and (not _HOST.fullmatch(consent.domain) or "." not in consent.domain):
        reader.error(
            "cookieguard.E126",
            ("consent", "domain"),
            f"{consent.domain!r} is no domain",
            'write "example.com", without a dot in front',
        )


def check_categories(reader: Reader, categories: Mapping[str | int, CategoryEntry]) -> None:
    for id, category in categories.items():
        path: Path = ("categories", id)
        if not isinstance(id, str) or not _CATEGORY_ID.fullmatch(id):
            reader.error(
                "cookieguard.E120",
                path,
                "is no name for a category",
                "use a-z, 0-9, - and _, beginning with a letter, at most 32",
            )
        for index, token in enumerate(category.accepts):
            if not _TOKEN.fullmatch(token):
                reader.error(
                    "cookieguard.E122",
                    (*path, "accepts", index),
                    f"{token!r} is no digest",
                    "copy it from 'cookieguard check FILE --against OLD'",
                )
        if id == ESSENTIAL and (category.sold or category.accepts):
            reader.error(
                "cookieguard.E127", path, "essential cookies need no consent", "take 'sold' and 'accepts' out"
            )


def check_providers(reader: Reader, providers: Mapping[str | int, ProviderEntry]) -> None:
    for id, provider in providers.items():
        path: Path = ("providers", id)
        if not isinstance(id, str) or not _PROVIDER_ID.fullmatch(id):
            reader.error(
                "cookieguard.E120",
                path,
                "is no name for a provider",
                "use a-z, 0-9, '-', '_' and '.', at most 64",
            )
        for key in ("privacy_url", "opt_out_url"):
            url = getattr(provider, key)
            if url is not None and not _is_web_address(url):
                reader.error(
                    "cookieguard.E115",
                    (*path, key),
                    f"{url!r} is no address that a visitor can open",
                    "write one that begins with https://",
                )
        for index, host in enumerate(provider.hosts):
            if not _HOST.fullmatch(host):
                reader.error(
                    "cookieguard.E128",
                    (*path, "hosts", index),
                    f"{host!r} is no host name",
                    'write "cdn.example.com", without scheme or path',
                )


def _is_web_address(url: str) -> bool:
    if not re.fullmatch(r"https?://[!-~]+", url):
        return False
    try:
        return bool(urlsplit(url).hostname)
    except ValueError:
        return False


def check_cookie(
    reader: Reader, path: Path, cookie: CookieEntry, categories: Collection[str], providers: Collection[str]
) -> None:
    if cookie.category not in categories:
        reader.error(
            "cookieguard.E107",
            (*path, "category"),
            f"unknown category {cookie.category!r}",
            suggest(cookie.category, categories) + f", or declare [categories.{cookie.category}]",
        )
    if cookie.provider is not None and cookie.provider not in providers:
        remedy = suggest(cookie.provider, providers) if providers else "declare it"
        reader.error(
            "cookieguard.E108",
            (*path, "provider"),
            f"unknown provider {cookie.provider!r}",
            f"{remedy}, or declare [providers.{cookie.provider}]",
        )
    essential = cookie.category == ESSENTIAL
    if not cookie.purpose and not reader.has_reported((*path, "purpose")):
        if essential:
            reader.error(
                "cookieguard.E114",
                path,
                f"{cookie.name!r} is essential without a purpose",
                "say in 'purpose' what the visitor asked for that needs it",
            )
        else:
            reader.warn(
                "cookieguard.W202", path, f"{cookie.name!r} has no purpose to show", "add purpose = …"
            )
    if cookie.lifetime is None and cookie.kind == "cookie" and not reader.has_reported((*path, "lifetime")):
        reader.warn("cookieguard.W205", path, f"{cookie.name!r} has no lifetime to show", "add lifetime = …")
    if cookie.party == "third" and not cookie.domain:
        reader.error(
            "cookieguard.E113",
            path,
            f"{cookie.name!r} is a third party's, without its domain",
            "add domain = …",
        )
    if cookie.domain is not None and not _HOST.fullmatch(cookie.domain.removeprefix(".")):
        reader.error(
            "cookieguard.E126",
            (*path, "domain"),
            f"{cookie.domain!r} is no domain",
            'write "example.com" or ".example.com"',
        )
    if cookie.path is not None and (not _LOCAL_PATH.fullmatch(cookie.path) or ";" in cookie.path):
        reader.error(
            "cookieguard.E119", (*path, "path"), f"{cookie.path!r} is no path", 'begin with a slash: "/shop"'
        )
    for index, prefix in enumerate(cookie.essential_under):
        if not prefix.startswith("/") or re.search(r"//|/\.{1,2}(/|$)|[;?#%\\]|[\x00-\x20\x7f]", prefix):
            reader.error(
                "cookieguard.E119",
                (*path, "essential_under", index),
                f"{prefix!r} is no plain path",
                'write "/clientarea": begin with a slash, no dot segments, nothing encoded',
            )


def check_pattern(reader: Reader, path: Path, cookie: CookieEntry, pattern: Pattern) -> None:
    where = (*path, "name")
    if (
        isinstance(pattern, Exact)
        and (re.search(r"[\x00-\x1f\x7f;=]", cookie.name) or cookie.name.strip(" \t") != cookie.name)
        and cookie.kind == "cookie"
    ):
        reader.error(
            "cookieguard.E112",
            where,
            f"{cookie.name!r} is a name that no browser stores",
            "leave out control characters, ';', '=' and space around it",
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


def check_texts(reader: Reader, language: str, texts: Iterable[tuple[Path, object]]) -> None:
    for path, text in texts:
        if isinstance(text, dict) and language not in text:
            reader.error(
                "cookieguard.E121",
                path,
                f"has no wording in {language!r}, the site's first language",
                f"add {language} = …",
            )


def check_twice(reader: Reader, declared: Sequence[tuple[Path, Declaration]]) -> None:
    seen: dict[tuple[object, ...], Path] = {}
    for path, cookie in declared:
        key = (cookie.kind, cookie.pattern, cookie.domain if cookie.party == "third" else None)
        if cookie.name in RESERVED_NAMES:
            reader.error(
                "cookieguard.E109",
                path,
                f"{cookie.name!r} is the consent cookie's own name",
                "take the entry out: it is declared by itself",
            )
        elif key in seen:
            reader.error(
                "cookieguard.E109",
                path,
                f"{cookie.name!r} is declared a second time",
                "keep one of the two entries",
            )
        seen.setdefault(key, path)


def check_swallowed(
    reader: Reader, declared: Sequence[tuple[Path, Declaration]], others: Sequence[Declaration]
) -> None:
    """Find patterns of the site that take an essential cookie's name away from it."""
    mine = {id(cookie): path for path, cookie in declared}
    first_party = [
        cookie
        for cookie in (*(cookie for _, cookie in declared), *others)
        if cookie.party == "first" and cookie.kind == "cookie"
    ]
    index = Index(first_party)
    for essential in first_party:
        if not essential.essential:
            continue
        name = (
            essential.name if isinstance(essential.pattern, Exact) else essential.pattern.literal_head + "0"
        )
        winner = index.find(name)
        if winner is None or winner.essential or isinstance(winner.pattern, Exact):
            continue
        path = mine.get(id(winner), ("use",))
        reader.error(
            "cookieguard.E129",
            path,
            f"the {winner.category} pattern {winner.name!r} swallows the essential cookie {essential.name!r}",
            "make the pattern longer, or declare the essential cookie beside it",
        )


def check_against_catalogue(
    reader: Reader, declared: Sequence[tuple[Path, Declaration]], catalogue: Index
) -> None:
    for path, cookie in declared:
        if cookie.party == "third" or not isinstance(cookie.pattern, Exact):
            continue
        known = catalogue.find(cookie.name)
        if (
            known is not None
            and known.essential != cookie.essential
            and not (known.essential_under or cookie.essential_under)
        ):
            reader.warn(
                "cookieguard.W201",
                (*path, "category"),
                f"{cookie.name!r} is {cookie.category} here, the catalogue knows it as {known.category}",
                "make sure that it isn't another system's cookie of that name",
            )


def check_announcement(reader: Reader, announcement: AnnouncementEntry) -> None:
    if announcement.policy is not None and not announcement.policy.strip():
        reader.error(
            "cookieguard.E118",
            ("announcement", "policy"),
            "names no file",
            "give the path of the policy that comes into force",
        )
