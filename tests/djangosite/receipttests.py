"""Receipts in the admin, as staff meet them: python -m django test djangosite.receipttests"""

from __future__ import annotations

import tempfile
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.models import Permission, User
from django.core.management import call_command
from django.test import TestCase, override_settings
from sqlalchemy import text

LIST = "/admin/cookieguard/receipt/"


class ReceiptTests(TestCase):
    """A site whose policy has a ledger, and a few visitors."""

    def setUp(self) -> None:
        """Make the ledger, and have one visitor accept all and another refuse."""
        from cookieguard.django.receipts import store_of

        folder = self.enterContext(tempfile.TemporaryDirectory())
        file = Path(folder) / "receipts.db"
        file.touch()
        ledger = {"url": f"sqlite:///{file}", "retention": "3 years"}
        policy = {"use": ["google-analytics"], "site": {"languages": ["en", "de"]}, "ledger": ledger}
        self.enterContext(override_settings(COOKIEGUARD={"POLICY": policy}))
        self.store = store_of()
        self.store.database.migrate()
        self.store.prepare()
        self.addCleanup(self.store.database.close)
        self.file = file
        self.ann = User.objects.create_superuser("ann", password="pass")
        self.accepted = self.decide("all", "en")
        self.decide("none", "de")
        self.client.cookies.clear()
        self.client.post("/admin/login/", {"username": "ann", "password": "pass"})

    def decide(self, choice: str, language: str) -> str:
        """Post the visitor's form as it is shown, and return what the cookie holds."""
        self.client.cookies.clear()
        page = self.client.get(f"/privacy-choices?lang={language}").content.decode()
        fields: dict[str, Any] = {"choice": choice, "digest": []}
        for line in page.split("<input")[1:]:
            given = dict(
                part.split("=", 1) for part in line.partition(">")[0].replace('"', "").split() if "=" in part
            )
            if given.get("name") == "shown":
                fields["shown"] = given["value"]
            elif given.get("name") == "digest":
                fields["digest"].append(given["value"])
        response = self.client.post(
            f"/privacy-choices?lang={language}",
            urlencode(fields, doseq=True),
            content_type="application/x-www-form-urlencoded",
            headers={"Sec-Fetch-Site": "same-origin"},
        )
        assert response.status_code == 303, response.content
        cookie = response.cookies.get("cookieguard_receipt")
        return cookie.value if cookie else ""

    def rows(self, query: str = "") -> list[Any]:
        """Return what the list shows."""
        response = self.client.get(LIST + query)
        assert response.status_code == 200, response
        return [(receipt.language, receipt.method) for receipt, _ in response.context["receipts"]]

    def test_list(self) -> None:
        """Filters and the search find what they say."""
        assert sorted(self.rows()) == [("de", "preferences"), ("en", "preferences")]
        assert self.rows("?language=de") == [("de", "preferences")]
        assert self.rows("?accepted=analytics") == [("en", "preferences")]
        assert self.rows("?refused=analytics&method=preferences") == [("de", "preferences")]
        assert self.rows("?method=banner") == self.rows("?until=2020-01-01") == self.rows("?q=nothing") == []
        assert self.rows(f"?q={self.accepted}") == [("en", "preferences")]
        assert len(self.rows("?since=2020-01-01")) == 2
        index = self.client.get("/admin/").content
        assert LIST.encode() in index and b"Add" not in index.split(b"model-receipt")[1].split(b"</tr>")[0]
        self.assertContains(self.client.get("/admin/cookieguard/"), "Receipts")

    def test_pages(self) -> None:
        """Older ones are a link away, also where many have one second."""
        from cookieguard.django import admin
        from cookieguard.ledger import listing

        admin._PAGE, kept = 1, admin._PAGE
        self.addCleanup(setattr, admin, "_PAGE", kept)
        first = self.client.get(LIST)
        second = self.client.get(LIST + first.context["older"])
        seen = {page.context["receipts"][0][0].id for page in (first, second)}
        assert len(seen) == 2 and second.context["older"] == ""
        assert seen == {each.id for each in listing.newest(self.store.database, listing.Wanted(), 10)}

    def test_receipt(self) -> None:
        """One receipt has its text, and says when it was edited."""
        page = self.client.get(f"{LIST}{self.accepted}/change/")
        self.assertContains(page, "is as it was written")
        self.assertContains(page, "<iframe sandbox srcdoc=")
        with self.store.database.writing() as connection:
            connection.execute(text("UPDATE cookieguard_receipts SET path='/x' WHERE number=1"))
        self.assertContains(self.client.get(f"{LIST}{self.accepted}/change/"), "was edited")
        assert self.client.get(f"{LIST}AAAA/change/").status_code == 404

    def test_verify(self) -> None:
        """The button says what it found."""
        self.assertContains(
            self.client.post(f"{LIST}verify/", follow=True), "Every receipt is as it was written: 2"
        )
        assert self.client.get(f"{LIST}verify/").status_code == 405
        with self.store.database.writing() as connection:
            connection.execute(text("DELETE FROM cookieguard_receipts WHERE number=1"))
        self.assertContains(self.client.post(f"{LIST}verify/", follow=True), "it was deleted")

    def test_database_away(self) -> None:
        """The page says so."""
        self.store.database.close()
        self.file.rename(self.file.with_suffix(".away"))
        self.assertContains(self.client.get(LIST), "The ledger can&#x27;t be read", status_code=503)

    def test_permissions(self) -> None:
        """Staff need one, and nobody may change anything."""
        bob = User.objects.create_user("bob", password="pass", is_staff=True)
        self.client.force_login(bob)
        assert self.client.get(LIST).status_code == 403
        assert self.client.post(f"{LIST}verify/").status_code == 403
        bob.user_permissions.add(Permission.objects.get(codename="view_receipt"))
        assert Permission.objects.filter(content_type__app_label="cookieguard").count() == 1
        assert self.client.get(LIST).status_code == 200
        self.client.logout()
        assert self.client.get(LIST)["Location"].startswith("/admin/login/")

    def test_without_a_ledger(self) -> None:
        """Nothing of it shows."""
        with override_settings(COOKIEGUARD={"POLICY": {"use": ["google-analytics"]}}):
            assert LIST.encode() not in self.client.get("/admin/").content
            assert self.client.get(LIST).status_code == 403

    def test_no_table(self) -> None:
        """Django's own tools meet a model without one."""
        call_command("dumpdata", stdout=StringIO())
        call_command("makemigrations", check=True, dry_run=True, stdout=StringIO())
