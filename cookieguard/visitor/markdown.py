"""Text -> Markdown that shows it as it is, in a paragraph and in a table's cell alike."""

from __future__ import annotations

import re

from markupsafe import Markup

# CommonMark, 2.4: "Any ASCII punctuation character may be backslash-escaped"; GFM's tables split
# at each `|` that isn't.
_SPECIAL = re.compile(r"[\\`*_\[\]<>|~&#]")
# What begins a list, a heading or a rule does so at the start of a line only.
_LEADING = re.compile(r"(?:[-+=]|(?P<number>[0-9]{1,9})(?=[.)]))")
_BREAKING = re.compile(r"[\x00-\x20\x7f\\<>|]")


class Markdown(str):
    """Markdown already: nothing in it is to be escaped."""

    __slots__ = ()


def escape_markdown(value: object) -> Markdown:
    """Escape a text, or what HTML markup says without its tags; all on one line."""
    if isinstance(value, Markdown):
        return value
    text = value.striptags() if isinstance(value, Markup) else str(value)
    line = _SPECIAL.sub(r"\\\g<0>", " ".join(text.replace("\0", "\ufffd").split()))
    leading = _LEADING.match(line)
    if leading is None:
        return Markdown(line)
    return Markdown(
        f"{leading[0]}\\{line[leading.end() :]}" if leading["number"] else f"\\{line}",
    )


def link_markdown(text: object, address: str) -> Markdown:
    """Write a link; the address is one that HTML may hold as well."""
    # CommonMark, 6.3: between `<` and `>` stands anything but line breaks and those two themselves.
    safe = _BREAKING.sub(lambda found: f"%{ord(found[0]):02X}", address).replace("&", "\\&")
    return Markdown(f"[{escape_markdown(text)}](<{safe}>)")
