"""The guard in front of an app in any language: a small reverse proxy (extra `sidecar`)."""

from .app import Sidecar
from .upstream import Upstream

__all__ = ["Sidecar", "Upstream"]
