"""Signing in by e-mail, what strangers can and cannot do to it, and signing out."""

import re

import pytest
from django.contrib.auth.hashers import identify_hasher
from django.contrib.sessions.models import Session
from django.core import mail
from django.test import Client

from bhi.accounts.models import User
from bhi.accounts.operations import find_or_add_person, password_path
from tests.factories.tenancy import PASSWORD, MembershipFactory, UserFactory
from tests.walls.asking import told

pytestmark = pytest.mark.django_db
SIGN_IN = "/accounts/login/"
ARGON = ["django.contrib.auth.hashers.Argon2PasswordHasher"]


@pytest.fixture
def person(organization):
    return MembershipFactory(organization=organization, roles=["billing"]).user


def _sign_in(client, person, password=PASSWORD, address="198.51.100.7", **extra):
    return client.post(SIGN_IN, {"login": person.email, "password": password, **extra}, REMOTE_ADDR=address)


def _is_in(client) -> bool:
    return client.get("/").status_code == 302 and client.get("/").headers["Location"] != f"{SIGN_IN}?next=%2F"


def test_by_e_mail_in_any_case(person):
    client = Client()
    person.email = person.email.upper()
    answer = _sign_in(client, person)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    assert client.get("/").headers["Location"] == "/o/lakeside/"


def test_a_wrong_password_and_an_unknown_person_are_told_the_same(person):
    wrong = _sign_in(Client(), person, password="wrong-password")
    unknown = _sign_in(Client(), User(email="nobody@example.org"), password="wrong-password")
    assert wrong.content.count(person.email.encode()) == unknown.content.count(b"nobody@example.org") == 1
    said = [
        told(answer)[2].replace(who.encode(), b"")
        for answer, who in ((wrong, person.email), (unknown, "nobody@example.org"))
    ]
    assert said[0] == said[1]
    assert (wrong.status_code, unknown.status_code) == (200, 200)


def test_passwords_are_hashed_with_argon2(settings):
    settings.PASSWORD_HASHERS = ARGON
    assert identify_hasher(UserFactory().password).algorithm == "argon2"


def test_the_first_hasher_of_the_product_is_argon2():
    from importlib import import_module

    assert import_module("bhi.settings").PASSWORD_HASHERS[0] == ARGON[0]


def test_the_session_is_a_row_and_gets_a_new_key(person):
    client = Client()
    client.get(SIGN_IN)
    session = client.session
    session["planted"] = "by an attacker"
    session.save()
    before = session.session_key
    _sign_in(client, person)
    after = client.session.session_key
    assert after != before
    assert list(Session.objects.values_list("session_key", flat=True)) == [after]


def test_signing_out_ends_the_session_and_clears_the_browser(person):
    client = Client()
    _sign_in(client, person)
    answer = client.post("/accounts/logout/")
    assert (answer.status_code, answer.headers["Location"]) == (302, SIGN_IN)
    assert answer.headers["Clear-Site-Data"] == '"cache"'
    assert client.get("/").headers["Location"] == f"{SIGN_IN}?next=%2F"
    assert not Session.objects.filter(session_key=client.session.session_key).exists()


def test_following_a_link_signs_nobody_out(person):
    client = Client()
    _sign_in(client, person)
    answer = client.get("/accounts/logout/")
    assert answer.status_code == 200
    assert "Clear-Site-Data" not in answer.headers
    assert _is_in(client)


