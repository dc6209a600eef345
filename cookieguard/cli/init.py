"""`init`: a first policy, from a running app or a recorded visit."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from ..policy.policy import Policy
from ..policy.writing import write_policy
from .inputs import FILE_OR_STDIN, output_option, read_bytes, refuse_taken, write_file
from .manual import Command, Failure, printable
from .output import console, count, is_interactive, json_option, note, print_json, print_table, say
from .start.app import load_app
from .start.crawl import Bounds
from .start.draft import Draft, Evidence, draft_policy
from .start.survey import PASSWORD, Asked, Survey, password_of, survey_app, survey_har

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

_MOST_TOLD = 5


@click.command(
    cls=Command,
    examples=(
        "cookieguard init --app shop.wsgi:app",
        "cookieguard init --app 'shop.py:make_app()' --path /login --user anna",
        "cookieguard init --har visit.har --name 'Example Ltd' --contact me@example.com",
    ),
    files={
        "cookies.toml": "what is written",
        "--har": "'Save all as HAR' in the network tab of a browser's developer tools",
        f"${PASSWORD}": "the password of --user; asked for at a terminal",
    },
)
@click.option(
    "--app", "app_spec", metavar="MODULE:APP", help="A WSGI app, or a factory as MODULE:MAKE_APP()."
)
@click.option(
    "--har", type=FILE_OR_STDIN, metavar="FILE", help="A visit recorded by a browser; as well or alone."
)
@click.option(
    "--path", "paths", multiple=True, metavar="PATH", help="A page to start at, too; may be repeated."
)
@click.option("--user", default="", metavar="NAME", help="Log in as this user, to see the log-in's cookies.")
@click.option("--forms/--no-forms", default=True, help="Whether a log-in form may be sent (no other is).")
@click.option(
    "--pages",
    default=50,
    show_default=True,
    type=click.IntRange(1),
    metavar="N",
    help="The most pages to ask for.",
)
@click.option(
    "--depth",
    default=3,
    show_default=True,
    type=click.IntRange(0),
    metavar="N",
    help="The most links to follow in a row.",
)
@click.option("--host", metavar="HOST", help="The host to ask for (default: the app's own, else localhost).")
@click.option(
    "--environ", "environ", multiple=True, metavar="KEY=VALUE", help="WSGI variables, as REMOTE_USER=anna."
)
@click.option("--name", metavar="NAME", help="The site's name, for the visitor's pages.")
@click.option("--contact", metavar="CONTACT", help="Whom visitors may ask, as a mail address.")
@output_option("What to write.", policy="cookies.toml")
@click.option("--yes", "-y", is_flag=True, help="Ask nothing; take what is known.")
@json_option
def init(
    app_spec: str | None,
    har: Path | None,
    paths: tuple[str, ...],
    user: str,
    forms: bool,
    pages: int,
    depth: int,
    host: str | None,
    environ: tuple[str, ...],
    name: str | None,
    contact: str | None,
    output: Path,
    force: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Write a first policy from what a site shows.

    With --app it imports your app, follows its links in this process (by GET; nothing that looks like a
    log-out or a deletion), and sends a log-in form if there is one: then again without each cookie that
    nobody knows, to see which of them the log-in needs. What the catalogue knows is taken over by 'use';
    all else is written down as waiting for consent, and marked TODO for you to decide.
    """
    if not app_spec and not har:
        raise click.UsageError("give --app MODULE:APP, or --har FILE")
    refuse_taken(output, force=force)
    asks = is_interactive() and not yes
    surveys = []
    if app_spec:
        asked = Asked(
            starts=("/", *paths),
            bounds=Bounds(pages, depth),
            host=host,
            user=user,
            password=password_of(user, lambda user: _ask_password(user, asks=asks)),
            forms=forms,
            environ=_environ(environ),
        )
        app = load_app(app_spec)
        with _progress() as progress:
            surveys.append(_look_at(app, asked, progress))
    if har:
        surveys.append(survey_har(har, read_bytes(har)))
    survey = _together(surveys)
    name = _ask("The site's name", name, survey.title, asks=asks)
    contact = _ask("Whom visitors may ask (a mail address)", contact, "", asks=asks)
    draft = draft_policy(survey.evidence, name, contact, datetime.now(UTC).date())
    policy = Policy.from_dict(draft.data, base=output.parent)
    write_file(output, write_policy(draft.data, draft.comments), force=force)
    if as_json:
        print_json(_plain(draft, survey, policy, output))
    else:
        _print(draft, survey, output)


def _look_at(app: WSGIApplication, asked: Asked, progress: Callable[[str], None]) -> Survey:
    survey = survey_app(app, asked, progress)
    if len(survey.failed) < survey.pages:
        return survey
    first = survey.failed[0]
    remedy = "mend it, or give --host where the app answers to one only"
    if "positional argument" in (first.error or ""):
        remedy = "if that is a factory, write () behind its name"
    raise Failure(f"the app answered nothing: {first.address} raised {first.error}; {remedy}")


