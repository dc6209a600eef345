"""`module:attribute` -> a WSGI app, imported as a server would."""

from __future__ import annotations

import importlib
import inspect
import os
import secrets
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from ...calling import is_async
from ...errors import PolicyError
from ..inputs import SECRET
from ..manual import Failure

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

_USUAL = ("app", "application")


def load_app(spec: str) -> WSGIApplication:
    """Import an app; Failure says what is wrong with the name, or what the import raised.

    `spec` is `module:app`, `module:make_app()` for a factory, or a file's path in the module's place.
    """
    module_name, _, attribute = spec.partition(":") if not spec.startswith(":") else ("", "", "")
    if not module_name:
        raise Failure(
            f"--app is {spec!r}; write module:attribute, as 'shop.wsgi:app' or 'shop.py:make_app()'"
        )
    # What is to be seen is what the app itself sets.
    os.environ["COOKIEGUARD_MODE"] = "off"
    os.environ.setdefault(SECRET, secrets.token_urlsafe(32))
    module = _import(module_name)
    app = _attribute(module, module_name, attribute)
    if not callable(app):
        raise Failure(f"{spec} is {_article(type(app).__name__)}, and no WSGI app; name another attribute")
    if is_async(app):
        raise Failure(f"{spec} is an ASGI app; give a WSGI app, or record a visit and give it with --har")
    return app  # type: ignore[no-any-return]


def _import(name: str) -> ModuleType:
    folder, module_name = Path.cwd(), name
    if name.endswith(".py") or "/" in name:
        file = Path(name if name.endswith(".py") else f"{name}.py")
        if not file.is_file():
            raise Failure(f"there is no file {name!r}; write --app path/to/file.py:app")
        folder, module_name = file.resolve().parent, file.stem
    sys.path.insert(0, str(folder))
    try:
        return importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name and (module_name == error.name or module_name.startswith(f"{error.name}.")):
            raise Failure(
                f"there is no module {error.name!r} in {folder} or the environment; write --app module:app"
            ) from error
        raise Failure(_raised(f"importing {name}", error)) from error
    except PolicyError as error:
        problem = error.problems[0]
        raise Failure(
            f"{name} loads a policy that isn't there or is wrong ({problem.source}: {problem.reason}); "
            "run this before you wrap the app, or begin with an empty policy file and give --force"
        ) from error
    except (Exception, SystemExit) as error:
        raise Failure(_raised(f"importing {name}", error)) from error


def _attribute(module: ModuleType, name: str, attribute: str) -> Any:
    attribute, called = attribute.removesuffix("()"), attribute.endswith("()")
    if not attribute:
        attribute = next((usual for usual in _USUAL if hasattr(module, usual)), _USUAL[0])
    found: Any = module
    for step in attribute.split("."):
        if not hasattr(found, step):
            raise Failure(f"{name} has no {attribute!r}; it has {_callables(module)}")
        found = getattr(found, step)
    if not called:
        return found
    try:
        return found()
    except Exception as error:
        raise Failure(_raised(f"calling {attribute}()", error)) from error


def _callables(module: ModuleType) -> str:
    own = [
        name
        for name, value in vars(module).items()
        if callable(value) and not name.startswith("_") and not inspect.isclass(value)
    ]
    return ", ".join(sorted(own)) or "nothing that can be called"


def _raised(doing: str, error: BaseException) -> str:
    """Say what was raised, and where: the innermost line that isn't the import system's."""
    frames = [
        frame for frame in traceback.extract_tb(error.__traceback__) if not frame.filename.startswith("<")
    ]
    place = f" ({frames[-1].filename}, line {frames[-1].lineno})" if frames else ""
    return f"{doing} raised {describe(error)}{place}"


def describe(error: BaseException) -> str:
    """Return an error in one line."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:300]}" if text else type(error).__name__


def _article(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiouAEIOU' else 'a'} {noun}"
