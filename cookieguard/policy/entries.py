"""The shapes of the policy file's tables. The JSON Schema for editors is made from these."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from ..cookies.lifetime import Lifetime, parse_lifetime
from ..cookies.setcookie import SameSite
from .pattern import Match

CATEGORY_ID = r"[a-z][a-z0-9_-]{0,31}"
PROVIDER_ID = r"[a-z0-9][a-z0-9_.-]{0,63}"

Text = str | dict[str, str]
"""In the site's first language, or a table by language tag."""


class Site(Struct, frozen=True, kw_only=True):
    """`[site]`: who the visitor is dealing with."""

    name: str = ""
    contact: str = ""
    updated: date | None = None
    languages: tuple[str, ...] = ()

    @property
    def language(self) -> str:
        """The site's own language: what texts without a tag are in."""
        return self.languages[0] if self.languages else "en"


class GuardSettings(Struct, frozen=True, kw_only=True):
    """`[guard]`: what happens to a cookie that the policy doesn't allow."""

    mode: Literal["enforce", "report"] = "enforce"
    undeclared: Literal["block", "allow"] = "block"
    lifetimes: Literal["cap", "report", "off"] = "cap"
    request: Literal["hide", "pass"] = "hide"
    mount: str = "/privacy-choices"
    inject: bool = True
    exclude: tuple[str, ...] = ()
    debug: bool = False
    gate: Literal["server", "browser", "off"] = "server"


class ConsentSettings(Struct, frozen=True, kw_only=True):
    """`[consent]`: how a visitor's decision is asked for and kept."""

    lifetime: Lifetime = parse_lifetime("6 months")
    model: Literal["opt-in", "opt-out"] = "opt-in"
    gpc: Literal["honour", "ignore"] = "honour"
    domain: str | None = None


class CategoryEntry(Struct, frozen=True, kw_only=True):
    """`[categories.ID]`: what the visitor decides on."""

    title: Text | None = None
    description: Text | None = None
    accepts: tuple[str, ...] = ()
    sold: bool | None = None
    consent_mode: tuple[str, ...] | None = None


class ProviderEntry(Struct, frozen=True, kw_only=True):
    """`[providers.ID]`: the company or product that a cookie serves.

    `category` says what tags from its `hosts` wait for, where its cookies don't.
    """

    name: str
    category: str | None = None
    privacy_url: str | None = None
    opt_out_url: str | None = None
    hosts: tuple[str, ...] = ()


class CookieEntry(Struct, frozen=True, kw_only=True):
    """One `[[cookies]]` table."""

    name: str
    category: str
    kind: Literal["cookie", "local-storage", "session-storage"] = "cookie"
    match: Match | None = None
    provider: str | None = None
    purpose: Text | None = None
    lifetime: Lifetime | None = None
    party: Literal["first", "third"] = "first"
    set_by: Literal["server", "script"] = "server"
    domain: str | None = None
    path: str | None = None
    essential_under: tuple[str, ...] = ()
    secure: bool = False
    http_only: bool = False
    same_site: SameSite | None = None


class LedgerSettings(Struct, frozen=True, kw_only=True):
    """`[ledger]`: where proof of consent is kept."""

    url: str
    retention: Lifetime
    address: Literal["none", "truncate", "hash"] = "none"
    spool: str | None = None

    def __repr__(self) -> str:
        # The address of a database may hold its password.
        return f"<LedgerSettings for {self.retention}>"


class AnnouncementEntry(Struct, frozen=True, kw_only=True):
    """`[announcement]`: a planned change, shown before it comes into force."""

    effective: date
    summary: Text
    policy: str | None = None


class PolicyFile(Struct, frozen=True, kw_only=True):
    """The whole file."""

    use: tuple[str, ...] = ()
    imports: tuple[str, ...] = msgspec.field(name="import", default=())
    site: Site = Site()
    guard: GuardSettings = GuardSettings()
    consent: ConsentSettings = ConsentSettings()
    categories: dict[Annotated[str, Meta(pattern=f"^{CATEGORY_ID}$")], CategoryEntry] = {}
    providers: dict[Annotated[str, Meta(pattern=f"^{PROVIDER_ID}$")], ProviderEntry] = {}
    cookies: tuple[CookieEntry, ...] = ()
    ledger: LedgerSettings | None = None
    announcement: AnnouncementEntry | None = None


def json_schema() -> dict[str, Any]:
    """Build the JSON Schema (2020-12) of the policy file, for editors."""
    schema = msgspec.json.schema(PolicyFile)
    definitions = schema["$defs"]
    for name, definition in definitions.items():
        definition["additionalProperties"] = definition.get("additionalProperties", False)
        for field in definition.get("properties", {}).values():
            # A default that is a struct has no place in JSON.
            if not isinstance(field.get("default"), (str, int, bool, list, type(None))):
                del field["default"]
        definition.setdefault("title", name)
    definitions["Lifetime"] = {
        "title": "Lifetime",
        "type": "string",
        "examples": ["session", "6 months", "365 days", "PT6H"],
    }
    definitions["PolicyFile"]["properties"]["$schema"] = {"type": "string"}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
