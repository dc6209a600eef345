"""The response's `Link` header (RFC 8288): entries that load from a gate's hosts are taken out."""

from __future__ import annotations

import re

from ..cookies.setcookie import WSP
from ..guard.caching import Headers
from ..guard.fieldname import field_name
from .address import Gate, hosts_of
from .loading import LOADING_RELS

# An entry ends at a comma outside `<…>` and quotes. Possessive: a way back for each character takes
# megabytes.
_ENTRY = re.compile(r'(?:<[^>]*+>?|"(?:[^"\\]|\\.)*+"?|[^,<"]++)++', re.DOTALL)
_TARGET = re.compile(r"[ \t]*<([^>]*)>?", re.DOTALL)
_REL = re.compile(r';\s*rel\s*=\s*(?:"((?:[^"\\]|\\.)*)"?|([^\s";,]+))', re.IGNORECASE | re.DOTALL)
_IMAGES = re.compile(r';\s*imagesrcset\s*=\s*(?:"((?:[^"\\]|\\.)*)"?|([^\s";,]+))', re.IGNORECASE | re.DOTALL)


def without_held_links(headers: Headers, gate: Gate | None) -> Headers:
    """Return the headers without `Link` entries that a browser would fetch or connect to.

    The other entries keep each of their bytes.
    """
    if gate is None or not any(_is_link(name) for name, _ in headers):
        return headers
    kept: Headers = []
    for name, value in headers:
        if not _is_link(name):
            kept.append((name, value))
        elif (rest := _rest_of(value, gate)) is not None:
            kept.append((name, rest))
    return kept


def _is_link(name: str) -> bool:
    return field_name(name) == "link"


def _rest_of(value: str, gate: Gate) -> str | None:
    entries = _ENTRY.findall(value)
    kept = [entry for entry in entries if not _is_held(entry, gate)]
    if len(kept) == len(entries):
        return value
    return ",".join(kept).strip(WSP) or None


def _is_held(entry: str, gate: Gate) -> bool:
    target = _TARGET.match(entry)
    if target is None:
        return False
    rel = _REL.search(entry, target.end())
    if rel is None or LOADING_RELS.isdisjoint((rel[1] or rel[2] or "").lower().split()):
        return False
    # A host in `imagesrcset` is no less fetched; what looks like one in another place costs a preload.
    images = _IMAGES.search(entry, target.end())
    addresses = [target[1], *((images[1] or images[2] or "").replace(",", " ").split() if images else ())]
    return any(gate.holds(host) for address in addresses for host in hosts_of(address))
