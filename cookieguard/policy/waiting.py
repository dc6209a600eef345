"""Whose tags wait for consent: the hosts of declared providers, and the categories they wait for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from .model import ESSENTIAL, Declaration, Provider
from .policy import Policy

Needs = tuple[str, ...]
"""Categories that must all be accepted."""


def waiting_hosts(policy: Policy) -> Mapping[str, tuple[Needs, ...]]:
    """Return each host whose tags wait, lower case, the longest first, with what they wait for.

    A host may serve several providers: its tags run as soon as one of the `Needs` is met.
    """
    by_host: defaultdict[str, dict[Needs, None]] = defaultdict(dict)
    for provider in policy.providers.values():
        needs = _needs(provider, policy)
        for host in provider.hosts if needs is not None else ():
            by_host[host.lower().rstrip(".")][needs or ()] = None
    # What one essential provider needs of a host, no other may hold back.
    waiting = {host: tuple(needs) for host, needs in by_host.items() if () not in needs}
    return dict(sorted(waiting.items(), key=lambda entry: -len(entry[0])))


def _needs(provider: Provider, policy: Policy) -> Needs | None:
    """Return the categories that a provider's tags wait for, None where nothing says so.

    That is the category of its first declared cookie, and of each that it sets on a domain of its
    own: no guard reaches those.
    """
    if provider.category is not None:
        needed = {provider.category}
    else:
        own = [cookie for cookie in policy.declarations if cookie.provider == provider.id]
        if not own:
            return None
        needed = {_first(own).category} | {cookie.category for cookie in own if cookie.party == "third"}
    return tuple(sorted(needed - {ESSENTIAL}))


def _first(declarations: list[Declaration]) -> Declaration:
    return next((cookie for cookie in declarations if cookie.party == "first"), declarations[0])
