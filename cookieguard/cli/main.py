"""The `cookieguard` command: which commands there are."""

from __future__ import annotations

import click

from .check import check, schema
from .classify import classify, explain
from .completion import completion
from .consent import consent
from .demo import demo
from .import_ import import_
from .init import init
from .ledger import ledger
from .manual import Group
from .policy import policy
from .report import report
from .sidecar import sidecar


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="cookieguard")
def main() -> None:
    """Declare a site's cookies once, and see what becomes of them.

    New here? 'cookieguard demo' shows what the guard does. 'cookieguard init --app module:app' writes a
    first policy from your app, and 'cookieguard check cookies.toml' says what is wrong with one.
    """


for command in (
    init,
    check,
    classify,
    explain,
    report,
    policy,
    import_,
    consent,
    ledger,
    schema,
    sidecar,
    demo,
    completion,
):
    main.add_command(command)
