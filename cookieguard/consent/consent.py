"""One visitor's decision: as the cookie keeps it, and as the policy in force judges it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from ..errors import UnknownCategory, UsageError
from ..policy.model import ESSENTIAL, Category
from ..policy.policy import Policy

State = Literal["accepted", "refused", "undecided"]
Reason = Literal["essential", "accepted", "refused", "undecided", "gpc", "opt-out"]
ALLOWING: tuple[Reason, ...] = ("essential", "accepted", "opt-out")


class Choice(Struct, frozen=True):
    """What was decided on one category, under which token of it, and whether under a GPC signal.

    `age` is the days between it and the newest choice of its record.
    """

    category: str
    accepted: bool
    token: str
    under_gpc: bool = False
    age: int = 0


class Record(Struct, frozen=True):
    """A decision as it is kept: one choice a category, and the day (UTC) of the newest.

    It identifies nobody.
    """

    day: date
    choices: tuple[Choice, ...] = ()

    def merged(self, older: Record) -> Record:
        """Add what another decision, of the same day or before, takes away from this one.

        Of one day, what both allow; else a refusal that was made after an acceptance.
        """
        gap = (self.day - older.day).days
        ours = _by_category(self)
        theirs = {id: replace(choice, age=choice.age + gap) for id, choice in _by_category(older).items()}
        merged = []
        for id in sorted(ours.keys() | theirs.keys()):
            our, their = ours.get(id), theirs.get(id)
            if gap and (our is None or their is None or their.accepted or their.age > our.age):
                stands = our or (their if their and not their.accepted else None)
            else:
                stands = _both(our, their)
            if stands:
                merged.append(stands)
        return Record(self.day, tuple(merged))


def _both(our: Choice | None, their: Choice | None) -> Choice | None:
    refusals = [choice for choice in (our, their) if choice and not choice.accepted]
    if refusals:
        return min(refusals, key=lambda choice: choice.age)
    if our is None or their is None or our.token != their.token:
        return None
    return replace(our, under_gpc=our.under_gpc and their.under_gpc, age=max(our.age, their.age))


def _by_category(record: Record) -> dict[str, Choice]:
    return {choice.category: choice for choice in record.choices}


class Consent(Struct, frozen=True, eq=False):
    """A decision under the policy in force, on one day.

    `reasons` says for each category why it is allowed or not. `undecided` names the categories to
    ask about, `stale` those of them whose policy changed since the decision; `expired` tells that
    the whole decision is too old, and `gpc` that the browser's Global Privacy Control signal was
    honoured.
    """

    reasons: Mapping[str, Reason]
    undecided: tuple[str, ...]
    day: date | None = None
    stale: tuple[str, ...] = ()
    expired: bool = False
    gpc: bool = False
    choices: Mapping[str, Choice] = {}

    @classmethod
    def of(cls, record: Record | None, policy: Policy, today: date, *, gpc: bool = False) -> Consent:
        """Judge what was kept, None for nothing, under the policy in force. `gpc` is the browser's signal."""
        gpc = gpc and policy.consent.gpc == "honour"
        made = {choice.category: choice for choice in _living(record, policy, today)} if record else {}
        reasons: dict[str, Reason] = {}
        kept: dict[str, Choice] = {}
        undecided, stale = [], []
        for id, category in policy.categories.items():
            choice = made.get(id)
            counts = choice is not None and category.counts(choice.token)
            reason = reasons[id] = _reason(category, choice, policy, counts=counts, gpc=gpc)
            # A stale refusal is kept until it is decided anew: under opt-out it still holds.
            if choice is not None and (counts or not choice.accepted):
                kept[id] = choice
            if choice is not None and not counts:
                stale.append(id)
            if not counts and reason != "gpc" and category.shown and not category.essential:
                undecided.append(id)
        return cls(
            reasons=reasons,
            undecided=tuple(undecided),
            day=record.day if record and made else None,
            stale=tuple(stale),
            expired=record is not None and bool(record.choices) and not made and record.day <= today,
            gpc=gpc,
            choices=kept,
        )

    def allows(self, category: str) -> bool:
        """Tell whether cookies of a category may be set; UnknownCategory for any other."""
        return self.reason(category) in ALLOWING

    def reason(self, category: str) -> Reason:
        """Say why a category is allowed or not."""
        try:
            return self.reasons[category]
        except (KeyError, TypeError):
            raise UnknownCategory(category, tuple(self.reasons)) from None

    def state(self, category: str) -> State:
        """Return what the visitor decided, a GPC signal being a refusal."""
        reason = self.reason(category)
        if reason in ("accepted", "essential"):
            return "accepted"
        return "refused" if reason in ("refused", "gpc") else "undecided"

    def granting(self, categories: Iterable[str], policy: Policy, today: date, *, gpc: bool) -> Record:
        """Return the record that also accepts these categories, under the policy in force."""
        added = [_optional(policy, id) for id in categories]
        return self._changed(today, [Choice(category.id, True, category.token, gpc) for category in added])

    def withdrawing(self, categories: Iterable[str] | None, policy: Policy, today: date) -> Record:
        """Return the record that refuses these categories, or with None every one."""
        every = {category.id for category in policy.optional} | set(self.choices)
        ids = [id for id in policy.categories if id in every] if categories is None else list(categories)
        removed = [_optional(policy, id) for id in ids]
        return self._changed(today, [Choice(category.id, False, category.token) for category in removed])

    def deciding(
        self, accepted: Iterable[str], undecided: Iterable[str], policy: Policy, today: date, *, gpc: bool
    ) -> Record:
        """Return the record of a decision on everything: these accepted, those left open, all others
        refused."""
        yes, later = {_optional(policy, id).id for id in accepted}, set(undecided)
        choices = {
            category.id: Choice(category.id, category.id in yes, category.token, gpc and category.id in yes)
            for category in policy.categories.values()
            if not category.essential
            and category.id not in later
            and (category.shown or category.id in yes or category.id in self.choices)
        }
        # What is left open isn't opened by it: a refusal stands until the visitor takes it back.
        for made in self._aged(today):
            if made.category in later and not made.accepted:
                choices[made.category] = made
        return Record(today, _sorted(choices))

    def _aged(self, today: date) -> Iterator[Choice]:
        # A refusal may be ahead; it then grows older than it is.
        passed = max(0, (today - self.day).days) if self.day else 0
        for choice in self.choices.values():
            yield replace(choice, age=choice.age + passed)

    def _changed(self, today: date, changes: list[Choice]) -> Record:
        if self.day is not None and all(self._says(choice) for choice in changes):
            return Record(self.day, _sorted(self.choices))
        # What isn't decided anew must not live longer for it.
        choices = {choice.category: choice for choice in self._aged(today)}
        choices |= {choice.category: choice for choice in changes if not self._says(choice)}
        return Record(today, _sorted(choices))

    def _says(self, choice: Choice) -> bool:
        """Tell whether this was decided already, and not under another wording."""
        made = self.choices.get(choice.category)
        if made is None or choice.category in self.stale:
            return False
        return made.accepted == choice.accepted and choice.under_gpc <= made.under_gpc


