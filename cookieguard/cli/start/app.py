"""`module:attribute` -> a WSGI app, imported as a server would."""

from __future__ import annotations

import os
import secrets
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...calling import is_async
from ...errors import PolicyError
from ...settings.objects import NoSuchObject, load_object
from ..inputs import SECRET
from ..manual import Failure

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


def load_app(spec: str) -> WSGIApplication:
    """Import an app; Failure says what is wrong with the name, or what the import raised.

    `spec` is `module:app`, `module:make_app()` for a factory, or a file's path in the module's place;
    where none is named behind it, the app is `app` or `application`.
    """
    name, _, attribute = spec.partition(":")
    if not name:
        raise Failure(
            f"--app is {spec!r}; write module:attribute, as 'shop.wsgi:app' or 'shop.py:make_app()'"
        )
    # What is to be seen is what the app itself sets.
    os.environ["COOKIEGUARD_MODE"] = "off"
    os.environ.setdefault(SECRET, secrets.token_urlsafe(32))
    folder, module = _placed(name)
    sys.path.insert(0, str(folder))
    app = _load(spec, module, attribute)
    if not callable(app):
        raise Failure(f"{spec} is {_article(type(app).__name__)}, and no WSGI app; name another attribute")
    if is_async(app):
        raise Failure(f"{spec} is an ASGI app; give a WSGI app, or record a visit and give it with --har")
    return app  # type: ignore[no-any-return]


def _placed(name: str) -> tuple[Path, str]:
    """Return the folder that a module, or a file in its place, is imported from, and the module's name."""
    if not name.endswith(".py") and "/" not in name:
        return Path.cwd(), name
    file = Path(name if name.endswith(".py") else f"{name}.py")
    if not file.is_file():
        raise Failure(f"there is no file {name!r}; write --app path/to/file.py:app")
    return file.resolve().parent, file.stem


def _load(spec: str, module: str, attribute: str) -> Any:
    try:
        return _find(module, attribute)
    except NoSuchObject as error:
        raise Failure(f"{error}; {error.remedy}") from error
    except PolicyError as error:
        problem = error.problems[0]
        raise Failure(
            f"{spec} loads a policy that isn't there or is wrong ({problem.source}: {problem.reason}); "
            "run this before you wrap the app, or begin with an empty policy file and give --force"
        ) from error
    except (Exception, SystemExit) as error:
        raise Failure(_raised(f"loading {spec}", error)) from error


def _find(module: str, attribute: str) -> Any:
    if attribute:
        return load_object(f"{module}:{attribute}")
    try:
        return load_object(f"{module}:app")
    except NoSuchObject:
        return load_object(f"{module}:application")


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
