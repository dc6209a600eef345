"""Tests as a site's own: python -m django test djangosite.clienttests"""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.test import Client, LiveServerTestCase, RequestFactory, TestCase, override_settings

from cookieguard.django.conf import policy
from cookieguard.django.middleware import CookieGuardMiddleware
from cookieguard.django.visits import consent_of
from cookieguard.testing import consent_cookie


class AdminTests(TestCase):
    """The site's tests see what its visitors get."""

    @classmethod
    def setUpTestData(cls) -> None:
        """Make somebody who may log in."""
        cls.ann = User.objects.create_superuser("ann", password="pass")

    def test_log_in(self) -> None:
        """The session and the CSRF token pass, the tracker's cookies don't."""
        response = self.client.post("/admin/login/", {"username": "ann", "password": "pass"})
        assert response.status_code == 302, response
        assert "sessionid" in response.cookies and "_ga" not in response.cookies
        assert b"guard.js" in self.client.get("/admin/").content

    def test_csrf(self) -> None:
        """Checked as in production."""
        client = Client(enforce_csrf_checks=True)
        assert client.post("/admin/login/").status_code == 403
        assert "csrftoken" in client.get("/admin/login/").cookies

    def test_consent(self) -> None:
        """A visitor who accepted, as a site's tests make one."""
        name, value = consent_cookie(policy(), settings.SECRET_KEY, ["analytics"], host="testserver")
        self.client.cookies[name] = value
        response = self.client.get("/admin/login/")
        assert "_ga" in response.cookies and "ads_visitor" not in response.cookies

    def test_consent_over_https(self) -> None:
        """There it has the name that no sibling domain can set."""
        name, value = consent_cookie(
            policy(), settings.SECRET_KEY, ["analytics"], host="testserver", https=True
        )
        self.client.cookies[name] = value
        assert "_ga" in self.client.get("/admin/login/", secure=True).cookies

    def test_request_factory(self) -> None:
        """A view that is called by itself, for somebody who accepted, and for nobody."""

        def view(request: HttpRequest) -> HttpResponse:
            return HttpResponse(str(request.cookie_consent.allows("analytics")))

        factory = RequestFactory()
        name, value = consent_cookie(policy(), settings.SECRET_KEY, ["analytics"], host="testserver")
        factory.cookies[name] = value
        assert CookieGuardMiddleware(view)(factory.get("/")).content == b"True"

        request = RequestFactory().get("/")
        request.cookie_consent = consent_of(request)
        assert view(request).content == b"False"

    def test_own_pages(self) -> None:
        """They are answered before Django is asked, by whatever scheme and name."""
        with override_settings(
            SECURE_SSL_REDIRECT=True, SECURE_HSTS_SECONDS=60, ALLOWED_HOSTS=["testserver"]
        ):
            response = self.client.get("/privacy-choices", headers={"Host": "elsewhere.example"})
            assert response.status_code == 200 and "Strict-Transport-Security" not in response
            assert self.client.get("/admin/login/").status_code == 301

    def test_context(self) -> None:
        """What tests ask a response for is still there."""
        self.client.force_login(self.ann)
        response = self.client.get("/admin/")
        assert response.context["user"] == self.ann
        assert not response.context["cookie_consent"].allows("analytics")
        self.assertTemplateUsed(response, "admin/index.html")


class LiveTests(LiveServerTestCase):
    """The live server calls no WSGI_APPLICATION either."""

    def test_cookies(self) -> None:
        """It is guarded all the same."""
        from urllib.request import urlopen

        with urlopen(f"{self.live_server_url}/admin/login/") as response:
            lines = response.headers.get_all("Set-Cookie")
        assert [line.partition("=")[0] for line in lines] == ["csrftoken"], lines
