"""The style sheets, as they are served."""

from __future__ import annotations

import re
from pathlib import Path

from msgspec import Struct

from .version import version_of

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_AROUND = re.compile(r" ?([{};,]) ?|(?<=:) ")
_DECLARATION = re.compile(r"(?<=[{;])(?!--)[a-z-]+:[^{};]+(?=[;}])")


def stripped(css: str) -> str:
    """Take comments and spare white space out of a style sheet that holds neither in its strings."""
    flat = " ".join(_COMMENT.sub(" ", css).split())
    return _AROUND.sub(r"\1", flat).replace(";}", "}")


def insistent(css: str) -> str:
    """Make every declaration of a stripped style sheet `!important`: a site's own rules may be more specific.

    Custom properties stay as they are, for sites to set.
    """
    return _DECLARATION.sub(r"\g<0>!important", css)


class Style(Struct, frozen=True):
    """A style sheet, and where it lies below the mount.

    `version` is the hash of its bytes: it stands in the address, so that a cache may keep them for ever.
    """

    path: str
    body: bytes
    version: str

    @property
    def address(self) -> str:
        """The address below the mount."""
        return f"{self.path}?v={self.version}"


def _read(name: str) -> Style:
    body = insistent(stripped((Path(__file__).parent / name).read_text("utf-8"))).encode()
    return Style(f"/{name}", body, version_of(body))


STYLE = _read("style.css")
"""What the banner and every page need."""
POLICY_STYLE = _read("policy.css")
"""What the policy page needs beside."""
