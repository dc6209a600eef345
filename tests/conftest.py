"""What every test shares: hypothesis profiles, chosen by HYPOTHESIS_PROFILE, and the contract."""

from __future__ import annotations

import logging
import os
import sys
import warnings
from pathlib import Path

from hypothesis import HealthCheck, settings

with warnings.catch_warnings():
    # WebOb, below WebTest, imports `cgi`; everybody else's warnings stay errors.
    warnings.filterwarnings("ignore", "'cgi' is deprecated", DeprecationWarning)
    import webtest  # noqa: F401

_quiet = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("fast", max_examples=100, **_quiet)
settings.register_profile("long", max_examples=10_000, **_quiet)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fast"))


def pytest_runtest_teardown() -> None:
    """Leave the guard's log as it was found: what sets up a server's logs takes it from who listens."""
    logger = logging.getLogger("cookieguard")
    logger.propagate = True
    logger.setLevel(logging.NOTSET)
    for handler in [each for each in logger.handlers if each.name == "cookieguard"]:
        logger.removeHandler(handler)


# Servers and tests both import `contract`, and pytest's importlib mode puts no folder on the path.
# At its end: this folder's `cli`, `policy` and so on must hide nobody else's.
_TESTS = Path(__file__).parent
sys.path += [str(_TESTS), str(_TESTS / "support")]
