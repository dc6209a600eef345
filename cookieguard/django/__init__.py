"""Django's own way to switch the guard on: an app for INSTALLED_APPS, and a guarded `application`.

    INSTALLED_APPS = ["cookieguard.django", …]
    MIDDLEWARE = ["cookieguard.django.middleware.CookieGuardMiddleware", …]
    COOKIEGUARD = {"POLICY": BASE_DIR / "cookies.toml"}

and in `wsgi.py`

    from cookieguard.django.wsgi import get_wsgi_application
"""
