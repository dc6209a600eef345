"""The contract's apps, unguarded, as a deployment names them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from servers_app import unguarded


def make(global_conf: Mapping[str, str] | None = None) -> Any:
    """Make the app, by a factory; PasteDeploy gives it the .ini file's own settings."""
    return unguarded


def keeps_beta(details: Any) -> str | None:
    return "keep" if details.cookie.name == "beta" else None
