"""The whole policy: loaded, checked, frozen."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from os import PathLike
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from ..errors import PolicyError, Problem, UnknownCategory
from . import checks, conflicts, cookiechecks
from .catalogue import Service, catalogue_of, load_service, service_names
from .document import Document, Overlay, read_dict, read_file
from .entries import (
    AnnouncementEntry,
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
from .imports import read_imports
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
    category_digest,
)
from .pattern import Exact
from .reader import Reader, suggest


class Policy(Struct, frozen=True, kw_only=True, eq=False):
    """All that the site declares.

    `categories` and `providers` are keyed by id, `declarations` in the file's order with those of
    the catalogue and of imports behind. `warnings` holds what is allowed but likely a mistake.
    """

    site: Site
    guard: GuardSettings
    consent: ConsentSettings
    categories: Mapping[str, Category]
    providers: Mapping[str, Provider]
    declarations: tuple[Declaration, ...]
    ledger: LedgerSettings | None = None
    announcement: Announcement | None = None
    warnings: tuple[Problem, ...] = ()

    @classmethod
    def from_file(cls, path: str | PathLike[str], *, over: Overlay | None = None) -> Policy:
        """Load a .toml, .json or .yaml file; PolicyError lists every mistake with its line.

        `over` is what the deployment says in place of the file.
        """
        file = Path(path)
        return _load(file, (), over or {})

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], *, base: str | PathLike[str] = ".") -> Policy:
        """Load the same shape from a dict; `base` is the folder of announced and imported files."""
        return _build(read_dict(data), Path(base), ())

    @property
    def language(self) -> str:
        """The site's own language: what texts without a tag are in."""
        return self.site.language

    @property
    def optional(self) -> tuple[Category, ...]:
        """The categories that a visitor is asked about."""
        return tuple(
            category for category in self.categories.values() if category.shown and not category.essential
        )

    def category(self, id: str) -> Category:
        """Return a category by its id; UnknownCategory names those there are."""
        try:
            return self.categories[id]
        except (KeyError, TypeError):
            raise UnknownCategory(id, tuple(self.categories)) from None

    def of_category(self, id: str) -> tuple[Declaration, ...]:
        """Return the declarations of one category."""
        return tuple(declaration for declaration in self.declarations if declaration.category == id)

    def on(self, day: date) -> Policy:
        """Return the policy in force on a day (UTC): the announced one once its time has come."""
        announced = self.announcement
        if announced is None or announced.policy is None or day < announced.effective:
            return self
        return announced.policy.on(day)

    def asks_again(self, old: Policy) -> tuple[str, ...]:
        """Name the categories whose visitors, having decided under `old`, are asked again."""
        return tuple(
            category.id
            for category in self.optional
            if category.id not in old.categories or not category.counts(old.categories[category.id].token)
        )


class Announcement(Struct, frozen=True, kw_only=True):
    """A planned change; `policy` is what will be in force from the day `effective` on, UTC."""

    effective: date
    summary: Text
    policy: Policy | None = None


def _load(file: Path, announcing: tuple[Path, ...], over: Overlay) -> Policy:
    return _build(read_file(file), file.parent, (*announcing, file.resolve()), over)


