"""A cookie's name -> its declaration and category, and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import cache, lru_cache

from msgspec import Struct

from ..errors import UsageError
from .addresses import is_under
from .catalogue import load_service, service_names, services_with
from .explanation import why, why_not
from .index import Index
from .model import ESSENTIAL, Declaration, Provider, third_party_domain
from .policy import Policy

_REMEMBERED = 4096
_LONGEST_HOST = 253


class Classification(Struct, frozen=True):
    """What the policy says of one cookie; `category` is None where it says nothing."""

    category: str | None = None
    declaration: Declaration | None = None
    provider: Provider | None = None

    @property
    def declared(self) -> bool:
        return self.declaration is not None


UNDECLARED = Classification()


class Explanation(Struct, frozen=True):
    """Why a cookie is classified as it is.

    `declaration` is the winner, None for an undeclared cookie, and `reason` one sentence about it.
    `others` matched too, the next in rank first. `elsewhere` holds declarations of the name that
    count on another domain only, `suggestions` what `use` may want where the name is undeclared.
    """

    name: str
    classification: Classification
    reason: str
    declaration: Declaration | None = None
    others: tuple[Declaration, ...] = ()
    elsewhere: tuple[Declaration, ...] = ()
    suggestions: tuple[str, ...] = ()


class Classifier:
    """Answers what a cookie is, from a policy alone; needs no web framework.

    Thread-safe; look-ups take the same time for ten declarations and ten thousand.
    """

    def __init__(self, policy: Policy) -> None:
        if not isinstance(policy, Policy):
            raise UsageError(f"policy is {type(policy).__name__}; give a Policy, as Policy.from_file(…) does")
        cookies = [declaration for declaration in policy.declarations if declaration.kind == "cookie"]
        self._providers = policy.providers
        self._first_party = Index(cookie for cookie in cookies if cookie.party == "first")
        by_domain: defaultdict[str, list[Declaration]] = defaultdict(list)
        for cookie in cookies:
            if domain := third_party_domain(cookie):
                by_domain[domain].append(cookie)
        self._third_party = {domain: Index(declarations) for domain, declarations in by_domain.items()}
        self._remembered = lru_cache(maxsize=_REMEMBERED)(self._look_up)

    def classify(self, name: str, domain: str | None = None, path: str | None = None) -> Classification:
        """Classify a cookie by name.

        `domain` is the host that sets or receives it: a third party's declarations match under
        their own domain only, so without it they don't. `path` is the request's decoded path: it
        makes a cookie essential where the policy says `essential_under`; leave it out where that
        must not count.
        """
        found = self._remembered(name, domain) if len(name) <= 256 else self._look_up(name, domain)
        declaration = found.declaration
        if path is not None and declaration is not None and is_under(path, declaration.essential_under):
            return Classification(ESSENTIAL, declaration, found.provider)
        return found

    @classmethod
    def from_catalogue(cls) -> Classifier:
        """Return the classifier over every service of the catalogue, third parties' domains included.

        It says what a cookie usually is, and authorises nothing: a site has a policy for that.
        """
        return _over_catalogue()

    def explain(self, name: str, domain: str | None = None, path: str | None = None) -> Explanation:
        """Classify as `classify` does, and say why: who won, who matched too, what could be meant."""
        classification = self.classify(name, domain, path)
        matching = list(self._matching(name, domain))
        elsewhere = tuple(self._elsewhere(name, domain))
        if not matching:
            suggestions = services_with(name, domain)
            reason = why_not(elsewhere, domain)
            return Explanation(name, classification, reason, elsewhere=elsewhere, suggestions=suggestions)
        winner, *others = matching
        under = next((prefix for prefix in winner.essential_under if is_under(path or "", (prefix,))), None)
        reason = why(winner, others, under)
        return Explanation(name, classification, reason, winner, tuple(others), elsewhere)

    def _matching(self, name: str, domain: str | None) -> Iterator[Declaration]:
        for declared in self._third_party_domains(domain or ""):
            yield from self._third_party[declared].find_all(name)
        yield from self._first_party.find_all(name)

    def _elsewhere(self, name: str, domain: str | None) -> Iterator[Declaration]:
        here = {*self._third_party_domains(domain or "")}
        for declared, index in self._third_party.items():
            # What matches every name says nothing about this one.
            found = index.find(name) if declared not in here else None
            if found is not None and found.pattern.specificity:
                yield found

    def _look_up(self, name: str, domain: str | None) -> Classification:
        declaration = self._third_party_declaration(name, domain) if domain else None
        declaration = declaration or self._first_party.find(name)
        if declaration is None:
            return UNDECLARED
        provider = self._providers.get(declaration.provider) if declaration.provider else None
        return Classification(declaration.category, declaration, provider)

    def third_party_domain(self, host: str) -> str:
        """Return the longest domain that a third party is declared with and the host lies in, or ""."""
        return next(self._third_party_domains(host), "")

    def _third_party_declaration(self, name: str, domain: str) -> Declaration | None:
        for declared in self._third_party_domains(domain):
            if declaration := self._third_party[declared].find(name):
                return declaration
        return None

    def _third_party_domains(self, host: str) -> Iterator[str]:
        # Each label costs a look-up: no more of them than a host name can have.
        suffix = host.lower().strip(".") if self._third_party and len(host) <= _LONGEST_HOST else ""
        while suffix:
            if suffix in self._third_party:
                yield suffix
            suffix = suffix.partition(".")[2]


@cache
def _over_catalogue() -> Classifier:
    # Of those that share a name, the one that declares the least has it for all: a session of PHP is
    # PHP's before it is a shop's.
    general_first = sorted(service_names(), key=lambda name: len(load_service(name).declarations))
    return Classifier(Policy.from_dict({"use": general_first}))
