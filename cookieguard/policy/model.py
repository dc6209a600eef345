"""What the site declared, checked and frozen: Category, Provider, Declaration, and their digests."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec
from msgspec import Struct
from msgspec.structs import asdict, replace

from .entries import CookieEntry, ProviderEntry, Text
from .pattern import Pattern

Origin = Literal["site", "framework", "imported", "catalogue"]
"""Who says it: the site; its framework's settings; a list that it imports; the catalogue."""

ESSENTIAL = "essential"
CONSENT_COOKIES = ("cookieguard", "__Host-cookieguard")
"""The names that the consent cookie may have: the second over https, without a shared domain."""
RECEIPT_COOKIES = ("cookieguard_receipt", "__Host-cookieguard_receipt")
"""The twins of those, which hold the ids of receipts where a ledger keeps them."""
GUARD_COOKIES = frozenset((*CONSENT_COOKIES, *RECEIPT_COOKIES))
"""All that the guard itself sets."""
TOKEN_LENGTH = 11
"""Characters of a digest that the consent cookie carries: base64url of 64 bits and two more."""

# Signals of Google Consent Mode v2 that each standard category stands for.
STANDARD_CATEGORIES: Mapping[str, tuple[str, ...]] = {
    ESSENTIAL: ("security_storage",),
    "functional": ("functionality_storage", "personalization_storage"),
    "analytics": ("analytics_storage",),
    "marketing": ("ad_storage", "ad_user_data", "ad_personalization"),
}


class Provider(ProviderEntry, frozen=True, kw_only=True):
    """The company or product that a cookie serves."""

    id: str


def providers_of(entries: Mapping[str | int, ProviderEntry]) -> dict[str, Provider]:
    """Return the providers of a file, by id."""
    return {str(id): Provider(id=str(id), **asdict(entry)) for id, entry in entries.items()}


class Declaration(CookieEntry, frozen=True, kw_only=True):
    """One cookie that the site declared, imported, or took over from the catalogue.

    `service` is the name of the catalogue's service that it was taken from.
    """

    pattern: Pattern
    origin: Origin = "site"
    service: str | None = None

    @property
    def identity(self) -> tuple[object, ...]:
        """What two declarations of one and the same cookie share."""
        return self.kind, self.name, third_party_domain(self)

    @property
    def essential(self) -> bool:
        return self.category == ESSENTIAL

    @property
    def essential_somewhere(self) -> bool:
        """Whether the cookie is strictly necessary on some page: then it is never hidden or swept."""
        return self.essential or bool(self.essential_under)

    @property
    def caps(self) -> bool:
        """Whether the declared lifetime shortens the cookie.

        Any other lifetime than the site's own word is a usual value: it must not cut an essential
        cookie short.
        """
        return self.lifetime is not None and not (self.essential and self.origin != "site")


def third_party_domain(declaration: CookieEntry) -> str | None:
    """Return the domain under which a third party's declaration matches; None for a first party's."""
    if declaration.party == "first" or not declaration.domain:
        return None
    return declaration.domain.removeprefix(".").lower()


class Category(Struct, frozen=True, kw_only=True):
    """What the visitor decides on.

    `digest` is the SHA-256 (base64url) over all that is material to the decision, `token` the part
    of it that the consent cookie carries; `accepts` holds the tokens of older wordings that still
    count.
    """

    id: str
    digest: str
    title: Text | None = None
    description: Text | None = None
    accepts: frozenset[str] = frozenset()
    sold: bool = False
    consent_mode: tuple[str, ...] = ()
    shown: bool = True

    @property
    def essential(self) -> bool:
        return self.id == ESSENTIAL

    @property
    def token(self) -> str:
        return self.digest[:TOKEN_LENGTH]

    @property
    def counting(self) -> frozenset[str]:
        """The tokens under which a decision holds."""
        return self.accepts | {self.token}

    def counts(self, token: str) -> bool:
        """Tell whether a decision made under this token still holds."""
        return token == self.token or token in self.accepts


def gathered(
    category: Category,
    declarations: Iterable[Declaration],
    providers: Mapping[str, Provider],
    language: str,
) -> Category:
    """Return the category with the digest of what is declared in it, and shown where anything is."""
    members = [declaration for declaration in declarations if declaration.category == category.id]
    is_waited_for = any(provider.category == category.id for provider in providers.values())
    digest = category_digest(category.id, members, providers, sold=category.sold, language=language)
    return replace(category, digest=digest, shown=category.shown or bool(members) or is_waited_for)


def says_nothing(text: Text | None) -> bool:
    """Tell whether a text is missing, or blank in every language."""
    wordings = text.values() if isinstance(text, dict) else (text or "",)
    return not any(wording.strip() for wording in wordings)


def source_text(text: Text | None, language: str) -> str:
    """Return the wording in the site's own language, else the first there is."""
    if text is None or isinstance(text, str):
        return text or ""
    return text.get(language) or next(iter(text.values()), "")


def category_digest(
    id: str,
    declarations: Iterable[Declaration],
    providers: Mapping[str, Provider],
    *,
    sold: bool,
    language: str,
) -> str:
    """Hash what a visitor's decision on one category rests on.

    Wording in other languages, titles and the order of entries are editorial. What the tuple
    below names is material: a change of any of it asks the visitor again.
    """
    cookies = sorted(
        (
            declaration.kind,
            declaration.name,
            type(declaration.pattern).__name__,
            declaration.domain or "" if declaration.party == "third" else "",
            declaration.party,
            source_text(declaration.purpose, language),
            declaration.provider or "",
            -1 if declaration.lifetime is None else declaration.lifetime.seconds or 0,
            sorted(declaration.essential_under),
        )
        for declaration in declarations
    )
    waiting = {provider.id for provider in providers.values() if provider.category == id}
    used = sorted(waiting | {provider for cookie in cookies if (provider := cookie[6]) in providers})
    served = [(providers[id].name, sorted(providers[id].hosts)) for id in used]
    material = msgspec.json.encode({"sold": sold, "cookies": cookies, "providers": served})
    return base64.urlsafe_b64encode(hashlib.sha256(material).digest()).rstrip(b"=").decode()
