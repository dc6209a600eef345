"""Where the consent cookie lives: under which name, for which host, and which of several counts."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache, reduce

from msgspec import Struct

from ..cookies.cookieheader import split_cookie_header
from ..policy.entries import ConsentSettings
from ..policy.model import CONSENT_COOKIES
from .consent import Record
from .seal import Seal

_LONGEST = 4096
_MOST = 50
_REMEMBERED = 1024


class Scope(Struct, frozen=True):
    """The consent cookie of one host: `domain` is the shared one, None for host-only."""

    host: str
    https: bool
    domain: str | None

    @property
    def audience(self) -> str:
        return self.domain or self.host

    @property
    def name(self) -> str:
        # Over https without a shared domain the `__Host-` prefix keeps every sibling and plain
        # http out; "and then nothing else is read".
        return CONSENT_COOKIES[self.https and self.domain is None]


class Carrier:
    """Reads and writes the consent cookie of a policy. Thread-safe."""

    def __init__(self, seal: Seal, settings: ConsentSettings) -> None:
        self._seal = seal
        self._settings = settings
        self._remembered = lru_cache(maxsize=_REMEMBERED)(self._open)

    def scope(self, host: str, *, https: bool) -> Scope:
        """Return where the consent of this host (without port, lower case) lives."""
        domain = self._settings.domain and self._settings.domain.lower()
        # Off its domain (a developer's localhost) a shared cookie couldn't be set at all.
        if domain and (host == domain or host.endswith("." + domain)):
            return Scope(host, https, domain)
        return Scope(host, https, None)

    def read(self, cookies: str | None, scope: Scope) -> Record | None:
        """Find the consent in a `Cookie` header; None where none counts."""
        name = scope.name
        if not cookies or name not in cookies:
            return None
        found = tuple(value for sent, value in split_cookie_header(cookies) if sent == name)
        # Each costs an HMAC; browsers keep no more of one name than they have paths and domains for.
        found = tuple(value for value in found[:_MOST] if len(value) <= _LONGEST)
        return (
            self._remembered(found, scope.audience)
            if sum(map(len, found)) <= 1024
            else self._open(found, scope.audience)
        )

    def _open(self, values: Iterable[str], audience: str) -> Record | None:
        records = [record for value in values if (record := self._seal.loads(value, audience))]
        if not records:
            return None
        # "Among several that verify: the newest; in a tie what all of them allow." And no refusal
        # is undone by an acceptance from before it.
        return reduce(Record.merged, sorted(records, key=lambda record: record.day, reverse=True))

    def seal(self, record: Record, scope: Scope) -> str:
        """Return the cookie's value alone."""
        return self._seal.dumps(record, scope.audience)

    def write(self, record: Record, scope: Scope) -> str:
        """Return the `Set-Cookie` value that stores a record."""
        lifetime = self._settings.lifetime.seconds
        attributes = f"Path=/; Max-Age={lifetime}; SameSite=Lax"
        if scope.domain:
            attributes += f"; Domain={scope.domain}"
        if scope.https:
            attributes += "; Secure"
        # No HttpOnly: the browser guard reads the decision. It holds no secret and no identity.
        return f"{scope.name}={self.seal(record, scope)}; {attributes}"
