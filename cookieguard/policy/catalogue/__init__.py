"""Well-known services, one data file each, in the policy file's own format.

`use = ["NAME"]` takes one over. The catalogue never authorises by itself: of what isn't used it
only knows, for warnings and suggestions.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import msgspec

from ...errors import PolicyError
from ..document import read_file
from ..entries import CookieEntry, ProviderEntry
from ..index import Index
from ..model import Declaration, Provider, providers_of, third_party_domain
from ..overlap import overlap
from ..pattern import MAX_PATTERN, Exact, Pattern, compile_pattern
from ..reader import Reader

_FOLDER = Path(__file__).parent
# How a name begins; what a quantifier may take away doesn't belong to it.
_HEAD = re.compile(r'^name = "([\w.-]*?)(?:[\w.-][?*{]|[^\w.-])', re.MULTILINE | re.ASCII)


class Service(msgspec.Struct, frozen=True):
    """One file of the catalogue."""

    name: str
    providers: tuple[Provider, ...]
    declarations: tuple[Declaration, ...]


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
    return Service(
        name=name,
        providers=tuple(providers_of(providers).values()),
        declarations=tuple(
            Declaration(
                pattern=compile_pattern(cookie.name, cookie.match),
                origin="catalogue",
                service=name,
                **msgspec.structs.asdict(cookie),
            )
            for cookie in cookies.values()
        ),
    )


@cache
def whole_index() -> Index:
    """Return an index over each first-party cookie that the catalogue knows."""
    return Index(declaration for name in service_names() for declaration in _first_party_cookies(name))


def catalogue_of(domain: str | None) -> Index:
    """Return an index over what the catalogue knows under a third party's domain, or of first parties."""
    return whole_index() if domain is None else _third_party_index(domain)


@cache
def _third_party_index(domain: str) -> Index:
    everything = (cookie for name in service_names() for cookie in load_service(name).declarations)
    return Index(cookie for cookie in everything if _counts_at(cookie, domain))


def _counts_at(cookie: Declaration, domain: str) -> bool:
    own = third_party_domain(cookie) if cookie.kind == "cookie" else None
    return own is not None and f".{domain}".endswith(f".{own}")


@cache
def _index(name: str) -> Index:
    return Index(_first_party_cookies(name))


@cache
def _heads() -> Mapping[str, set[str]]:
    """Return which services' files have names that begin so.

    Read as texts: to load all of them takes forty times as long, and a request may be waiting.
    """
    heads: defaultdict[str, set[str]] = defaultdict(set)
    for name in service_names():
        for head in _HEAD.findall((_FOLDER / f"{name}.toml").read_text("utf-8")):
            heads[head].add(name)
    return dict(heads)


def _services_for(cookie: str) -> list[str]:
    """Return the services that may declare a cookie of this name, sorted; only they need be loaded."""
    heads = _heads()
    lengths = range(min(len(cookie), MAX_PATTERN) + 1)
    return sorted({name for length in lengths for name in heads.get(cookie[:length], ())})


def _first_party_cookies(name: str) -> Iterator[Declaration]:
    for declaration in load_service(name).declarations:
        if declaration.party == "first" and declaration.kind == "cookie":
            yield declaration


def sharing(pattern: Pattern, *, essential: bool) -> Declaration | None:
    """Return a first-party cookie of the catalogue, essential or not, that a pattern takes names from.

    An exact name is taken from the declaration that wins it in a service, so that whichever
    services are used together, no other can win.
    """
    if isinstance(pattern, Exact):
        found = (_index(name).find(pattern.name) for name in _services_for(pattern.name))
    else:
        cookies = (cookie for name in service_names() for cookie in _first_party_cookies(name))
        found = (cookie for cookie in cookies if overlap(cookie.pattern, pattern))
    return next((cookie for cookie in found if cookie and cookie.essential == essential), None)


def services_with(cookie: str, domain: str | None = None) -> tuple[str, ...]:
    """Name the services that declare a cookie of this name: what `use` may want.

    A third party's counts where `domain`, the host that sets the cookie, lies in its own.
    """
    return tuple(
        name
        for name in _services_for(cookie)
        if _index(name).find(cookie) or (domain and _third_party_cookie(name, cookie, domain))
    )


def services_needing(cookie: str) -> tuple[str, ...]:
    """Name the services to which a first-party cookie of this name is essential."""
    found = ((name, _index(name).find(cookie)) for name in _services_for(cookie))
    return tuple(name for name, declared in found if declared and declared.essential)


def _third_party_cookie(service: str, cookie: str, domain: str) -> bool:
    host = domain.lower().strip(".")
    return any(
        _counts_at(declared, host) and declared.pattern.matches(cookie)
        for declared in load_service(service).declarations
    )
