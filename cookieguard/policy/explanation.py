"""Why one declaration won over the others, in a sentence."""

from __future__ import annotations

from collections.abc import Sequence

from .model import GUARD_COOKIES, Declaration, third_party_domain
from .pattern import Exact, Glob

_ORIGINS = {
    "site": "declared by the site",
    "framework": "declared by the app's own settings",
    "imported": "declared by an import",
    "catalogue": "declared by the catalogue",
}


def why(winner: Declaration, others: Sequence[Declaration], under: str | None = None) -> str:
    """Say why the winner won; `under` is the declared path that makes it essential here, if one does."""
    if winner.name in GUARD_COOKIES:
        return "one of the guard's own cookies"
    origin = _ORIGINS[winner.origin]
    if winner.service:
        origin += f"'s {winner.service}"
    parts = [_how(winner, others), origin]
    if domain := third_party_domain(winner):
        parts.append(f"for {domain} only")
    if under is not None:
        parts.append(f"essential under {under}")
    return ", ".join(parts)


def _how(winner: Declaration, others: Sequence[Declaration]) -> str:
    if isinstance(winner.pattern, Exact):
        return "exact name"
    if not isinstance(winner.pattern, Glob):
        return "regular expression"
    shorter = [other for other in others if isinstance(other.pattern, Glob) and other.origin == winner.origin]
    return "longest prefix" if shorter else "pattern"


def why_not(elsewhere: Sequence[Declaration], domain: str | None) -> str:
    """Say why nothing matched; `elsewhere` holds declarations of the name for other domains."""
    domains = dict.fromkeys(third_party_domain(declaration) for declaration in elsewhere)
    if not domains:
        return "no declaration matches"
    names = " and ".join(str(name) for name in domains)
    return f"declared for {names} only" + ("" if domain else ": say which host sets it")
