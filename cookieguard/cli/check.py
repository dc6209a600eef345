"""`check` and `schema`: what is wrong with a policy file, for people, editors and CI."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import click
from msgspec import Struct

from ..errors import PolicyError, Problem
from ..policy.changes import changes, describe_changes
from ..policy.entries import json_schema
from ..policy.model import GUARD_COOKIES
from ..policy.policy import Policy
from .inputs import FILE
from .manual import FAILED, FINE, FOUND, Command
from .output import count, plain, print_json, print_problems, say

# Also of a file that another one imports or announces.
_UNREADABLE = "cookieguard.E101"


class Checked(Struct, frozen=True):
    """A policy file, loaded or not."""

    file: Path
    policy: Policy | None
    problems: tuple[Problem, ...]

    @property
    def errors(self) -> list[Problem]:
        return [problem for problem in self.problems if problem.level == "error"]


@click.command(
    cls=Command,
    examples=(
        "cookieguard check cookies.toml",
        "cookieguard check cookies.toml --against old.toml",
        "cookieguard check --format github policies/*.toml",
    ),
    exits={FOUND: "a policy has mistakes (warnings don't count)"},
    files={"FILE": "a policy: .toml, .json, or .yaml with the extra 'yaml'"},
)
@click.argument("files", nargs=-1, required=True, type=FILE, metavar="FILE...")
@click.option("--against", type=FILE, metavar="OLD", help="Also say whom the change from OLD asks again.")
@click.option(
    "--format",
    type=click.Choice(["text", "json", "github"]),
    default="text",
    help="text (default), json, or annotations for GitHub's workflows.",
)
@click.option("--json", "as_json", is_flag=True, help="Short for --format json.")
def check(files: tuple[Path, ...], against: Path | None, format: str, as_json: bool) -> None:
    """Check policy files: every mistake, with its line.

    Says of every mistake and every likely one where it is, what is wrong and what to write instead,
    all at once. With --against it compares with an older file: which categories visitors are asked
    about again, and how to say that a change is editorial.
    """
    if against and len(files) > 1:
        raise click.UsageError("--against compares with one FILE; give one")
    checked = [_load(file) for file in files]
    old = _load(against) if against else None
    read = [*checked, *([old] if old else [])]
    ok = all(each.policy for each in read)
    if as_json or format == "json":
        reports = [_report(each, old) for each in checked]
        print_json(reports[0] if len(files) == 1 else {"ok": ok, "files": reports})
    elif format == "github":
        for each in read:
            _print_annotations(each.problems)
    else:
        for each in checked:
            _print_check(each)
        if old:
            _print_changes(checked[0].policy, old)
    unread = any(problem.id == _UNREADABLE for each in read for problem in each.errors)
    raise SystemExit(FINE if ok else FAILED if unread else FOUND)


@click.command(
    cls=Command,
    examples=("cookieguard schema > cookies.schema.json",),
    files={"cookies.schema.json": "where editors look for it, by the line above"},
)
def schema() -> None:
    """Print the JSON Schema of the policy file.

    Editors complete and check keys with it. In a TOML file, those with Taplo read it from the first
    line:

    \b
      #:schema ./cookies.schema.json
    """
    click.echo(json.dumps(json_schema(), indent=2))


def _load(file: Path) -> Checked:
    try:
        policy = Policy.from_file(file)
    except PolicyError as error:
        return Checked(file, None, error.problems)
    return Checked(file, policy, policy.warnings)


def _report(checked: Checked, old: Checked | None) -> dict[str, object]:
    policy = checked.policy
    problems = [*checked.problems, *(old.errors if old else ())]
    report: dict[str, object] = {
        "file": str(checked.file),
        "ok": policy is not None and (old is None or old.policy is not None),
        "problems": [plain(problem) for problem in problems],
        "digests": {id: category.token for id, category in policy.categories.items()} if policy else {},
    }
    if old and old.policy:
        report["asks_again"] = changes(policy, old.policy, _today()) if policy else {}
    return report


def _print_check(checked: Checked) -> None:
    print_problems(checked.problems)
    if checked.policy is None:
        say(f"{checked.file}: {count(len(checked.errors), 'mistake')}; the guard will not start")
        return
    policy = checked.policy
    declared = sum(declaration.name not in GUARD_COOKIES for declaration in policy.declarations)
    say(
        f"{checked.file}: {count(declared, 'cookie')} declared, "
        f"{count(len(policy.optional), 'category')} to decide on, {count(len(checked.problems), 'warning')}"
    )


def _today() -> date:
    return datetime.now(UTC).date()


def _print_changes(policy: Policy | None, old: Checked) -> None:
    print_problems(old.errors)
    if old.policy is None:
        say(f"{old.file}: doesn't load, so nothing is compared")
    elif policy is not None:
        for line in describe_changes(policy, old.policy, _today()):
            say(line)


# https://docs.github.com/actions/reference/workflow-commands-for-github-actions; how to escape is said
# by the runner's own toolkit alone (actions/toolkit, packages/core/src/command.ts).
_DATA = (("%", "%25"), ("\r", "%0D"), ("\n", "%0A"))
_PROPERTY = (*_DATA, (":", "%3A"), (",", "%2C"))


def _print_annotations(problems: Iterable[Problem]) -> None:
    for problem in problems:
        properties = {"file": problem.source, "line": problem.line, "title": f"{problem.id} {problem.entry}"}
        written = ",".join(
            f"{name}={_escaped(str(value), _PROPERTY)}"
            for name, value in properties.items()
            if value is not None
        )
        message = _escaped(f"{problem.reason}; {problem.remedy}", _DATA)
        click.echo(f"::{problem.level} {written}::{message}")


def _escaped(text: str, replacements: Sequence[tuple[str, str]]) -> str:
    for char, escape in replacements:
        text = text.replace(char, escape)
    return text
