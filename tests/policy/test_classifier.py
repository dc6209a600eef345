"""A cookie's name, domain and path -> its category."""

from __future__ import annotations

from typing import Any

import pytest

from cookieguard.errors import UsageError
from cookieguard.policy.classifier import UNDECLARED, Classifier
from cookieguard.policy.policy import Policy


def cookie(name: str, category: str = "analytics", **more: Any) -> dict[str, Any]:
    return {"name": name, "category": category, "purpose": "P.", "lifetime": "1 day", **more}


def classifier(*cookies: dict[str, Any], **more: Any) -> Classifier:
    return Classifier(Policy.from_dict({"cookies": list(cookies), **more}))


@pytest.mark.parametrize(
    ("name", "category"),
    [
        pytest.param("app_login", "essential", id="exact before prefix"),
        pytest.param("app_x", "analytics", id="prefix"),
        pytest.param("app_ad_x", "marketing", id="longest prefix"),
        pytest.param("app_ad_42", "marketing", id="prefix before regular expression"),
        pytest.param("bpp_ad_42", "functional", id="regular expression"),
        pytest.param("_ga", "functional", id="the site's pattern before the catalogue's exact name"),
        pytest.param("_gid", "analytics", id="the catalogue's"),
        pytest.param("cookieguard", "essential", id="the consent cookie"),
        pytest.param("__Host-cookieguard", "essential", id="the consent cookie over https"),
        pytest.param("APP_LOGIN", None, id="case"),
        pytest.param("xapp_login", None, id="whole name"),
        pytest.param("", None, id="nameless"),
        pytest.param("a" * 300, None, id="long"),
    ],
)
def test_precedence(name: str, category: str | None) -> None:
    found = classifier(
        cookie("[ab]pp_ad_[0-9]+", "functional", match="regex"),
        cookie("app_*", "analytics"),
        cookie("app_ad_*", "marketing"),
        cookie("app_login", "essential"),
        cookie("_g?a*", "functional", match="regex"),
        use=["google-analytics"],
    ).classify(name)

    assert found.category == category
    assert found.declared == (category is not None)


def test_undeclared_says_nothing() -> None:
    found = classifier(cookie("a")).classify("b")

    assert found == UNDECLARED
    assert (found.category, found.declaration, found.provider, found.declared) == (None, None, None, False)


def test_declared_says_by_whom() -> None:
    found = classifier(cookie("a", provider="acme"), providers={"acme": {"name": "Acme"}}).classify("a")

    assert found.declaration is not None and found.declaration.name == "a"
    assert found.provider is not None and found.provider.name == "Acme"


@pytest.mark.parametrize(("length", "declared"), [(256, True), (257, False)])
def test_a_regex_matches_256_characters(length: int, declared: bool) -> None:
    assert classifier(cookie("a.*", match="regex")).classify("a" * length).declared is declared


def test_a_glob_matches_whatever_a_browser_stores() -> None:
    assert classifier(cookie("a*")).classify("a" * 4096).declared


@pytest.mark.parametrize("kind", ["local-storage", "session-storage"])
def test_storage_is_no_cookie(kind: str) -> None:
    assert not classifier(cookie("a", kind=kind)).classify("a").declared


@pytest.mark.parametrize(
    ("domain", "category"),
    [
        pytest.param(None, "functional", id="unknown domain"),
        pytest.param("example.com", "functional", id="the site"),
        pytest.param("ads.example", "marketing", id="its domain"),
        pytest.param("ADS.example.", "marketing", id="case and final dot"),
        pytest.param("cdn.eu.ads.example", "marketing", id="below it"),
        pytest.param("badads.example", "functional", id="another's suffix"),
        pytest.param("example", "functional", id="above it"),
        pytest.param("ads.example.com", "functional", id="another's prefix"),
    ],
)
@pytest.mark.parametrize("declared", ["ads.example", ".Ads.Example"])
def test_third_party_beside_first_party(declared: str, domain: str | None, category: str) -> None:
    both = classifier(cookie("sid", "functional"), cookie("sid", "marketing", party="third", domain=declared))

    assert both.classify("sid", domain).category == category


def test_third_party_without_a_first_party_of_its_name() -> None:
    alone = classifier(cookie("sid", party="third", domain="ads.example"))

    assert not alone.classify("sid").declared
    assert not alone.classify("other", "ads.example").declared
    assert alone.classify("sid", "ads.example").category == "analytics"


