"""Expiring what the browser still holds, and hiding it from the app."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cookieguard import Policy, parse_set_cookie
from cookieguard.consent.consent import Choice, Consent, Record
from cookieguard.guard.sweep import MOST_OCTETS, hide_refused, is_refused, sweep
from cookieguard.guard.verdict import Rules, Situation

TODAY = date(2026, 11, 22)
NOW = 1_795_000_000.0
PAST = "Expires=Thu, 01 Jan 1970 00:00:00 GMT"
HOST = "shop.example.com"


def rules_of(domain: str | None = None) -> Rules:
    def cookie(name: str, category: str = "analytics", **more: object) -> dict[str, object]:
        return {"name": name, "category": category, "purpose": "P.", "lifetime": "1 year", **more}

    return Rules.of(
        Policy.from_dict(
            {
                "consent": {"domain": domain} if domain else {},
                "cookies": [
                    cookie("sid", "essential"),
                    cookie("stats"),
                    cookie("many_*"),
                    cookie("placed", domain=".example.com", path="/shop"),
                    cookie("elsewhere", domain="other.test"),
                    cookie("deep", path="/deep"),
                    cookie("chat", "functional", essential_under=["/support"], path="/chat"),
                    cookie("__Host-stats"),
                    cookie("__Secure-stats"),
                    cookie("__Http-stats"),
                    cookie("store", kind="local-storage", path="/deep"),
                    cookie("third", party="third", domain="ads.test", path="/deep"),
                    cookie("ads", "marketing"),
                ],
            }
        )
    )


RULES, SHARED = rules_of(), rules_of("example.com")


def consent_of(*accepted: str) -> Consent:
    policy = RULES.policy
    choices = [Choice(id, True, policy.category(id).token) for id in accepted]
    return Consent.of(Record(TODAY, tuple(choices)), policy, TODAY)


NOBODY = consent_of()
SITUATION = Situation(HOST, False, None, NOW)


def lines_of(
    cookies: str, *, rules: Rules = RULES, consent: Consent = NOBODY, host: str = HOST, https: bool = False
) -> list[str]:
    swept = sweep(cookies, rules, consent, Situation(host, https, None, NOW))
    return [line for _, lines in swept for line in lines]


@pytest.mark.parametrize(
    ("cookies", "expected"),
    [
        pytest.param("", [], id="none"),
        pytest.param("stats", ["stats"], id="without-value"),
        pytest.param("stats=1; ads=2", ["stats", "ads"], id="undecided-is-not-allowed"),
        pytest.param("stats=1; stats=2", ["stats"], id="each-name-once"),
        pytest.param("zzz=1", [], id="undeclared-never"),
        pytest.param("sid=1; session=1", [], id="essential-never"),
        pytest.param("chat=1", [], id="essential-somewhere-never"),
        pytest.param("cookieguard=1; __Host-cookieguard=1", [], id="the-consent-itself-never"),
        pytest.param("store=1", [], id="a-storage-key-is-no-cookie"),
        pytest.param("third=1", [], id="a-third-partys-name-on-our-host"),
        pytest.param("sid=1; stats=1; zzz=1", ["stats"], id="mixed"),
        pytest.param("many_x\x01=1", [], id="a-name-that-cannot-be-sent"),
    ],
)
def test_which(cookies: str, expected: list[str]) -> None:
    swept = sweep(cookies, RULES, NOBODY, Situation(HOST, False, None, NOW))

    assert [verdict.name for verdict, _ in swept] == expected
    assert all((verdict.action, verdict.reason) == ("swept", "undecided") for verdict, _ in swept)


def test_accepted_stays() -> None:
    swept = sweep("stats=1; ads=1", RULES, consent_of("analytics"), Situation(HOST, False, None, NOW))

    assert [verdict.name for verdict, _ in swept] == ["ads"]


@pytest.mark.parametrize(
    ("name", "rules", "host", "https", "expected"),
    [
        pytest.param("stats", RULES, HOST, False, ["Path=/", f"Path=/; Domain={HOST}"], id="host-and-domain"),
        pytest.param(
            "placed", RULES, HOST, False, ["Path=/shop", "Path=/shop; Domain=example.com"], id="declared"
        ),
        pytest.param("elsewhere", RULES, HOST, False, ["Path=/"], id="declared-for-another-domain"),
        pytest.param(
            "deep", RULES, HOST, False, ["Path=/deep", f"Path=/deep; Domain={HOST}"], id="path-alone"
        ),
        pytest.param(
            "stats",
            SHARED,
            HOST,
            False,
            ["Path=/", f"Path=/; Domain={HOST}", "Path=/; Domain=example.com"],
            id="consent-domain",
        ),
        pytest.param(
            "stats",
            SHARED,
            "example.com",
            False,
            ["Path=/", "Path=/; Domain=example.com"],
            id="on-the-domain",
        ),
        pytest.param(
            "stats",
            SHARED,
            "badexample.com",
            False,
            ["Path=/", "Path=/; Domain=badexample.com"],
            id="lookalike",
        ),
        pytest.param("stats", RULES, "localhost", False, ["Path=/"], id="localhost"),
        pytest.param("stats", RULES, "127.0.0.1", False, ["Path=/"], id="ipv4"),
        pytest.param("stats", RULES, "[::1]", False, ["Path=/"], id="ipv6"),
        pytest.param(
            "stats",
            RULES,
            HOST,
            True,
            [
                "Path=/; Secure",
                "Path=/; Secure; Partitioned",
                f"Path=/; Domain={HOST}; Secure",
                f"Path=/; Domain={HOST}; Secure; Partitioned",
            ],
            id="partitioned-on-https",
        ),
        pytest.param(
            "__Host-stats",
            SHARED,
            HOST,
            True,
            ["Path=/; Secure", "Path=/; Secure; Partitioned"],
            id="host-prefix",
        ),
        pytest.param(
            "__Http-stats",
            RULES,
            "localhost",
            True,
            ["Path=/; Secure; HttpOnly", "Path=/; Secure; HttpOnly; Partitioned"],
            id="http-prefix",
        ),
    ],
)
def test_each_variant_is_expired(
    name: str, rules: Rules, host: str, https: bool, expected: list[str]
) -> None:
    lines = lines_of(f"{name}=1", rules=rules, host=host, https=https)

    assert lines == [f"{name}=; {PAST}; {attributes}" for attributes in expected]


@pytest.mark.parametrize("name", ["stats", "placed", "__Host-stats", "__Secure-stats", "__Http-stats"])
def test_a_browser_takes_each_line_for_a_deletion(name: str) -> None:
    lines = lines_of(f"{name}=1", rules=SHARED, https=True)

    assert lines
    for line in lines:
        cookie = parse_set_cookie(line)
        assert cookie is not None and cookie.names == (name,) and cookie.deletes(NOW), line


def test_bounded_and_whole() -> None:
    cookies = "; ".join(f"many_{number}=1" for number in range(200))
    swept = sweep(cookies, SHARED, NOBODY, Situation(HOST, True, None, NOW))

    sent = "".join(f"Set-Cookie: {line}\r\n" for _, lines in swept for line in lines)
    assert len(sent) <= MOST_OCTETS
    assert len(swept) >= 4 and {len(lines) for _, lines in swept} == {6}


def test_what_cannot_be_swept_does_not_keep_the_rest_for_ever() -> None:
    stubborn = "; ".join(f"many_{number}=1" for number in range(100))
    seen = set()
    for second in range(101):
        swept = sweep(f"{stubborn}; ads=1", SHARED, NOBODY, Situation(HOST, True, None, NOW + second))
        seen |= {verdict.name for verdict, _ in swept}

    assert len(seen) == 101


def test_one_long_name_does_not_keep_the_others() -> None:
    swept = sweep(f"many_{'x' * 3000}=1; stats=1", RULES, NOBODY, SITUATION)

    assert [verdict.name for verdict, _ in swept] == ["stats"]


def test_what_the_hook_keeps_is_neither_hidden_nor_swept() -> None:
    hooked = Rules.of(RULES.policy, lambda details: "keep" if details.cookie.name == "stats" else None)

    assert hide_refused("stats=1; ads=1", hooked, NOBODY, SITUATION) == "stats=1"
    assert [verdict.name for verdict, _ in sweep("stats=1; ads=1", hooked, NOBODY, SITUATION)] == ["ads"]


def test_a_withdrawal_also_reaches_other_paths() -> None:
    def names(cookies: str, consent: Consent = NOBODY) -> list[str]:
        swept = sweep(cookies, RULES, consent, Situation(HOST, False, None, NOW), withdrawn=True)
        return [verdict.name for verdict, _ in swept]

    assert names("") == ["placed", "deep"]
    assert names("deep=1; stats=1") == ["deep", "stats", "placed"]
    assert names("", consent_of("analytics")) == []


@pytest.mark.parametrize("name", ["größe", "имя"])
def test_a_name_that_no_header_can_hold_is_left_to_the_script(name: str) -> None:
    declared = {"name": name, "category": "analytics", "purpose": "P.", "lifetime": "1 day", "path": "/x"}
    rules = Rules.of(Policy.from_dict({"cookies": [declared]}))
    consent = Consent.of(None, rules.policy, TODAY)

    assert sweep("", rules, consent, SITUATION, withdrawn=True) == []


@pytest.mark.parametrize(
    ("cookies", "expected"),
    [
        pytest.param("sid=1; stats=2", "sid=1", id="last"),
        pytest.param("stats=2; sid=1", "sid=1", id="first"),
        pytest.param("stats=2", None, id="all"),
        pytest.param("sid=1;zzz=2 ;;x", "sid=1;zzz=2 ;;x", id="byte-for-byte"),
        pytest.param("a=\xff; stats=1; b=\xfe", "a=\xff; b=\xfe", id="odd-bytes"),
        pytest.param("chat=1; stats=2", "chat=1", id="essential-somewhere"),
        pytest.param("cookieguard=1; ads=2", "cookieguard=1", id="the-consent-itself"),
    ],
)
def test_hidden(cookies: str, expected: str | None) -> None:
    assert hide_refused(cookies, RULES, NOBODY, SITUATION) == expected


@given(st.text(), st.booleans())
def test_any_cookie_header(cookies: str, https: bool) -> None:
    for line in lines_of(cookies, https=https):
        cookie = parse_set_cookie(line)
        assert cookie is not None and is_refused(cookie.name, RULES, NOBODY, SITUATION)


@given(
    st.lists(st.sampled_from(["sid=1", "zzz=é", "stats=1", "ads", "chat= 2", " ", "=stats=1", '"stats=1"']))
)
def test_no_refused_name_reaches_the_app(pieces: list[str]) -> None:
    header = ";".join(pieces)
    visible = hide_refused(header, RULES, NOBODY, SITUATION)

    kept = [piece for piece in pieces if piece in ("sid=1", "zzz=é", "chat= 2", '"stats=1"')]
    assert [piece for piece in (visible or "").split(";") if piece.strip()] == kept
