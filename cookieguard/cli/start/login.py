"""Which cookies a log-in needs: tried, by leaving each one out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Literal

from msgspec import Struct

from .browse import Answer, Browser
from .names import family_of
from .page import Form

# Each costs a log-in; some sites lock an account after a few that fail.
_MOST_TRIALS = 12

NewBrowser = Callable[[frozenset[str]], Browser]
"""Makes a fresh visitor whose browser refuses cookies of these families."""


class LogIn(Struct, frozen=True):
    """What trying the log-in showed.

    `state` is `none` (no form found), `unknown` (it asks for a password that wasn't given), `failed`, or
    `works`; then `needed` holds the cookies without which it doesn't, and `remembers` those that the box
    for staying signed in adds. All are named by their families.
    """

    state: Literal["none", "unknown", "failed", "works"] = "none"
    address: str = ""
    needed: frozenset[str] = frozenset()
    remembers: frozenset[str] = frozenset()
    tried: frozenset[str] = frozenset()


def try_log_in(
    new_browser: NewBrowser, address: str, user: str, password: str, unknown: Callable[[str], bool]
) -> LogIn:
    """Log in by the form at an address, then again without each cookie of which nothing is known."""
    first = _Trial(new_browser, address, user, password)
    form = first.form
    if form is None:
        return LogIn()
    if form.passwords and not user:
        return LogIn("unknown", address)
    if not first.worked:
        return LogIn("failed", address)
    again = _Trial(new_browser, address, user, password)
    doubtful = _families(name for name in first.held if unknown(name))[:_MOST_TRIALS]
    if first.looks != again.looks:
        # The page differs each time, so a difference says nothing.
        needed = frozenset(doubtful)
    else:
        needed = frozenset(
            name
            for name in doubtful
            if _Trial(new_browser, address, user, password, refused=name).looks != first.looks
        )
    remembering = _Trial(new_browser, address, user, password, remember=True) if _offers(form) else first
    remembers = frozenset(_families(remembering.held)) - {*_families(first.held)}
    return LogIn("works", address, needed, remembers, frozenset(doubtful))


def _families(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(map(family_of, names)))


def _offers(form: Form) -> bool:
    return any(field.remembers for field in form.fields)


class _Trial:
    """One log-in, by a visitor who has never been here."""

    def __init__(
        self,
        new_browser: NewBrowser,
        address: str,
        user: str,
        password: str,
        *,
        refused: str | None = None,
        remember: bool = False,
    ) -> None:
        browser = new_browser(frozenset({refused} if refused else ()))
        before = browser.get(address)
        self.form = before.page.log_in if before.page else None
        self.held: Sequence[str] = ()
        self.looks: tuple[object, ...] = ()
        self.worked = False
        if self.form is None or (self.form.passwords and not user):
            return
        browser.post(self.form.address, self.form.filled(user, password, remember=remember))
        # The page that showed the form shows best whether it is still needed.
        after = browser.get(address)
        self.held = browser.held
        self.looks = _looks(after)
        self.worked = after.error is None and after.status < 400 and self.looks != _looks(before)


def _looks(answer: Answer) -> tuple[object, ...]:
    """Return what tells a page for members from one for strangers, and stays the same otherwise."""
    page = answer.page
    if page is None:
        return (answer.status, answer.address)
    forms = sorted(form.address.partition("?")[0] + form.text for form in page.forms)
    links = sorted({link.address.partition("?")[0] for link in page.links})
    return (answer.status, answer.address, page.log_in is None, tuple(forms), tuple(links))
