"""The end of processes that tests start."""

from __future__ import annotations

import subprocess
from typing import Any


def end(*processes: subprocess.Popen[Any], patience: float = 10) -> None:
    """End processes, each asked first; what is still there after some seconds is killed."""
    for process in processes:
        process.terminate()
    for process in processes:
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