def test_the_nearest_domain_wins() -> None:
    both = classifier(
        cookie("sid", "functional", party="third", domain="a.ads.example"),
        cookie("*", "marketing", party="third", domain="ads.example"),
    )

    assert both.classify("sid", "x.a.ads.example").category == "functional"
    assert both.classify("other", "x.a.ads.example").category == "marketing"


PATHS = [
    pytest.param("/clientarea", True, id="itself"),
    pytest.param("/clientarea/", True, id="with slash"),
    pytest.param("/clientarea/a/b.php", True, id="below"),
    pytest.param("/clientarea/.well-known", True, id="a segment that begins with a dot"),
    pytest.param("/clientarea/a..b", True, id="dots inside a segment"),
    pytest.param("/shop/cart/1", True, id="second prefix"),
    pytest.param("/shop", False, id="above the second prefix"),
    pytest.param("/", False, id="root"),
    pytest.param("", False, id="nothing"),
    pytest.param("/clientareas", False, id="longer segment"),
    pytest.param("/clientarea.php", False, id="other segment"),
    pytest.param("/ClientArea", False, id="case"),
    pytest.param("/x/clientarea", False, id="not in front"),
    pytest.param("clientarea/a", False, id="no slash in front"),
    pytest.param("//clientarea", False, id="double slash in front"),
    pytest.param("/clientarea//a", False, id="double slash"),
    pytest.param("/clientarea/../blog", False, id="up"),
    pytest.param("/clientarea/./a", False, id="here"),
    pytest.param("/clientarea/..", False, id="up at the end"),
    pytest.param("/clientarea/.", False, id="here at the end"),
    pytest.param("/clientarea;x=1/a", False, id="path parameter"),
    pytest.param("/clientarea/a;jsessionid=1", False, id="path parameter below"),
    pytest.param("/clientarea/%2f../blog", False, id="encoded slash"),
    pytest.param("/clientarea/%2E%2E/blog", False, id="encoded dots"),
    pytest.param("/clientarea\\..\\blog", False, id="backslash"),
    pytest.param("/clientarea/a\\b", False, id="backslash below"),
    pytest.param("/clientarea/\0", False, id="nul"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "essential"), PATHS)
@pytest.mark.parametrize("name", ["chat", "chat_1"])
def test_essential_under(path: str, essential: bool, name: str) -> None:
    prefixes = ["/clientarea", "/shop/cart"]
    under = classifier(
        cookie("chat", "functional", essential_under=prefixes),
        cookie("chat_*", "functional", essential_under=prefixes),
    )

    assert under.classify(name, path=path).category == ("essential" if essential else "functional")


def test_without_a_path_nothing_is_essential_under_it() -> None:
    under = classifier(cookie("chat", "functional", essential_under=["/"]))

    assert under.classify("chat", path="/").category == "essential"
    assert under.classify("chat", path=None).category == "functional"
    assert under.classify("other", path="/").category is None


@pytest.mark.parametrize("policy", ["cookies.toml", {}, None], ids=repr)
def test_what_is_no_policy_is_refused(policy: Any) -> None:
    with pytest.raises(UsageError, match="from_file"):
        Classifier(policy)


def explained(
    name: str, domain: str | None = None, path: str | None = None, *cookies: dict[str, Any], **more: Any
) -> tuple[str | None, str, list[str]]:
    found = classifier(*cookies, **more).explain(name, domain, path)
    assert found.name == name
    assert found.classification == classifier(*cookies, **more).classify(name, domain, path)
    assert found.declaration == found.classification.declaration
    return found.classification.category, found.reason, [other.name for other in found.others]


