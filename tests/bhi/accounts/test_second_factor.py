"""Nobody gets further without a second factor, where one is required: app, passkey or recovery code."""

import json

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.core import mail
from django.db import transaction
from django.test import Client
from django.urls import reverse

from bhi.accounts.models import SignInEvent
from bhi.accounts.second_factor import ASKING, MARK, SETTING_UP
from bhi.accounts.signals import factor_added
from bhi.environment import EnvironmentFault, read_environment
from tests.bhi.accounts.addresses import every_address
from tests.factories.tenancy import PASSWORD

pytestmark = pytest.mark.django_db
LEAST = {"BHI_SECRET_KEY": "k", "DATABASE_URL": "postgresql://bhi_app@/bhi"}


@pytest.fixture(autouse=True)
def _commits_at_once(monkeypatch):
    """A test's transaction never commits; what waits for that is done in the request, as in the product."""
    monkeypatch.setattr(transaction, "on_commit", lambda done, using=None, robust=False: done())


@pytest.fixture
def required(settings):
    settings.REQUIRE_MFA = True


@pytest.fixture
def seat(membership):
    return membership("billing")


def sign_in(seat, password=PASSWORD):
    client = Client()
    client.post(reverse("account_login"), {"login": seat.user.email, "password": password})
    return client


def kinds(seat):
    return list(SignInEvent.objects.filter(user=seat.user).order_by("id").values_list("kind", flat=True))


def code_of(secret):
    return totp.format_hotp_value(totp.hotp_value(secret, next(iter(totp.yield_hotp_counters_from_time()))))


def set_up(client):
    """The app, as anybody does; the codes that are shown once."""
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    client.get(reverse("mfa_activate_totp"))
    secret = client.session["mfa.totp.secret"]
    client.post(reverse("mfa_activate_totp"), {"code": code_of(secret)})
    return secret


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, True),
        ({"BHI_REQUIRE_MFA": "1"}, True),
        ({"BHI_DEBUG": "1"}, False),
        ({"BHI_DEBUG": "1", "BHI_REQUIRE_MFA": "0"}, False),
        ({"BHI_DEBUG": "1", "BHI_REQUIRE_MFA": "1"}, True),
    ],
)
def test_it_is_required_but_in_development(given, expected):
    assert read_environment(LEAST | given).require_mfa is expected


def test_and_cannot_be_turned_off_elsewhere():
    with pytest.raises(EnvironmentFault, match=r"^BHI_REQUIRE_MFA=0 goes with BHI_DEBUG=1 only"):
        read_environment(LEAST | {"BHI_REQUIRE_MFA": "0"})


@pytest.mark.usefixtures("required")
class TestWithoutOne:
    def test_every_address_leads_to_setting_one_up(self, seat):
        """But those that do so themselves, and signing out."""
        client = sign_in(seat)
        led = {}
        for name, path in every_address(seat):
            if name not in ASKING | SETTING_UP:
                answers = client.get(path), client.post(path)
                led[name] = {(answer.status_code, answer.headers.get("Location")) for answer in answers}
        assert {name: where for name, where in led.items() if where != {(302, "/accounts/2fa/")}} == {}

    def test_parts_of_pages_lead_there_too(self, seat):
        answer = sign_in(seat).get("/o/lakeside/billing/batches/", headers={"HX-Request": "true"})
        assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, "/accounts/2fa/")

    def test_the_page_says_what_to_do(self, seat):
        page = sign_in(seat).get("/accounts/2fa/").content.decode()
        assert page.count("Set one up to go on") == 1
        assert page.count(f'href="{reverse("mfa_activate_totp")}"') == page.count(
            f'href="{reverse("mfa_add_webauthn")}"'
        )

    def test_the_app_opens_the_way(self, seat):
        client = sign_in(seat)
        set_up(client)
        assert client.get("/o/lakeside/billing/batches/").status_code == 200
        assert kinds(seat) == ["signed_in", "factor_added"]
        assert [message.subject for message in mail.outbox] == ["BHI: A second sign-in step was set up"]

    def test_sessions_without_it_end_when_one_is_set_up(self, seat):
        here, elsewhere = sign_in(seat), sign_in(seat)
        set_up(elsewhere)
        assert here.get("/").headers["Location"] == "/accounts/login/?next=%2F"
        assert elsewhere.get("/").headers["Location"] == "/o/lakeside/"

    def test_who_has_one_by_now_is_asked_for_it_and_adds_none_with_the_password(self, seat):
        """Whoever has the password alone would come in by a second factor of their own."""
        client = sign_in(seat)
        client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
        Authenticator.objects.create(user=seat.user, type="totp", data={"secret": "x"})
        addresses = ["/", *(path for name, path in every_address(seat) if name in SETTING_UP)]
        answers = [asked(path) for path in addresses for asked in (client.get, client.post)]
        assert [answer.headers.get("Location") for answer in answers] == [reverse("mfa_reauthenticate")] * 12
        assert Authenticator.objects.filter(user=seat.user).count() == 1

    def test_a_second_one_marks_no_session(self, seat, rf):
        """Should two be added at the same moment, only the first counts as had."""
        request = rf.post("/")
        request.session = sign_in(seat).session
        request.user = seat.user
        added = [
            Authenticator.objects.create(user=seat.user, type=kind, data={"secret": "x"})
            for kind in ("totp", "webauthn")
        ]
        factor_added(request, user=seat.user, authenticator=added[1])
        assert request.session.get(MARK) is None


