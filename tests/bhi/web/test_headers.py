"""What every answer carries. Those below an organization are tried with the access matrix."""

import pytest
from django.test import Client, override_settings
from django.urls import reverse

from bhi.tenancy.context import tenant
from tests.factories.tenancy import PASSWORD
from tests.walls.access import OUTSIDE
from tests.walls.asking import is_allauths, url_patterns
from tests.walls.headers import EXACTLY, faults

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", ["/nowhere", "/o/lakeside/nowhere/"])
def test_nowhere(path, client_for):
    assert faults(Client().get(path)) == []
    assert faults(client_for("billing").get(path)) == []


@pytest.mark.parametrize("name", sorted(OUTSIDE))
def test_pages_outside(name, client_for, organization):
    member = client_for("billing")
    with tenant(organization):
        path = reverse(name, kwargs=OUTSIDE[name].made(member.membership))
    # The address of a questionnaire or of a decision is its secret.
    is_secret = name.startswith(("answer", "decide"))
    exactly = {**EXACTLY, "Referrer-Policy": "no-referrer"} if is_secret else EXACTLY
    assert faults(Client().get(path), exactly) == []
    assert faults(member.get(path), exactly) == []


@pytest.mark.parametrize("name", sorted({found.name for found in url_patterns() if is_allauths(found)}))
def test_sign_in_pages(name, client_for):
    arguments = {"uidb36": "1", "key": "x"} if name == "account_reset_password_from_key" else {}
    for client in (Client(), client_for("billing")):
        assert faults(client.get(reverse(name, kwargs=arguments))) == []


def test_refused_hosts_and_forged_forms(client_for):
    assert faults(Client().get("/", headers={"Host": "evil.example"})) == []
    forged = Client(enforce_csrf_checks=True).post("/accounts/login/", {})
    assert forged.status_code == 403
    assert faults(forged) == []


@override_settings(SECURE_SSL_REDIRECT=True, SECURE_HSTS_SECONDS=31_536_000)
def test_the_way_to_https():
    answer = Client().get("/accounts/login/")
    assert (answer.status_code, answer.headers["Location"]) == (301, "https://testserver/accounts/login/")
    assert faults(answer) == []
    assert Client().get("/accounts/login/", secure=True).headers["Strict-Transport-Security"] == "max-age=31536000"


def test_cookies_are_for_us_alone(membership):
    client = Client()
    client.post("/accounts/login/", {"login": membership("billing").user.email, "password": PASSWORD})
    client.get("/accounts/password/change/")
    assert sorted(client.cookies) == ["csrftoken", "known", "sessionid"]
    assert [(cookie["httponly"], cookie["samesite"]) for cookie in client.cookies.values()] == [(True, "Lax")] * 3
