"""A policy file's tables -> what the policy is made of: read, checked against each other, frozen."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from .catalogue import Service, catalogue_of, load_service, service_names
from .checks import (
    check_categories,
    check_consent,
    check_guard,
    check_ledger,
    check_providers,
    check_site,
    check_waiting,
)
from .conflicts import check_against_catalogue, check_swallowed, check_twice
from .declaring import declarations_of
from .entries import (
    PROVIDER_ID,
    CategoryEntry,
    ConsentSettings,
    CookieEntry,
    GuardSettings,
    LedgerSettings,
    PolicyFile,
    ProviderEntry,
    Site,
    Text,
)
from .imports import Import, read_imports
from .keypath import KeyPath
from .model import (
    CONSENT_COOKIES,
    ESSENTIAL,
    RECEIPT_COOKIES,
    STANDARD_CATEGORIES,
    TOKEN_LENGTH,
    Category,
    Declaration,
    Provider,
    gathered,
    providers_of,
)
from .pattern import Exact
from .reader import Reader, suggest
from .textchecks import check_languages, check_texts

_TABLES = PolicyFile.__struct_encode_fields__
_OTHERS = (
    "docs/catalogue.md lists what it has, and 'cookieguard explain COOKIE' tells whose a cookie is; "
    "declare those of others in [[cookies]]"
)


class Draft(Struct, frozen=True, kw_only=True):
    """A file's tables as they were read, and what they take over; keyed as in the file."""

    site: Site
    guard: GuardSettings
    consent: ConsentSettings
    ledger: LedgerSettings | None
    categories: Mapping[str | int, CategoryEntry]
    own_providers: Mapping[str | int, ProviderEntry]
    cookies: Mapping[str | int, CookieEntry]
    services: tuple[Service, ...]
    imports: tuple[Import, ...]

    @property
    def providers(self) -> dict[str, Provider]:
        """Every provider by id: the site's own before the catalogue's before those of imports."""
        # A provider out of the catalogue keeps its hosts: no import may let its tags go, and no table that
        # only adds a link.
        known = {provider.id: provider for each in self.imports for provider in each.providers}
        known |= _providers_of(self.services)
        own = providers_of(self.own_providers)
        return known | {id: _completed(provider, known.get(id)) for id, provider in own.items()}

    @property
    def taken_over(self) -> list[Declaration]:
        """The declarations of the catalogue's services."""
        return [declaration for service in self.services for declaration in service.declarations]

    @property
    def imported(self) -> list[Declaration]:
        """The declarations of other files."""
        return [declaration for each in self.imports for declaration in each.declarations]


def read_draft(reader: Reader, base: Path) -> Draft:
    """Read each table; `base` is the folder that imports start from."""
    data = reader.document.data
    for key in data:
        if key not in _TABLES and key != "$schema":
            reader.error("cookieguard.E103", (key,), "unknown table", suggest(key, _TABLES))
    services = tuple(_used_services(reader, data.get("use", [])))
    providers = {*_providers_of(services), *_ids(data, "providers")}
    return Draft(
        site=reader.table(("site",), data.get("site", {}), Site) or Site(),
        guard=reader.table(("guard",), data.get("guard", {}), GuardSettings) or GuardSettings(),
        consent=reader.table(("consent",), data.get("consent", {}), ConsentSettings) or ConsentSettings(),
        ledger=reader.table(("ledger",), data["ledger"], LedgerSettings) if "ledger" in data else None,
        categories=reader.tables(("categories",), data.get("categories", {}), CategoryEntry),
        own_providers=reader.tables(("providers",), data.get("providers", {}), ProviderEntry),
        cookies=reader.tables(("cookies",), data.get("cookies", []), CookieEntry, listed=True),
        services=services,
        imports=tuple(read_imports(reader, base, data.get("import", []), _known_categories(data), providers)),
    )


def check_draft(reader: Reader, draft: Draft) -> list[Declaration]:
    """Find what is wrong in each table and between them; return the site's own declarations."""
    check_site(reader, draft.site)
    check_guard(reader, draft.guard)
    check_consent(reader, draft.consent)
    if draft.ledger is not None:
        check_ledger(reader, draft.ledger, draft.consent)
    categories = _known_categories(reader.document.data)
    check_categories(reader, draft.categories)
    check_providers(reader, draft.own_providers, categories)
    texts = [*_texts(draft)]
    check_languages(reader, texts)
    check_texts(reader, draft.site, texts)
    return _check_declarations(reader, draft, categories)


def _check_declarations(reader: Reader, draft: Draft, categories: Collection[str]) -> list[Declaration]:
    # A wrong table has been reported already; what refers to it isn't wrong as well.
    ids = {*_ids(reader.document.data, "providers")}
    misnamed = {id for id in ids if not re.fullmatch(PROVIDER_ID, id)}
    providers = dict.fromkeys(id for id in [*draft.providers, *sorted(ids)] if id not in misnamed)
    declared = declarations_of(reader, _without(draft.cookies, misnamed, providers), categories, providers)
    own, taken_over, imported = [cookie for _, cookie in declared], draft.taken_over, draft.imported
    check_twice(reader, declared)
    others = [*_not_overridden(imported, own), *_not_overridden(taken_over, [*own, *imported])]
    check_swallowed(reader, declared, others)
    check_against_catalogue(reader, declared, catalogue_of)
    named = {cookie.provider for cookie in (*taken_over, *imported, *own)} | misnamed
    check_waiting(reader, draft.own_providers, named)
    return own


