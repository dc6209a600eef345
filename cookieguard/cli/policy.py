"""`policy render`: the cookie policy as a document of its own."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from ..visitor.policy_page import Format, render_document
from ..visitor.texts import languages
from .inputs import FILE, load_policy, output_option, write_file
from .manual import Command


@click.group()
def policy() -> None:
    """Make a document out of a policy."""


@policy.command(
    cls=Command,
    examples=(
        "cookieguard policy render cookies.toml --format md",
        "cookieguard policy render cookies.toml --lang de --output policy.html",
    ),
    files={"FILE": "the policy that is in force"},
)
@click.argument("file", type=FILE)
@click.option(
    "--format",
    type=click.Choice(["html", "md"]),
    help="One HTML file with its style in it, or Markdown (default: as the output ends, else html).",
)
@click.option("--lang", metavar="TAG", help="The language (default: the site's first).")
@click.option("--url", default="", metavar="URL", help="The site's address, to put before its own links.")
@output_option("Write there (default: to stdout).")
def render(
    file: Path, format: str | None, lang: str | None, url: str, output: Path | None, force: bool
) -> None:
    """Write the cookie policy that a visitor reads.

    The same text stands at /privacy-choices/policy of the guarded site; this is for a site's own pages,
    for printing, and for who must approve it. It names what is declared today (UTC); where the
    file's mode is "report" it says that nothing is held back yet.
    """
    if url and not url.startswith(("https://", "http://")):
        raise click.UsageError(f"--url is {url!r}; give it whole, as 'https://example.com'")
    today = datetime.now(UTC).date()
    declared = load_policy(file).on(today)
    offered = languages(declared)
    language = lang or offered[0]
    if language not in offered:
        raise click.UsageError(f"--lang {lang!r} isn't one of the site's: {', '.join(offered)}")
    suffix = output.suffix.lower() if output else ""
    kind: Format = "md" if (format or suffix) in ("md", ".md") else "html"
    document = render_document(declared, language, today, site=url, format=kind)
    if output is None:
        click.echo(document, nl=not document.endswith("\n"))
    else:
        write_file(output, document, force=force)
