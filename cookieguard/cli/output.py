"""What every command prints: tables, JSON, counts, problems."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from io import StringIO
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..errors import Problem
from .manual import printable

F = TypeVar("F", bound=Callable[..., Any])

# No table is as wide: what isn't shown on a terminal isn't cut to one.
_UNBOUNDED = 10_000
_STYLES = {
    "essential": "green",
    "functional": "cyan",
    "analytics": "blue",
    "marketing": "magenta",
    "undeclared": "yellow",
}


def json_option(function: F) -> F:
    """Add `--json` to a command, as `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")(function)


def print_json(data: object) -> None:
    """Print data as JSON, in ASCII: every terminal and pipe takes it."""
    click.echo(json.dumps(data, indent=2))


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Leave it to the command: rich exits with 1, which says that there is something to mend."""
        raise BrokenPipeError


def console(*, stderr: bool = False) -> Console:
    """Return where text goes: in colours on a terminal only, and not where NO_COLOR is set."""
    return _Console(highlight=False, markup=False, soft_wrap=True, stderr=stderr)


def say(text: str, style: str = "") -> None:
    """Print a line."""
    console().print(Text(printable(text), style=style))


def note(text: str) -> None:
    """Print a line beside the result: to stderr."""
    console(stderr=True).print(Text(printable(text), style="yellow"))


def print_table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table; a cell that is a category has its colour."""
    out = console()
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        cells = [printable(cell) for cell in row]
        table.add_row(*[Text(cell, style=_STYLES.get(cell, "")) for cell in cells])
    if out.is_terminal:
        out.print(table, soft_wrap=False)
        return
    # Rich fills each line with spaces up to the column's end.
    text = StringIO()
    Console(file=text, width=_UNBOUNDED, color_system=None).print(table)
    click.echo("\n".join(line.rstrip() for line in text.getvalue().splitlines()))


def print_problems(problems: Iterable[Problem]) -> None:
    """Print mistakes and warnings, a line each."""
    for problem in problems:
        say(str(problem), style="bold red" if problem.level == "error" else "yellow")


def plain(problem: Problem) -> dict[str, object]:
    """Return a problem as JSON has it."""
    return {name: getattr(problem, name) for name in Problem.__slots__}


def count(number: int, noun: str) -> str:
    """Return a number with its noun: `1 category`, `2 categories`."""
    if number == 1:
        return f"1 {noun}"
    return f"{number} {noun.removesuffix('y') + 'ies' if noun.endswith('y') else noun + 's'}"


def is_interactive() -> bool:
    """Whether a person sits in front: both ends are a terminal."""
    return all(end is not None and end.isatty() for end in (sys.stdin, sys.stdout))
