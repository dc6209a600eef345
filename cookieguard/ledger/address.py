"""What a receipt keeps of the visitor's address."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from ..policy.entries import LedgerSettings
from .chain import ChainKeys


def kept_address(address: str | None, settings: LedgerSettings, keys: ChainKeys) -> str | None:
    """Return nothing, the network alone (24 bits of IPv4, 48 of IPv6), or a keyed hash."""
    if settings.address == "none" or not address:
        return None
    known = _read(address)
    if known is None:
        return None
    if settings.address == "hash":
        return keys.hide(str(known))
    bits = 24 if known.version == 4 else 48
    return str(ip_network(f"{known}/{bits}", strict=False))


def _read(address: str) -> IPv4Address | IPv6Address | None:
    try:
        read = ip_address(address.partition("%")[0])
    except ValueError:
        # A server on a Unix socket has none to tell.
        return None
    mapped = read.ipv4_mapped if isinstance(read, IPv6Address) else None
    return mapped or read
