"""The pages of a site, one after the other, and the cookies that they set."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable
from urllib.parse import urlsplit

from msgspec import Struct

from .browse import Answer, Browser

# Pages that differ by their query alone show the same cookies soon.
_MOST_QUERIES = 4
_FILES = (
    ".css",
    ".js",
    ".png",
    ".jpg",
    ".jpeg",
    ".gif",
    ".svg",
    ".ico",
    ".woff",
    ".woff2",
    ".pdf",
    ".zip",
    ".gz",
)


class Bounds(Struct, frozen=True):
    """How far a crawl goes: how many pages, and how many links from where it starts."""

    pages: int = 50
    depth: int = 3


def crawl(
    browser: Browser,
    starts: Iterable[str],
    bounds: Bounds,
    progress: Callable[[str], None] = lambda address: None,
) -> list[Answer]:
    """Follow links from some pages, breadth first, by GET alone; return what each came to.

    Links that look like a log-out or a deletion are left alone.
    """
    answers: list[Answer] = []
    waiting = deque((start, 0) for start in starts)
    known = set[str]()
    queries = Counter[str]()
    while waiting and len(answers) < bounds.pages:
        address, depth = waiting.popleft()
        if address in known:
            continue
        known.add(address)
        progress(address)
        answer = browser.ask(address)
        answers.append(answer)
        # A redirect is the same page, elsewhere.
        following = [(answer.location, depth)] if answer.location else []
        if answer.page and depth < bounds.depth:
            following += [(link.address, depth + 1) for link in answer.page.links if link.is_harmless]
        for target, far in following:
            address = target.partition("#")[0]
            if browser.is_here(address) and address not in known and _is_worth_it(address, queries):
                waiting.append((address, far))
    return answers


def _is_worth_it(address: str, queries: Counter[str]) -> bool:
    path = urlsplit(address).path
    if path.lower().endswith(_FILES):
        return False
    queries[path] += 1
    return queries[path] <= _MOST_QUERIES
