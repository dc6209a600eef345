"""What a guard has done so far, in numbers; thread-safe."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Sequence
from typing import Literal, Protocol

from .guard.outcome import Outcome
from .guard.verdict import Verdict

Step = Literal["grant", "refusal", "withdrawal"]

MOST_NAMES = 1000
"""Of undeclared cookies; an app that invents names must not fill the memory."""
_MOST_WAITING = 1000


class Witness(Protocol):
    """Who is told of everything that is counted, at once; `by` is -1 for what never left."""

    def verdicts(self, verdicts: Sequence[Verdict], by: int) -> None: ...

    def untouched(self, reason: str) -> None: ...

    def decision(self, decision: Step) -> None: ...

    def names(self, number: int) -> None: ...


class Tally:
    """Counts verdicts, pages left as they came, visitors' decisions, and distinct undeclared names.

    `when_met` is called with the first verdict over each such name; `witness` is told of all that is
    counted, where there is one.
    """

    def __init__(self, when_met: Callable[[Verdict], object]) -> None:
        self._when_met = when_met
        self.witness: Witness | None = None
        self._verdicts: defaultdict[str, defaultdict[str | None, int]] = defaultdict(lambda: defaultdict(int))
        self._untouched: Counter[str] = Counter()
        self._decisions: Counter[Step] = Counter()
        self._names: set[str] = set()
        # Adding takes a lock and a loop; a response only sets its outcome aside.
        self._waiting: deque[Outcome] = deque()
        self._counting = threading.Lock()

    def count(self, verdicts: Sequence[Verdict], by: int = 1) -> None:
        """Add verdicts; with -1 take back what never left."""
        counts = self._verdicts
        met: list[Verdict] = []
        with self._counting:
            for verdict in verdicts:
                category = verdict.classification.category
                counts[verdict.action][category] += by
                if category is None and self._meets(verdict):
                    met.append(verdict)
        for verdict in met:
            self._when_met(verdict)
        if self.witness is not None:
            self.witness.verdicts(verdicts, by)

    def count_recalled(self, outcome: Outcome) -> None:
        """Add verdicts over cookies whose names were all counted before."""
        waiting = self._waiting
        waiting.append(outcome)
        if len(waiting) >= _MOST_WAITING:
            with self._counting:
                self._add_waiting()
        if self.witness is not None:
            self.witness.verdicts(outcome.verdicts, 1)

    def _add_waiting(self) -> None:
        waiting = self._waiting
        # Others append meanwhile; who takes from it holds the lock.
        for outcome, times in Counter([waiting.popleft() for _ in range(len(waiting))]).items():
            for verdict in outcome.verdicts:
                self._verdicts[verdict.action][verdict.classification.category] += times

    def _meets(self, verdict: Verdict) -> bool:
        """Tell whether this is an undeclared name's first time."""
        names, name = self._names, verdict.name
        if verdict.reason != "undeclared" or not name or name in names or len(names) >= MOST_NAMES:
            return False
        names.add(name)
        if self.witness is not None:
            self.witness.names(len(names))
        return True

    def count_untouched(self, reason: str) -> None:
        """Count a page that left as it came."""
        with self._counting:
            self._untouched[reason] += 1
        if self.witness is not None:
            self.witness.untouched(reason)

    def count_decision(self, decision: Step) -> None:
        """Count what a visitor decided."""
        with self._counting:
            self._decisions[decision] += 1
        if self.witness is not None:
            self.witness.decision(decision)

    @property
    def verdicts(self) -> Counter[tuple[str, str]]:
        """The verdicts so far, by (action, category or "undeclared")."""
        with self._counting:
            self._add_waiting()
            return Counter(
                {
                    (action, category or "undeclared"): count
                    for action, counted in self._verdicts.items()
                    for category, count in counted.items()
                    if count
                }
            )

    @property
    def untouched(self) -> Counter[str]:
        """The HTML responses that left without a tag so far, by the reason."""
        with self._counting:
            return self._untouched.copy()

    @property
    def decisions(self) -> Counter[Step]:
        """What visitors decided so far: acceptances, refusals, and acceptances taken back."""
        with self._counting:
            return self._decisions.copy()

    @property
    def undeclared_names(self) -> int:
        """How many names of undeclared cookies were seen; beyond MOST_NAMES they aren't told apart."""
        return len(self._names)


def step_between(before: Iterable[str], after: Iterable[str]) -> Step:
    """Name the step from the categories accepted before to those accepted after."""
    old, new = {*before}, {*after}
    if new - old:
        return "grant"
    return "withdrawal" if old - new else "refusal"
