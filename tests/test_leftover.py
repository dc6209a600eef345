"""Scripts' cookies that are expired on a www host, and likely lie at the whole domain."""

from __future__ import annotations

from typing import Any

import pytest
from contract import responding
from werkzeug.test import Client

from cookieguard import CookieGuard, Policy

SCRIPTS: dict[str, Any] = {
    "name": "_ga",
    "category": "analytics",
    "purpose": "P.",
    "lifetime": "1 day",
    "set_by": "script",
}
HOST = "www.example.com"


@pytest.mark.parametrize(
    ("policy", "host", "warned"),
    [
        pytest.param({"cookies": [SCRIPTS]}, HOST, ["_ga"], id="script's"),
        pytest.param({"cookies": [{**SCRIPTS, "name": "_g*"}]}, HOST, ["_g*"], id="pattern"),
        pytest.param({"use": ["google-analytics"]}, HOST, ["_ga", "_ga_*"], id="catalogue"),
        pytest.param({"cookies": [SCRIPTS]}, "example.com", [], id="no www"),
        pytest.param({"cookies": [SCRIPTS]}, "wwwx.example.com", [], id="like www"),
        pytest.param({"cookies": [{**SCRIPTS, "domain": ".example.com"}]}, HOST, [], id="domain"),
        pytest.param({"cookies": [{**SCRIPTS, "set_by": "server"}]}, HOST, [], id="server's"),
        pytest.param(
            {"cookies": [SCRIPTS], "consent": {"domain": "example.com"}}, HOST, [], id="shared consent"
        ),
        pytest.param({"cookies": [{**SCRIPTS, "name": "other"}]}, HOST, [], id="not in the browser"),
        pytest.param({"cookies": [{**SCRIPTS, "category": "essential"}]}, HOST, [], id="essential"),
    ],
)
def test_warned_of_once(
    policy: dict[str, Any], host: str, warned: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    guard = CookieGuard(responding(), Policy.from_dict(policy), secret_key="0123456789abcdef")
    caplog.clear()
    for _ in range(3):
        Client(guard, use_cookies=False).get(
            "/", base_url=f"http://{host}", headers={"Cookie": "_ga=1; _ga_X=1", "Sec-Fetch-Mode": "navigate"}
        )

    said = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert [message.partition(",")[0] for message in said] == [f"{name} isn't allowed" for name in warned]
