"""The ASGI adapter: unpack the scope, ask the visit, repack the messages (ASGI 3)."""

from ..adapter.lookup import script_tag, visit_from
from .guard import CookieGuard

__all__ = ["CookieGuard", "script_tag", "visit_from"]
