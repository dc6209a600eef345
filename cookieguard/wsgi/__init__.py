"""The WSGI adapter: unpack the environ, ask the visit, repack the response (PEP 3333)."""

from ..adapter.lookup import script_tag, visit_from
from .guard import CookieGuard

__all__ = ["CookieGuard", "script_tag", "visit_from"]
