"""One visitor's decision: as the cookie keeps it, and as the policy in force judges it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Literal

from msgspec import Struct

from ..errors import UnknownCategory, UsageError
from ..policy.model import ESSENTIAL, Category
from ..policy.policy import Policy

State = Literal["accepted", "refused", "undecided"]
Reason = Literal["essential", "accepted", "refused", "undecided", "gpc", "opt-out"]
ALLOWING: tuple[Reason, ...] = ("essential", "accepted", "opt-out")


class Choice(Struct, frozen=True):
    """What was decided on one category, under which token of it, and whether under a GPC signal."""

    category: str
    accepted: bool
    token: str
    under_gpc: bool = False


class Record(Struct, frozen=True):
    """A decision as it is kept: its day (UTC) and one choice a category. It identifies nobody."""

    day: date
    choices: tuple[Choice, ...] = ()

    def merged(self, other: Record) -> Record:
        """Combine two decisions of one day into what both of them allow."""
        ours, theirs = _by_category(self), _by_category(other)
        merged = []
        for id in sorted(ours.keys() | theirs.keys()):
            pair = [choices[id] for choices in (ours, theirs) if id in choices]
            refusal = next((choice for choice in pair if not choice.accepted), None)
            if refusal is not None:
                merged.append(refusal)
            elif len(pair) == 2 and pair[0].token == pair[1].token:
                merged.append(pair[0] if not pair[0].under_gpc else pair[1])
        return Record(self.day, tuple(merged))


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
    allowed: frozenset[str]
    undecided: tuple[str, ...]
    day: date | None = None
    stale: tuple[str, ...] = ()
    expired: bool = False
    gpc: bool = False
    choices: Mapping[str, Choice] = {}

    def allows(self, category: str) -> bool:
        """Tell whether cookies of a category may be set; UnknownCategory for one the policy hasn't."""
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

    def _changed(self, today: date, changes: list[Choice]) -> Record:
        changed = {choice.category: choice for choice in changes}
        # A choice that says the same already keeps its day and wording.
        for id, choice in self.choices.items():
            if (
                id in changed
                and id not in self.stale
                and changed[id].accepted == choice.accepted
                and changed[id].under_gpc <= choice.under_gpc
            ):
                changed[id] = choice
        kept = {id: choice for id, choice in self.choices.items() if id not in changed}
        same = all(self.choices.get(id) == choice for id, choice in changed.items())
        # What isn't decided anew must not live longer for it.
        day = self.day if self.day is not None and (kept or same) else today
        return Record(day, tuple(sorted((kept | changed).values(), key=lambda choice: choice.category)))


def _optional(policy: Policy, id: str) -> Category:
    category = policy.category(id)
    if category.essential:
        raise UsageError("essential cookies need no consent, and can't be refused; leave 'essential' out")
    return category


def judge(record: Record | None, policy: Policy, today: date, *, gpc: bool) -> Consent:
    """Judge what was kept under the policy in force. `gpc` is the browser's signal, raw."""
    gpc = gpc and policy.consent.gpc == "honour"
    # "Garbage, forgery, a future or expired date: no consent, never an error."
    lived = (today - record.day).days if record else 0
    expired = lived * 86400 >= (policy.consent.lifetime.seconds or 0)
    decided = record if record and lived >= 0 and not expired else None
    made = _by_category(decided) if decided else {}
    reasons = {
        category.id: _reason(category, made.get(category.id), policy, gpc=gpc)
        for category in policy.categories.values()
    }
    standing = {
        id: made[id]
        for id, category in policy.categories.items()
        if id in made and category.counts(made[id].token)
    }
    refused = {id: choice for id, choice in made.items() if id in reasons and not choice.accepted}
    return Consent(
        reasons=reasons,
        allowed=frozenset(id for id, reason in reasons.items() if reason in ALLOWING),
        undecided=tuple(
            category.id
            for category in policy.optional
            if category.id not in standing and reasons[category.id] != "gpc"
        ),
        day=decided.day if decided else None,
        stale=tuple(id for id in made if id in reasons and id not in standing),
        expired=record is not None and expired,
        gpc=gpc,
        # A stale refusal is kept until it is decided anew: under opt-out it still holds.
        choices=refused | standing,
    )


def _reason(category: Category, choice: Choice | None, policy: Policy, *, gpc: bool) -> Reason:
    if category.id == ESSENTIAL:
        return "essential"
    counts = choice is not None and category.counts(choice.token)
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
