"""`module:name` -> the object that it names."""

from __future__ import annotations

import importlib
import inspect
import re
from types import ModuleType
from typing import Any

from ..calling import can_take

# A module is a file, and files have names like `my-shop.py`.
_SPELLED = re.compile(r"(?!\.)([^:/()]+):([\w.]+)(\(\))?")


class NoSuchObject(LookupError):
    """The text names nothing; `remedy` says what to write instead."""

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(reason)
        self.remedy = remedy


def load_object(spelled: str) -> Any:
    """Import what `module:name` names; with `()` behind, call it and return what it returns.

    NoSuchObject where there is no such thing. What the module itself raises is its own.
    """
    match = _SPELLED.fullmatch(spelled)
    if match is None:
        raise NoSuchObject(f"{spelled!r} names nothing", "write module:name, or module:name() for a factory")
    name, attributes, call = match.groups()
    found: Any = _import(name)
    module = found
    for attribute in attributes.split("."):
        try:
            found = getattr(found, attribute)
        except AttributeError:
            raise NoSuchObject(f"{name} has no {attributes!r}", f"it has {_callables(module)}") from None
    if not call:
        return found
    if not callable(found) or not can_take(found):
        raise NoSuchObject(
            f"{spelled} is no factory that can be called without arguments",
            "leave () out, or name a function that takes none",
        )
    return found()


def _import(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        # The app's own missing imports are another matter, and say so best themselves.
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise
        remedy = "start where it lies, or name its folder in PYTHONPATH"
        raise NoSuchObject(f"there is no module {error.name!r}", remedy) from None


def _callables(module: ModuleType) -> str:
    own = [
        name
        for name, value in vars(module).items()
        if callable(value) and not name.startswith("_") and not inspect.isclass(value)
    ]
    return ", ".join(sorted(own)) or "nothing that can be called"
