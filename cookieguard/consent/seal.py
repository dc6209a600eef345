"""Record <-> signed text.

    1.2026-11-22.+analytics:3f9aK1x0PQ4~30.-marketing:Zx81mGh2LwQ.SIGNATURE

`+` accepted, `*` accepted under a Global Privacy Control signal, `-` refused, each with the
category's token and, behind `~`, how many days before the day in front. Plain text, so that the
browser guard can read it; only the server can write it.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Sequence
from datetime import date
from functools import lru_cache

from itsdangerous import Signer
from itsdangerous.signer import SigningAlgorithm

from ..errors import ConfigurationError
from ..policy.entries import CATEGORY_ID
from ..policy.model import TOKEN_LENGTH
from .consent import Choice, Record

SHORTEST_KEY = 16
MAKE_KEY = "python -c 'import secrets; print(secrets.token_urlsafe(32))'"
"""What to write on a command line for a key that is long enough."""
_VERSION = "1"
_SALT = b"cookieguard.consent"
_CHOICE = re.compile(
    rf"([+*-])({CATEGORY_ID}):([A-Za-z0-9_-]{{{TOKEN_LENGTH}}})(?:~([0-9]{{1,4}}))?", re.ASCII
)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


class _HMACSHA256(SigningAlgorithm):
    """HMAC-SHA256 in one call, which takes a quarter of the time of `HMACAlgorithm`'s objects."""

    def get_signature(self, key: bytes, value: bytes) -> bytes:
        return hmac.digest(key, value, "sha256")


def key_bytes(key: object, name: str) -> bytes:
    """Return a key's bytes; ConfigurationError, which calls it by this name, where it can't be one."""
    if not isinstance(key, str | bytes):
        raise ConfigurationError("cookieguard.E002", f"{name} is {type(key).__name__}; give a str or bytes")
    encoded = key.encode() if isinstance(key, str) else key
    if len(encoded) < SHORTEST_KEY:
        raise ConfigurationError(
            "cookieguard.E003",
            f"{name} is {len(encoded)} bytes long, less than {SHORTEST_KEY}; make one with: {MAKE_KEY}",
        )
    return encoded


class Seal:
    """Signs with the newest key and takes any of them, oldest first, so that keys can rotate.

    `audience` is the host or shared domain that the text is for: it stands in the signature, not
    in the text, so one site's consent is none on another that has the same key.
    """

    def __init__(self, secret_key: str | bytes | Sequence[str | bytes]) -> None:
        listed = isinstance(secret_key, list | tuple)
        given, name = (secret_key, "a key of secret_key") if listed else ([secret_key], "secret_key")
        if not given:
            raise ConfigurationError("cookieguard.E002", "secret_key is an empty list; give at least one key")
        self.keys = tuple(key_bytes(key, name) for key in given)
        # What `key_derivation="hmac"` makes of each key, made once instead of for each cookie.
        derived = [hmac.digest(key, _SALT, "sha256") for key in reversed(self.keys)]
        algorithm = _HMACSHA256()
        self._signers = [
            Signer(key, salt=_SALT, key_derivation="none", algorithm=algorithm) for key in derived
        ]

    def dumps(self, record: Record, audience: str) -> str:
        """Write and sign a record: under 400 bytes for ten categories whose ids have up to 18 characters."""
        parts = [_VERSION, record.day.isoformat()]
        for choice in record.choices:
            sign = "-" if not choice.accepted else "*" if choice.under_gpc else "+"
            age = f"~{choice.age}" if choice.age else ""
            parts.append(f"{sign}{choice.category}:{choice.token}{age}")
        text = ".".join(parts)
        return f"{text}.{self._signers[0].get_signature(_signed(text, audience)).decode()}"

    def loads(self, sealed: str, audience: str) -> Record | None:
        """Check the signature and read the record; None for whatever isn't one of ours."""
        text, _, signature = sealed.rpartition(".")
        if not sealed.isascii():
            return None
        signed, given = _signed(text, audience), signature.encode()
        for signer in self._signers:
            # Not decoded first: base64 decoders overlook stray characters and the two bits that 32
            # bytes leave over, so that one signature would have many spellings.
            if hmac.compare_digest(signer.get_signature(signed), given):
                return _record(text)
        return None


def read_unsigned(sealed: str) -> Record | None:
    """Read what a cookie says without checking who wrote it: to show it to a person, never to obey it."""
    return _record(sealed.rpartition(".")[0]) if sealed.isascii() else None


def _record(text: str) -> Record | None:
    version, _, rest = text.partition(".")
    day, dot, choices = rest.partition(".")
    made_on, made = _date(day), _choices(choices) if dot else ()
    if version != _VERSION or made_on is None or made is None:
        return None
    return Record(made_on, made)


# A cookie is a visitor's own, but what visitors decide, and on which days, is soon all known.
@lru_cache(maxsize=512)
def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        return None


@lru_cache(maxsize=512)
def _choices(text: str) -> tuple[Choice, ...] | None:
    matches = [_CHOICE.fullmatch(choice) for choice in text.split(".")]
    return tuple(_choice(match) for match in matches if match) if all(matches) else None


def _choice(match: re.Match[str]) -> Choice:
    sign, category, token, age = match.groups()
    return Choice(category, sign != "-", token, sign == "*", int(age or 0))


def _signed(text: str, audience: str) -> bytes:
    # No audience holds a `|`, so no two pairs make the same bytes.
    return f"{audience}|{text}".encode("ascii", "backslashreplace")
