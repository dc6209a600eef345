"""`import = [...]`: declarations from other files, ranked between the site's own and the catalogue's."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from msgspec import Struct

from ..errors import PolicyError, Problem
from .catalogue import catalogue_of, sharing
from .checks import check_providers
from .conflicts import check_against_catalogue, check_twice
from .declaring import declarations_of
from .document import read_file
from .entries import CookieEntry, ProviderEntry
from .keypath import KeyPath
from .model import Declaration, Provider, providers_of
from .reader import Reader
from .textchecks import check_languages

_TABLES = ("providers", "cookies", "$schema")


class Import(Struct, frozen=True):
    """What one imported file adds to the policy."""

    providers: tuple[Provider, ...]
    declarations: tuple[Declaration, ...]


def read_imports(
    reader: Reader, base: Path, names: Any, categories: Collection[str], providers: Collection[str]
) -> Iterator[Import]:
    """Yield what each file that `import` names holds; its mistakes go to the reader, with its own name.

    `base` is the folder that relative paths start from; entries may refer to the categories and
    providers given, which are the policy's and the catalogue's, and to providers of their file.
    """
    if not isinstance(names, list | tuple):
        reader.error(
            "cookieguard.E104", ("import",), "isn't a list", 'write import = ["cookies-of-chat.toml"]'
        )
        return
    for position, name in enumerate(names):
        path: KeyPath = ("import", position)
        if not isinstance(name, str):
            reader.error("cookieguard.E104", path, f"{name!r} is no text", "write the path of a policy file")
        elif not os.path.isfile(base / name):  # noqa: PTH113 - Path.is_file raises for a name too long
            remedy = "give the path of a file with [[cookies]], from the policy's folder"
            reader.error("cookieguard.E131", path, f"there is no file {name!r}", remedy)
        else:
            try:
                document = Reader(read_file(base / name))
            except PolicyError as error:
                reader.problems.extend(error.problems)
                continue
            yield _read(document, categories, providers)
            reader.problems.extend(_gathered(document.problems))


def _read(reader: Reader, categories: Collection[str], known: Collection[str]) -> Import:
    data = reader.document.data
    for key in data:
        if key not in _TABLES:
            remedy = "an imported file holds [[cookies]] and [providers.ID] alone: move it to the policy file"
            reader.error("cookieguard.E103", (key,), "has no place in an import", remedy)
    entries = reader.tables(("providers",), data.get("providers", {}), ProviderEntry)
    cookies = reader.tables(("cookies",), data.get("cookies", []), CookieEntry, listed=True)
    check_providers(reader, entries, categories)
    check_languages(reader, ((("cookies", at, "purpose"), cookie.purpose) for at, cookie in cookies.items()))
    declared = declarations_of(reader, cookies, categories, {*known, *map(str, entries)}, "imported")
    check_twice(reader, declared)
    # What is optional here and essential there is left out, and said so.
    essential = [entry for entry in declared if entry[1].essential_somewhere]
    check_against_catalogue(reader, essential, catalogue_of)
    return Import(
        tuple(providers_of(entries).values()),
        tuple(declaration for path, declaration in declared if not _overruled(reader, path, declaration)),
    )


def _overruled(reader: Reader, path: KeyPath, declaration: Declaration) -> bool:
    """Tell whether the catalogue knows the cookie as essential: no import takes a login away."""
    if declaration.essential or declaration.party == "third" or declaration.kind != "cookie":
        return False
    if reader.has_reported((*path, "category")):
        return False
    essential = sharing(declaration.pattern, essential=True)
    if essential is not None:
        reader.warn(
            "cookieguard.W207",
            path,
            f"{declaration.name!r} is {declaration.category} here and left out: the catalogue's "
            f"{essential.service} has {essential.name!r} as essential",
            "declare it in the policy file itself, if it is another system's cookie of that name",
        )
    return essential is not None


def _gathered(problems: list[Problem]) -> Iterator[Problem]:
    """Yield each error, and the first warning of each kind with the number of the others."""
    warnings: defaultdict[str, list[Problem]] = defaultdict(list)
    for problem in problems:
        if problem.level == "error":
            yield problem
        else:
            warnings[problem.id].append(problem)
    for first, *others in warnings.values():
        more = f" (and {len(others)} more like it in this file)" if others else ""
        yield replace(first, reason=first.reason + more)
