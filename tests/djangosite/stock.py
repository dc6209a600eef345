"""The same site as its authors left it: no guard anywhere."""

from .settings import *  # noqa: F403
from .settings import INSTALLED_APPS, MIDDLEWARE, TEMPLATES

INSTALLED_APPS = [app for app in INSTALLED_APPS if "cookieguard" not in app]
MIDDLEWARE = [middleware for middleware in MIDDLEWARE if "cookieguard" not in middleware]
TEMPLATES[0]["OPTIONS"]["context_processors"].remove("cookieguard.django.context_processors.cookie_consent")
del COOKIEGUARD  # noqa: F821
WSGI_APPLICATION = None
