"""Sign-in and account pages, as the library's own views show them."""

import re

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.core import mail
from django.urls import reverse

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery staple"


@pytest.fixture
def person(membership):
    user = membership("care_manager").user
    user.set_password(PASSWORD)
    user.save()
    return user


def heading(response):
    found = re.findall(r"<h1>(.*?)</h1>", response.content.decode())
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("account_login", "Sign in"),
        ("account_reset_password", "Reset your password"),
        ("account_reset_password_done", "Check your e-mail"),
        ("account_reset_password_from_key_done", "Your password is changed"),
        ("account_inactive", "This account is closed"),
        ("account_signup", "Accounts are by invitation"),
    ],
)
def test_pages_for_anybody(client, name, expected):
    assert heading(client.get(reverse(name))) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("account_logout", "Sign out?"),
        ("account_change_password", "Change password"),
        ("mfa_index", "Second sign-in step"),
    ],
)
def test_pages_for_the_signed_in(client, person, name, expected):
    client.force_login(person)
    assert heading(client.get(reverse(name))) == expected


def test_signing_in(client, person):
    answer = client.post(reverse("account_login"), {"login": person.email, "password": PASSWORD})
    assert (answer.status_code, answer.headers["Location"]) == (302, reverse("home"))


def test_a_wrong_password_keeps_the_address_and_names_no_cause(client, person):
    answer = client.post(reverse("account_login"), {"login": person.email, "password": "wrong"})
    page = answer.content.decode()
    assert f'value="{person.email}"' in page
    assert page.count('class="field-error"') == 1


def test_a_reset_link_works_once(client, person):
    client.post(reverse("account_reset_password"), {"email": person.email})
    link = re.search(r"https?://[^/]+(/\S+)", mail.outbox[0].body)
    assert link is not None
    form = client.get(link[1], follow=True)
    assert heading(form) == "Set a new password"
    chosen = {"password1": "a new long passphrase", "password2": "a new long passphrase"}
    client.post(form.redirect_chain[-1][0], chosen)
    assert heading(client.get(link[1], follow=True)) == "This link no longer works"


def test_turning_the_second_step_on_asks_who_it_is_first(client, person):
    client.force_login(person)
    asked = client.get(reverse("mfa_activate_totp"), follow=True)
    assert heading(asked) == "Confirm it is you"
    page = client.post(asked.redirect_chain[-1][0], {"password": PASSWORD}, follow=True)
    assert heading(page) == "Turn on the second step"
    assert page.content.decode().count('src="data:image/svg+xml') == 1


def test_the_whole_second_step(client, person):
    """On, its recovery codes, and a sign-in that asks for a code."""
    client.force_login(person)
    asked = client.get(reverse("mfa_activate_totp"), follow=True)
    client.post(asked.redirect_chain[-1][0], {"password": PASSWORD}, follow=True)
    secret = client.session["mfa.totp.secret"]
    code = format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))
    codes = client.post(reverse("mfa_activate_totp"), {"code": code}, follow=True)
    assert heading(codes) == "Recovery codes"
    assert len(re.findall(r"<li><code>\w+</code></li>", codes.content.decode())) == 10
    assert heading(client.get(reverse("mfa_generate_recovery_codes"))) == "Make new recovery codes?"
    client.post(reverse("account_logout"))
    second = client.post(reverse("account_login"), {"login": person.email, "password": PASSWORD}, follow=True)
    assert heading(second) == "Enter your code"
