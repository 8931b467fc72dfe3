"""The way back in for who lost theirs, by an admin of the organization; and what an admin must not do."""

from datetime import timedelta

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from bhi.accounts.models import SignInEvent
from bhi.audit.models import AuditEvent
from bhi.tenancy.context import tenant
from tests.factories.tenancy import NOW, PASSWORD, MembershipFactory

pytestmark = pytest.mark.django_db
NEW = "new.address@example.org"
STEP, EMAIL = {"do": "step", "step-is_them": "on"}, {"do": "email", "email-email": NEW}


@pytest.fixture
def seat(membership):
    seat = membership("billing")
    Authenticator.objects.create(user=seat.user, type="totp", data={"secret": "x"})
    return seat


@pytest.fixture
def admin(client_for):
    return client_for("admin")


def page_of(seat):
    return reverse("person_sign_in", args=["lakeside", seat.id])


def actions(organization):
    with tenant(organization):
        return list(AuditEvent.objects.order_by("id").values_list("action", flat=True))


def test_a_lost_second_step_is_set_up_anew(admin, seat):
    theirs = Client()
    theirs.force_login(seat.user)
    page = admin.get(page_of(seat)).content.decode()
    assert page.count("Let them set it up anew") == 1
    assert admin.post(page_of(seat), STEP).headers["Location"] == page_of(seat)
    assert Authenticator.objects.filter(user=seat.user).count() == 0
    assert [(sent.to, sent.subject) for sent in mail.outbox] == [
        ([seat.user.email], "BHI: Set up a new second sign-in step")
    ]
    assert list(SignInEvent.objects.filter(user=seat.user).values_list("kind", flat=True)) == ["factor_removed"]
    assert actions(seat.organization)[-1] == "sign_in.second_step_reset"


def test_not_without_having_spoken_with_them(admin, seat):
    answer = admin.post(page_of(seat), {"do": "step"})
    assert (answer.status_code, answer.content.decode().count("Speak with the person first")) == (422, 1)
    assert Authenticator.objects.filter(user=seat.user).count() == 1


def test_it_ends_their_sessions(admin, seat):
    theirs = Client()
    Authenticator.objects.all().delete()
    theirs.post(reverse("account_login"), {"login": seat.user.email, "password": PASSWORD})
    assert theirs.get("/").headers["Location"] == "/o/lakeside/"
    admin.post(page_of(seat), STEP)
    assert theirs.get("/").headers["Location"] == "/accounts/login/?next=%2F"


def test_another_address_is_told_to_both(admin, seat):
    former = seat.user.email
    assert admin.post(page_of(seat), EMAIL).status_code == 302
    seat.user.refresh_from_db()
    assert seat.user.email == NEW
    assert [sent.to for sent in mail.outbox] == [[former], [NEW]]


@pytest.mark.parametrize(("first", "second"), [(STEP, EMAIL), (EMAIL, STEP)])
def test_both_are_not_done_within_a_week_whoever_does_them(client_for, seat, first, second):
    """Together they would hand the account over."""
    one, other = client_for("admin"), client_for("admin")
    with time_machine.travel(NOW, tick=False) as clock:
        assert one.post(page_of(seat), first).status_code == 302
        for admin in (one, other):
            refused = admin.post(page_of(seat), second)
            assert (refused.status_code, refused.content.decode().count("within the last 7 days")) == (422, 1)
        clock.shift(timedelta(days=7))
        assert other.post(page_of(seat), second).status_code == 302


@pytest.mark.parametrize("asked", [STEP, EMAIL])
def test_not_for_whoever_runs_the_installation(admin, seat, asked):
    """An organization's admin would reach every organization."""
    seat.user.is_platform_staff = True
    seat.user.save()
    answer = admin.post(page_of(seat), asked)
    assert (answer.status_code, answer.content.decode().count("looks after the whole installation")) == (422, 1)
    assert Authenticator.objects.filter(user=seat.user).count() == 1


def test_nobody_does_it_for_themselves(admin):
    answer = admin.post(page_of(admin.membership), STEP)
    assert (answer.status_code, answer.content.decode().count("Not your own")) == (422, 1)


@pytest.mark.parametrize("asked", [STEP, EMAIL])
def test_not_for_who_works_elsewhere_too(admin, seat, other_organization, asked):
    """Their other organization's records would open with it."""
    MembershipFactory(organization=other_organization, user=seat.user)
    answer = admin.post(page_of(seat), asked)
    assert (answer.status_code, answer.content.decode().count("works at another organization")) == (422, 1)
    assert Authenticator.objects.filter(user=seat.user).count() == 1


def test_signing_somebody_out_everywhere(admin, seat):
    Authenticator.objects.all().delete()
    theirs = Client()
    theirs.post(reverse("account_login"), {"login": seat.user.email, "password": PASSWORD})
    assert admin.post(page_of(seat), {"do": "end"}).status_code == 302
    assert theirs.get("/").headers["Location"] == "/accounts/login/?next=%2F"
    assert actions(seat.organization)[-1] == "sign_in.sessions_ended"


def test_an_unknown_button_does_nothing(admin, seat):
    assert admin.post(page_of(seat), {"do": "everything"}).status_code == 422


def test_a_seat_without_a_person_has_no_such_page(admin, membership):
    assert admin.get(page_of(membership("billing", user=None))).status_code == 404


class TestTheOperator:
    def test_does_it_for_who_works_in_several_places(self, seat, capsys):
        call_command("reset_second_factor", email=seat.user.email.upper())
        assert capsys.readouterr().out.splitlines() == [
            f"{seat.user.name} sets up a second factor at the next sign-in."
        ]
        assert Authenticator.objects.filter(user=seat.user).count() == 0
        assert [sent.to for sent in mail.outbox] == [[seat.user.email]]

    def test_not_for_nobody(self):
        with pytest.raises(CommandError, match="Nobody signs in with that address"):
            call_command("reset_second_factor", email="nobody@example.org")
