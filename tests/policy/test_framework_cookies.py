"""Frameworks' default cookies, as each really sets them, against what the catalogue says of them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from frameworks import FRAMEWORKS, Made
from pyramid.i18n import default_locale_negotiator
from pyramid.request import Request

from cookieguard import Classifier, Policy, SetCookie
from cookieguard.policy.catalogue import load_service, service_names

ALL_SERVICES = Policy.from_dict({"use": list(service_names())})


@pytest.fixture(
    scope="module",
    params=[pytest.param(name, marks=pytest.mark.server if name == "tornado" else ()) for name in FRAMEWORKS],
)
def framework(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Made]:
    name: str = request.param
    return name, FRAMEWORKS[name](tmp_path_factory.mktemp(name))


def policies(service: str) -> list[Policy]:
    """The service alone, and among all others: no rule of theirs may take its cookies away."""
    alone = [Policy.from_dict({"use": [service]})] if service in service_names() else []
    return [*alone, ALL_SERVICES]


def stays(cookie: SetCookie) -> float | None:
    """Return for how many seconds from now a browser keeps the cookie, None for the session."""
    if cookie.max_age is not None or cookie.expires is None:
        return cookie.max_age
    return (cookie.expires - datetime.now(UTC)).total_seconds()


def test_classifies(framework: tuple[str, Made]) -> None:
    name, made = framework
    for policy in policies(name):
        classifier = Classifier(policy)
        assert {cookie.name: classifier.classify(cookie.name).category for cookie in made.essential} == {
            cookie.name: "essential" for cookie in made.essential
        }
        assert {cookie.name: classifier.classify(cookie.name).category for cookie in made.functional} == {
            cookie.name: "functional" for cookie in made.functional
        }


def test_sets_what_the_catalogue_declares(framework: tuple[str, Made]) -> None:
    name, made = framework
    if name not in service_names():
        assert not any(made)  # Bottle has no cookie of its own, and so no file
        return
    classifier = Classifier(Policy.from_dict({"use": [name]}))
    found = [classifier.classify(cookie.name).declaration for cookie in (*made.essential, *made.functional)]
    left = {cookie.name for cookie in load_service(name).declarations if cookie not in found}

    # What the framework only reads, or sets with a service that isn't here to answer.
    assert left == {"pyramid": {"_LOCALE_"}, "tornado": {"_oauth_request_token"}}.get(name, set())


def test_lifetime_is_not_cut_short(framework: tuple[str, Made]) -> None:
    _, made = framework
    for cookie in (*made.essential, *made.functional):
        declaration = Classifier(ALL_SERVICES).classify(cookie.name).declaration
        assert declaration is not None
        if declaration.caps and declaration.lifetime is not None and (age := stays(cookie)) is not None:
            assert age <= (declaration.lifetime.seconds or 0), cookie


def test_pyramid_reads_its_language_from_the_declared_cookie() -> None:
    (declared,) = (
        cookie for cookie in load_service("pyramid").declarations if cookie.category == "functional"
    )

    assert default_locale_negotiator(Request.blank("/", cookies={declared.name: "de"})) == "de"
