"""`flask cookieguard …`: found by Flask through its entry point even where the app doesn't load."""

from __future__ import annotations

import click
import flask
from flask.cli import AppGroup

from ..errors import CookieguardError, NoGuard
from ..frameworkcheck import compare, describe, unlogged_warnings
from .cookies import framework_cookies
from .guarded import NAME

command = AppGroup(NAME, help="Look after the site's cookies.")


@command.command("check", with_appcontext=False)
@click.option(
    "--against",
    type=click.Path(exists=True, dir_okay=False),
    metavar="OLD",
    help="Also say whom the change from the policy file OLD asks again.",
)
@click.pass_context
def check(context: click.Context, against: str | None) -> None:
    """Check what this app declares: the policy file, its own cookies, its secret.

    Exits with 0 if the guard can start, 1 if it can't.
    """
    try:
        with unlogged_warnings():
            app = context.ensure_object(flask.cli.ScriptInfo).load_app()
            if NAME not in app.extensions:
                raise NoGuard(f"the app {app.name!r} has no guard: CookieGuard(app) switches it on")
            policy = app.extensions[NAME].guard.enforcer.policy
        lines = [*describe(policy), *(compare(policy, against, framework_cookies(app)) if against else ())]
    except CookieguardError as error:
        click.secho(str(error), fg="red", err=True)
        context.exit(1)
    for warning in policy.warnings:
        click.secho(str(warning), fg="yellow", err=True)
    click.echo("\n".join(lines))
