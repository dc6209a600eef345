"""`import`: the Open Cookie Database as a file that a policy imports."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from ..importers.open_cookie_database import Imported, import_open_cookie_database
from ..policy.writing import write_policy
from .inputs import FILE_OR_STDIN, output_option, read_bytes, write_file
from .manual import Command, Failure
from .output import count, json_option, print_json, print_table, say


@click.command(
    "import",
    cls=Command,
    examples=(
        "cookieguard import open-cookie-database.csv",
        "cookieguard import open-cookie-database.csv --output ocd.toml --force",
    ),
    files={
        "CSV": "from https://github.com/jkwakman/Open-Cookie-Database",
        "open-cookies.toml": "what is written, in the policy file's format",
    },
)
@click.argument("csv", type=FILE_OR_STDIN, metavar="CSV")
@output_option("Where to write the declarations.", policy="open-cookies.toml")
@json_option
def import_(csv: Path, output: Path, force: bool, as_json: bool) -> None:
    """Turn the Open Cookie Database into declarations.

    Writes a file for the policy's 'import' key, and reports each row that isn't taken over, with the
    reason: short prefixes, contradictions, clashes with frameworks' session cookies. The site's own
    declarations always win over imported ones.
    """
    imported = import_open_cookie_database(read_bytes(csv), str(csv))
    if not imported.declarations:
        raise Failure(
            f"{csv}: no row of it could be taken over ({count(len(imported.refused), 'row')} refused)"
        )
    comment = "Made by 'cookieguard import' from the Open Cookie Database (Apache-2.0)."
    write_file(output, write_policy(imported.policy, {(): comment}), force=force)
    if as_json:
        refused = [msgspec.structs.asdict(row) for row in imported.refused]
        print_json({"file": str(output), "declared": len(imported.declarations), "refused": refused})
    else:
        _print(imported, output)


def _print(imported: Imported, output: Path) -> None:
    if imported.refused:
        rows = [(row.line, row.name, row.platform, row.reason) for row in imported.refused]
        print_table(("line", "name", "platform", "refused because"), rows)
    declared, refused = len(imported.declarations), len(imported.refused)
    say(f"{output}: {count(declared, 'cookie')} declared, {count(refused, 'row')} refused")
    say(f'Now write into your policy: import = ["{output}"]')
