"""An app guarded by configuration alone: `COOKIEGUARD_APP=shop:app … gunicorn cookieguard.serve:app`.

Importing this reads the environment, and raises ConfigurationError where it is wrong.
"""

from __future__ import annotations

from .configured import guard, load_app
from .frameworkcookies import framework_cookies
from .settings import ServeSettings, settings_of_process

_settings = settings_of_process(ServeSettings)

_app = load_app(_settings)

app = application = guard(_app, _settings, framework_cookies(_app))
