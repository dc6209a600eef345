"""The style sheets, as they are served."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from msgspec import Struct

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_AROUND = re.compile(r" ?([{};,]) ?|(?<=:) ")


def stripped(css: str) -> str:
    """Take comments and spare white space out of a style sheet that holds neither in its strings."""
    flat = " ".join(_COMMENT.sub(" ", css).split())
    return _AROUND.sub(r"\1", flat).replace(";}", "}")


class Style(Struct, frozen=True):
    """A style sheet: where it lies below the mount, and its bytes."""

    path: str
    body: bytes

    @property
    def version(self) -> str:
        """A hash of the bytes: it stands in the address, so that a cache may keep them for ever."""
        return hashlib.sha256(self.body).hexdigest()[:12]

    @property
    def address(self) -> str:
        """The address below the mount."""
        return f"{self.path}?v={self.version}"


def _read(name: str) -> Style:
    return Style(f"/{name}", stripped((Path(__file__).parent / name).read_text("utf-8")).encode())


STYLE = _read("style.css")
"""What the banner and every page need."""
POLICY_STYLE = _read("policy.css")
"""What the policy page needs beside."""
