"""Well-known services, one data file each, in the policy file's own format.

`use = ["NAME"]` takes one over. The catalogue never authorises by itself: of what isn't used it
only knows, for warnings and suggestions.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import msgspec

from ...errors import PolicyError
from ..document import read_file
from ..entries import CookieEntry, ProviderEntry
from ..index import Index
from ..model import Declaration, Provider
from ..pattern import compile_pattern
from ..reader import Reader

_FOLDER = Path(__file__).parent


class Service(msgspec.Struct, frozen=True):
    """One file of the catalogue; `source` says where its facts are from, `checked` on which day."""

    name: str
    providers: tuple[Provider, ...]
    declarations: tuple[Declaration, ...]
    source: str
    checked: str


@cache
def service_names() -> tuple[str, ...]:
    """Return what `use` may name, sorted."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.toml")))


@cache
def load_service(name: str) -> Service:
    """Load one file. PolicyError where a contributor made a mistake in it."""
    document = read_file(_FOLDER / f"{name}.toml")
    reader = Reader(document)
    providers = reader.tables(("providers",), document.data.get("providers", {}), ProviderEntry)
    cookies = reader.tables(("cookies",), document.data.get("cookies", []), CookieEntry, listed=True)
    if reader.problems:
        raise PolicyError(reader.problems)
    about = document.data["about"]
    return Service(
        name=name,
        providers=tuple(
            Provider(id=str(id), **msgspec.structs.asdict(provider)) for id, provider in providers.items()
        ),
        declarations=tuple(
            Declaration(
                pattern=compile_pattern(cookie.name, cookie.match),
                origin="catalogue",
                **msgspec.structs.asdict(cookie),
            )
            for cookie in cookies.values()
        ),
        source=about["source"],
        checked=str(about["checked"]),
    )


@cache
def whole_index() -> Index:
    """Return an index over each first-party cookie that the catalogue knows."""
    return Index(declaration for name in service_names() for declaration in _first_party_cookies(name))


@cache
def _indexes() -> dict[str, Index]:
    return {name: Index(_first_party_cookies(name)) for name in service_names()}


def _first_party_cookies(name: str) -> Iterator[Declaration]:
    for declaration in load_service(name).declarations:
        if declaration.party == "first" and declaration.kind == "cookie":
            yield declaration


def services_with(cookie: str) -> tuple[str, ...]:
    """Name the services that declare a first-party cookie of this name: what `use` may want."""
    return tuple(name for name, index in _indexes().items() if index.find(cookie))
