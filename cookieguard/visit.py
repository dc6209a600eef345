"""One request's Visit: consent, verdicts, grant and withdraw; knows no environ."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from typing import Protocol

from msgspec import Struct

from .consent.consent import Consent, Record
from .decision import Decision
from .enforcer import Arrival, Enforcer, Standing
from .guard.caching import Headers, add_vary, make_private
from .guard.memory import Memory
from .guard.screen import recall, screen
from .guard.sweep import sweep
from .guard.verdict import Rules, Situation, Verdict
from .ledger.drafting import Occasion
from .ledger.receipt import Receipt, Shown
from .logger import logger
from .policy.policy import Policy
from .verdictlog import log_verdicts


class Request(Protocol):
    """What an adapter can tell of a request, asked for only when it is needed."""

    @property
    def path(self) -> str | None:
        """The decoded path from the server's root, None where it hides encoded separators."""

    @property
    def navigates(self) -> bool:
        """Whether the response is to become a page, in a tab or a frame."""

    @property
    def cross_site_subresource(self) -> bool:
        """Whether another site's page loads this without the visitor going there."""


class Visit(Struct, eq=False, gc=False):
    """One request under the guard: what the app asks and changes, and what leaves in the end.

    To an app belong `consent`, `policy`, `grant`, `withdraw`, `decide`, `receipts`, `receipt_text`,
    `erase_receipts`, `proves`, `enforced` and `verdicts`; all else is how its adapter speaks to it.

    `cookies`, `host` and `gpc` are the request's headers as they came, `scheme` is its URL's.
    """

    # Read from the request at once: a reference back to it would be a cycle for each request. So
    # nothing here leads back to a visit, and the garbage collector needn't look.
    _enforcer: Enforcer
    _cookies: str | None
    _host: str
    _scheme: str
    _gpc: str | None
    _standing: Standing | None = None
    _refused: bool = False
    _decision: Decision | None = None
    _read: bool = False
    _private: bool = False
    _excluded: bool = False
    # Whether the headers that were screened hold all that was asked and decided by now.
    _settled: bool = False
    occasion: Occasion | None = None
    """Where and how a decision is made, for its receipt; None where no ledger keeps any."""
    when_asked: Callable[[], object] | None = None
    """Called when the app asks about this visitor, or decides: a cache inside the guard must hear of it."""
    must_screen: bool = False
    """Whether the response must be screened, whatever its headers."""
    concerns_page: bool = False
    """Whether the headers that left may make browsers show a page, or fetch what a page would."""
    headers_sent: bool = False
    """Whether the response's headers were handed to the server, and nothing can be changed any more."""
    verdicts: Sequence[Verdict] = ()
    """What was decided over each cookie, once the headers left."""

    def __repr__(self) -> str:
        # No cookie's value gets into a log by this way.
        return f"<Visit of {self._host!r}>"

    # What the app asks.

    @property
    def consent(self) -> Consent:
        """What the visitor decided; a response built on it varies by `Cookie`."""
        self._reads("consent")
        return self._judged

    @property
    def policy(self) -> Policy:
        """The policy in force today."""
        return self._rules.policy

    def _reads(self, what: str) -> None:
        self._is_asked()
        if not self._read:
            if self.headers_sent:
                logger.warning(
                    "the %s was read after the headers left: the response doesn't vary by it", what
                )
            self._read = True
            self._changes()

    def _changes(self) -> None:
        self.must_screen, self._settled = True, False

    def _is_asked(self) -> None:
        if self.when_asked is not None:
            self.when_asked()

    # What the app changes.

    def grant(self, categories: Iterable[str]) -> bool:
        """Add categories to what the visitor accepts.

        UnknownCategory or UsageError for one that can't be granted; LedgerUnavailable, and nothing
        changed, where a ledger is configured and can't store the proof. False, and nothing changed,
        after the headers left or where nothing is enforced.
        """
        record = self._judged.granting(listed(categories), self.policy, self.today, gpc=self.standing.gpc)
        return self._decide(record, "grant")

    def withdraw(self, categories: Iterable[str] | None = None) -> bool:
        """Refuse some categories, or with None all of them; what they had set is expired.

        Errors and return value as with `grant`, but that this needs no proof.
        """
        refused = None if categories is None else listed(categories)
        record = self._judged.withdrawing(refused, self.policy, self.today)
        return self._refuse(record, "withdrawal")

    def decide(self, accepted: Iterable[str], *, undecided: Iterable[str] = ()) -> bool:
        """Decide on every category at once, as the visitor's form does: these yes, all others no.

        Those in `undecided` are left open, to be asked again. Errors and return value as with
        `grant`.
        """
        yes, gpc = listed(accepted), self.standing.gpc
        record = self._judged.deciding(yes, undecided, self.policy, self.today, gpc=gpc)
        return self._refuse(record, "decision")

    def _refuse(self, record: Record, what: str) -> bool:
        decided = self._decide(record, what)
        if decided:
            self._deciding().withdrawn = True
            self._changes()
        return decided

    def _decide(self, record: Record, what: str) -> bool:
        if self.headers_sent:
            logger.warning("a %s came after the headers left and changed nothing; decide before them", what)
            return False
        if not self.enforced:
            logger.warning("a %s was not stored: nothing is enforced here (mode or excluded path)", what)
            return False
        self._is_asked()
        if self._deciding().take(record, self.occasion or Occasion()):
            self._changes()
        return True

    def _deciding(self) -> Decision:
        if self._decision is None:
            self._decision = Decision(self._enforcer, self.standing, self._cookies)
        return self._decision

    # What the visitor may ask of the ledger.

    def receipts(self) -> list[Receipt]:
        """Return the proof of what this visitor accepted, oldest first; LedgerUnavailable.

        A response built on it is the visitor's own: private, and varies by `Cookie`.
        """
        self._reads("proof")
        self._private = True
        return self._deciding().receipts()

    def receipt_text(self, hash: str) -> Shown | None:
        """Return a text that was shown, by a receipt's `text`; LedgerUnavailable."""
        ledger = self._enforcer.ledger
        return ledger.text(hash) if ledger else None

    def erase_receipts(self) -> int:
        """Erase that proof, but for the traces that keep the ledger verifiable; LedgerUnavailable.

        Return how many receipts there were. Consent stands as it is. 0 after the headers left.
        """
        self._is_asked()
        if self.headers_sent:
            return 0
        # Even what was pruned long ago leaves its id in the browser.
        self._changes()
        return self._deciding().erase_receipts()

    @property
    def proves(self) -> bool | None:
        """Whether an acceptance could be proved just now; None where no ledger is configured."""
        ledger = self._enforcer.ledger
        return None if ledger is None else not ledger.is_down

    @property
    def enforced(self) -> bool:
        """Whether anything is enforced here: not in report mode, and not on an excluded path."""
        return self._enforcer.mode == "enforce" and not self._excluded

    # What the adapter asks.

    def exclude(self) -> None:
        """Leave this request alone: nothing is decided, and nothing stored."""
        self._excluded = True

    @property
    def standing(self) -> Standing:
        """What the visitor had decided when the request came, and what follows from it."""
        return self._standing or self.arrive().standing

    def arrive(self) -> Arrival:
        """Read the request's `Cookie` header, and say what the app may see of it."""
        arrival = self._enforcer.arrive(self._cookies, self._host, self._scheme, self._gpc)
        standing = self._standing = arrival.standing
        if arrival.refused or standing.forged:
            self._refused, self.must_screen = arrival.refused, True
        return arrival

    def retract(self) -> Sequence[Verdict]:
        """Take back, and return, what was decided over headers that never left: others take their place."""
        retracted, self.verdicts = self.verdicts, ()
        self._enforcer.count(retracted, -1)
        return retracted

    def restore(self, verdicts: Sequence[Verdict]) -> None:
        """Count again what was retracted: those headers had left after all."""
        self._enforcer.count(verdicts)
        self.verdicts = verdicts

    def count_untouched(self, reason: str) -> None:
        """Count a page that leaves as it came, and log it: fragments are many, and as they should be."""
        self._enforcer.count_untouched(reason)
        level = logging.DEBUG if reason == "fragment" else logging.INFO
        logger.log(level, "an HTML response left without a tag: %s", reason)

    def settle(self, headers: Headers, request: Request) -> Headers | None:
        """Decide anew over headers that waited, where anything was asked or decided meanwhile.

        They leave now. Return as `leave` does, None where what it returned stands.
        """
        leaving = None
        if not self._settled:
            self.retract()
            leaving = self.leave(headers, request)
        self.headers_sent = True
        return leaving

    def leave_from_memory(self, headers: Headers) -> Headers | None:
        """Do what `leave` does without a look at the request; None, and nothing, where one is needed."""
        enforcer = self._enforcer
        if self.must_screen or not enforcer.recalls:
            return None
        # While nothing is to be screened, nothing was decided that would have a memory of its own.
        outcome = recall(headers, (self._standing or self.standing).memory, enforcer.clock)
        if outcome is None:
            return None
        self.headers_sent = self._settled = True
        self.concerns_page = outcome.concerns_page
        if outcome.verdicts:
            self.verdicts = outcome.verdicts
            # `leave` counted their names, and then they were remembered.
            enforcer.count_recalled(outcome)
            if logger.isEnabledFor(logging.INFO):
                log_verdicts(outcome.verdicts, enforcer.mode)
        return outcome.apply(headers)

    def leave(self, headers: Headers, request: Request) -> Headers:
        """Decide over a response's headers and return those that may leave, in a new list; log and count.

        May be called again, with other headers, while none has left: everything is decided anew.
        """
        self.headers_sent = self._settled = True
        enforcer, standing = self._enforcer, self.standing
        rules, consent = standing.rules, self._judged
        memory = self._memory()
        # Where nothing stands against it, adapters ask `leave_from_memory` first.
        asked = not self.must_screen and enforcer.recalls
        outcome = None if asked else recall(headers, memory, enforcer.clock)
        if outcome is None:
            leaving, outcome = screen(headers, rules, consent, self._situation(request), memory)
        else:
            leaving = outcome.apply(headers)
        verdicts, self.concerns_page = outcome.verdicts, outcome.concerns_page
        lines: list[str] = []
        decision = self._decision
        withdrawn = decision is not None and decision.withdrawn
        if withdrawn or (self._refused and request.navigates):
            lines, swept = self._sweep(rules, consent, self._situation(request), withdrawn=withdrawn)
            verdicts = [*verdicts, *swept]
        if decision is not None or standing.forged:
            lines += self._own_cookies(request)
        if lines or self._private:
            leaving = [*make_private(leaving), *(("Set-Cookie", line) for line in lines)]
        if self._read:
            leaving = add_vary(leaving, self._varies_by())
        if verdicts:
            self.verdicts = verdicts
            enforcer.count(verdicts)
            if logger.isEnabledFor(logging.INFO):
                log_verdicts(verdicts, enforcer.mode)
            if rules.policy.guard.debug:
                leaving = [*leaving, *_debug(verdicts)]
        return leaving if enforcer.mode == "enforce" else [*headers]

    def _memory(self) -> Memory:
        """Return the rulings remembered for what the visitor has decided by now."""
        return self._decision.memory if self._decision else self.standing.memory

    def _situation(self, request: Request) -> Situation:
        by_path = self._rules.by_path and not request.cross_site_subresource
        scope = self.standing.scope
        return Situation(scope.host, scope.https, request.path if by_path else None, self._enforcer.clock())

    def _sweep(
        self, rules: Rules, consent: Consent, situation: Situation, *, withdrawn: bool
    ) -> tuple[list[str], list[Verdict]]:
        swept = sweep(self._cookies or "", rules, consent, situation, withdrawn=withdrawn)
        verdicts = [verdict for verdict, _ in swept]
        self._enforcer.leftovers.watch(verdicts, rules.policy, situation.host)
        return [line for _, expiries in swept for line in expiries], verdicts

    def _own_cookies(self, request: Request) -> Iterator[str]:
        """Yield what the guard's own cookies become: the consent, and the twin that holds receipts."""
        decision, standing = self._decision, self.standing
        decided = decision is not None and decision.record is not None
        if standing.forged and not decided and request.navigates:
            # The browser guard reads the same cookie, and can't tell.
            yield self._enforcer.carrier.expire(standing.scope)
        if decision is not None:
            yield from decision.cookies()

    @property
    def today(self) -> date:
        """The day of this request, UTC."""
        return self.standing.today

    @property
    def _rules(self) -> Rules:
        return self.standing.rules

    @property
    def _judged(self) -> Consent:
        return self._decision.consent if self._decision else self.standing.consent

    def _varies_by(self) -> Sequence[str]:
        policy = self.policy
        sells = policy.consent.gpc == "honour" and any(category.sold for category in policy.optional)
        return ("Cookie", "Sec-GPC") if sells else ("Cookie",)


def listed(categories: Iterable[str]) -> list[str]:
    """Return categories as a list; a text is one category, not its letters."""
    return [categories] if isinstance(categories, str) else list(categories)


def _debug(verdicts: Sequence[Verdict]) -> Headers:
    named = [
        f"{verdict.action} {verdict.label} ({verdict.why})"
        for verdict in verdicts
        if verdict.action != "kept"
    ]
    text = "; ".join(named).encode("ascii", "backslashreplace").decode()
    return [("X-Cookieguard", text[:2000])] if named else []