def _sorted(choices: Mapping[str, Choice]) -> tuple[Choice, ...]:
    return tuple(choices[id] for id in sorted(choices))


def _optional(policy: Policy, id: str) -> Category:
    category = policy.category(id)
    if category.essential:
        raise UsageError("essential cookies need no consent, and can't be refused; leave 'essential' out")
    return category


def _living(record: Record, policy: Policy, today: date) -> Iterator[Choice]:
    passed = (today - record.day).days
    # The cookie tells days alone.
    days = policy.consent.lifetime.days
    for choice in record.choices:
        lived = passed + choice.age
        # "A date in the future is no consent." But a refusal is one whatever a server's clock said.
        if (lived >= 0 or not choice.accepted) and lived < days:
            yield choice


def _reason(category: Category, choice: Choice | None, policy: Policy, *, counts: bool, gpc: bool) -> Reason:
    if category.id == ESSENTIAL:
        return "essential"
    accepted = counts and choice is not None and choice.accepted
    # An explicit acceptance made under the signal beats it; one made without it doesn't.
    if gpc and category.sold and not (accepted and choice is not None and choice.under_gpc):
        return "gpc"
    if accepted:
        return "accepted"
    if counts:
        return "refused"
    if policy.consent.model == "opt-out":
        # Asked again, but a refusal stands until it is: silence must not undo it.
        return "refused" if choice is not None and not choice.accepted else "opt-out"
    return "undecided"


def day_of(seconds: float) -> date:
    """Return the UTC day of a POSIX time."""
    return datetime.fromtimestamp(seconds, UTC).date()