def freeze(
    draft: Draft, own: Sequence[Declaration]
) -> tuple[dict[str, Category], dict[str, Provider], tuple[Declaration, ...]]:
    """Return the categories, with their digests, the providers by id, and the declarations in force, the
    site's own first."""
    imported = [*_not_overridden(draft.imported, own)]
    # What a provider's tags wait for is the catalogue's word before an import's.
    declarations = (
        *own,
        *guard_cookies(draft.consent, proves=draft.ledger is not None),
        *_not_overridden(draft.taken_over, [*own, *imported]),
        *imported,
    )
    providers = _still_waited_for(draft, declarations)
    ids = dict.fromkeys([*STANDARD_CATEGORIES, *map(str, draft.categories)])
    categories = {
        id: gathered(_category(id, draft.categories.get(id)), declarations, providers, draft.site.language)
        for id in ids
    }
    return categories, providers, declarations


def _completed(provider: Provider, known: Provider | None) -> Provider:
    """Return a provider of the site's with what its table leaves out, as it is known."""
    if known is None:
        return provider
    fields = Provider.__struct_fields__
    return replace(provider, **{name: getattr(known, name) for name in fields if not getattr(provider, name)})


def _still_waited_for(draft: Draft, declarations: Sequence[Declaration]) -> dict[str, Provider]:
    """Return the providers; where the site declares all cookies of one anew and doesn't say whose they are,
    its tags wait as the catalogue or the import says."""
    named = {cookie.provider for cookie in declarations}
    usual: dict[str | None, str] = {}
    for cookie in sorted((*draft.taken_over, *draft.imported), key=lambda cookie: cookie.party != "first"):
        usual.setdefault(cookie.provider, cookie.category)
    return {
        id: replace(provider, category=usual.get(id))
        if provider.category is None and id not in named
        else provider
        for id, provider in draft.providers.items()
    }


def _providers_of(services: Sequence[Service]) -> dict[str, Provider]:
    return {provider.id: provider for service in services for provider in service.providers}


def _known_categories(data: Mapping[str, Any]) -> dict[str, None]:
    return dict.fromkeys([*STANDARD_CATEGORIES, *_ids(data, "categories")])


def _ids(data: Mapping[str, Any], key: str) -> Iterator[str]:
    tables = data.get(key)
    return map(str, tables) if isinstance(tables, Mapping) else iter(())


def _without(
    cookies: Mapping[str | int, CookieEntry], misnamed: Collection[str], usable: Collection[str]
) -> dict[str | int, CookieEntry]:
    """Leave out providers whose id can't be used, in whichever case a cookie writes it."""
    wrong = {*misnamed, *({id.lower() for id in misnamed} - {*usable})}
    return {
        position: replace(cookie, provider=None) if wrong & _cases(cookie.provider) else cookie
        for position, cookie in cookies.items()
    }


def _cases(id: str | None) -> set[str]:
    return set() if id is None else {id, id.lower()}


def _used_services(reader: Reader, names: Any) -> Iterator[Service]:
    if not isinstance(names, list | tuple):
        reader.error("cookieguard.E104", ("use",), "isn't a list", 'write use = ["flask"]')
        return
    for position, name in enumerate(names):
        if name in service_names():
            yield load_service(name)
        else:
            from .catalogue.naming import service_meant  # for mistakes alone

            meant = service_meant(str(name), service_names())
            reader.error(
                "cookieguard.E117",
                ("use", position),
                f"the catalogue has no {name!r}",
                f"did you mean {meant!r}?" if meant else _OTHERS,
            )


def _texts(draft: Draft) -> Iterator[tuple[KeyPath, Text | None]]:
    for position, cookie in draft.cookies.items():
        yield ("cookies", position, "purpose"), cookie.purpose
    for id, category in draft.categories.items():
        yield ("categories", id, "title"), category.title
        yield ("categories", id, "description"), category.description


def guard_cookies(consent: ConsentSettings, *, proves: bool) -> Iterator[Declaration]:
    """Declare what the guard itself sets, each under both names it may have."""
    yield from _guard_cookie(
        CONSENT_COOKIES, consent, "Remembers which categories of cookies you accepted or refused."
    )
    if proves:
        purpose = "Finds the proof of what you accepted, so that you can see and delete it."
        yield from _guard_cookie(RECEIPT_COOKIES, consent, purpose, http_only=True)


def _guard_cookie(
    names: Sequence[str], consent: ConsentSettings, purpose: str, *, http_only: bool = False
) -> Iterator[Declaration]:
    for name in names:
        yield Declaration(
            name=name,
            category=ESSENTIAL,
            purpose=purpose,
            lifetime=consent.lifetime,
            path="/",
            domain=None if name.startswith("__Host-") else consent.domain,
            http_only=http_only,
            pattern=Exact(name),
        )


def _not_overridden(taken_over: Sequence[Declaration], own: Sequence[Declaration]) -> Iterator[Declaration]:
    """Leave out what is declared already: one cookie has one row on the policy page."""
    declared = {cookie.identity for cookie in own}
    for cookie in taken_over:
        if cookie.identity not in declared:
            yield cookie
        declared.add(cookie.identity)


def _category(id: str, entry: CategoryEntry | None) -> Category:
    """Return a category as its table says, shown where it has one."""
    said = entry or CategoryEntry()
    standard = STANDARD_CATEGORIES.get(id, ())
    return Category(
        id=id,
        digest="",
        title=said.title,
        description=said.description,
        accepts=frozenset(token[:TOKEN_LENGTH] for token in said.accepts),
        sold=id == "marketing" if said.sold is None else said.sold,
        consent_mode=standard if said.consent_mode is None else said.consent_mode,
        shown=entry is not None,
    )
