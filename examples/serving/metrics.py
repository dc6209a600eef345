"""PROMETHEUS_MULTIPROC_DIR=counts python metrics.py: what all processes count, for this machine alone, on port 9100.

For servers without a hook of their own to do it in, beside COOKIEGUARD_METRICS=files and the same folder.
"""

from __future__ import annotations

import os

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.multiprocess import MultiProcessCollector

registry = CollectorRegistry()
MultiProcessCollector(registry)
_, thread = start_http_server(int(os.environ.get("METRICS_PORT", "9100")), "127.0.0.1", registry)
thread.join()
