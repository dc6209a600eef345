"""Hosts in addresses and texts, and whether two of them are one site's."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from ..policy.addresses import HOST

_HOST = re.compile(
    r"(?<![\w.@-])\.?((?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z]{2,63})(?![\w-])", re.ASCII
)
_ADDRESS = re.compile(r"[0-9.]+|.*:.*")


def host_of(url: object) -> str | None:
    """Return the host of a web address, lower case; None where it has none."""
    if not isinstance(url, str):
        return None
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return None
    return host.rstrip(".") or None if host and parts.scheme in ("http", "https", "ws", "wss") else None


def hosts_in(text: str) -> tuple[str, ...]:
    """Return the host names that a text names, lower case, each once."""
    found = (match[1] for match in _HOST.finditer(text.lower()))
    return tuple(dict.fromkeys(host for host in found if HOST.fullmatch(host)))


def same_site(host: str, other: str) -> bool:
    """Tell whether two hosts belong to one site, as far as that shows without a list of suffixes.

    The last two labels count, and three where the second is as short as in `co.uk`.
    """
    return host == other or _site(host) == _site(other)


def _site(host: str) -> str:
    if _ADDRESS.fullmatch(host):
        return host
    labels = host.split(".")
    short = len(labels) > 2 and len(labels[-1]) == 2 and len(labels[-2]) <= 3
    return ".".join(labels[-3:] if short else labels[-2:])
