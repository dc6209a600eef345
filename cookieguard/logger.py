"""The one logger of the guard; the sidecar's own is below it."""

import logging

logger = logging.getLogger("cookieguard")
