"""An app guarded by configuration alone: `COOKIEGUARD_APP=shop:app … gunicorn cookieguard.serve:app`.

Importing this reads the environment, and raises ConfigurationError where it is wrong.
"""

from __future__ import annotations

from .configured import guard, load_app
from .settings import ServeSettings, settings_of_process

_settings = settings_of_process(ServeSettings)

app = application = guard(load_app(_settings), _settings)
