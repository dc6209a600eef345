"""What the visitor must find, by the numbers of the requirements.

Each is shown on a guarded app as a browser meets it; details stand in the modules' own tests. What
only a browser can show (2, 4, 6, 19) stands in tests/browser/test_journeys.py and test_pages.py.
"""

from __future__ import annotations

import json
import re
from datetime import date, timedelta
from typing import Any

import pytest
from asking import FORM, Answer, ask, consent, lined
from contract import EXPIRED, MOUNT, NAVIGATION, POLICY, responding

from cookieguard.testing import consent_cookie

ALL_CHOSEN = ["analytics", "functional", "marketing"]
app = lined(responding("session=1", "_ga=1; Max-Age=99999999", "ads=1", "unknown=1"))


def page(path: str = MOUNT, **options: Any) -> str:
    return ask(app, path, **options).body.decode()


def choose(choice: str, *, cookie: str | None = None, **options: Any) -> Answer:
    digests = re.findall(r'name="digest" value="([^"]+)"', page())
    body = "&".join([f"choice={choice}", *(f"digest={digest}" for digest in digests)]).encode()
    return ask(app, MOUNT, method="POST", headers=FORM, body=body, cookie=cookie, **options)


def stored(answer: Answer) -> str:
    """The consent cookie of an answer, as the browser sends it back."""
    return next(cookie for cookie in answer.cookies if cookie.startswith("cookieguard=")).partition(";")[0]


def test_01_the_first_response_sets_nothing_optional() -> None:
    for status in ("200 OK", "302 Found", "304 Not Modified", "404 Not Found", "500 Oops"):
        first = ask(lined(responding("session=1", "_ga=1", "ads=1", status=status)))
        assert first.cookies == ["session=1"], status


@pytest.mark.parametrize(
    ("layer", "choices"),
    [
        ("", ["all", "none", "some"]),
        ("/dialog", ["all", "none", "some"]),
        ("/banner", ["all", "none"]),
    ],
)
def test_03_reject_is_a_button_wherever_accept_is(layer: str, choices: list[str]) -> None:
    buttons = re.findall(r'<button class="cg-button" name="choice" value="(\w+)">', page(MOUNT + layer))
    assert buttons == choices


def test_05_no_optional_box_is_ticked_at_first() -> None:
    assert len(re.findall(r'type="checkbox"', page())) == 3
    assert not re.findall(r'type="checkbox"[^>]* checked', page())


def test_07_the_banner_links_to_policy_and_preferences_and_says_that_a_choice_can_be_withdrawn() -> None:
    banner = page(f"{MOUNT}/banner")
    assert re.findall(r'<a .*?href="([^"]+)"', banner) == [MOUNT, f"{MOUNT}/policy"]
    assert "change or withdraw your choice at any time" in banner


def test_09_a_way_to_the_settings_is_on_every_html_page() -> None:
    def app(environ: Any, start_response: Any) -> list[bytes]:
        start_response("404 Not Found", [("Content-Type", "text/html; charset=utf-8")])
        return [b"<!doctype html><title>Lost</title>"]

    # By the script, and for those without it by the bar.
    body = ask(lined(app)).body.decode()
    assert f'<script src="{MOUNT}/guard.js?v=' in body
    assert re.search(rf'<noscript>.*<a href="{MOUNT}\?lang=en">Cookie settings</a>.*</noscript>$', body)


@pytest.mark.parametrize("path", [MOUNT, f"{MOUNT}/policy", f"{MOUNT}/policy.md"])
def test_08_each_cookie_has_purpose_duration_and_third_party(path: str) -> None:
    text = re.sub(r"<[^>]+>|\s+", " ", page(path)).replace("\\", "")
    for cookie in POLICY["cookies"]:
        assert cookie["name"] in text and cookie["purpose"] in text
    assert "Google Analytics" in text and "1 day" in text


def test_10_withdrawing_takes_one_click_as_accepting_does() -> None:
    accepted = stored(choose("all"))
    assert len(re.findall(r'type="checkbox"[^>]* checked', page(cookie=accepted))) == 3
    withdrawn = stored(choose("none", cookie=accepted))
    assert not re.findall(r'type="checkbox"[^>]* checked', page(cookie=withdrawn))


def test_11_withdrawal_expires_the_cookies() -> None:
    answer = choose("none", cookie=f"{consent(*ALL_CHOSEN)}; _ga=1; ads=2; session=3; chat=4")
    assert [cookie for cookie in answer.cookies if cookie.startswith(("_ga=; ", "ads=; "))] == [
        *(
            f"{name}=; {EXPIRED}{domain}"
            for name in ("_ga", "ads")
            for domain in ("", "; Domain=shop.example")
        )
    ]
    # Essential under some path: not ours to take.
    assert not [cookie for cookie in answer.cookies if cookie.startswith(("session=", "chat="))]


def test_12_a_refusal_is_remembered_as_long_as_an_acceptance() -> None:
    answers = [choose(choice) for choice in ("all", "none")]
    lifetimes = [re.findall(r"Max-Age=([0-9]+)", "; ".join(answer.cookies)) for answer in answers]
    assert lifetimes == [[str(6 * 31 * 86400)]] * 2


@pytest.mark.parametrize(
    ("change", "left"),
    [
        pytest.param({"purpose": "Counts and profiles."}, ["session=1", "ads=1"], id="material"),
        pytest.param(
            {"purpose": {"en": "Counts.", "de": "Zählt."}}, ["session=1", "_ga=1", "ads=1"], id="not"
        ),
    ],
)
def test_13_a_material_change_asks_again_about_its_category_alone(change: Any, left: list[str]) -> None:
    cookies = [cookie | change if cookie["name"] == "_ga" else cookie for cookie in POLICY["cookies"]]
    changed = lined(responding("session=1", "_ga=1", "ads=1"), cookies=cookies)
    assert ask(changed, cookie=consent(*ALL_CHOSEN)).cookies == left


def test_15_a_tampered_or_expired_consent_is_none() -> None:
    expired = consent(*ALL_CHOSEN, day=date.today() - timedelta(6 * 31 + 1))
    tampered = consent(*ALL_CHOSEN).replace("+marketing", "-marketing")
    for cookie in (expired, tampered):
        assert ask(app, cookie=cookie).cookies == ["session=1"]


@pytest.mark.parametrize(
    ("sent", "counts"), [("1", True), ("0, 1", True), ("0", False), ("true", False), ("11", False)]
)
def test_16_global_privacy_control_is_exactly_1(sent: str, counts: bool) -> None:
    answer = ask(app, cookie=consent(*ALL_CHOSEN), headers={"Sec-GPC": sent})
    assert ("ads=1" in answer.cookies) is not counts


def test_17_the_page_says_that_the_signal_was_honoured() -> None:
    assert "Global Privacy Control" in page(headers={"Sec-GPC": "1"})
    assert "Global Privacy Control" not in page()


def test_18_support_for_the_signal_is_published() -> None:
    answer = ask(app, "/.well-known/gpc.json")
    assert dict(answer.headers)["Content-Type"] == "application/json"
    assert json.loads(answer.body)["gpc"] is True


def test_20_no_cookie_outlives_what_was_declared() -> None:
    assert "_ga=1; Max-Age=86400" in ask(app, cookie=consent(*ALL_CHOSEN), headers=NAVIGATION).cookies


def test_the_cookie_of_the_testing_helper_is_that_of_the_form() -> None:
    from asking import policy_of
    from contract import HOST, SECRET

    name, value = consent_cookie(policy_of(), SECRET, ALL_CHOSEN, host=HOST)
    assert stored(choose("all")) == f"{name}={value}"
