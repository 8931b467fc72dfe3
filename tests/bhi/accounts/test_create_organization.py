"""`manage.py create_organization`: the first admin of an organization, without a password on the command line."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from bhi.accounts.models import User
from bhi.accounts.queries import seats_of, system_membership
from bhi.tenancy.models import Membership, Organization
from tests.factories.tenancy import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db


def _create(**options):
    printed = StringIO()
    given = {"slug": "hillside", "name": "Hillside Clinic", "admin_email": "Ada.Lovett@example.org", **options}
    call_command("create_organization", stdout=printed, **given)
    return printed.getvalue().splitlines()


def test_makes_an_organization_whose_admin_sets_a_password_through_the_link():
    *_, link = _create(address="https://bhi.example.org/")
    assert link.startswith("https://bhi.example.org/accounts/password/reset/key/")
    client, new = Client(), "another-long-password-9"
    page = client.get(link.removeprefix("https://bhi.example.org"), follow=True)
    client.post(page.request["PATH_INFO"], {"password1": new, "password2": new})
    client.post("/accounts/login/", {"login": "ada.lovett@example.org", "password": new})
    assert client.get("/o/hillside/audit/").status_code == 200
    organization = Organization.objects.get(slug="hillside")
    assert system_membership(organization).name == "System"
    admin = Membership.objects.get(organization=organization, is_system=False)
    assert (admin.roles, admin.name) == (["admin"], "Ada.Lovett")


def test_somebody_who_is_known_keeps_their_password():
    person = UserFactory(email="ada.lovett@example.org", name="Ada Lovett")
    assert _create() == [
        "Hillside Clinic is made.",
        "Ada.Lovett@example.org signs in with the password known already.",
    ]
    person.refresh_from_db()
    assert person.check_password(PASSWORD)
    assert [(seat.slug, seat.roles) for seat in seats_of(person.id)] == [("hillside", ("admin",))]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"slug": "hill side"}, "Enter a valid “slug” consisting of letters, numbers, underscores or hyphens."),
        ({"admin_email": "ada"}, "Enter a valid email address."),
    ],
)
def test_faulty_words_make_nothing(options, sentence):
    with pytest.raises(CommandError) as refused:
        _create(**options)
    assert str(refused.value) == f"{sentence} Nothing was made."
    assert (Organization.objects.count(), User.objects.count()) == (0, 0)


def test_a_taken_slug_makes_nothing():
    _create()
    with pytest.raises(CommandError, match="An organization hillside is there already"):
        _create(admin_email="other@example.org")
    assert (Organization.objects.count(), User.objects.count()) == (1, 1)