def _build(
    document: Document, base: Path, announcing: tuple[Path, ...], over: Overlay | None = None
) -> Policy:
    """Check and freeze; `announcing` holds the files that led here, this one last."""
    over = over or {}
    document = document.lay_over(over)
    reader = Reader(document)
    data = document.data
    for key in data:
        if key not in PolicyFile.__struct_encode_fields__ and key != "$schema":
            reader.error(
                "cookieguard.E103", (key,), "unknown table", suggest(key, PolicyFile.__struct_encode_fields__)
            )
    site = reader.table(("site",), data.get("site", {}), Site) or Site()
    guard = reader.table(("guard",), data.get("guard", {}), GuardSettings) or GuardSettings()
    consent = reader.table(("consent",), data.get("consent", {}), ConsentSettings) or ConsentSettings()
    own_categories = reader.tables(("categories",), data.get("categories", {}), CategoryEntry)
    own_providers = reader.tables(("providers",), data.get("providers", {}), ProviderEntry)
    cookies = reader.tables(("cookies",), data.get("cookies", []), CookieEntry, listed=True)
    ledger = reader.table(("ledger",), data["ledger"], LedgerSettings) if "ledger" in data else None
    services = tuple(_used_services(reader, data.get("use", [])))

    checks.check_site(reader, site)
    checks.check_guard(reader, guard)
    checks.check_consent(reader, consent)
    if ledger is not None:
        checks.check_ledger(reader, ledger, consent)
    checks.check_categories(reader, own_categories)
    checks.check_providers(reader, own_providers)

    providers = {provider.id: provider for service in services for provider in service.providers}
    known = {*providers, *_ids(data, "providers")}
    imports = tuple(read_imports(reader, base, data.get("import", []), _known_categories(data), known))
    # A provider out of the catalogue keeps its hosts: no import may let its tags go.
    providers = {provider.id: provider for each in imports for provider in each.providers} | providers
    providers |= {
        str(id): Provider(id=str(id), **msgspec.structs.asdict(entry)) for id, entry in own_providers.items()
    }
    for id, provider in own_providers.items():
        if provider.category is not None:
            cookiechecks.check_category(reader, ("providers", id), provider.category, _known_categories(data))
    declared = list(_declared(reader, cookies, providers))
    taken_over = [declaration for service in services for declaration in service.declarations]
    imported = [declaration for each in imports for declaration in each.declarations]
    conflicts.check_twice(reader, declared)
    conflicts.check_swallowed(reader, declared, [*imported, *taken_over])
    conflicts.check_against_catalogue(reader, declared, catalogue_of)
    texts = [*_texts(cookies, own_categories)]
    checks.check_languages(reader, texts)
    checks.check_texts(reader, site, texts)
    cookies_of_all = (*taken_over, *imported, *(declaration for _, declaration in declared))
    checks.check_waiting(reader, own_providers, {cookie.provider for cookie in cookies_of_all})

    announcement = _announcement(reader, base, announcing, site, guard, consent, over)
    if reader.failed:
        raise PolicyError(sorted(reader.problems, key=lambda problem: problem.line or 0))
    own = [declaration for _, declaration in declared]
    imported = [*_not_overridden(imported, own)]
    # What a provider's tags wait for is the catalogue's word before an import's.
    declarations = (
        *own,
        *_guard_cookies(consent, proves=ledger is not None),
        *_not_overridden(taken_over, [*own, *imported]),
        *imported,
    )
    return Policy(
        site=site,
        guard=guard,
        consent=consent,
        categories=_categories(own_categories, declarations, providers, site.language),
        providers=providers,
        declarations=declarations,
        ledger=ledger,
        announcement=announcement,
        warnings=tuple(reader.problems),
    )


def _declared(
    reader: Reader, cookies: Mapping[str | int, CookieEntry], providers: Mapping[str, Provider]
) -> Iterator[tuple[KeyPath, Declaration]]:
    data = reader.document.data
    # A wrong table has been reported already; what refers to it isn't wrong as well.
    known_categories = _known_categories(data)
    known_providers = dict.fromkeys([*providers, *_ids(data, "providers")])
    for position, cookie in cookies.items():
        path: KeyPath = ("cookies", position)
        cookiechecks.check_cookie(reader, path, cookie, known_categories, known_providers)
        if declaration := cookiechecks.declare(reader, path, cookie, known_categories):
            yield path, declaration


def _known_categories(data: Mapping[str, Any]) -> dict[str, None]:
    return dict.fromkeys([*STANDARD_CATEGORIES, *_ids(data, "categories")])


def _ids(data: Mapping[str, Any], key: str) -> Iterator[str]:
    tables = data.get(key)
    return map(str, tables) if isinstance(tables, Mapping) else iter(())


def _used_services(reader: Reader, names: Any) -> Iterator[Service]:
    if not isinstance(names, list | tuple):
        reader.error("cookieguard.E104", ("use",), "isn't a list", 'write use = ["flask"]')
        return
    for position, name in enumerate(names):
        if name in service_names():
            yield load_service(name)
        else:
            reader.error(
                "cookieguard.E117",
                ("use", position),
                f"the catalogue has no {name!r}",
                suggest(name, service_names()),
            )