class TestWithOne:
    @pytest.fixture
    def secret(self, required, seat):
        return set_up(sign_in(seat))

    def test_the_password_alone_opens_nothing(self, secret, seat):
        client = sign_in(seat)
        assert client.get("/o/lakeside/billing/batches/").headers["Location"].partition("?")[0] == "/accounts/login/"

    def test_a_code_works_once(self, secret, seat):
        first, second, code = sign_in(seat), sign_in(seat), code_of(secret)
        answers = [each.post(reverse("mfa_authenticate"), {"code": code}).status_code for each in (first, second)]
        assert answers == [302, 200]
        assert first.get("/o/lakeside/billing/batches/").status_code == 200
        assert kinds(seat) == ["signed_in", "factor_added", "signed_in", "failed"]

    def test_recovery_codes_are_shown_once_and_told_when_used(self, secret, seat):
        client = sign_in(seat)
        client.post(reverse("mfa_authenticate"), {"code": code_of(secret)})
        client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
        shown, again = (client.get(reverse("mfa_view_recovery_codes")).content.decode() for _ in range(2))
        assert (shown.count("<li><code>"), again.count("<li><code>")) == (10, 0)
        codes = Authenticator.objects.get(user=seat.user, type="recovery_codes").wrap().get_unused_codes()
        mail.outbox.clear()
        other = sign_in(seat)
        assert other.post(reverse("mfa_authenticate"), {"code": codes[0]}).status_code == 302
        assert other.get("/o/lakeside/billing/batches/").status_code == 200
        (message,) = mail.outbox
        assert (message.to, message.subject) == ([seat.user.email], "BHI: A recovery code was used")
        assert codes[0] not in message.body
        assert "9 are left" in message.body
        assert kinds(seat)[-2:] == ["recovered", "signed_in"]

    def test_the_last_one_cannot_be_removed(self, secret, seat):
        client = sign_in(seat)
        client.post(reverse("mfa_authenticate"), {"code": code_of(secret)})
        client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
        answer = client.post(reverse("mfa_deactivate_totp"))
        assert answer.content.decode().count("Set up another one") == 1
        assert Authenticator.objects.filter(user=seat.user, type="totp").count() == 1

    def test_a_new_password_from_a_mail_keeps_it(self, secret, seat):
        import re

        client, new = Client(), "another-long-password-9"
        mail.outbox.clear()
        client.post(reverse("account_reset_password"), {"email": seat.user.email})
        link = re.search(r"https?://testserver(\S+)", mail.outbox[0].body).group(1)
        page = client.get(link, follow=True)
        client.post(page.request["PATH_INFO"], {"password1": new, "password2": new})
        again = sign_in(seat, new)
        assert again.get("/").headers["Location"].partition("?")[0] == "/accounts/login/"
        assert mail.outbox[1].subject == "BHI: Your password was changed"


@pytest.mark.parametrize(("others", "left"), [(0, 1), (1, 1)])
def test_a_passkey_is_removed_unless_it_is_the_last(required, seat, others, left):
    client = sign_in(seat)
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    session = client.session
    session["bhi.second_factor"] = True
    session.save()
    keys = [
        Authenticator.objects.create(user=seat.user, type="webauthn", data={"name": "Key", "credential": {}})
        for _ in range(1 + others)
    ]
    client.post(reverse("passkey_remove", args=[keys[0].pk]))
    assert Authenticator.objects.filter(user=seat.user).count() == left


def test_somebody_elses_passkey_is_not_there(seat, membership):
    other = Authenticator.objects.create(
        user=membership().user, type="webauthn", data={"name": "Key", "credential": {}}
    )
    client = sign_in(seat)
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    assert client.post(reverse("passkey_remove", args=[other.pk])).status_code == 404
    assert Authenticator.objects.filter(pk=other.pk).count() == 1


@pytest.mark.parametrize("sent", ["", "{}", "[]", "not json", json.dumps({"id": "x", "response": {}})])
def test_what_is_no_passkey_signs_nobody_in(seat, sent):
    client = Client()
    client.get(reverse("mfa_login_webauthn"), headers={"Accept": "application/json"})
    answer = client.post(reverse("mfa_login_webauthn"), {"credential": sent})
    assert (answer.status_code, answer.headers["Location"]) == (302, reverse("account_login"))
    assert "_auth_user_id" not in client.session


def test_wrong_codes_after_the_right_password_are_told(required, seat):
    set_up(sign_in(seat))
    mail.outbox.clear()
    client = sign_in(seat)
    for _ in range(6):
        assert client.post(reverse("mfa_authenticate"), {"code": "000000"}).status_code == 200
    assert [(sent.to, sent.subject) for sent in mail.outbox] == [
        ([seat.user.email], "BHI: Wrong codes at your second sign-in step")
    ]
    assert kinds(seat)[-6:] == ["failed"] * 6
