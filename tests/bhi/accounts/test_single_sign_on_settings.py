"""Where an admin sets the organization's own provider."""

from datetime import timedelta

import pytest
from allauth.socialaccount.models import SocialAccount

from bhi.accounts.forms import single_sign_on as forms
from bhi.accounts.issuers import ProviderUnreachable
from bhi.accounts.models import SingleSignOn
from bhi.accounts.operations.recovering import change_email, set_email_of
from bhi.accounts.queries.single_sign_on import sign_on_of
from bhi.audit.models import AuditEvent
from bhi.tenancy.context import tenant
from tests.factories.tenancy import NOW, UserFactory

pytestmark = pytest.mark.django_db
PAGE = "/o/lakeside/people/single-sign-on/"
GIVEN = {
    "issuer": "https://login.lakeside.example/",
    "client_id": "bhi",
    "secret": "hush-7781-hush",
    "domains": "Lakeside.example, @clinic.lakeside.example",
    "is_in_use": "on",
}


@pytest.fixture(autouse=True)
def answering(monkeypatch):
    """The provider answers, and calls itself without the slash."""
    monkeypatch.setattr(forms, "configuration_of", lambda issuer: {"issuer": issuer.rstrip("/")})


@pytest.fixture
def admin(client_for):
    client = client_for("admin")
    has_address(client, "ana@lakeside.example")
    return client


def has_address(client, email):
    user = client.membership.user
    user.email = email
    user.save()


def kept(organization) -> SingleSignOn | None:
    with tenant(organization):
        return SingleSignOn.objects.first()


def test_an_admin_sets_it_and_the_secret_is_never_shown(admin, organization):
    assert b"Not set up" in admin.get(PAGE).content
    assert admin.post(PAGE, GIVEN).status_code == 302
    row = kept(organization)
    assert (row.issuer, row.client_id, row.secret) == ("https://login.lakeside.example", "bhi", "hush-7781-hush")
    assert row.email_domains == ["clinic.lakeside.example", "lakeside.example"]
    page = admin.get(PAGE)
    assert (b"hush" in page.content, b"/accounts/sso/lakeside/back/" in page.content) == (False, True)
    organization.refresh_from_db()
    assert organization.sign_in_domains == ["clinic.lakeside.example", "lakeside.example"]
    assert organization.requires_single_sign_on is False
    with tenant(organization):
        (event,) = AuditEvent.objects.filter(action="single_sign_on.set")
    assert set(event.fields) == {
        *("issuer", "client_id", "secret", "email_domains", "is_required", "trusts_its_factors", "is_in_use")
    }


def test_the_same_again_changes_nothing_and_an_empty_secret_keeps_it(admin, organization):
    admin.post(PAGE, GIVEN)
    before = kept(organization)
    assert admin.post(PAGE, GIVEN | {"secret": ""}).status_code == 302
    after = kept(organization)
    assert (after.changed_at, after.secret) == (before.changed_at, "hush-7781-hush")
    with tenant(organization):
        assert SingleSignOn.pgh_event_model.objects.count() == 0


FAULTS = {
    "issuer": ({"issuer": "http://login.lakeside.example"}, "begins with https://"),
    "client_id": ({"client_id": ""}, "Enter the client id."),
    "secret": ({"secret": ""}, "Enter the client secret."),
    "no domain": ({"domains": " , "}, "Enter at least one e-mail domain"),
    "domain": ({"domains": "lakeside"}, "lakeside is not a domain."),
    "everybody's domain": ({"domains": "gmail.com"}, "Everybody can have an address of gmail.com."),
    "required untried": ({"is_required": "on"}, "sign in with it once yourself"),
    "required unused": ({"is_required": "on", "is_in_use": ""}, "only while it is in use"),
}


