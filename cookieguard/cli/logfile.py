"""The guard's log, read back: which verdicts were told, and how often."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable

from msgspec import Struct

from ..verdictlog import LINE, WITHOUT_CATEGORY, WOULD

_ACTIONS = {spoken: action for action, spoken in WOULD.items()}


class Told(Struct, frozen=True):
    """One kind of event: `category` is None for an undeclared cookie; each of `services` would declare it."""

    action: str
    cookie: str
    category: str | None
    reason: str
    services: tuple[str, ...] = ()


def read_log(lines: Iterable[str]) -> Counter[Told]:
    """Count what a log says of cookies, by what happened; lines of others are passed over.

    A line is what `logging` wrote, with any prefix, or a JSON object that holds the record's
    `cookieguard` field or its `message`. What report mode "would strip" counts as stripped.
    """
    return Counter(told for line in lines if (told := _read(line.rstrip("\r\n"))))


def _read(line: str) -> Told | None:
    if line.lstrip().startswith("{"):
        return _read_json(line)
    found = LINE.search(line)
    if found is None:
        return None
    action, cookie, category, reason, services = found.groups()
    if category is None and reason not in WITHOUT_CATEGORY:
        category = reason
    return Told(_ACTIONS.get(action, action), cookie, category, reason, _services(services))


def _read_json(line: str) -> Told | None:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(record, dict):
        return None
    message = next(
        (record[key] for key in ("message", "msg", "event") if isinstance(record.get(key), str)), ""
    )
    said = _read(message) if message and not message.lstrip().startswith("{") else None
    event = record.get("cookieguard")
    if isinstance(event, dict) and all(
        isinstance(event.get(key), str) for key in ("action", "cookie", "reason")
    ):
        category = event.get("category")
        known = category if isinstance(category, str) and category != "undeclared" else None
        return Told(event["action"], event["cookie"], known, event["reason"], said.services if said else ())
    return said


def _services(spelled: str | None) -> tuple[str, ...]:
    """Return the services of `use = ["php"] or ["symfony"]`."""
    try:
        named = [json.loads(each) for each in spelled.split(" or ")] if spelled else []
    except (ValueError, RecursionError):
        return ()
    return tuple(name for each in named if isinstance(each, list) for name in each if isinstance(name, str))
