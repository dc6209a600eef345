"""What a browser holds of a visitor, compared with the policy."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from cookieguard import Classifier, Policy
from cookieguard.policy.model import Declaration

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext

# Storage throws where the visitor turned cookies off, and on about:blank.
_STORAGE = "name => { try { return {...window[name]} } catch { return {} } }"


class Jar(NamedTuple):
    """The cookies, as playwright gives them, and the storage of all open pages."""

    cookies: list[Mapping[str, Any]]
    local: dict[str, str]
    session: dict[str, str]

    @property
    def names(self) -> list[str]:
        """The cookies' names, sorted; twice where there are two of a name."""
        return sorted(cookie["name"] for cookie in self.cookies)


def jar(context: BrowserContext) -> Jar:
    """Look what a browser holds now."""
    local: dict[str, str] = {}
    session: dict[str, str] = {}
    for page in context.pages:
        local |= page.evaluate(_STORAGE, "localStorage")
        session |= page.evaluate(_STORAGE, "sessionStorage")
    return Jar(list(context.cookies()), local, session)


def refused_in(held: Jar, policy: Policy, accepted: Collection[str] = ()) -> list[str]:
    """Name what the browser holds although the policy doesn't allow it to this visitor."""
    return sorted(
        name
        for name, declaration in _declared(held, policy)
        if not _allowed(declaration, accepted, policy.guard.undeclared == "allow")
    )


def _declared(held: Jar, policy: Policy) -> Iterator[tuple[str, Declaration | None]]:
    classifier = Classifier(policy)
    for cookie in held.cookies:
        yield cookie["name"], classifier.classify(cookie["name"], cookie["domain"].lstrip(".")).declaration
    for kind, keys in (("local-storage", held.local), ("session-storage", held.session)):
        declarations = [declaration for declaration in policy.declarations if declaration.kind == kind]
        for key in keys:
            fitting = (declaration for declaration in declarations if declaration.pattern.matches(key))
            # "Undeclared" is said of cookies: a page's own state is left to it.
            if declaration := next(fitting, None):
                yield key, declaration


def _allowed(declaration: Declaration | None, accepted: Collection[str], undeclared: bool) -> bool:
    if declaration is None:
        return undeclared
    return declaration.essential_somewhere or declaration.category in accepted
