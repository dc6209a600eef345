"""No proof, no consent: as visitors and apps meet it."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import asgiapps
import ledgers
import pytest
import webtest
from sqlalchemy import text

from cookieguard import ConfigurationError, CookieGuard, LedgerUnavailable, Policy, asgi, visit_from
from cookieguard.ledger.ledger import append
from cookieguard.ledger.receipt import Receipt, new_id, time_of
from cookieguard.ledger.store import Store
from cookieguard.ledger.verifying import verify

MOUNT = "/privacy-choices"
OWN = {"Origin": "http://localhost:80"}


@pytest.fixture
def policy(url: str) -> Policy:
    return ledgers.policy_of(url)


@pytest.fixture(params=["wsgi", "asgi"])
def guarded(request: pytest.FixtureRequest, store: Store) -> Callable[[Policy], Any]:
    """A guarded site over either protocol."""

    def make(policy: Policy) -> Any:
        if request.param == "wsgi":
            return ledgers.guard_of(policy)
        app = asgiapps.saying(asgiapps.start(), asgiapps.body(b"ok"))
        return asgiapps.AsWsgi(asgi.CookieGuard(app, policy, secret_key=ledgers.SECRET))

    return make


@pytest.fixture
def client(policy: Policy, guarded: Callable[[Policy], Any]) -> webtest.TestApp:
    return webtest.TestApp(guarded(policy))


def hide(url: str, *, back: bool = False) -> None:
    """Take the database away, or bring it back."""
    file = Path(url.removeprefix("sqlite:///"))
    for suffix in ("", "-wal", "-shm"):
        here, away = Path(f"{file}{suffix}"), Path(f"{file}{suffix}.away")
        source, target = (away, here) if back else (here, away)
        if source.exists():
            source.rename(target)


def choose(
    client: webtest.TestApp, choice: str, accept: str | None = None, **more: Any
) -> webtest.TestResponse:
    form = client.get(MOUNT).forms[0]
    for box in form.fields.get("accept", []):
        box.checked = box._value == accept
    return form.submit("choice", value=choice, headers=OWN, **more)


def test_a_grant_has_a_receipt(client: webtest.TestApp, store: Store) -> None:
    assert choose(client, "all").status_int == 303
    told = client.get(f"{MOUNT}/receipts").json
    (receipt,) = told["receipts"]

    assert {each["category"]: each["choice"] for each in receipt["decisions"]} == {
        "analytics": "accepted",
        "marketing": "accepted",
    }
    assert (receipt["method"], receipt["layer"], receipt["language"]) == ("preferences", "preferences", "en")
    assert receipt["address"] is None and "P." in told["texts"][receipt["text"]]
    assert verify(store).verified == 1


def test_an_unchanged_decision_is_no_new_receipt(client: webtest.TestApp, store: Store) -> None:
    for _ in range(3):
        choose(client, "all")
    assert verify(store).verified == 1
    for _ in range(3):
        choose(client, "none")
    assert verify(store).verified == 2


def test_a_form_that_is_sent_twice_has_one_receipt(client: webtest.TestApp, store: Store) -> None:
    def told(form: webtest.Form, choice: str) -> str | None:
        client.reset()
        answer = form.submit("choice", value=choice, headers=OWN)
        assert answer.status_int == 303
        return client.cookies.get("cookieguard_receipt")

    form, other = client.get(MOUNT).forms[0], client.get(MOUNT).forms[0]
    ids = [told(form, "all") for _ in range(3)]
    assert ids[0] == ids[1] == ids[2] and verify(store).verified == 1
    assert [told(form, "none"), told(form, "none")] == [None, None] and verify(store).verified == 2
    assert told(other, "all") != ids[0] and verify(store).verified == 3
    assert verify(store).breaks == ()


def test_two_refusals_of_one_form_wait_as_one(client: webtest.TestApp, store: Store, url: str) -> None:
    form = client.get(MOUNT).forms[0]
    store.database.close()
    client.app.enforcer.ledger.store.database.close()
    hide(url)
    for _ in range(2):
        client.reset()
        form.submit("choice", value="none", headers=OWN)
    hide(url, back=True)
    client.app.enforcer.ledger._drain()
    assert verify(store).verified == 1 and client.app.enforcer.ledger.spool.is_empty


@pytest.mark.postgres
def test_a_double_click_at_two_processes(postgres_store: Store) -> None:
    now = time.time()
    receipts = [Receipt(new_id(now, ["form"]), time_of(now + second), "[]", "api") for second in range(8)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda receipt: append(postgres_store, [(receipt, None)]), receipts))
    report = verify(postgres_store)
    assert (report.breaks, report.verified) == ((), 1)


def test_who_accepts_nothing_is_known_by_no_id(client: webtest.TestApp) -> None:
    choose(client, "none")
    assert "cookieguard_receipt" not in client.cookies
    choose(client, "all")
    assert "cookieguard_receipt" in client.cookies
    choose(client, "none")
    assert "cookieguard_receipt" not in client.cookies


def test_receipts_are_erased_by_their_own_visitor_alone(client: webtest.TestApp, store: Store) -> None:
    choose(client, "all")
    for headers in ({}, {"Origin": "https://evil.example"}):
        client.post(f"{MOUNT}/receipts", headers=headers, status=403)
    assert client.post(f"{MOUNT}/receipts", headers=OWN).json == {"erased": 1}
    assert client.get(f"{MOUNT}/receipts").json == {"receipts": [], "texts": {}}
    assert verify(store).erased == 1


def test_a_text_that_is_not_todays_is_asked_again(client: webtest.TestApp, store: Store) -> None:
    form = client.get(MOUNT).forms[0]
    form["shown"].force_value("preferences.en.another")
    answer = form.submit("choice", value="all", headers=OWN, status=409)

    assert "Set-Cookie" not in answer.headers and verify(store).verified == 0


def test_without_a_database_only_refusals_count(client: webtest.TestApp, store: Store, url: str) -> None:
    choose(client, "all")
    store.database.close()
    client.app.enforcer.ledger.store.database.close()
    hide(url)
    client.reset()
    answer = choose(client, "all", status=503)
    assert "can&#39;t record a consent" in answer.text and "Set-Cookie" not in answer.headers
    assert "can&#39;t record a consent" in client.get(MOUNT).text
    told = client.post_json(MOUNT, {"accept": []}, headers=OWN).json
    assert told["categories"]["analytics"]["state"] == "refused"
    hide(url, back=True)
    choose(client, "all")

    report = verify(store)
    assert (report.breaks, report.verified) == ((), 3)
    assert client.app.enforcer.ledger.spool.is_empty


def test_a_choice_that_takes_back_and_accepts_takes_back(
    client: webtest.TestApp, store: Store, url: str
) -> None:
    choose(client, "some", "analytics")
    store.database.close()
    client.app.enforcer.ledger.store.database.close()
    hide(url)
    choose(client, "some", "marketing", status=503)
    states = client.get(MOUNT, headers={"Accept": "application/json"}).json["categories"]

    assert (states["analytics"]["state"], states["marketing"]["state"]) == ("refused", "refused")


def test_a_json_client_gets_an_error_object(
    client: webtest.TestApp, policy: Policy, store: Store, url: str
) -> None:
    store.database.close()
    client.app.enforcer.ledger.store.database.close()
    hide(url)
    body = {"accept": ["analytics"], "digests": {"analytics": policy.categories["analytics"].token}}

    assert "record a consent" in client.post_json(MOUNT, body, headers=OWN, status=503).json["error"]


def test_the_app_grants(policy: Policy, store: Store, url: str) -> None:
    caught: list[Exception] = []

    def app(environ: Any, start_response: Any) -> list[bytes]:
        visit = visit_from(environ)
        try:
            visit.grant(["analytics"])
        except LedgerUnavailable as error:
            caught.append(error)
            assert not visit.consent.allows("analytics")
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"ok"]

    guard = CookieGuard(app, policy, secret_key=ledgers.SECRET)
    answer = webtest.TestApp(guard).get("/shop")
    id = answer.headers.getall("Set-Cookie")[1].partition("=")[2].partition(";")[0]
    (receipt,) = store.find([id])
    assert (receipt.method, receipt.path, receipt.text) == ("api", "/shop", None)
    store.database.close()
    guard.enforcer.ledger.store.database.close()
    hide(url)
    assert "Set-Cookie" not in webtest.TestApp(guard).get("/shop").headers and len(caught) == 1


@pytest.mark.parametrize("act", ["all", "none"])
def test_a_spool_that_cannot_be_looked_at_keeps_nobody_from_deciding(
    client: webtest.TestApp, policy: Policy, store: Store, url: str, act: str
) -> None:
    choose(client, "none")
    folder = Path(url.removeprefix("sqlite:///")).parent / "spools"
    folder.mkdir()
    guard = ledgers.guard_of(ledgers.policy_of(url, str(folder / "spool")))
    folder.rmdir()
    folder.write_text("no folder any more")

    choose(webtest.TestApp(guard), act, status=303)


def test_others_are_served_while_a_decision_waits(policy: Policy, store: Store) -> None:
    guard = asgi.CookieGuard(asgiapps.saying(), policy, secret_key=ledgers.SECRET)
    digest = policy.categories["analytics"].token
    body = json.dumps({"accept": ["analytics"], "digests": {"analytics": digest}}).encode()
    headers = {
        "content-type": "application/json",
        "content-length": str(len(body)),
        "sec-fetch-site": "same-origin",
    }
    scope = asgiapps.a_scope(MOUNT, headers, method="POST")
    said: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        said.append(message)

    async def main() -> None:
        with store.database.writing():
            deciding = asyncio.create_task(guard(scope, receive, send))
            for _ in range(20):
                await asyncio.sleep(0.01)
            assert not said
        await deciding

    begun = time.monotonic()
    asyncio.run(main())
    assert said[0]["status"] == 200 and time.monotonic() - begun < 4
    assert verify(store).verified == 1


def test_an_app_grants_from_its_event_loop(policy: Policy, store: Store) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.to_thread(visit_from(scope).grant, ["analytics"])
        await asgiapps.saying(asgiapps.start(), asgiapps.body(b"ok"))(scope, receive, send)

    answer = asgiapps.ask(asgi.CookieGuard(app, policy, secret_key=ledgers.SECRET), "/shop")
    assert "cookieguard_receipt" in str(answer.headers)
    with store.database.reading() as connection:
        assert connection.execute(text("SELECT path, method FROM cookieguard_receipts")).all() == [
            ("/shop", "api")
        ]


@pytest.mark.parametrize(
    ("how", "kept"), [("none", None), ("truncate", "203.0.113.0/24"), ("hash", None)], ids=str
)
def test_addresses(url: str, guarded: Callable[[Policy], Any], how: str, kept: str | None) -> None:
    client = webtest.TestApp(
        guarded(ledgers.policy_of(url, address=how)), extra_environ={"REMOTE_ADDR": "203.0.113.9"}
    )
    choose(client, "all")
    address = client.get(f"{MOUNT}/receipts").json["receipts"][0]["address"]

    assert address == kept if how != "hash" else len(address) == 22


def test_no_start_on_a_database_that_is_not_migrated(policy: Policy, url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"E010.*no ledger yet; run: cookieguard ledger init"):
        ledgers.guard_of(policy)
    assert not Path(url.removeprefix("sqlite:///")).exists()


def test_no_start_under_other_keys(policy: Policy, store: Store) -> None:
    with pytest.raises(ConfigurationError, match="E011"):
        ledgers.guard_of(policy, secret_key="another secret, as long as that")


def test_no_start_without_a_place_for_the_spool(url: str, store: Store) -> None:
    with pytest.raises(ConfigurationError, match="E012"):
        ledgers.guard_of(ledgers.policy_of(url, spool="/no/such/folder/spool"))


def test_a_start_while_the_database_is_away(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    policy = ledgers.policy_of(f"postgresql+psycopg://u@/n?host={tmp_path}", str(tmp_path / "spool"))
    guard = ledgers.guard_of(policy)

    assert "can't be reached" in caplog.text
    assert ledgers.accept(guard, policy, "analytics") == ("503 Service Unavailable", None)
    assert ledgers.accept(guard, policy)[0] == "200 OK"


@pytest.mark.parametrize(
    ("module", "says"),
    [
        pytest.param("sqlalchemy.exc", "pip install 'cookieguard[ledger]'", id="the extra"),
        pytest.param("fcntl", "needs a POSIX system", id="the system"),
    ],
)
def test_what_is_missing_is_told(url: str, module: str, says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("cookieguard.ledger.ledger", "cookieguard.ledger.spool"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, module, None)

    with pytest.raises(ConfigurationError) as caught:
        ledgers.guard_of(ledgers.policy_of(url))
    assert caught.value.id == "cookieguard.E009" and says in str(caught.value)
    assert ("pip install" in str(caught.value)) == (module != "fcntl")
