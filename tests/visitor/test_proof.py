"""What a receipt keeps of the page that somebody decided on."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from ledgers import SECRET, policy_of, store_of
from werkzeug.test import Client

from cookieguard import CookieGuard, visit_from


def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    told = visit_from(environ).receipts()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Cache-Control", "public, max-age=600")])
    return [receipt.path.encode() for receipt in told]


@pytest.fixture
def visitor(tmp_path: Path) -> Client:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    store_of(url)
    return Client(CookieGuard(app, policy_of(url), secret_key=SECRET))


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        pytest.param({}, "/café/privacy-choices", id="nothing tells"),
        pytest.param({"Referer": f"http://localhost/{quote('café')}/shop?x"}, "/café/shop", id="referer"),
    ],
)
def test_the_path_of_the_page(visitor: Client, sent: dict[str, str], kept: str) -> None:
    policy = visitor.application.enforcer.policy
    choice = {"accept": ["analytics"], "digests": {"analytics": policy.categories["analytics"].token}}
    root = "/café".encode().decode("latin-1")
    headers = {"Sec-Fetch-Site": "same-origin", **sent}
    answer = visitor.post(
        "/privacy-choices", json=choice, headers=headers, environ_overrides={"SCRIPT_NAME": root}
    )
    assert answer.status_code == 200

    assert visitor.get("/").text == kept


def test_a_page_that_tells_receipts_is_nobody_elses(visitor: Client) -> None:
    headers = visitor.get("/").headers

    assert "Cookie" in headers["Vary"].split(", ")
    assert headers["Cache-Control"] == "private, max-age=600"
