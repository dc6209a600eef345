"""TOML, JSON or YAML bytes -> plain data that knows its line numbers."""

from __future__ import annotations

from .document import Document, Overlay, read_dict
from .files import read_file

__all__ = ["Document", "Overlay", "read_dict", "read_file"]
