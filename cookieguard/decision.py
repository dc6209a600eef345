"""What a visitor decides during one request: the record, its proof, and the cookies that keep both."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from .consent.carrier import MOST_RECEIPTS
from .consent.consent import Consent, Record
from .enforcer import Enforcer, Standing
from .guard.memory import Memory
from .ledger.drafting import Occasion, draft, gains
from .ledger.receipt import Receipt
from .tally import step_between


class Decision(Struct, eq=False, gc=False):
    """The decision in force while a request is answered, and what was changed of it.

    `cookies` is the request's `Cookie` header as it came.
    """

    # Nothing here leads back to a visit: the garbage collector needn't look.
    _enforcer: Enforcer
    _standing: Standing
    _cookies: str | None
    record: Record | None = None
    """What is decided anew, None where nothing is."""
    withdrawn: bool = False
    """Whether what isn't accepted is to leave the browser at once."""
    _consent: Consent | None = None
    _receipts: tuple[str, ...] | None = None
    _counted: bool = False

    def __repr__(self) -> str:
        # No cookie's value gets into a log by this way.
        return f"<Decision at {self._standing.scope.host!r}>"

    @property
    def consent(self) -> Consent:
        """What is decided by now."""
        return self._consent or self._standing.consent

    @property
    def memory(self) -> Memory:
        """The rulings remembered for who decided so."""
        standing = self._standing
        return self._enforcer.memory(standing.rules, standing.scope, self.consent)

    def take(self, record: Record, occasion: Occasion) -> bool:
        """Put a record in force; return whether it says anything new.

        LedgerUnavailable, and nothing changed, where a ledger can't store the proof of an acceptance.
        """
        current, standing = self.consent, self._standing
        stands = record.day == current.day and set(record.choices) == set(current.choices.values())
        if stands or not record.choices:
            return False
        self._prove(record, current, occasion)
        self.record = record
        self._consent = Consent.of(record, standing.rules.policy, standing.today, gpc=standing.gpc)
        return True

    def _prove(self, record: Record, current: Consent, occasion: Occasion) -> None:
        ledger = self._enforcer.ledger
        if ledger is None:
            return
        receipt = draft(
            record,
            self._standing.rules.policy,
            occasion,
            now=self._enforcer.clock(),
            before=current,
            address=ledger.keep(occasion.address),
        )
        if gains(record, current):
            ledger.prove(receipt, occasion.shown)
            self._receipts = (receipt.id, *self._known_receipts)[:MOST_RECEIPTS]
        else:
            ledger.note(receipt, occasion.shown)
            # Who accepts nothing isn't known by any id.
            if not any(choice.accepted for choice in record.choices):
                self._receipts = ()

    def receipts(self) -> list[Receipt]:
        """Return the proof of what this visitor accepted, oldest first; LedgerUnavailable."""
        ledger = self._enforcer.ledger
        return ledger.find(self._known_receipts) if ledger and self._known_receipts else []

    def erase_receipts(self) -> int:
        """Erase that proof, and return how many receipts there were; LedgerUnavailable."""
        ledger = self._enforcer.ledger
        if ledger is None or not self._known_receipts:
            return 0
        erased = ledger.erase(self._known_receipts)
        self._receipts = ()
        return erased

    @property
    def _known_receipts(self) -> tuple[str, ...]:
        if self._receipts is not None:
            return self._receipts
        return self._enforcer.carrier.read_receipts(self._cookies, self._standing.scope)

    def cookies(self) -> Iterator[str]:
        """Yield the `Set-Cookie` values that keep the record, and the ids of its receipts; count it."""
        carrier, scope = self._enforcer.carrier, self._standing.scope
        if self.record is not None:
            self._count(self.record)
            yield carrier.write(self.record, scope)
        if self._receipts is not None and (self._receipts or scope.receipt_name in (self._cookies or "")):
            yield carrier.write_receipts(self._receipts, scope)

    def _count(self, record: Record) -> None:
        # What a second call to start_response sends is the same decision.
        if not self._counted:
            before = self._standing.consent.choices.values()
            accepted = [
                [each.category for each in made if each.accepted] for made in (before, record.choices)
            ]
            self._enforcer.tally.count_decision(step_between(*accepted))
            self._counted = True
