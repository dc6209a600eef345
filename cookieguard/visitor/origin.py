"""Whether a form was sent from the site's own pages, and where to go from there."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlsplit

from ..policy.addresses import LOCAL_PATH
from .request import PageRequest

Sender = Literal["same-origin", "foreign", "unknown"]

_DEFAULT_PORTS = {"http": 80, "https": 443}


def sender(request: PageRequest) -> Sender:
    """Tell who sent a form: "by `Sec-Fetch-Site`, else `Origin`, else `Referer`"."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return "same-origin" if site == "same-origin" else "foreign"
    claimed = request.headers.get("origin") or request.headers.get("referer")
    if claimed is None:
        return "unknown"
    own = _origin(f"{request.scheme}://{request.host}")
    return "same-origin" if own is not None and _origin(claimed) == own else "foreign"


def _origin(url: str) -> tuple[str, str, int | None] | None:
    try:
        parts = urlsplit(url)
        port = parts.port or _DEFAULT_PORTS.get(parts.scheme)
    except ValueError:
        return None
    return (parts.scheme, parts.hostname, port) if parts.hostname else None


def local_path(target: str | None) -> str | None:
    """Return a path on this site to go on to, or None for what may lead away from it."""
    # Browsers read `\` as `/`, and `//host` as another host.
    if not target or not LOCAL_PATH.fullmatch(target) or "\\" in target or target.startswith("//"):
        return None
    return target
