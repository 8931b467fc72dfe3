"""`manage.py create_organization`: the first admin is invited, without a password on the command line."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from bhi.accounts.models import User
from bhi.accounts.queries import seats_of, system_membership
from bhi.tenancy.models import Membership, Organization
from tests.factories.tenancy import UserFactory

pytestmark = pytest.mark.django_db
NEW = "another-long-password-9"


def _create(**options):
    printed = StringIO()
    given = {"slug": "hillside", "name": "Hillside Clinic", "admin_email": "Ada.Lovett@example.org", **options}
    call_command("create_organization", stdout=printed, **given)
    return printed.getvalue().splitlines()


def test_makes_an_organization_whose_admin_comes_through_the_link():
    made, said, link = _create(address="https://bhi.example.org/")
    assert (made, said) == (
        "Hillside Clinic is made.",
        "ada.lovett@example.org takes it on here, once, within 7 days:",
    )
    client, path = Client(), link.removeprefix("https://bhi.example.org")
    client.post(path, {"name": "Ada Lovett", "password1": NEW, "password2": NEW})
    client.post("/accounts/login/", {"login": "ada.lovett@example.org", "password": NEW})
    assert client.get("/o/hillside/people/").status_code == 200
    organization = Organization.objects.get(slug="hillside")
    assert system_membership(organization).name == "System"
    admin = Membership.objects.get(organization=organization, is_system=False)
    assert (admin.roles, admin.name) == (["admin"], "Ada Lovett")


def test_somebody_who_is_known_signs_in_and_accepts():
    person = UserFactory(email="ada.lovett@example.org", name="Ada Lovett")
    link = _create()[-1]
    path, client = "/invited/" + link.partition("/invited/")[2], Client()
    assert client.post(path, {"name": "Mallory", "password1": NEW, "password2": NEW}).status_code == 200
    person.refresh_from_db()
    assert not person.check_password(NEW)
    client.force_login(person)
    assert client.post(path).headers["Location"] == "/o/hillside/"
    assert [(seat.slug, seat.roles) for seat in seats_of(person.id)] == [("hillside", ("admin",))]


def test_where_e_mail_goes_out_the_link_is_not_printed(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    assert _create()[1:] == ["ada.lovett@example.org gets an e-mail with a link, good for 7 days, once."]
    assert "/invited/" in _create(slug="other", print_link=True)[-1]


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
    assert Organization.objects.count() == 1


def test_platform_staff_are_named_at_the_command_line():
    person, printed = UserFactory(email="ops@example.org"), StringIO()
    call_command("platform_staff", "Ops@example.org", stdout=printed)
    person.refresh_from_db()
    assert (person.is_platform_staff, printed.getvalue()) == (True, "Ops@example.org may make organizations.\n")
    call_command("platform_staff", "ops@example.org", remove=True, stdout=StringIO())
    person.refresh_from_db()
    assert not person.is_platform_staff
    with pytest.raises(CommandError, match=r"Nobody has the e-mail nobody@example\.org"):
        call_command("platform_staff", "nobody@example.org")
