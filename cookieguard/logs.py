"""The guard's log as lines: for people, or JSON for what collects logs."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Literal

from .logger import logger

Form = Literal["text", "json"]
Level = Literal["debug", "info", "warning"]


class JSONLines(logging.Formatter):
    """One JSON object a record: time (ISO 8601, UTC), level, logger, message.

    What happened to a cookie stands in `cookieguard`, as action, cookie, category, reason and mode.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the record's line."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if (event := getattr(record, "cookieguard", None)) is not None:
            line["cookieguard"] = event
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def log_to_stderr(form: Form, level: Level, logger: logging.Logger = logger) -> None:
    """Write the guard's log, or another, to standard error, whatever else the process does with its logs."""
    handler = logging.StreamHandler(sys.stderr)
    text = "%(asctime)s %(levelname)s %(name)s: %(message)s"
    handler.setFormatter(JSONLines() if form == "json" else logging.Formatter(text))
    handler.set_name("cookieguard")
    for earlier in [each for each in logger.handlers if each.name == handler.name]:
        logger.removeHandler(earlier)
    logger.addHandler(handler)
    logger.setLevel(level.upper())
    # The process may write the same record again, in a form of its own.
    logger.propagate = False
