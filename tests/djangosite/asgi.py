"""For servers."""

from __future__ import annotations

import os

from cookieguard.django.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "djangosite.settings")

application = get_asgi_application()
