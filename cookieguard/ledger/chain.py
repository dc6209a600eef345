"""What ties each receipt to the one before it: HMAC-SHA256 under a key of the ledger's own.

A link covers its place in the chain, the link before, the day, and the digest of the receipt. Who
can write into the database but hasn't the key can't make one. The head of a chain, signed too, says
how long it is: so the newest receipts can't be taken away unseen.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from ..errors import CookieguardError
from .receipt import encoded

_SALT = b"cookieguard.ledger"


class UnknownKey(CookieguardError, LookupError):
    """Something was signed with a key that isn't among the secret keys."""

    def __init__(self, key: str) -> None:
        super().__init__(f"key {key} isn't among the secret keys; give the older ones too, oldest first")
        self.key = key


class Head(Struct, frozen=True):
    """How long a chain is, of so many chains, and the link of its newest receipt, as it stands in its row.

    `pruned` receipts are gone from its beginning, the last of them with the link `pruned_mac`. `key` is
    the id of the key that `signature` was made with.
    """

    chain: int
    chains: int
    count: int = 0
    mac: str = ""
    pruned: int = 0
    pruned_mac: str = ""
    key: str = ""
    signature: str = ""


class ChainKeys:
    """Derived from the site's secret keys, oldest first: the newest signs, all verify.

    `newest` is the id that is written beside what it signed.
    """

    def __init__(self, secrets: Sequence[bytes]) -> None:
        derived = [hmac.digest(secret, _SALT, "sha256") for secret in secrets]
        self._keys: Mapping[str, bytes] = {
            encoded(hmac.digest(key, b"id", "sha256"))[:8]: key for key in derived
        }
        self.newest = [*self._keys][-1]
        # Not to be mistaken for a link, and the same under any database.
        self._address = hmac.digest(derived[-1], b"address", "sha256")

    def __contains__(self, key: str) -> bool:
        return key in self._keys

    def link(self, key: str, chain: int, number: int, previous: str, day: str, digest: str) -> str:
        """Return the MAC of one receipt in its place; UnknownKey where the key is gone."""
        return self._sign(key, f"link|{chain}|{number}|{previous}|{day}|{digest}")

    def erasure(self, key: str, chain: int, number: int, mac: str) -> str:
        """Return the mark that a receipt's content was taken away by us; in front the key's id."""
        return f"{key}.{self._sign(key, f'erased|{chain}|{number}|{mac}')}"

    def sign_head(self, key: str, head: Head) -> str:
        """Return a head's signature by this key, whatever stands in its row."""
        message = f"head|{head.chain}|{head.chains}|{head.count}|{head.mac}|{head.pruned}|{head.pruned_mac}"
        return self._sign(key, message)

    def signed(self, head: Head) -> Head:
        """Return a head with the newest key's signature."""
        return replace(head, key=self.newest, signature=self.sign_head(self.newest, head))

    def vouches(self, head: Head) -> bool:
        """Tell whether a head's signature is ours; UnknownKey where that can't be told."""
        # A row may hold anything.
        expected, signature = self.sign_head(str(head.key), head), str(head.signature)
        return hmac.compare_digest(expected.encode(), signature.encode())

    def hide(self, address: str) -> str:
        """Return a keyed hash: the same for one address, and not to be turned back without the key."""
        return encoded(hmac.digest(self._address, address.encode(), "sha256"))[:22]

    def seal(self, line: bytes) -> str:
        """Return the MAC of a line in the spool."""
        return encoded(hmac.digest(self._keys[self.newest], b"spool|" + line, "sha256"))

    def is_sealed(self, line: bytes, mac: str) -> bool:
        """Tell whether a line of the spool is whole, and ours."""
        macs = [encoded(hmac.digest(key, b"spool|" + line, "sha256")) for key in self._keys.values()]
        return any(hmac.compare_digest(each.encode(), mac.encode()) for each in macs)

    def _sign(self, key: str, message: str) -> str:
        try:
            secret = self._keys[key]
        except KeyError:
            raise UnknownKey(key) from None
        return encoded(hmac.digest(secret, message.encode(), "sha256"))
