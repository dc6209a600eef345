"""`completion`: what makes a shell complete the command."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from .manual import Command

_VARIABLE = "_COOKIEGUARD_COMPLETE"


@click.command(
    cls=Command,
    examples=(
        'eval "$(cookieguard completion bash)"',
        "cookieguard completion fish > ~/.config/fish/completions/cookieguard.fish",
    ),
    files={"~/.bashrc, ~/.zshrc": "where the first example's line belongs"},
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print what makes a shell complete commands and options.

    Source it in the shell's start-up file. Bash must be 4.4 or later.
    """
    root = context.find_root()
    complete = get_completion_class(shell)
    assert complete is not None
    click.echo(complete(root.command, {}, "cookieguard", _VARIABLE).source())
