"""Where the consent cookie lives: under which name, for which host, and which of several counts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import reduce

from msgspec import Struct

from ..cookies.cookieheader import split_cookie_header
from ..cookies.setcookie import PAST
from ..policy.entries import ConsentSettings
from ..policy.model import CONSENT_COOKIES, RECEIPT_COOKIES
from .consent import Record
from .seal import Seal

_LONGEST = 4096
_MOST = 50
MOST_RECEIPTS = 8
"""Of one visitor: who decides more often finds the newest."""
_ID = re.compile(r"[A-Za-z0-9_-]{22}")


class CookieScope(Struct, frozen=True):
    """The consent cookie of one host: `domain` is the shared one, None for host-only."""

    host: str
    https: bool
    domain: str | None

    @property
    def audience(self) -> str:
        """For whom a consent is signed: the shared domain, else the host."""
        return self.domain or self.host

    @property
    def name(self) -> str:
        # Over https without a shared domain the `__Host-` prefix keeps every sibling and plain
        # http out; "and then nothing else is read".
        return CONSENT_COOKIES[self.https and self.domain is None]

    @property
    def receipt_name(self) -> str:
        """The twin that holds the receipts' ids."""
        return RECEIPT_COOKIES[self.https and self.domain is None]


class Carrier:
    """Reads and writes the consent cookie of a policy. Thread-safe."""

    def __init__(self, seal: Seal, settings: ConsentSettings) -> None:
        self._seal = seal
        self._settings = settings

    def scope(self, host: str, *, https: bool) -> CookieScope:
        """Return where the consent of this host (without port, lower case) lives."""
        domain = self._settings.domain and self._settings.domain.lower()
        # Off its domain (a developer's localhost) a shared cookie couldn't be set at all.
        if domain and (host == domain or host.endswith("." + domain)):
            return CookieScope(host, https, domain)
        return CookieScope(host, https, None)

    def sent(self, cookies: Iterable[tuple[str, str]], scope: CookieScope) -> tuple[str, ...]:
        """Find what a request, as (name, value) of each cookie, holds under the consent cookie's name."""
        own = scope.name
        return tuple([value for name, value in cookies if name == own])

    def read(self, sealed: Sequence[str], scope: CookieScope) -> Record | None:
        """Find the consent among what was sent; None where none counts."""
        # Each costs an HMAC; browsers keep no more of one name than they have paths and domains for.
        found = [value for value in sealed[:_MOST] if len(value) <= _LONGEST]
        records = [record for value in found if (record := self._seal.loads(value, scope.audience))]
        if not records:
            return None
        # "Among several that verify: the newest; in a tie what all of them allow." And no refusal
        # is undone by an acceptance from before it.
        return reduce(Record.merged, sorted(records, key=lambda record: record.day, reverse=True))

    def seal(self, record: Record, scope: CookieScope) -> str:
        """Return the cookie's value alone."""
        return self._seal.dumps(record, scope.audience)

    def write(self, record: Record, scope: CookieScope) -> str:
        """Return the `Set-Cookie` value that stores a record."""
        lifetime = self._settings.lifetime.seconds
        # No HttpOnly: the browser guard reads the decision. It holds no secret and no identity.
        return f"{scope.name}={self.seal(record, scope)}; Max-Age={lifetime}; {_attributes(scope)}"

    def expire(self, scope: CookieScope) -> str:
        """Return the `Set-Cookie` value that takes the cookie away."""
        return f"{scope.name}=; {PAST}; {_attributes(scope)}"

    def read_receipts(self, cookies: str | None, scope: CookieScope) -> tuple[str, ...]:
        """Find the ids of the visitor's receipts in a `Cookie` header, newest first."""
        if not cookies or scope.receipt_name not in cookies:
            return ()
        sent = [value for name, value in split_cookie_header(cookies) if name == scope.receipt_name]
        ids = [id for value in sent[:_MOST] for id in value[:_LONGEST].split(".") if _ID.fullmatch(id)]
        return tuple(dict.fromkeys(ids))[:MOST_RECEIPTS]

    def write_receipts(self, ids: Sequence[str], scope: CookieScope) -> str:
        """Return the `Set-Cookie` value that keeps the ids of receipts; of none, that takes them away."""
        kept = f"Max-Age={self._settings.lifetime.seconds}" if ids else PAST
        return f"{scope.receipt_name}={'.'.join(ids)}; {kept}; {_attributes(scope)}; HttpOnly"


def _attributes(scope: CookieScope) -> str:
    shared = f"; Domain={scope.domain}" if scope.domain else ""
    return f"Path=/; SameSite=Lax{shared}{'; Secure' if scope.https else ''}"
