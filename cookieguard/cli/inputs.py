"""What commands are given: files, policies, secrets."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import IO, Any, BinaryIO, TypeVar

import click

from ..cookies.setcookie import parse_set_cookie
from ..errors import PolicyError
from ..policy.document import Overlay
from ..policy.policy import Policy
from ..settings.secret import keys_in
from ..settings.settings import keys_of_process
from .manual import Failure

F = TypeVar("F", bound=Callable[..., Any])

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
FILE_OR_STDIN = click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path)
NEW_FILE = click.Path(dir_okay=False, writable=True, path_type=Path)

SECRET = "COOKIEGUARD_SECRET"  # noqa: S105 - the variable's name
SECRET_FILES = {
    "--secret-file": "never an argument: those are seen by all on the machine",
    f"${SECRET}_FILE": "such a file, where none is given",
    f"${SECRET}": "or a single key in its place",
}
"""What a command's manual says of `secret_option`."""


def policy_option(help: str, *, required: bool = False) -> Callable[[F], F]:
    """Add `--policy FILE` to a command."""
    return click.option("--policy", "policy_file", type=FILE, metavar="FILE", required=required, help=help)


def secret_option(function: F) -> F:
    """Add `--secret-file FILE` to a command; `secret_keys` reads it."""
    help = (
        f"The site's keys, a line each, oldest first (default: ${SECRET}_FILE, or a single key in ${SECRET})."
    )
    return click.option("--secret-file", type=FILE, metavar="FILE", help=help)(function)


def output_option(
    help: str, *, flags: Sequence[str] = ("--output", "-o"), policy: str | None = None
) -> Callable[[F], F]:
    """Add `--output FILE` to a command, or other flags, and `--force`.

    `policy` is the usual name of the file where a policy is written, None where something else is.
    """
    usual: dict[str, Any] = {"default": policy, "show_default": True, "callback": _policy_output}
    output = click.option(
        *flags, type=NEW_FILE, metavar="FILE", help=help, **(usual if policy is not None else {})
    )
    force = click.option("--force", is_flag=True, help="Write over FILE where it is there already.")
    return lambda function: output(force(function))


def _policy_output(context: click.Context, parameter: click.Parameter, file: Path) -> Path:
    """Take a policy's name to write to: TOML is what commands write."""
    if file.suffix.lower() != ".toml":
        raise click.BadParameter(f"{file} doesn't end with .toml, which is what is written")
    return file


def load_policy(file: Path, over: Overlay | None = None) -> Policy:
    """Load a policy that a command relies on, with `over` in place of its own; Failure lists its mistakes."""
    try:
        return Policy.from_file(file, over=over)
    except PolicyError as error:
        mistakes = [str(problem) for problem in error.problems if problem.level == "error"]
        raise Failure(
            "\n".join([*mistakes, f"{file} doesn't load; see 'cookieguard check {file}'"])
        ) from error


def read_bytes(file: Path) -> bytes:
    """Read a file, or with `-` what is piped in."""
    if str(file) == "-":
        return _stdin().read()
    return file.read_bytes()


def _stdin() -> BinaryIO:
    # It is None in a process that was started without one.
    if sys.stdin is None:
        raise click.UsageError("stdin is closed; pipe something in, or give a file")
    return sys.stdin.buffer


def read_lines(file: Path) -> Iterator[str]:
    """Yield the lines of a file or `-`, however long it is; what isn't UTF-8 is replaced."""
    if str(file) == "-":
        yield from TextIOWrapper(_stdin(), "utf-8", "replace")
        return
    with file.open(encoding="utf-8", errors="replace") as opened:
        yield from opened


def read_text(file: Path) -> str:
    """Read a file or `-` as UTF-8; Failure says on which line it isn't."""
    data = read_bytes(file)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise Failure(f"{file}:{line}: isn't UTF-8; save it as UTF-8") from error


def can_be_stored(name: str) -> bool:
    """Tell whether some browser stores a cookie of this name."""
    cookie = parse_set_cookie(f"{name}=x; Secure; HttpOnly; Path=/")
    return cookie is not None and cookie.name == name != ""


@contextmanager
def new_file(file: Path, *, force: bool) -> Iterator[IO[str]]:
    """Open a new file to write text into, and over another only with `force`; else Failure."""
    try:
        opened = file.open("w" if force else "x", encoding="utf-8", newline="\n")
    except FileExistsError:
        raise _taken(file) from None
    with opened:
        yield opened


def write_file(file: Path, text: str, *, force: bool) -> None:
    """Write a text into a file as `new_file` opens it."""
    with new_file(file, force=force) as opened:
        opened.write(text)


def refuse_taken(file: Path, *, force: bool) -> None:
    """Raise Failure where `new_file` will: before the work that comes first."""
    if file.exists() and not force:
        raise _taken(file)


def _taken(file: Path) -> Failure:
    return Failure(f"{file} is there already; give --force to write over it, or another name")


def secret_keys(secret_file: Path | None) -> list[str]:
    """Return the keys, oldest first: a line each of a file, else as the environment says; [] for none.

    SettingsError where that says a wrong one. They are never an argument: those are seen by every user
    of the machine.
    """
    if secret_file is not None:
        keys = [key for _, key in keys_in(read_text(secret_file))]
        if not keys:
            raise Failure(f"{secret_file} holds no key; write one a line, the oldest first")
        return keys
    return [*keys_of_process()]


def stdin_is_piped() -> bool:
    """Whether something may come by stdin, other than by a person's typing."""
    return sys.stdin is not None and not sys.stdin.isatty()
