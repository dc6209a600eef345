"""Where a decision is made, for its receipt: told of a WSGI environ and of an ASGI scope."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..ledger.drafting import Occasion
from .fields import decoded_path


def occasion_of(found: Mapping[str, Any]) -> Occasion:
    """Return the page's decoded path and the visitor's address."""
    if "wsgi.url_scheme" in found:
        path = found.get("SCRIPT_NAME", "") + found.get("PATH_INFO", "")
        return Occasion(decoded_path(path), found.get("REMOTE_ADDR"))
    client = found.get("client")
    return Occasion(found.get("path"), client[0] if client else None)
