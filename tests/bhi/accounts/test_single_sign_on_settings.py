"""Where an admin sets the organization's own provider."""

import pytest
from allauth.socialaccount.models import SocialAccount

from bhi.accounts.forms import single_sign_on as forms
from bhi.accounts.issuers import ProviderUnreachable
from bhi.accounts.models import SingleSignOn
from bhi.accounts.queries.single_sign_on import sign_on_of
from bhi.audit.models import AuditEvent
from bhi.tenancy.context import tenant
from tests.factories.tenancy import UserFactory

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
    return client_for("admin")


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