def _environ(given: tuple[str, ...]) -> dict[str, str]:
    for each in given:
        if "=" not in each:
            raise click.UsageError(f"--environ is {each!r}; write KEY=VALUE, as REMOTE_USER=anna")
    return dict(each.split("=", 1) for each in given)


def _ask(question: str, given: str | None, default: str, *, asks: bool) -> str:
    if given is not None or not asks:
        return default if given is None else given
    default = printable(default)
    return str(click.prompt(question, default=default, show_default=bool(default), err=True))


def _ask_password(user: str, *, asks: bool) -> str:
    if not asks:
        raise Failure(f"the password of {user} isn't known; set {PASSWORD}")
    return str(click.prompt(f"Password of {user}", hide_input=True, err=True))


@contextlib.contextmanager
def _progress() -> Iterator[Callable[[str], None]]:
    """Show the page that is being asked for, at a terminal only."""
    err = console(stderr=True)
    if not err.is_terminal:
        yield lambda address: None
        return
    with err.status("starting the app") as status:
        yield lambda address: status.update(printable(address))


def _together(surveys: list[Survey]) -> Survey:
    first, *more = surveys
    evidence = first.evidence
    for survey in more:
        evidence = msgspec.structs.replace(
            evidence,
            cookies=[*evidence.cookies, *survey.evidence.cookies],
            hosts=[*evidence.hosts, *survey.evidence.hosts],
        )
    return msgspec.structs.replace(first, evidence=evidence)


def _plain(draft: Draft, survey: Survey, policy: Policy, output: Path) -> dict[str, Any]:
    return {
        "file": str(output),
        "use": draft.data["use"],
        "cookies": [msgspec.structs.asdict(decision) for decision in draft.decisions],
        "unknown_hosts": list(draft.strangers),
        "log_in": survey.evidence.log_in.state,
        "pages": survey.pages,
        "failed": [{"address": answer.address, "error": answer.error} for answer in survey.failed],
        "warnings": [str(problem) for problem in policy.warnings],
    }


def _print(draft: Draft, survey: Survey, output: Path) -> None:
    for answer in survey.failed[:_MOST_TOLD]:
        note(f"{answer.address} failed: {answer.error}")
    if len(survey.failed) > _MOST_TOLD:
        note(f"and {len(survey.failed) - _MOST_TOLD} more pages")
    _print_log_in(survey.evidence)
    if draft.decisions:
        rows = [
            (each.name, each.category, each.by, ("TODO: " if each.open else "") + each.why)
            for each in draft.decisions
        ]
        print_table(("cookie", "category", "declared by", "because"), rows)
    else:
        note("no cookie was seen; start at other pages with --path, or record a visit and give it with --har")
    if draft.strangers:
        note(f"unknown hosts that pages load from: {', '.join(draft.strangers)}")
    todo = sum(decision.open for decision in draft.decisions)
    decide = f"{count(todo, 'cookie')} to decide, marked TODO" if todo else "no cookie left to decide"
    say(f"{output}: written after {count(survey.pages, 'page')}; {decide}")
    say("Next:")
    say(f"  cookieguard check {output}")
    for line in _switching_on(survey.evidence.facts.services, output):
        say(f"  {line}")
    say(
        "  COOKIEGUARD_MODE=report first shows in the log what would be held back: cookieguard report LOGFILE"
    )


def _print_log_in(evidence: Evidence) -> None:
    log_in = evidence.log_in
    if log_in.state == "unknown":
        note(f"a log-in is at {log_in.address}; with --user its cookies are seen, and which of them it needs")
    elif log_in.state == "failed":
        note(f"the log-in at {log_in.address} didn't work; its cookies are declared by their names alone")


def _switching_on(services: Sequence[str], output: Path) -> list[str]:
    """Say how the app is guarded: in its framework's own way, where it is made with one."""
    match [name for name in ("flask", "django") if name in services]:
        case ["flask"]:
            usual = output.name == "cookies.toml"
            return [
                "from cookieguard.flask import CookieGuard",
                *([] if usual else [f'app.config["COOKIEGUARD_POLICY"] = "{output.absolute()}"']),
                "CookieGuard(app)" + ("  # reads cookies.toml beside the app's module" if usual else ""),
            ]
        case ["django"]:
            return [
                'INSTALLED_APPS += ["cookieguard.django"]',
                'MIDDLEWARE.insert(0, "cookieguard.django.middleware.CookieGuardMiddleware")',
                f'COOKIEGUARD = {{"POLICY": BASE_DIR / "{output}"}}',
                "from cookieguard.django.wsgi import get_wsgi_application  # in wsgi.py, for Django's own",
            ]
    return [
        "from cookieguard import CookieGuard, Policy",
        f'app = CookieGuard(app, Policy.from_file("{output}"), secret_key=…)',
    ]
