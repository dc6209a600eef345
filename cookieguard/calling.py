"""What a callable that somebody else wrote can be called with, told before it is called."""

from __future__ import annotations

import inspect
from typing import Any


def signature_of(callee: Any) -> inspect.Signature | None:
    """Return what a callable itself takes, None where it doesn't say, as one of C."""
    try:
        # A decorator may call what it wraps with something else, as werkzeug's `Request.application` does.
        return inspect.signature(callee, follow_wrapped=False)
    except Exception:
        # It says what it likes: a proxy raises outside of a request.
        return None


def can_take(callee: Any, *arguments: object) -> bool:
    """Tell whether a callable can be called with these arguments; True where it doesn't say."""
    signature = signature_of(callee)
    if signature is None:
        return True
    try:
        signature.bind(*arguments)
    except TypeError:
        return False
    return True


def is_async(callee: Any) -> bool:
    """Tell whether what a callable returns is to be awaited, as an ASGI app's is."""
    return inspect.iscoroutinefunction(callee) or inspect.iscoroutinefunction(type(callee).__call__)
