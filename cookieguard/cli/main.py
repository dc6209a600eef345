"""Commands over a policy file: check, schema."""

from __future__ import annotations

import json
from pathlib import Path

import click
from rich.console import Console
from rich.text import Text

from ..errors import PolicyError, Problem
from ..policy.entries import json_schema
from ..policy.model import CONSENT_COOKIES
from ..policy.policy import Policy

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="cookieguard")
def main() -> None:
    """Declare a site's cookies once; see what a policy file says, and what is wrong with it."""


@main.command()
@click.argument("file", type=_FILE)
@click.option("--against", type=_FILE, metavar="OLD", help="Also say whom the change from OLD asks again.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
def check(file: Path, against: Path | None, as_json: bool) -> None:
    """Check the policy FILE: every mistake with its line, what is wrong, and what to write.

    Exits with 0 if the policy loads (warnings included), 1 if it has mistakes, 2 for a wrong call.
    """
    policy, problems = _load(file)
    old, old_problems = _load(against) if against else (None, [])
    old_errors = [problem for problem in old_problems if problem.level == "error"]
    changes = _changes(policy, old) if policy and old else {}
    if as_json:
        report = {
            "ok": policy is not None and (against is None or old is not None),
            "problems": [_plain(problem) for problem in [*problems, *old_errors]],
            "digests": {id: category.token for id, category in policy.categories.items()} if policy else {},
        }
        click.echo(json.dumps(report | ({"asks_again": changes} if old else {}), indent=2))
    else:
        console = Console(highlight=False, markup=False, soft_wrap=True)
        _print_check(console, file, policy, problems)
        if policy and against:
            _print_changes(console, against, old_errors, changes)
    raise SystemExit(0 if policy and (against is None or old) else 1)


@main.command()
def schema() -> None:
    """Print the JSON Schema of the policy file, for editors.

    \b
    In a TOML file, editors with Taplo read it from the first line:
      #:schema ./cookies.schema.json
    """
    click.echo(json.dumps(json_schema(), indent=2))


def _load(file: Path) -> tuple[Policy | None, list[Problem]]:
    try:
        policy = Policy.from_file(file)
    except PolicyError as error:
        return None, list(error.problems)
    return policy, list(policy.warnings)


def _changes(policy: Policy, old: Policy) -> dict[str, dict[str, str | None]]:
    return {
        id: {
            "old": old.categories[id].token if id in old.categories else None,
            "new": policy.categories[id].token,
        }
        for id in policy.asks_again(old)
    }


def _plain(problem: Problem) -> dict[str, object]:
    return {name: getattr(problem, name) for name in Problem.__slots__}


def _print_check(console: Console, file: Path, policy: Policy | None, problems: list[Problem]) -> None:
    _print_problems(console, problems)
    if policy is None:
        errors = sum(problem.level == "error" for problem in problems)
        console.print(f"{file}: {_count(errors, 'mistake')}; the guard will not start")
        return
    declared = sum(declaration.name not in CONSENT_COOKIES for declaration in policy.declarations)
    console.print(
        f"{file}: {_count(declared, 'cookie')} declared, {_count(len(policy.optional), 'category')} to decide on, "
        f"{_count(len(problems), 'warning')}"
    )


def _print_changes(
    console: Console, against: Path, errors: list[Problem], changes: dict[str, dict[str, str | None]]
) -> None:
    _print_problems(console, errors)
    if errors:
        console.print(f"{against}: doesn't load, so nothing is compared")
        return
    for id, change in changes.items():
        console.print(f"{id}: visitors are asked again")
        if change["old"]:
            accepts = f'[categories.{id}] accepts = ["{change["old"]}"]'
            console.print(f"  if the change is editorial: {accepts}")
    if not changes:
        console.print("no visitor is asked again")


def _print_problems(console: Console, problems: list[Problem]) -> None:
    for problem in problems:
        console.print(Text(str(problem), style="bold red" if problem.level == "error" else "yellow"))


def _count(number: int, noun: str) -> str:
    plural = noun.removesuffix("y") + "ies" if noun.endswith("y") else noun + "s"
    return f"{number} {noun if number == 1 else plural}"