@pytest.mark.parametrize(("changed", "said"), FAULTS.values(), ids=FAULTS)
def test_what_cannot_be_kept_is_said_beside_its_field(admin, organization, changed, said):
    answer = admin.post(PAGE, GIVEN | changed)
    assert (answer.status_code, said.encode() in answer.content, kept(organization)) == (422, True, None)
    assert b'value="bhi"' in answer.content or changed == {"client_id": ""}


def test_a_provider_that_does_not_answer_is_not_kept(admin, organization, monkeypatch):
    def silent(issuer):
        raise ProviderUnreachable("The identity provider did not answer: ConnectionError.")

    monkeypatch.setattr(forms, "configuration_of", silent)
    answer = admin.post(PAGE, GIVEN)
    assert (answer.status_code, kept(organization)) == (422, None)
    assert b"did not answer: ConnectionError. Check the address." in answer.content


def test_a_domain_belongs_to_one_organization(admin, organization, other_organization):
    other_organization.sign_in_domains = ["lakeside.example"]
    other_organization.save()
    answer = admin.post(PAGE, GIVEN)
    assert (answer.status_code, b"Another organization signs in with one of these" in answer.content) == (422, True)


@pytest.mark.parametrize("email", ["ana@elsewhere.example", "ana@notlakeside.example", "ana@clinic.lakeside.example"])
def test_nobody_claims_a_domain_at_which_they_have_no_address(admin, organization, email):
    has_address(admin, email)
    answer = admin.post(PAGE, GIVEN)
    assert (answer.status_code, answer.content.count(b"An admin whose own address is at"), kept(organization)) == (
        *(422, 1),
        None,
    )


def test_an_admin_of_the_other_domain_adds_it_beside_the_ones_there_are(admin, organization):
    assert admin.post(PAGE, GIVEN).status_code == 302
    both = GIVEN | {"domains": GIVEN["domains"] + ", ridge.example", "secret": ""}
    assert admin.post(PAGE, both).status_code == 422
    has_address(admin, "ana@ridge.example")
    assert admin.post(PAGE, both).status_code == 302
    assert kept(organization).email_domains == ["clinic.lakeside.example", "lakeside.example", "ridge.example"]


def test_an_address_that_another_admin_set_proves_no_domain(admin, organization, membership):
    seat = admin.membership
    with tenant(organization):
        set_email_of(seat=seat, email="bo@ridge.example", by=membership("admin"), at=NOW)
    mine = GIVEN | {"domains": "ridge.example"}
    assert admin.post(PAGE, mine).status_code == 422
    seat.user.refresh_from_db()
    change_email(user=seat.user, email="ana@ridge.example", at=NOW + timedelta(days=1))  # by the link that goes there
    assert admin.post(PAGE, mine).status_code == 302


def test_who_runs_the_installation_may_enter_any(admin, organization):
    has_address(admin, "ana@elsewhere.example")
    user = admin.membership.user
    user.is_platform_staff = True
    user.save()
    assert admin.post(PAGE, GIVEN).status_code == 302


def test_it_is_required_once_somebody_came_in_with_just_these_settings(admin, organization):
    admin.post(PAGE, GIVEN)
    required = GIVEN | {"is_required": "on", "secret": ""}
    assert admin.post(PAGE, required).status_code == 422
    SocialAccount.objects.create(provider=sign_on_of("lakeside").provider, uid="1", user=UserFactory())
    assert admin.post(PAGE, required | {"client_id": "other"}).status_code == 422
    assert admin.post(PAGE, required | {"secret": "another"}).status_code == 422
    assert admin.post(PAGE, required).status_code == 302
    organization.refresh_from_db()
    assert organization.requires_single_sign_on is True
    assert admin.get(PAGE).status_code == 200  # an admin comes in with a password still
    assert admin.post(PAGE, GIVEN | {"is_in_use": "", "secret": ""}).status_code == 302
    organization.refresh_from_db()
    assert (organization.requires_single_sign_on, organization.sign_in_domains) == (False, [])