@pytest.mark.parametrize(
    ("wanted", "led_to"),
    [
        ("/o/lakeside/billing/batches/", "/o/lakeside/billing/batches/"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
    ],
)
def test_afterwards_only_to_a_page_of_ours(person, wanted, led_to):
    assert _sign_in(Client(), person, next=wanted).headers["Location"] == led_to


def test_the_next_page_cannot_be_smuggled_in_through_the_path():
    answer = Client().get("/o/lakeside/%26next=https://evil.example/")
    assert answer.headers["Location"] == f"{SIGN_IN}?next=%2Fo%2Flakeside%2F%26next%3Dhttps%3A%2F%2Fevil.example%2F"


class TestGuessing:
    def _guess(self, person, times, address):
        return [_sign_in(Client(), person, "wrong-password", address) for _ in range(times)]

    def test_ends_after_ten_for_one_address(self, person):
        self._guess(person, 10, "203.0.113.9")
        answer = _sign_in(Client(), person, address="203.0.113.9")
        assert answer.status_code == 200
        assert b"Too many failed login attempts" in answer.content

    def test_by_a_stranger_does_not_lock_the_person_out(self, person):
        self._guess(person, 12, "203.0.113.9")
        assert _sign_in(Client(), person, address="198.51.100.7").status_code == 302

    def test_of_one_account_does_not_lock_a_colleague_out_at_the_same_address(self, person, organization):
        self._guess(person, 12, "203.0.113.9")
        colleague = MembershipFactory(organization=organization).user
        assert _sign_in(Client(), colleague, address="203.0.113.9").status_code == 302

    def test_across_accounts_ends_after_thirty_a_minute(self):
        for number in range(30):
            _sign_in(Client(), User(email=f"guess-{number}@example.org"), "wrong-password", "203.0.113.9")
        answer = _sign_in(Client(), User(email="guess-31@example.org"), "wrong-password", "203.0.113.9")
        assert b"Too many failed login attempts" in answer.content

    def test_a_header_does_not_make_another_address(self, person, settings):
        """Nobody's X-Forwarded-For is believed unless the installation says how many proxies are its own."""
        for number in range(11):
            Client().post(
                SIGN_IN,
                {"login": person.email, "password": "wrong-password"},
                REMOTE_ADDR="203.0.113.9",
                headers={"X-Forwarded-For": f"192.0.2.{number}"},
            )
        answer = _sign_in(Client(), person, address="203.0.113.9")
        assert b"Too many failed login attempts" in answer.content


class TestWhoHasLeft:
    def test_a_seat_that_ended_is_gone_at_the_next_request(self, client_for):
        client = client_for("billing")
        assert client.get("/o/lakeside/").status_code == 302
        type(client.membership).objects.filter(id=client.membership.id).update(is_active=False)
        assert client.get("/o/lakeside/").status_code == 404

    def test_a_person_who_was_switched_off_is_signed_out_at_the_next_request(self, client_for):
        client = client_for("billing")
        User.objects.update(is_active=False)
        assert client.get("/o/lakeside/").headers["Location"] == f"{SIGN_IN}?next=%2Fo%2Flakeside%2F"

    def test_and_cannot_come_back(self, person):
        User.objects.update(is_active=False)
        client = Client()
        answer = _sign_in(client, person)
        assert answer.headers["Location"] == "/accounts/inactive/"
        assert not _is_in(client)

    def test_a_person_without_a_seat_chooses_nowhere(self):
        client = Client()
        client.force_login(UserFactory())
        answer = client.get("/")
        assert answer.status_code == 200
        assert b"/o/" not in answer.content


class TestStrangers:
    def test_cannot_sign_up(self):
        assert b"by invitation" in Client().get("/accounts/signup/").content
        email = "new@example.org"
        Client().post("/accounts/signup/", {"email": email, "password1": PASSWORD, "password2": PASSWORD})
        assert not User.objects.filter(email=email).exists()


class TestPasswords:
    def _link(self):
        (message,) = mail.outbox
        return re.search(r"https?://testserver(\S+)", message.body).group(1)

    def test_a_forgotten_one_is_set_anew_through_a_mail(self, person):
        client = Client()
        assert client.post("/accounts/password/reset/", {"email": person.email}).status_code == 302
        page = client.get(self._link(), follow=True)
        new = "another-long-password-9"
        done = client.post(page.request["PATH_INFO"], {"password1": new, "password2": new})
        assert done.headers["Location"] == "/accounts/password/reset/key/done/"
        assert _sign_in(Client(), person, new).status_code == 302
        assert _sign_in(Client(), person, PASSWORD).status_code == 200

    def test_a_link_works_once(self, person):
        client, new, link = Client(), "another-long-password-9", password_path(person)
        page = client.get(link, follow=True)
        assert b'name="password1"' in page.content
        client.post(page.request["PATH_INFO"], {"password1": new, "password2": new})
        assert b'name="password1"' not in Client().get(link, follow=True).content

    def test_asking_for_an_unknown_person_tells_nothing(self, person):
        known = Client().post("/accounts/password/reset/", {"email": person.email})
        unknown = Client().post("/accounts/password/reset/", {"email": "nobody@example.org"})
        assert (known.status_code, known.headers["Location"]) == (unknown.status_code, unknown.headers["Location"])

    def test_the_mails_say_who_writes_and_offer_no_sign_up(self, person):
        for address in (person.email, "nobody@example.org"):
            Client().post("/accounts/password/reset/", {"email": address})
        assert [(sent.to, sent.subject) for sent in mail.outbox] == [
            ([person.email], "BHI: Set a new password"),
            (["nobody@example.org"], "BHI: No account has this address"),
        ]
        assert ["/accounts/signup/" in sent.body for sent in mail.outbox] == [False, False]
        assert [sent.body.count("BHI at testserver") for sent in mail.outbox] == [1, 1]

    def test_short_and_common_ones_are_refused(self, person):
        client = Client()
        page = client.get(password_path(person), follow=True)
        for bad in ("short-one", "qwerty123456", person.email):
            answer = client.post(page.request["PATH_INFO"], {"password1": bad, "password2": bad})
            assert answer.status_code == 200

    def test_a_new_persons_link_lets_them_in(self, organization):
        person = find_or_add_person(email="New.Person@Example.org", name="New Person")
        assert not person.has_usable_password()
        client, new = Client(), "another-long-password-9"
        page = client.get(password_path(person), follow=True)
        client.post(page.request["PATH_INFO"], {"password1": new, "password2": new})
        assert _sign_in(client, person, new).status_code == 302
        assert find_or_add_person(email="new.person@example.org", name="Other") == person


def test_a_second_step_can_be_set_up_and_is_then_asked_for(person):
    from allauth.mfa.totp.internal import auth as totp

    client = Client()
    _sign_in(client, person)
    activate = "/accounts/2fa/totp/activate/"
    asked = client.get(activate)
    assert client.post(asked.headers["Location"], {"password": PASSWORD}).headers["Location"] == activate
    assert client.get(activate).status_code == 200
    secret = client.session["mfa.totp.secret"]
    code = totp.format_hotp_value(totp.hotp_value(secret, next(iter(totp.yield_hotp_counters_from_time()))))
    assert client.post(activate, {"code": code}).status_code == 302
    answer = _sign_in(Client(), person)
    assert answer.headers["Location"] == "/accounts/2fa/authenticate/"
