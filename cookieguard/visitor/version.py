"""What tells today's bytes from those of another day."""

from __future__ import annotations

import hashlib

from ..html.validators import VERSION_LENGTH


def version_of(content: bytes) -> str:
    """Return a hash of bytes, short enough to stand in an address or an ETag."""
    return hashlib.sha256(content).hexdigest()[:VERSION_LENGTH]
