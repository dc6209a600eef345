"""What is a host, a path or a web address, and what lies under a path."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

GPC_PATH = "/.well-known/gpc.json"
"""Where browsers and auditors read that Global Privacy Control is honoured."""
LOCAL_PATH = re.compile(r"/[!-~]*")
HOST = re.compile(
    r"(?=.{1,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?",
    # Without ASCII `[a-z]` takes in what folds to it: U+017F, U+212A and two more.
    re.IGNORECASE | re.ASCII,
)
# Who decodes once more reads another path; a percent sign alone is one.
_STILL_ENCODED = re.compile(r"%(?:[0-9a-f]{2}|u)", re.IGNORECASE)


def is_mountable(mount: str) -> bool:
    """Tell whether the mount is a path of plain segments, so that a request can reach it."""
    return bool(re.fullmatch(r"(?:/[A-Za-z0-9._~-]+)+", mount)) and not {".", ".."} & set(mount.split("/"))


def is_web_address(url: str) -> bool:
    """Tell whether it is an http or https address with a host."""
    if not re.fullmatch(r"https?://[!-~]+", url):
        return False
    try:
        return bool(urlsplit(url).hostname)
    except ValueError:
        return False


def is_under(path: str, prefixes: tuple[str, ...]) -> bool:
    """Tell whether a decoded path lies under one of the prefixes, segment by segment.

    A path that servers and proxies read in different ways (`//`, dot segments, `;`, a
    backslash, something still encoded) lies under none.
    """
    if not prefixes:
        return False
    if "//" in path or ";" in path or "\\" in path or "\0" in path:
        return False
    if "%" in path and _STILL_ENCODED.search(path):
        return False
    if "/." in path and {".", ".."} & set(path.split("/")):
        return False
    return any(path == prefix or path.startswith(prefix.rstrip("/") + "/") for prefix in prefixes)
