"""How visitors decide: counts by day, language and category."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

from msgspec import Struct, field
from sqlalchemy import select

from .database import Database
from .receipt import read_decisions
from .tables import receipts

_PAGE = 5000


class Stats(Struct):
    """Receipts counted by (day or language, what was accepted), and choices by (category, choice).

    What was accepted is "all", "some" or "nothing" of what was decided.
    """

    days: Counter[tuple[str, str]] = field(default_factory=Counter)
    languages: Counter[tuple[str, str]] = field(default_factory=Counter)
    categories: Counter[tuple[str, str]] = field(default_factory=Counter)
    erased: int = 0

    @property
    def total(self) -> int:
        return sum(self.days.values())

    def add(self, day: str, language: str | None, choices: Mapping[str, str]) -> None:
        """Count one receipt."""
        accepted = sum(choice == "accepted" for choice in choices.values())
        extent = "nothing" if not accepted else "all" if accepted == len(choices) else "some"
        self.days[day, extent] += 1
        self.languages[language or "", extent] += 1
        self.categories.update(choices.items())


def count(database: Database, since: str = "", tick: Callable[[int], object] = lambda _: None) -> Stats:
    """Count the receipts of a day (UTC) and after it, in memory that grows with days alone."""
    stats = Stats()
    columns = (receipts.c.day, receipts.c.language, receipts.c.decisions)
    asked = select(*columns).where(receipts.c.day >= since).execution_options(yield_per=_PAGE)
    with database.reading() as connection:
        for page in connection.execute(asked).partitions():
            for day, language, decisions in page:
                if decisions is None:
                    stats.erased += 1
                else:
                    choices = {each.category: each.choice for each in read_decisions(decisions)}
                    stats.add(day, language, choices)
            tick(len(page))
    return stats
