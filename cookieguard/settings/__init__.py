"""What a deployment says: read from the environment and a file, checked, frozen."""

from .settings import (
    ServeSettings,
    Settings,
    WSGISettings,
    said_to_process,
    settings_from,
    settings_of_process,
)

__all__ = [
    "ServeSettings",
    "Settings",
    "WSGISettings",
    "said_to_process",
    "settings_from",
    "settings_of_process",
]
