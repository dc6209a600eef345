"""Whom a change of the policy asks again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date

from .policy import Policy


def changes(policy: Policy, old: Policy, today: date) -> dict[str, dict[str, str | None]]:
    """Return each category that is asked about again, with its tokens: `old`, None if new, and `new`.

    Of announced policies those count that are in force `today` (UTC).
    """
    policy, old = policy.on(today), old.on(today)
    return {
        id: {
            "old": old.categories[id].token if id in old.categories else None,
            "new": policy.categories[id].token,
        }
        for id in policy.asks_again(old)
    }


def describe_changes(policy: Policy, old: Policy, today: date) -> Iterator[str]:
    """Say the same in lines, with what keeps a decision where only the wording changed."""
    found = changes(policy, old, today)
    policy, old = policy.on(today), old.on(today)
    for id, tokens in found.items():
        yield f"{id}: visitors are asked again"
        if tokens["old"]:
            # Those that `old` itself takes for its own, too; and nothing that counts already is to be lost.
            earlier = policy.categories[id].accepts | old.categories[id].accepts - {tokens["old"]}
            accepts = json.dumps([*sorted(earlier), tokens["old"]])
            yield f"  if the change is editorial: [categories.{id}] accepts = {accepts}"
    if not found:
        yield "no visitor is asked again"
