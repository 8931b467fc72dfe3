"""What every answer carries, whoever asks for what."""

import re

import pytest
from django.test import Client, override_settings
from django.urls import reverse

from bhi.tenancy.context import tenant
from tests.factories.tenancy import PASSWORD
from tests.walls.access import OF_AN_ORGANIZATION, OUTSIDE, ROLES
from tests.walls.asking import Asking, is_allauths, seats_in, url_patterns

pytestmark = pytest.mark.django_db
CSP = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
EXACTLY = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}
# Another origin, inline style, inline script, an inline handler.
FOREIGN = re.compile(
    rb"""(?:src|href|action|hx-\w+)\s*=\s*["'](?:https?:)?//|<style|\sstyle\s*=|<script(?![^>]*\ssrc=)|\son[a-z]+\s*="""
)


def faults(answer, exactly=EXACTLY) -> list[str]:
    found = [f"{key}: {answer.headers.get(key)}" for key, value in exactly.items() if answer.headers.get(key) != value]
    given = answer.headers.get("Content-Security-Policy", "")
    policy = dict(part.strip().split(" ", 1) for part in given.split(";") if part.strip())
    if policy != CSP:
        found.append(f"Content-Security-Policy: {given}")
    if "no-store" not in answer.headers.get("Cache-Control", ""):
        found.append(f"Cache-Control: {answer.headers.get('Cache-Control')}")
    if "X-Request-ID" not in answer.headers:
        found.append("no X-Request-ID")
    if answer.headers.get("Content-Type", "").startswith("text/html"):
        found += [f"on the page: {part!r}" for part in FOREIGN.findall(answer.content)]
    return found


@pytest.mark.parametrize("name", sorted(OF_AN_ORGANIZATION))
def test_pages_of_an_organization(name, organization, other_organization):
    asking = Asking(name, OF_AN_ORGANIZATION[name], seats_in(organization, other_organization))
    may = min(asking.url.roles)
    refused = next((role for role in ROLES if role not in asking.url.roles), "stranger")
    for who, method in ((may, "GET"), (may, "POST"), (refused, "GET"), ("stranger", "GET"), ("anonymous", "GET")):
        assert faults(asking.ask(who, method)) == []


@pytest.mark.parametrize("path", ["/nowhere", "/o/lakeside/nowhere/"])
def test_nowhere(path, client_for):
    assert faults(Client().get(path)) == []
    assert faults(client_for("billing").get(path)) == []


@pytest.mark.parametrize("name", sorted(OUTSIDE))
def test_pages_outside(name, client_for, organization):
    member = client_for("billing")
    with tenant(organization):
        path = reverse(name, kwargs=OUTSIDE[name].made(member.membership))
    # The address of a questionnaire is its secret.
    is_secret = name.startswith("answer")
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
    assert sorted(client.cookies) == ["csrftoken", "sessionid"]
    assert [(cookie["httponly"], cookie["samesite"]) for cookie in client.cookies.values()] == [(True, "Lax")] * 2
