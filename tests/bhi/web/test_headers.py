"""What every answer carries. Those below an organization are tried with the access matrix."""

import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
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
    # The address of a questionnaire, a decision or the three questions is its secret.
    is_secret = name.startswith(("answer", "decide", "experience"))
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


@override_settings(SECURE_SSL_REDIRECT=True, METRICS_TOKEN="t" * 40)
def test_machines_are_not_sent_on_to_https():
    """They would follow, and nobody would see that a token went in the clear."""
    with_token = {"HTTP_AUTHORIZATION": f"Bearer {'t' * 40}"}
    answered = {path: Client().get(path, **with_token).status_code for path in ("/healthz", "/readyz", "/metrics")}
    assert answered == {"/healthz": 200, "/readyz": 200, "/metrics": 403}
    assert Client().get("/metrics", secure=True, **with_token).status_code == 200
    assert Client().get("/metricsx").status_code == 301


def test_cookies_are_for_us_alone(membership):
    client = Client()
    client.post("/accounts/login/", {"login": membership("billing").user.email, "password": PASSWORD})
    client.get("/accounts/password/change/")
    assert sorted(client.cookies) == ["csrftoken", "known", "sessionid"]
    assert [(cookie["httponly"], cookie["samesite"]) for cookie in client.cookies.values()] == [(True, "Lax")] * 3


@pytest.mark.parametrize("path", ["/static/bhi.css", "/static/bhi.js", "/static/nowhere.css"])
def test_static_files(path):
    kept = [fault for fault in faults(Client().get(path)) if not fault.startswith("Cache-Control")]
    assert kept == []


@override_settings(SECURE_HSTS_SECONDS=31_536_000, SECURE_HSTS_INCLUDE_SUBDOMAINS=True)
@pytest.mark.parametrize("path", ["/accounts/login/", "/nowhere", "/static/bhi.css", "/healthz", "/o/lakeside/"])
def test_in_production_every_answer_asks_for_https_from_now_on(path):
    answer = Client().get(path, secure=True)
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"


PRODUCTION = {
    "BHI_DEBUG": "0",
    "BHI_PROCESS": "web",
    "BHI_SECRET_KEY": secrets.token_urlsafe(60),
    "BHI_FILE_KEYS": secrets.token_urlsafe(40),
    "BHI_ALLOWED_HOSTS": "bhi.example.org",
    "BHI_ADDRESS": "https://bhi.example.org",
    "DATABASE_URL": "postgresql://bhi_app:pw@db.example.org/bhi?sslmode=verify-full",
    "REDIS_URL": "rediss://cache.example.org/0",
    "EMAIL_URL": "smtp://user:pw@mail.example.org:587?tls=1",
}


def test_djangos_own_list_for_deployment_finds_nothing():
    done = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "DEBUG"],
        cwd=Path(settings.BASE_DIR),
        env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **PRODUCTION},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stdout.strip()) == (0, "System check identified no issues (1 silenced)."), done.stderr
