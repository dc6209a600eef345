"""For PasteDeploy: `[filter:cookieguard]` with `use = egg:cookieguard` in an .ini file."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from .configured import guard
from .frameworkcookies import framework_cookies
from .settings import WSGISettings, said_to_process, settings_from
from .settings.source import section

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


def filter_factory(
    global_conf: Mapping[str, str], **local_conf: str
) -> Callable[[WSGIApplication], WSGIApplication]:
    """Return the filter that a section describes.

    Its keys are the options of docs/serving.md in lower case; the environment, and the
    file that it names, win over them. ConfigurationError lists every mistake.
    """
    folder = Path(global_conf.get("here", "."))
    title = global_conf.get("__file__", "the section")
    # The file may be one that `cookieguard.serve` reads as well; the pipeline names its own app.
    said = [source if source.text else source.without("app") for source in said_to_process(os.environ)]
    settings = settings_from(WSGISettings, *said, section(local_conf, folder, title))
    return lambda app: guard(app, settings, framework_cookies(app))


def filter_app_factory(
    app: WSGIApplication, global_conf: Mapping[str, str], **local_conf: str
) -> WSGIApplication:
    """Return the app under the filter that a section describes."""
    return filter_factory(global_conf, **local_conf)(app)
