"""Passkeys: added, and then enough to sign in, to open a locked screen and as a second step; and nothing else is."""

import json
import re
from html import unescape

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.db import transaction
from django.test import Client
from django.urls import reverse

from bhi.accounts.models import SignInEvent
from tests.factories.passkeys import Passkey
from tests.factories.tenancy import PASSWORD

pytestmark = pytest.mark.django_db
WORK = "/o/lakeside/billing/batches/"


@pytest.fixture(autouse=True)
def _as_in_production(settings, monkeypatch):
    settings.REQUIRE_MFA = settings.WATCHES_SESSIONS = True
    settings.MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = False
    monkeypatch.setattr(transaction, "on_commit", lambda done, using=None, robust=False: done())


@pytest.fixture
def person(membership):
    return membership("billing").user


@pytest.fixture
def passkey(person):
    """Added by the person, who signed in with a password for it."""
    client, made = password_in(person), Passkey()
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    add(client, made)
    return made


def password_in(person):
    client = Client()
    client.post(reverse("account_login"), {"login": person.email, "password": PASSWORD})
    return client


def asked_on(page, attribute):
    return json.loads(unescape(re.search(rf'{attribute}="([^"]+)"', page.content.decode())[1]))


def add(client, passkey):
    address = reverse("mfa_add_webauthn")
    options = asked_on(client.get(address), "data-passkey-create")
    sent = {"name": "Laptop", "passwordless": "on", "credential": passkey.create(options)}
    return client.post(address, sent)


def sign_in(passkey, client=None):
    client, address = client or Client(), reverse("mfa_login_webauthn")
    options = client.get(address, headers={"Accept": "application/json"}).json()["request_options"]
    client.post(address, {"credential": passkey.get(options)})
    return client


def is_in(client):
    return client.get(WORK).status_code == 200


def test_added_it_opens_the_way_and_is_told(passkey, person):
    assert Authenticator.objects.filter(user=person).order_by("type").values_list("type", flat=True)[1] == "webauthn"
    assert [sent.subject for sent in mail.outbox] == ["BHI: A passkey was added"]
    assert list(SignInEvent.objects.values_list("kind", flat=True).order_by("id")) == ["signed_in", "factor_added"]


def test_signs_in_by_itself(passkey):
    assert is_in(sign_in(passkey))


def test_is_the_second_step_after_a_password(passkey, person):
    client = password_in(person)
    assert not is_in(client)
    options = asked_on(client.get(reverse("mfa_authenticate")), "data-passkey-get")
    client.post(reverse("mfa_authenticate"), {"credential": passkey.get(options)})
    assert is_in(client)


def test_opens_a_locked_screen(passkey):
    client = sign_in(passkey)
    client.post(reverse("session_lock"))
    asked = client.get(WORK)
    assert asked.status_code == 423
    sent = {"next": WORK, "proof_credential": passkey.get(asked_on(asked, "data-passkey-get"))}
    assert client.post(reverse("unlock"), sent).headers["Location"] == WORK
    assert is_in(client)


@pytest.mark.parametrize(
    "changed",
    [{"is_verified": False}, {"host": "evil.example"}, {"id": b"another"}, {"key": Passkey().key}, {"user": ""}],
    ids=["nobody verified", "another site", "unknown credential", "another key", "nobody's"],
)
def test_anything_else_signs_nobody_in(passkey, changed):
    for name, value in changed.items():
        setattr(passkey, name, value)
    assert not is_in(sign_in(passkey))


def test_an_answer_works_once(passkey):
    client, address = Client(), reverse("mfa_login_webauthn")
    options = client.get(address, headers={"Accept": "application/json"}).json()["request_options"]
    answer = {"credential": passkey.get(options)}
    client.post(address, answer)
    assert is_in(client)
    client.post(reverse("account_logout"))
    client.post(address, answer)
    assert not is_in(client)


def test_a_passkey_of_somebody_else_unlocks_nothing(passkey, membership):
    other = membership("billing").user
    client, own = password_in(other), Passkey(id=b"own")
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    add(client, own)
    client.post(reverse("session_lock"))
    options = asked_on(client.get(WORK), "data-passkey-get")
    assert client.post(reverse("unlock"), {"proof_credential": passkey.get(options)}).status_code == 422
    assert client.get(WORK).status_code == 423


def test_a_person_who_was_switched_off_stays_out(passkey, person):
    type(person).objects.filter(pk=person.pk).update(is_active=False)
    assert not is_in(sign_in(passkey))


def test_without_verification_none_is_added(person):
    client = password_in(person)
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    assert add(client, Passkey(is_verified=False)).status_code == 200
    assert Authenticator.objects.count() == 0
