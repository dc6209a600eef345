"""What was ruled over the cookies that come again and again."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from msgspec import Struct

from ..consent.consent import Consent
from ..cookies.setcookie import WSP
from .headers import DATE, LINK, PLAIN, REPEATING, SET_COOKIE, SPLITTING, came_before, kind_of, kind_of_header
from .outcome import Known, Outcome
from .ruling import Ruling
from .rulingkey import Key, is_dated, key_of
from .sweep import is_refused
from .verdict import UNREADABLE, Rules, Situation

_MOST = 1024
_MOST_OUTCOMES = 256
_MOST_REPEATED = 512
_MOST_KINDS = 256
_MOST_HEADERS = 64
_LONGEST_REPEATED = 128
_LONGEST_NAME = 64

Header = tuple[str, str]
"""Name and value."""


class _Remembered(Struct, eq=False):
    ruling: Ruling
    latest: Header | None
    """The whole header that it was last found for; None where that has a date."""

    def __repr__(self) -> str:
        # Error reports keep the variables of a frame: this is another visitor's cookie.
        return f"<Remembered {self.ruling.verdict.label}>"


class Memory:
    """Rulings by the cookie's name, attributes, and seconds to its end where that is a date: under one
    policy, scheme and set of reasons, and on a third party's domain or none. And which names of a
    request's cookies are refused then.

    A ruling that hangs on more than those isn't remembered.
    """

    def __init__(self) -> None:
        self._outcomes: dict[tuple[Known, ...], Outcome] = {}
        self._repeated: dict[Header, Known] = {}
        self.by_heart: Callable[[Header], Known | None] = self._repeated.get
        """Return what is known of this very header, None where it didn't come again and again."""
        self._rulings: dict[Key, _Remembered] = {}
        self._refused: dict[str, bool] = {}

    def outcome(self, known: tuple[Known, ...]) -> Outcome:
        """Return what becomes of headers of which this is known."""
        outcome = self._outcomes.get(known)
        if outcome is None:
            outcome = Outcome.of(known)
            if len(self._outcomes) >= _MOST_OUTCOMES:
                self._outcomes.clear()
            if len(known) <= _MOST_HEADERS:
                self._outcomes[known] = outcome
        return outcome

    def known(self, header: Header, clock: Callable[[], float]) -> Known | None:
        """Return what a header is, and if it is a cookie, what was ruled over such a one; None for what
        must be looked at."""
        name, value = header
        kind = kind_of(name)
        if kind == SET_COOKIE:
            return self.ruling(header, clock)
        # A date says when a cookie ends, or is one that browsers read otherwise than we do.
        if kind in (DATE, SPLITTING) or not value.isprintable():
            return None
        if kind in (PLAIN, LINK):
            return kind
        kind = kind_of_header(name, value)
        repeats = len(value) <= _LONGEST_REPEATED and (kind != REPEATING or came_before(header))
        # Pages have many lengths: they must not drive cookies out.
        if repeats and len(self._repeated) < _MOST_KINDS:
            self._repeated[header] = kind
        return kind

    def ruling(self, header: Header, clock: Callable[[], float]) -> Ruling | None:
        """Return what was ruled over such a header, None where that isn't known."""
        key = key_of(header[1], clock)
        if key is None or (found := self._rulings.get(key)) is None:
            return None
        # What is one visitor's own hardly comes twice in a row.
        if found.latest == header:
            if len(self._repeated) >= _MOST_REPEATED:
                self._repeated.clear()
            self._repeated[header] = found.ruling
        elif found.latest is not None:
            found.latest = header
        return found.ruling

    def holds_refused(
        self, cookies: Iterable[tuple[str, str]], rules: Rules, consent: Consent, situation: Situation
    ) -> bool:
        """Tell whether any of a request's cookies, as (name, value), is refused."""
        refused = self._refused
        for name, _ in cookies:
            is_one = refused.get(name)
            if is_one is None:
                is_one = is_refused(name, rules, consent, situation)
                self._remember_refused(name, is_one, rules)
            if is_one:
                return True
        return False

    def _remember_refused(self, name: str, is_one: bool, rules: Rules) -> None:
        # Visitors may make names up.
        if rules.override is None and len(name) <= _LONGEST_NAME:
            if len(self._refused) >= _MOST:
                self._refused.clear()
            self._refused[name] = is_one

    def remember(self, header: Header, ruling: Ruling, rules: Rules, now: float) -> None:
        """Keep a ruling over a header, if it is the same for any other value, path and time."""
        key = key_of(header[1], lambda: now)
        declaration = ruling.verdict.classification.declaration
        by_path = declaration is not None and declaration.essential_under
        if key is None or by_path or rules.override is not None or ruling.verdict.reason == UNREADABLE:
            return
        # Without a name of its own a cookie is known by its value.
        if not key[0].strip(WSP):
            return
        # What was amended holds a date of its own, and so may another Expires.
        if (is_dated(key) and ruling.amended is not None) or "xpires" in f"{key[1:]}".lower():
            return
        # The same ruling must stay the same object: outcomes are known by it.
        if key in self._rulings:
            return
        # A cookie that ends on a fixed day has another key each second: without a limit they would fill the
        # memory, and with one that only refuses they would keep all others out.
        if len(self._rulings) >= _MOST:
            self._rulings.clear()
            self._repeated.clear()
        self._rulings[key] = _Remembered(ruling, None if is_dated(key) else header)
