"""The app, for INSTALLED_APPS."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.core.checks import register
from django.utils.autoreload import autoreload_started


class CookieGuardConfig(AppConfig):
    """Registers the system checks; no model has a table."""

    name = "cookieguard.django"
    label = "cookieguard"
    verbose_name = "Cookie guard"

    def ready(self) -> None:
        """Let `manage.py check`, `runserver` and `test` find what is wrong, and reload a changed policy."""
        from .checks import check_guard

        register(check_guard, "cookieguard")
        autoreload_started.connect(_watch)


def _watch(sender: Any, **_: object) -> None:
    from .conf import policy_file

    if (file := policy_file()) is not None:
        sender.watch_dir(file.parent, file.name)