@pytest.mark.parametrize(
    ("asked", "cookies", "category", "reason", "others"),
    [
        pytest.param(("a",), [cookie("a")], "analytics", "exact name, declared by the site", [], id="exact"),
        pytest.param(
            ("ab",), [cookie("a*"), cookie("ab")], "analytics", "exact name, declared by the site", ["a*"], id="both"
        ),
        pytest.param(
            ("abc",), [cookie("a*"), cookie("ab*", "marketing")], "marketing", "longest prefix, declared by the site",
            ["a*"], id="longest prefix",
        ),
        pytest.param(("ab",), [cookie("a*")], "analytics", "pattern, declared by the site", [], id="pattern"),
        pytest.param(
            ("ab",), [cookie("a[b]", match="regex")], "analytics", "regular expression, declared by the site", [],
            id="regular expression",
        ),
        pytest.param(
            ("_ga",), [cookie("_g*", "functional")], "functional", "pattern, declared by the site", ["_ga"],
            id="the site's before the catalogue's",
        ),
        pytest.param(
            ("_gid",), [], "analytics", "exact name, declared by the catalogue's google-analytics", [], id="catalogue"
        ),
        pytest.param(
            ("sid", "ads.example"), [cookie("sid", party="third", domain=".Ads.Example"), cookie("sid")], "analytics",
            "exact name, declared by the site, for ads.example only", ["sid"], id="third party",
        ),
        pytest.param(
            ("a", None, "/shop/1"), [cookie("a", essential_under=["/shop"])], "essential",
            "exact name, declared by the site, essential under /shop", [], id="essential under a path",
        ),
        pytest.param(
            ("a", None, "/blog"), [cookie("a", essential_under=["/shop"])], "analytics",
            "exact name, declared by the site", [], id="not under the path",
        ),
        pytest.param(("cookieguard",), [], "essential", "one of the guard's own cookies", [], id="consent cookie"),
        pytest.param(("b",), [cookie("a")], None, "no declaration matches", [], id="undeclared"),
        pytest.param(
            ("sid",), [cookie("sid", party="third", domain="ads.example")], None,
            "declared for ads.example only: say which host sets it", [], id="elsewhere",
        ),
        pytest.param(
            ("sid", "x.example"), [cookie("sid", party="third", domain="ads.example")], None,
            "declared for ads.example only", [], id="elsewhere than there",
        ),
        pytest.param(
            ("sid",), [cookie("*", party="third", domain="ads.example")], None, "no declaration matches", [],
            id="what matches all says nothing",
        ),
    ],
)  # fmt: skip
def test_explains(
    asked: tuple[Any, ...],
    cookies: list[dict[str, Any]],
    category: str | None,
    reason: str,
    others: list[str],
) -> None:
    padded = (*asked, None, None)[:3]

    assert explained(*padded, *cookies, use=["google-analytics"]) == (category, reason, others)


@pytest.mark.parametrize(
    ("name", "domain", "suggestions"),
    [
        ("_ga", None, ("google-analytics",)),
        ("uuid2", None, ()),
        ("uuid2", "ib.adnxs.com", ("appnexus",)),
        ("uuid2", "badnxs.com", ()),
        ("unheard_of", None, ()),
    ],
)
def test_suggests_services_for_an_undeclared_cookie(
    name: str, domain: str | None, suggestions: tuple[str, ...]
) -> None:
    found = classifier().explain(name, domain)

    assert set(suggestions) <= set(found.suggestions)
    assert bool(suggestions) == bool(found.suggestions)


def test_suggests_nothing_for_a_declared_cookie() -> None:
    assert classifier(cookie("_ga")).explain("_ga").suggestions == ()


def test_says_where_else_a_name_is_declared() -> None:
    found = classifier(
        cookie("sid", party="third", domain="a.example"), cookie("sid", party="third", domain="b.example")
    ).explain("sid", "x.a.example")

    assert found.declaration is not None and found.declaration.domain == "a.example"
    assert [other.domain for other in found.elsewhere] == ["b.example"]


def test_over_the_whole_catalogue() -> None:
    everything = Classifier.from_catalogue()

    assert everything is Classifier.from_catalogue()
    assert everything.classify("_ga").category == "analytics"
    assert everything.classify("sessionid").category == "essential"
    assert everything.classify("uuid2", "ib.adnxs.com").category == "marketing"
    found = everything.explain("_fbp")
    assert found.declaration is not None and found.declaration.service == "facebook"
    assert found.classification.provider is not None


@pytest.mark.parametrize(
    ("name", "service"), [("PHPSESSID", "php"), ("JSESSIONID", "java"), ("session", "flask")]
)
def test_of_a_name_that_many_have_the_general_service_is_told(name: str, service: str) -> None:
    found = Classifier.from_catalogue().classify(name).declaration

    assert found is not None and found.service == service
