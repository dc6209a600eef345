"""Which template renders a page: the site's own where it has one, else the shipped one."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any, cast

from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    PackageLoader,
    PrefixLoader,
    StrictUndefined,
    TemplateNotFound,
    TemplateSyntaxError,
    pass_eval_context,
    select_autoescape,
)
from jinja2.nodes import Const, EvalContext, Extends, FromImport, Import, Include

from ..errors import ConfigurationError
from ..logger import logger
from .markdown import escape_markdown

_SHIPPED = PackageLoader("cookieguard.visitor")
_BY_FULL_NAME = PrefixLoader({"cookieguard": _SHIPPED})


@pass_eval_context
def _written(context: EvalContext, value: object) -> object:
    """Escape what goes into a Markdown template, as autoescape does for HTML."""
    return value if context.autoescape else escape_markdown(value)


def _environment(loader: BaseLoader) -> Environment:
    return Environment(
        loader=loader,
        autoescape=select_autoescape(disabled_extensions=("md",), default=True),
        finalize=_written,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # As with the policy: what is wrong is said at start, requests only read.
        auto_reload=False,
    )


class Templates:
    """The shipped templates, and the folder of a site's own that stand in for some of them.

    In the folder `cookieguard/banner.html` names the shipped `banner.html`, to extend it.
    ConfigurationError says what is wrong with a folder, or with a template in it.
    """

    def __init__(self, folder: str | PathLike[str] | None = None) -> None:
        self._shipped = _environment(ChoiceLoader([_SHIPPED, _BY_FULL_NAME]))
        self._own = self._shipped
        if folder is not None:
            own = _folder(folder)
            loader = ChoiceLoader([FileSystemLoader(own), _SHIPPED, _BY_FULL_NAME])
            self._own = _environment(loader)
            _check(self._own, own)

    def render(self, name: str, values: Mapping[str, object]) -> str:
        """Render a template; where the site's own fails, log why and render the shipped one."""
        if self._own is not self._shipped:
            try:
                return self._own.get_template(name).render(values)
            except Exception:
                # A visitor must be able to refuse and withdraw, whatever a template does.
                logger.exception("templates: %s failed, so the shipped one was shown; mend it", name)
        return self._shipped.get_template(name).render(values)


def _folder(given: str | PathLike[str]) -> Path:
    if not isinstance(given, str | PathLike) or given == "" or not Path(given).is_dir():
        named = str(given) if isinstance(given, PathLike) else given
        raise _wrong(f"{named!r} is no folder", "give the path of the one that holds your banner.html")
    return Path(given)


def _check(environment: Environment, folder: Path) -> None:
    shipped = _SHIPPED.list_templates()
    pending = [name for name in shipped if (folder / name).is_file()]
    if not pending:
        logger.warning("templates: %s holds none of %s: nothing is replaced", folder, ", ".join(shipped))
    checked: set[str] = set()
    while pending:
        name = pending.pop()
        if name not in checked:
            checked.add(name)
            pending += _needed(environment, name)


def _needed(environment: Environment, name: str) -> list[str]:
    """Compile a template and return the names of those that it can't do without."""
    loader = cast(BaseLoader, environment.loader)
    try:
        environment.get_template(name)
        tree = environment.parse(loader.get_source(environment, name)[0], name)
    except TemplateSyntaxError as error:
        raise _wrong(f"{error.filename or name}, line {error.lineno}: {error.message}", "mend it") from error
    except UnicodeDecodeError as error:
        raise _wrong(f"{name} isn't UTF-8", "save it as UTF-8") from error
    except TemplateNotFound as error:
        raise _wrong(f"no template is called {name!r}", "put it into the folder") from error
    naming: list[Any] = [*tree.find_all((Extends, Include, Import, FromImport))]
    needed = [
        str(node.template.value)
        for node in naming
        if isinstance(node.template, Const) and not getattr(node, "ignore_missing", False)
    ]
    if name in needed:
        raise _wrong(f"{name} names itself", f'for the shipped one write "cookieguard/{name}"')
    return needed


def _wrong(what: str, remedy: str) -> ConfigurationError:
    return ConfigurationError("cookieguard.E008", f"templates: {what}; {remedy}")
