"""gunicorn -c gunicorn.conf.py: two workers, and metrics for this machine alone, on port 9100."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
COUNTS = Path(tempfile.gettempdir()) / f"cookieguard-counts-{os.getpid()}"

# Before anything imports prometheus_client, which looks once.
os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(COUNTS)
os.environ["COOKIEGUARD_METRICS"] = "files"
os.environ["COOKIEGUARD_CONFIG"] = str(HERE / "cookieguard.toml")

wsgi_app = "cookieguard.serve:app"
bind = "127.0.0.1:8000"
workers = 2
chdir = str(HERE)


def on_starting(server: Any) -> None:
    """Begin to count at nothing."""
    COUNTS.mkdir(mode=0o700)


def when_ready(server: Any) -> None:
    """Answer Prometheus for all workers together."""
    from prometheus_client import CollectorRegistry, start_http_server
    from prometheus_client.multiprocess import MultiProcessCollector

    registry = CollectorRegistry()
    MultiProcessCollector(registry)
    start_http_server(int(os.environ.get("METRICS_PORT", "9100")), "127.0.0.1", registry)


def on_exit(server: Any) -> None:
    shutil.rmtree(COUNTS, ignore_errors=True)
