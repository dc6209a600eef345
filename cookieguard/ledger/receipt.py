"""The proof of one decision, and the bytes that stand for it."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec
from msgspec import Struct
from msgspec.structs import asdict

Method = Literal["banner", "preferences", "api"]
Layer = Literal["banner", "preferences"]

_DAY = 86400
# 112 bits: nobody guesses one, and no two are alike.
_RANDOM_BYTES = 14


class Decided(Struct, frozen=True):
    """What was decided on one category, on which day (UTC), under which digest of it.

    `digest` is the whole one; its first characters alone where the decision is on an older wording.
    `gpc` tells that it was made under a Global Privacy Control signal.
    """

    category: str
    choice: Literal["accepted", "refused"]
    digest: str
    day: str
    gpc: bool = False


class Shown(Struct, frozen=True):
    """The text that a visitor decided on: HTML, in one language, as the banner or the preferences."""

    layer: Layer
    language: str
    content: str

    @property
    def hash(self) -> str:
        """SHA-256 (base64url) over all of it: a text's address in the ledger."""
        return text_hash(self.layer, self.language, self.content)


class Receipt(Struct, frozen=True):
    """One decision, as the ledger keeps it: each value as it stands in its column.

    `at` is UTC, `2026-11-25T22:40:09Z`; `decisions` is JSON; `text` the hash of what was shown, None
    where that was the site's own affair.
    """

    id: str
    at: str
    decisions: str
    method: Method
    language: str | None = None
    layer: Layer | None = None
    text: str | None = None
    path: str | None = None
    address: str | None = None

    @property
    def day(self) -> str:
        return self.at[:10]

    @property
    def decided(self) -> tuple[Decided, ...]:
        """The decisions, read back."""
        return read_decisions(self.decisions)

    @property
    def digest(self) -> str:
        """SHA-256 (base64url) over every value. The random id in it keeps the others from being guessed."""
        values = [getattr(self, name) for name in FIELDS]
        return encoded(hashlib.sha256(msgspec.json.encode(["receipt 1", *values])).digest())

    def plain(self) -> dict[str, Any]:
        """Return it as JSON has it: the decisions a list, and not JSON in JSON."""
        return {**asdict(self), "decisions": msgspec.to_builtins(self.decided)}


FIELDS = Receipt.__struct_fields__


def read_decisions(text: str) -> tuple[Decided, ...]:
    """Read what stands in a receipt's `decisions`; msgspec.DecodeError where somebody else wrote it."""
    return msgspec.json.decode(text, type=tuple[Decided, ...])


def new_id(seconds: float, seed: Sequence[str] | None = None) -> str:
    """Return a fresh receipt's id: 22 characters, safe in addresses and cookies; of one seed, one id a day.

    Three stand for the day (UTC) of a POSIX time: a day's receipts lie together in the database's index.
    """
    day = (int(seconds // _DAY) % 65536).to_bytes(2, "big")
    if seed is None:
        return encoded(day)[:3] + secrets.token_urlsafe(_RANDOM_BYTES)
    digest = hashlib.sha256(msgspec.json.encode(["id 1", *seed])).digest()
    return encoded(day)[:3] + encoded(digest[:_RANDOM_BYTES])


def time_of(seconds: float) -> str:
    """Write a POSIX time as receipts do."""
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def text_hash(layer: str, language: str, content: str) -> str:
    """Return the address of a shown text."""
    return encoded(hashlib.sha256(msgspec.json.encode(["text 1", layer, language, content])).digest())


def encoded(digest: bytes) -> str:
    """Write bytes in base64url, without padding."""
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
