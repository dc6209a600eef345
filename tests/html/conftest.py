"""Let the tests of this room import their common parts: a folder `html` on the path is Python's own."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent))
