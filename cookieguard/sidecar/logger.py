"""The sidecar's logger."""

import logging

logger = logging.getLogger("cookieguard.sidecar")