def _texts(
    cookies: Mapping[str | int, CookieEntry], categories: Mapping[str | int, CategoryEntry]
) -> Iterator[tuple[KeyPath, Text | None]]:
    for position, cookie in cookies.items():
        yield ("cookies", position, "purpose"), cookie.purpose
    for id, category in categories.items():
        yield ("categories", id, "title"), category.title
        yield ("categories", id, "description"), category.description


def _announcement(
    reader: Reader,
    base: Path,
    announcing: tuple[Path, ...],
    site: Site,
    guard: GuardSettings,
    consent: ConsentSettings,
    over: Overlay,
) -> Announcement | None:
    data = reader.document.data.get("announcement")
    if data is None:
        return None
    entry = reader.table(("announcement",), data, AnnouncementEntry)
    if entry is None:
        return None
    summary: KeyPath = ("announcement", "summary")
    checks.check_not_blank(reader, summary, entry.summary)
    checks.check_languages(reader, [(summary, entry.summary)])
    checks.check_texts(reader, site, [(summary, entry.summary)])
    following = None
    if entry.policy is not None and (file := _announced_file(reader, base, entry.policy, announcing)):
        try:
            following = _with_settings(reader, _load(file, announcing, over), guard, consent)
        except PolicyError as error:
            reader.problems.extend(error.problems)
    return Announcement(effective=entry.effective, summary=entry.summary, policy=following)


def _announced_file(reader: Reader, base: Path, name: str, announcing: tuple[Path, ...]) -> Path | None:
    path: KeyPath = ("announcement", "policy")
    file = base / name
    if not os.path.isfile(file):  # noqa: PTH113 - Path.is_file raises for a name too long
        remedy = "give the path of the policy that comes into force, from this file's folder"
        reader.error("cookieguard.E118", path, f"there is no file {name!r}", remedy)
        return None
    # A next policy is begun as a copy of today's, its announcement included.
    if file.resolve() in announcing:
        remedy = f"take [announcement] out of {name}"
        reader.error("cookieguard.E118", path, f"{name!r} announces itself", remedy)
        return None
    return file


def _with_settings(
    reader: Reader, following: Policy, guard: GuardSettings, consent: ConsentSettings
) -> Policy:
    # Left out, both stay as they are; said otherwise, the file's author expects a change.
    same_guard = following.guard in (guard, GuardSettings())
    if not same_guard or following.consent not in (consent, ConsentSettings()):
        reader.warn(
            "cookieguard.W206",
            ("announcement", "policy"),
            "the announced file has another [guard] or [consent], which can't change by themselves",
            "they take effect when the app is started with that file",
        )
    return msgspec.structs.replace(following, guard=guard, consent=consent)


def _guard_cookies(consent: ConsentSettings, *, proves: bool) -> Iterator[Declaration]:
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


def _not_overridden(taken_over: list[Declaration], own: list[Declaration]) -> Iterator[Declaration]:
    """Leave out what is declared already: one cookie has one row on the policy page."""
    declared = {cookie.identity for cookie in own}
    for cookie in taken_over:
        if cookie.identity not in declared:
            yield cookie
        if cookie.origin == "imported":
            declared.add(cookie.identity)


def _categories(
    entries: Mapping[str | int, CategoryEntry],
    declarations: tuple[Declaration, ...],
    providers: Mapping[str, Provider],
    language: str,
) -> dict[str, Category]:
    categories = {}
    for id in dict.fromkeys([*STANDARD_CATEGORIES, *map(str, entries)]):
        entry = entries.get(id, CategoryEntry())
        members = [declaration for declaration in declarations if declaration.category == id]
        waited_for = any(provider.category == id for provider in providers.values())
        sold = id == "marketing" if entry.sold is None else entry.sold
        consent_mode = STANDARD_CATEGORIES.get(id, ()) if entry.consent_mode is None else entry.consent_mode
        categories[id] = Category(
            id=id,
            digest=category_digest(id, members, providers, sold=sold, language=language),
            title=entry.title,
            description=entry.description,
            accepts=frozenset(token[:TOKEN_LENGTH] for token in entry.accepts),
            sold=sold,
            consent_mode=consent_mode,
            shown=bool(members) or waited_for or id in entries,
        )
    return categories
