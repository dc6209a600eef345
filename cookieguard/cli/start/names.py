"""A cookie's name without the part that differs from visitor to visitor."""

from __future__ import annotations

import re

# What stands for a visitor, a form or a build: hexadecimal digits, a UUID, or letters and digits mixed.
_TAIL = re.compile(
    r"(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?=[a-f]*[0-9])[0-9a-f]{8,}"
    r"|(?=[A-Za-z]*[0-9])(?=[0-9]*[A-Za-z])[0-9A-Za-z]{16,})",
    re.I,
)
# A shorter one would match what is another's.
_SHORTEST_HEAD = 4


def family_of(name: str) -> str:
    """Return the glob of names that differ by a random tail only, or the name itself."""
    for start in range(_SHORTEST_HEAD, len(name)):
        # The tail begins where a word ends, or where its first digit follows letters.
        before = name[start - 1]
        if (before.isalnum() and not name[start].isdigit()) or "*" in name[:start]:
            continue
        if _TAIL.fullmatch(name, start):
            return f"{name[:start]}*"
    return name
