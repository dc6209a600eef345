"""The nonce that a page's own Content-Security-Policy gives its scripts."""

from __future__ import annotations

import re
from collections.abc import Sequence

# What governs a script element: "script-src-elem" falls back to "script-src", that to "default-src".
_DIRECTIVES = ("script-src-elem", "script-src", "default-src")
_NONCE = re.compile(r"'nonce-([A-Za-z0-9+/_-]+={0,2})'", re.IGNORECASE)


def find_nonce(policies: Sequence[str]) -> str | None:
    """Return the first nonce of the response's values of Content-Security-Policy; None without one."""
    read = [_directives(policy) for value in policies for policy in value.split(",")]
    for directive in _DIRECTIVES:
        for policy in read:
            for source in policy.get(directive, ()):
                if nonce := _NONCE.fullmatch(source):
                    return nonce[1]
    return None


def _directives(policy: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for directive in policy.split(";"):
        name, *sources = directive.split() or [""]
        # "If policy's directive set contains a directive whose name is directive name, continue."
        found.setdefault(name.lower(), sources)
    return found
