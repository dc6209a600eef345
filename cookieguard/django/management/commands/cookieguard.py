"""`manage.py cookieguard check`."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ....errors import PolicyError
from ....frameworkcheck import compare, describe
from ...checks import check_guard
from ...conf import policy
from ...cookies import framework_cookies


class Command(BaseCommand):
    """Looks after the site's cookies."""

    help = "Look after the site's cookies."
    # The command says itself what the checks would.
    requires_system_checks: list[str] = []  # noqa: RUF012 - Django's own way

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take what to do."""
        commands = parser.add_subparsers(dest="what", required=True)
        check = commands.add_parser(
            "check", help="Check the settings, the policy file and Django's own cookies."
        )
        check.add_argument(
            "--against", metavar="OLD", help="Also say whom the change from the policy file OLD asks again."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Exit with 0 if the guard can start, 1 if it can't."""
        messages = check_guard(None)
        for message in messages:
            self.stderr.write(str(message))
        if any(message.is_serious() for message in messages):
            raise CommandError("the guard can't start")
        against = options["against"]
        try:
            lines = [
                *describe(policy()),
                *(compare(policy(), against, framework_cookies()) if against else ()),
            ]
        except PolicyError as error:
            raise CommandError(str(error)) from None
        self.stdout.write("\n".join(lines))
