"""Where a value stands in a policy file."""

from __future__ import annotations

KeyPath = tuple[str | int, ...]
"""The steps to a value: `("cookies", 3, "lifetime")`."""


def spell(path: KeyPath) -> str:
    """Write a path as a reader of the file would: `cookies[3].lifetime`, counted from 1."""
    text = "".join(f"[{step + 1}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".") or "the policy"
