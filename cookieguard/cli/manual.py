"""Commands whose help is a short manual, and errors that are a sentence."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import click

from ..errors import CookieguardError, PolicyError, SettingsError

FINE, FOUND, FAILED, UNREAD = 0, 1, 2, 141
"""Exit codes: done; done, and there is something to mend; the command couldn't do what was asked; nobody
read on, which a shell says of other tools as 128 and SIGPIPE's 13."""

_WRONG_CALL = "wrong call, or something couldn't be read"


class Command(click.Command):
    """A command with examples, exit codes and files below its options.

    `exits` says what 1 means here, or for codes that mean something else what they do; `files` is
    pairs of a file and what it is for.
    """

    def __init__(
        self,
        *args: Any,
        examples: Sequence[str] = (),
        exits: Mapping[int, str] = {},
        files: Mapping[str, str] = {},
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.examples = examples
        self.exits = {FINE: "done", **exits, FAILED: _WRONG_CALL}
        self.files = files

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what stands below the options."""
        with formatter.section("Examples"):
            for example in self.examples:
                # A line to copy isn't wrapped.
                formatter.write(f"  {example}\n")
        with formatter.section("Exit codes"):
            formatter.write_dl([(str(code), meaning) for code, meaning in self.exits.items()])
        if self.files:
            with formatter.section("Files"):
                formatter.write_dl(list(self.files.items()))


class Group(click.Group):
    """Commands; what goes wrong in one is told in a sentence on stderr."""

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        """Read the arguments; --help and --version print here already."""
        with _in_a_sentence():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; a mistake that isn't the program's own ends it with an exit code."""
        with _in_a_sentence():
            return super().invoke(ctx)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Say what the exit codes of all commands mean."""
        with formatter.section("Exit codes"):
            codes = {FINE: "done", FOUND: "done, and there is something to mend", FAILED: _WRONG_CALL}
            formatter.write_dl([(str(code), meaning) for code, meaning in codes.items()])
        formatter.write_paragraph()
        formatter.write_text("'cookieguard COMMAND --help' explains each, with examples.")


@contextmanager
def _in_a_sentence() -> Iterator[None]:
    try:
        yield
    except (PolicyError, SettingsError) as error:
        # Warnings beside them stop nothing.
        mistakes = [str(problem) for problem in error.problems if problem.level == "error"]
        raise Failure("\n".join(mistakes)) from error
    except CookieguardError as error:
        raise Failure(str(error)) from error
    except BrokenPipeError as error:
        # What waits to be written would fail once more as the process ends.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for stream in (sys.stdout, sys.stderr):
            os.dup2(nowhere, stream.fileno())
        raise SystemExit(UNREAD) from error
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        raise Failure(f"{place}{error.strerror or error}") from error


class Failure(click.ClickException):
    """The command can't do what was asked."""

    exit_code = FAILED

    def show(self, file: Any = None) -> None:
        """Print it to stderr, escaped where a terminal would obey it."""
        for line in self.message.splitlines():
            click.echo(f"Error: {printable(line)}", file=file, err=file is None)


def printable(text: object) -> str:
    """Return a text that a terminal shows and doesn't obey: what isn't printable is escaped."""
    spelled = str(text)
    if spelled.isprintable():
        return spelled
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in spelled)
