"""Laws of one response's headers: what must get through does, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.http import http_date

from cookieguard import Policy, parse_set_cookie
from cookieguard.consent.consent import Choice, Consent, Record
from cookieguard.guard.caching import Headers
from cookieguard.guard.headers import HARMLESS, unsplit
from cookieguard.guard.memory import Memory
from cookieguard.guard.screen import Screened, recall, screen
from cookieguard.guard.verdict import Override, Rules, Situation, Verdict

NOW = datetime(2026, 11, 22, tzinfo=UTC).timestamp()
HOST = "www.example.com"
TODAY = date(2026, 11, 22)
ESSENTIAL = ("sid", "csrf")


def policy_of(undeclared: str = "block") -> Policy:
    def cookie(name: str, category: str, **more: object) -> dict[str, object]:
        return {"name": name, "category": category, "purpose": "P.", **more}

    return Policy.from_dict(
        {
            "guard": {"undeclared": undeclared},
            "cookies": [
                *(cookie(name, "essential") for name in ESSENTIAL),
                cookie("stats", "analytics", lifetime="30 days", secure=True, same_site="Lax"),
                cookie("ads*", "marketing", lifetime="session"),
                cookie("__Host-ads", "marketing", lifetime="1 day"),
                cookie("chat", "functional", lifetime="1 day", essential_under=["/support"]),
            ],
        }
    )


BLOCK, ALLOW = Rules.of(policy_of()), Rules.of(policy_of("allow"))


def consent_of(*accepted: str) -> Consent:
    policy = BLOCK.policy
    choices = tuple(Choice(id, True, policy.category(id).token) for id in accepted)
    return Consent.of(Record(TODAY, choices), policy, TODAY)


NOBODY, EVERYBODY = consent_of(), consent_of("functional", "analytics", "marketing")
SITUATION = Situation(HOST, False, None, NOW)


Parts = tuple[Headers, Sequence[Verdict], bool]


def parts(screened: Screened) -> Parts:
    """Return all that a visit takes of it."""
    return screened.headers, screened.outcome.verdicts, screened.outcome.concerns_page


def recalled(headers: Headers, memory: Memory, now: float = NOW) -> Parts | None:
    """Return the same, out of memory."""
    outcome = recall(headers, memory, lambda: now)
    return outcome and (outcome.apply(headers), outcome.verdicts, outcome.concerns_page)


def leaving(headers: Headers, rules: Rules = BLOCK, consent: Consent = NOBODY) -> Headers:
    return screen(headers, rules, consent, SITUATION, Memory()).headers


# Cookies that a visitor's browser would store, and text that is hardly one.
octets = st.text(st.characters(max_codepoint=255), max_size=20)
cookie_names = st.sampled_from(
    [
        "sid",
        "csrf",
        "stats",
        "ads",
        "ads_1",
        "__Host-ads",
        "__hOsT-ads",
        "chat",
        "zzz",
        "",
        " ",
        "Stats",
        "\xa0ads",
    ]
)
attributes = st.sampled_from(
    [
        "",
        "; Path=/",
        "; Max-Age=60",
        "; Max-Age=99999999",
        "; Max-Age=0",
        "; Max-Age=+5",
        "; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
        "; Expires=Thu, 01 Jan 2099 00:00:00 GMT",
        "; Expires=soon",
        "; Domain=ads.test",
        "; Secure; Path=/",
        ";",
        "\x01",
    ]
)
tidy_cookies = st.builds(
    "{}={}{}".format, cookie_names, st.sampled_from(["", "1", "x=y", '"a, b"', "é"]), attributes
)
cookies = st.one_of(
    octets,
    tidy_cookies,
    st.builds("{}{}{}".format, cookie_names, octets, attributes),
    st.builds("{}={}{}".format, cookie_names, octets, octets),
)
other_headers = st.tuples(
    st.sampled_from(
        ["Content-Type", "Link", "Cache-Control", "Vary", "X-Set-Cookie", "Set-Cookie2", "Location"]
    ),
    octets,
)
set_cookies = st.tuples(
    st.sampled_from(["Set-Cookie", "set-cookie", "SET-COOKIE", "Set-Cookie ", "Set-Cookie\t"]), cookies
)
header_lists = st.lists(st.one_of(set_cookies, other_headers), max_size=6)
rules = st.sampled_from([BLOCK, ALLOW])
consents = st.sampled_from([NOBODY, EVERYBODY, consent_of("analytics")])


def essentials(headers: Headers) -> Headers:
    """Pick the cookies that nothing may happen to."""
    return [
        (name, value)
        for name, value in headers
        if name.lower().strip() == "set-cookie"
        and (cookie := parse_set_cookie(value))
        and set(cookie.names) <= set(ESSENTIAL)
    ]


@given(header_lists, rules, consents)
def test_essential_cookies_leave_as_they_came(headers: Headers, rules: Rules, consent: Consent) -> None:
    assert essentials(leaving(headers, rules, consent)) == essentials(headers)


@given(header_lists, rules, consents)
def test_no_refused_name_leaves(headers: Headers, rules: Rules, consent: Consent) -> None:
    for name, value in leaving(headers, rules, consent):
        assert not {"\r", "\n"} & {*name, *value} and ":" not in name
        if name.lower().strip() != "set-cookie":
            continue
        cookie = parse_set_cookie(value)
        assert cookie is not None
        if cookie.deletes(NOW):
            continue
        for stored in cookie.names:
            category = rules.classifier.classify(stored, cookie.domain or HOST).category
            assert consent.allows(category) if category else rules is ALLOW, value


@given(header_lists, rules, consents)
def test_what_stays_keeps_its_bytes_and_order(headers: Headers, rules: Rules, consent: Consent) -> None:
    before = list(headers)
    screened = screen(headers, rules, consent, SITUATION, Memory())

    assert headers == before
    verdicts, left = iter(screened.outcome.verdicts), iter(screened.headers)
    for name, value in headers:
        action = next(verdicts).action if name.lower().strip() == "set-cookie" else "kept"
        if action == "stripped" or name == "Cache-Control":
            continue
        leaving = next(header for header in left if header[0] != "Cache-Control")
        if action == "capped":
            assert leaving[1].partition(";")[0] == value.partition(";")[0]
        else:
            assert leaving == (name, value if name.lower().strip() == "set-cookie" else unsplit(value))
    assert all(name == "Cache-Control" for name, _ in left)


@given(header_lists, rules, consents)
def test_one_verdict_for_each_cookie(headers: Headers, rules: Rules, consent: Consent) -> None:
    screened = screen(headers, rules, consent, SITUATION, Memory())

    sent = [name for name, _ in headers if name.lower().strip() == "set-cookie"]
    left = [name for name, _ in screened.headers if name.lower().strip() == "set-cookie"]
    assert len(screened.outcome.verdicts) == len(sent)
    assert sum(verdict.action != "stripped" for verdict in screened.outcome.verdicts) == len(left)


shared_memory: dict[tuple[object, ...], Memory] = {}


@given(
    header_lists,
    rules,
    consents,
    st.sampled_from([HOST, "ads.test"]),
    st.booleans(),
    st.sampled_from([None, "/", "/support"]),
    st.floats(NOW - 10**9, NOW + 10**10),
)
def test_memory_changes_no_answer(
    headers: Headers, rules: Rules, consent: Consent, host: str, https: bool, path: str | None, now: float
) -> None:
    situation = Situation(host, https, path, now)
    memory = shared_memory.setdefault((id(rules), host, https, *consent.reasons.values()), Memory())
    remembered = screen(headers, rules, consent, situation, memory)
    fresh = parts(screen(headers, rules, consent, situation, Memory()))

    assert parts(remembered) == fresh
    # Now that all of it is remembered.
    assert parts(screen(headers, rules, consent, situation, memory)) == fresh
    for _ in range(3):
        assert recalled(headers, memory, now) in (None, fresh)


seconds = st.sampled_from([-1, 0, 1, 59, 60, 61, 86399, 86400, 86401, 30 * 86400, 30 * 86400 + 1])


@given(
    cookie_names,
    st.lists(
        st.tuples(
            seconds,
            st.sampled_from(["{}; Expires={}; Path=/", "{}; Expires={}", "{}; Max-Age=60; Expires={}"]),
            st.floats(0, 10**6, exclude_max=True),
        ),
        max_size=8,
    ),
    rules,
    consents,
)
def test_a_date_is_remembered_by_its_distance(
    name: str, answers: list[tuple[int, str, float]], rules: Rules, consent: Consent
) -> None:
    memory = Memory()
    for ahead, form, later in answers:
        now = NOW + later
        headers = [("Set-Cookie", form.format(f"{name}=1", http_date(int(now) + ahead)))]
        situation = Situation(HOST, False, None, now)
        fresh = parts(screen(headers, rules, consent, situation, Memory()))

        assert recalled(headers, memory, now) in (None, fresh)
        assert parts(screen(headers, rules, consent, situation, memory)) == fresh


@pytest.mark.parametrize(
    ("header", "concerns"),
    [
        pytest.param(("Content-Type", "application/json"), False, id="json"),
        pytest.param(("Content-Type", "text/html; charset=utf-8"), True, id="html"),
        pytest.param(("content-type ", " Application/XHTML+XML"), True, id="xhtml"),
        pytest.param(("Link", "</a.js>; rel=preload"), True, id="link"),
        pytest.param(("ETag", '"1"'), False, id="not-remembered"),
        pytest.param(("Cache-Control", "no-cache"), False, id="caching"),
    ],
)
def test_what_concerns_pages(header: tuple[str, str], concerns: bool) -> None:
    memory, headers = Memory(), [("Set-Cookie", "sid=1"), header]

    assert screen(headers, BLOCK, NOBODY, SITUATION, memory).outcome.concerns_page == concerns
    for _ in range(2):
        again = recall(headers, memory, lambda: NOW)
        assert again is not None
        assert again.concerns_page == concerns


@pytest.mark.parametrize(
    "form",
    [
        pytest.param("{}=1; Expires={}; Max-Age=3600; Path=/", id="werkzeug"),
        # Over WSGI with the space that `http.cookies` begins a line with.
        pytest.param(" {}=1; expires={}; Max-Age=3600; Path=/", id="django"),
    ],
)
def test_what_frameworks_date_each_second_is_recalled(form: str) -> None:
    memory = Memory()

    def sent(now: float) -> Headers:
        return [("Set-Cookie", form.format(name, http_date(now + 3600))) for name in ("sid", "ads")]

    fresh = screen(sent(NOW), BLOCK, NOBODY, SITUATION, memory)
    again = recalled(sent(NOW + 7), memory, NOW + 7)

    assert again == ([sent(NOW + 7)[0], ("Cache-Control", "private")], fresh.outcome.verdicts, False)
    assert len(memory._rulings) == 2


def test_a_fixed_end_does_not_keep_others_from_being_remembered() -> None:
    memory = Memory()
    for second in range(5000):
        situation = Situation(HOST, False, None, NOW + second)
        screen(
            [("Set-Cookie", "sid=1; Expires=Fri, 31 Dec 2027 00:00:00 GMT")], BLOCK, NOBODY, situation, memory
        )
    later = [("Set-Cookie", "csrf=1; Path=/")]
    fresh = parts(screen(later, BLOCK, NOBODY, SITUATION, memory))

    assert recalled(later, memory) == fresh
    assert len(memory._rulings) <= 1024


@given(tidy_cookies, st.lists(octets, min_size=1, max_size=5), rules, consents)
def test_the_first_value_seen_tells_nothing_of_the_next(
    cookie: str, values: list[str], rules: Rules, consent: Consent
) -> None:
    name, _, rest = cookie.partition("=")
    unparsed = rest.partition(";")[2]
    memory = Memory()
    for value in [*values, "x" * 5000, *values]:
        headers = [("Set-Cookie", f"{name}={value};{unparsed}")]
        fresh = parts(screen(headers, rules, consent, SITUATION, Memory()))
        assert parts(screen(headers, rules, consent, SITUATION, memory)) == fresh


@pytest.mark.parametrize(
    ("cookie", "path", "now", "later_path", "later"),
    [
        pytest.param("chat=1", "/support", NOW, "/", NOW, id="left-where-it-was-essential"),
        pytest.param("chat=1", "/", NOW, "/support", NOW, id="came-where-it-is-essential"),
        pytest.param(
            "stats=1; Expires=Sun, 22 Nov 2026 01:00:00 GMT",
            None,
            NOW,
            None,
            NOW + 7200,
            id="is-a-deletion-by-now",
        ),
    ],
)
def test_memory_does_not_outlive_path_and_time(
    cookie: str, path: str | None, now: float, later_path: str | None, later: float
) -> None:
    headers, memory = [("Set-Cookie", cookie)], Memory()
    first = screen(headers, BLOCK, NOBODY, Situation(HOST, False, path, now), memory)
    then = screen(headers, BLOCK, NOBODY, Situation(HOST, False, later_path, later), memory)

    assert {first.outcome.verdicts[0].action, then.outcome.verdicts[0].action} == {"kept", "stripped"}


def test_a_cap_is_reckoned_from_now() -> None:
    headers, memory = [("Set-Cookie", "stats=1; Expires=Thu, 01 Jan 2099 00:00:00 GMT")], Memory()
    first, then = (
        screen(headers, BLOCK, EVERYBODY, Situation(HOST, False, None, now), memory).headers[0][1]
        for now in (NOW, NOW + 86400)
    )

    assert "22 Dec 2026" in first and "23 Dec 2026" in then


def test_a_session_beside_what_frameworks_add_is_recalled() -> None:
    headers = [
        ("Content-Type", "text/html; charset=utf-8"),
        ("Vary", "Cookie"),
        ("ETag", '"1"'),
        ("Cache-Control", "public, max-age=60"),
        ("Set-Cookie", "sid=1; HttpOnly; Path=/"),
        ("Set-Cookie", "ads=1; Path=/"),
    ]
    memory = Memory()
    fresh = screen(headers, BLOCK, NOBODY, SITUATION, memory)

    assert recalled(headers, memory) == parts(fresh)
    assert ("Cache-Control", "private, max-age=60") in fresh.headers


def test_an_override_is_asked_each_time() -> None:
    answers = iter(["keep", "strip", None])
    override: Override = lambda details: next(answers)  # type: ignore[assignment] # noqa: E731
    rules, memory = Rules.of(policy_of(), override), Memory()

    verdicts = [
        screen([("Set-Cookie", "ads=1")], rules, NOBODY, SITUATION, memory).outcome.verdicts[0]
        for _ in range(3)
    ]

    assert [f"{verdict.action} {verdict.reason}" for verdict in verdicts] == [
        "kept override",
        "stripped override",
        "stripped undecided",
    ]


def test_an_override_is_not_asked_about_deletions_and_garbage() -> None:
    def override(details: object) -> None:
        raise AssertionError(details)

    screened = screen(
        [("Set-Cookie", "stats=; Max-Age=0"), ("Set-Cookie", "a=\x01")],
        Rules.of(policy_of(), override),  # type: ignore[arg-type]
        NOBODY,
        SITUATION,
        Memory(),
    )

    assert [verdict.reason for verdict in screened.outcome.verdicts] == ["deletion", "unreadable"]


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        pytest.param([("Set-Cookie ", "ads=1")], [], id="space-behind-the-name"),
        pytest.param([("Set-Cookie\t", "ads=1")], [], id="tab-behind-the-name"),
        pytest.param([(" set-cookie", "ads=1")], [], id="space-before-the-name"),
        pytest.param([("Set-Cookie ", "sid=1")], [("Set-Cookie ", "sid=1")], id="essential-byte-for-byte"),
        pytest.param([("Set-Cookie: ads=1; x", "y")], [], id="colon-in-a-name"),
        pytest.param([("X\r\nSet-Cookie", "ads=1")], [], id="line-in-a-name"),
        # Both browsers fold the second line into the first, and keep what was to be deleted.
        pytest.param(
            [("Set-Cookie", "ads=1; Max-Age=0"), (" ; Max-Age=31536000; x", "y")],
            [("Set-Cookie", "ads=1; Max-Age=0")],
            id="name-that-goes-on-with-the-line-before",
        ),
        pytest.param([("Set-Cookie", "sid=1"), ("\tx", "y")], [("Set-Cookie", "sid=1")], id="tab-does-too"),
        pytest.param([("", "Set-Cookie: ads=1")], [], id="no-name"),
        pytest.param([("X\nSet-Cookie", "sid=1")], [], id="even-for-an-essential"),
        pytest.param(
            [("X", "a\r\nSet-Cookie: ads=1")], [("X", "a  Set-Cookie: ads=1")], id="line-in-another-value"
        ),
        pytest.param([("X", "a\nSet-Cookie: ads=1")], [("X", "a Set-Cookie: ads=1")], id="line-feed"),
        pytest.param([("X", "a\rb")], [("X", "a b")], id="carriage-return"),
        pytest.param([("Set-Cookie", "sid=1\nSet-Cookie: ads=1")], [], id="line-in-a-cookie"),
        pytest.param(
            [("Set-Cookie", "sid=1, ads=2")], [("Set-Cookie", "sid=1, ads=2")], id="comma-is-a-value"
        ),
        pytest.param([("Set-Cookie2", "ads=1")], [("Set-Cookie2", "ads=1")], id="no-browser-reads-it"),
        pytest.param([], [], id="none"),
    ],
)
def test_smuggled(headers: Headers, expected: Headers) -> None:
    kept = [header for header in leaving(headers) if header[0] != "Cache-Control"]

    assert kept == expected


@pytest.mark.parametrize(
    ("cookie", "consent", "private"),
    [
        pytest.param("sid=1", NOBODY, False, id="essential"),
        pytest.param("stats=; Max-Age=0", NOBODY, False, id="deletion"),
        pytest.param("stats=1", NOBODY, True, id="stripped"),
        pytest.param("stats=1", EVERYBODY, True, id="kept-but-not-essential"),
        pytest.param("zzz=1", NOBODY, True, id="undeclared"),
        pytest.param("a=\x01", NOBODY, True, id="unreadable"),
    ],
)
@pytest.mark.parametrize("before", ["public, max-age=60", None])
def test_private_where_it_tells_of_the_visitor(
    cookie: str, consent: Consent, private: bool, before: str | None
) -> None:
    headers = [("Set-Cookie", cookie), *([("Cache-Control", before)] if before else [])]
    caching = [value for name, value in leaving(headers, consent=consent) if name == "Cache-Control"]

    if private:
        assert caching == ["private, max-age=60" if before else "private"]
    else:
        assert caching == ([before] if before else [])


@pytest.mark.parametrize(
    ("header", "passes", "page"),
    [
        (("Content-Type", "text/plain"), True, False),
        (("Content-Type", "text/html"), True, True),
        (("content-type", "Text/HTML ; charset=utf-8"), True, True),
        (("Content-Type", "application/xhtml+xml"), True, True),
        (("Link", "</a.js>; rel=preload"), True, True),
        (("Location", "/a"), True, False),
        (("Cache-Control", "public"), True, False),
        (("Date", "Sun, 22 Nov 2026 00:00:00 GMT"), False, False),
        (("Date", "soon"), False, False),
        (("Location", "/a\r\nSet-Cookie: ads=1"), False, False),
        (("Content-Type", "text/html\nSet-Cookie: ads=1"), False, False),
        (("Set-Cookie", "session=1"), False, False),
        (("Set-Cookie: ads=1; x", "y"), False, False),
    ],
)
def test_what_passes_whatever_is_remembered(header: tuple[str, str], passes: bool, page: bool) -> None:
    memory = Memory()
    for headers in ([header], [header], [("Content-Length", "2"), header]):
        assert recalled(headers, memory) == ((headers, (), page) if passes else None)


def test_long_values_are_not_remembered() -> None:
    header = ("Content-Type", "text/plain; charset=" + "x" * 200)

    memory = Memory()

    assert recalled([header], memory)
    assert header not in HARMLESS and not memory._repeated


def test_nothing_that_may_tell_of_somebody_is_remembered() -> None:
    headers = [
        ("Location", "/reset?token=SECRET"),
        ("X-User", "SECRET"),
        ("ETag", '"SECRET"'),
        ("Link", "</SECRET.js>; rel=preload"),
    ]

    memory = Memory()

    for _ in range(3):
        assert recalled(headers, memory)
    assert not HARMLESS & set(headers) and not memory._repeated


@given(header_lists)
def test_what_passes_whatever_is_remembered_is_what_screening_leaves_alone(headers: Headers) -> None:
    memory = Memory()
    for _ in range(3):  # by heart in the end
        again = recalled(headers, memory)
        if again is not None:
            assert again[0] == headers == leaving(headers)
        else:
            assert any(
                name.lower().strip() in ("set-cookie", "date") or not value.isprintable()
                for name, value in headers
            )


THURSDAY, FRIDAY = "Thu, 02 Jan 2020 00:00:00 GMT", "Fri, 03 Jan 2020 00:00:00 GMT"


@pytest.mark.parametrize(
    ("dates", "cookie", "expected"),
    [
        pytest.param([], f"ads=1; Expires={THURSDAY}", "kept deletion", id="no date: past by the clock"),
        pytest.param([FRIDAY], f"ads=1; Expires={THURSDAY}", "kept deletion", id="past by the date too"),
        pytest.param([THURSDAY], f"ads=1; Expires={FRIDAY}", "stripped undecided", id="live by an old date"),
        pytest.param([FRIDAY, THURSDAY], f"ads=1; Expires={FRIDAY}", "stripped undecided", id="one of two"),
        pytest.param([THURSDAY], "ads=1; Max-Age=0", "kept deletion", id="a max age knows no date"),
        pytest.param(
            ["T-hu, 02 Jan 2020 00:00:00 GMT"], f"ads=1; Expires={FRIDAY}", "kept deletion", id="odd"
        ),
    ],
)
def test_browsers_reckon_an_expires_from_the_responses_date(
    dates: list[str], cookie: str, expected: str
) -> None:
    headers = [*(("Date", date) for date in dates), ("Set-Cookie", cookie)]
    (verdict,) = screen(headers, BLOCK, NOBODY, SITUATION, Memory()).outcome.verdicts

    assert f"{verdict.action} {verdict.reason}" == expected


@pytest.mark.parametrize("odd", ["Thu, 02 Jan 2020 00:00:00 -2300", "Thu, 02 Jan 2020 24:00:00 GMT"])
def test_a_date_that_browsers_read_in_their_own_ways_does_not_leave_beside_a_cookie(odd: str) -> None:
    headers = [("Date", odd), ("date", THURSDAY), ("Set-Cookie", "sid=1")]

    assert screen(headers, BLOCK, NOBODY, SITUATION, Memory()).headers == headers[1:]


@pytest.mark.parametrize("name", ["cookieguard", "__Host-cookieguard"])
@pytest.mark.parametrize("rest", ["=; Max-Age=0", "=1.2026-01-01.+ads:x.y", "", "=; Expires=" + THURSDAY])
def test_the_app_neither_sets_nor_deletes_the_consent_cookie(name: str, rest: str) -> None:
    secure = "; Secure; Path=/" if rest else ""
    screened = screen([("Set-Cookie", name + rest + secure)], BLOCK, EVERYBODY, SITUATION, Memory())

    assert not [value for key, value in screened.headers if key == "Set-Cookie"]
    assert [verdict.action for verdict in screened.outcome.verdicts] == ["stripped"]
