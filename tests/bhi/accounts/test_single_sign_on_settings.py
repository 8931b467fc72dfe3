"""Where an admin sets the organization's own provider."""

import pytest
from allauth.socialaccount.models import SocialAccount

from bhi.accounts.forms import single_sign_on as forms
from bhi.accounts.issuers import ProviderUnreachable
from bhi.accounts.models import ConfirmedDomain, SingleSignOn
from bhi.accounts.operations.mail_domains import confirm_domain, withdraw_domain
from bhi.accounts.queries.single_sign_on import sign_on_of
from bhi.audit.models import AuditEvent
from bhi.errors import NotFound
from bhi.tenancy.context import tenant
from bhi.tenancy.ids import uuid7
from tests.factories.going_live import ConfirmedDomainFactory
from tests.factories.tenancy import NOW, MembershipFactory, UserFactory

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
    MembershipFactory(organization=client.membership.organization, user=None, is_system=True, name="System")
    confirmed(client.membership.organization, "lakeside.example", "clinic.lakeside.example")
    return client


def confirmed(organization, *domains):
    with tenant(organization):
        for domain in domains:
            ConfirmedDomainFactory(organization=organization, domain=domain)


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


def test_a_domain_is_entered_after_platform_staff_confirmed_it(admin, organization):
    """Also by an admin whose own address is there: they run the provider, and do not vouch for themselves."""
    both = GIVEN | {"domains": GIVEN["domains"] + ", ridge.example"}
    has_address(admin, "ana@ridge.example")
    answer = admin.post(PAGE, both)
    assert (answer.status_code, answer.content.count(b"ridge.example is not confirmed as yours yet")) == (422, 1)
    assert kept(organization) is None
    confirmed(organization, "ridge.example")
    assert admin.post(PAGE, both).status_code == 302
    assert kept(organization).email_domains == ["clinic.lakeside.example", "lakeside.example", "ridge.example"]


def test_who_runs_the_installation_says_so_with_their_name_first(admin, organization):
    user = admin.membership.user
    user.is_platform_staff = True
    user.save()
    assert admin.post(PAGE, GIVEN | {"domains": "ridge.example"}).status_code == 422


def test_a_withdrawn_domain_lets_nobody_new_in(admin, organization):
    admin.post(PAGE, GIVEN)
    staff = UserFactory(name="Ops", is_platform_staff=True)
    with tenant(organization):
        row = ConfirmedDomain.objects.get(domain="lakeside.example")
    for _ in range(2):
        withdraw_domain(organization_id=organization.id, domain_id=row.id, staff=staff, at=NOW)
    organization.refresh_from_db()
    assert organization.sign_in_domains == kept(organization).email_domains == ["clinic.lakeside.example"]
    with tenant(organization):
        assert AuditEvent.objects.filter(action="mail_domain.withdrawn").count() == 1
    assert admin.post(PAGE, GIVEN | {"secret": ""}).status_code == 422


def test_a_domain_withdrawn_before_anything_was_set_up(organization):
    system = MembershipFactory(organization=organization, user=None, is_system=True, name="System")
    with tenant(organization):
        row = ConfirmedDomainFactory(organization=organization)
    withdraw_domain(organization_id=organization.id, domain_id=row.id, staff=UserFactory(), at=NOW)
    with tenant(organization):
        assert AuditEvent.objects.get(action="mail_domain.withdrawn").by == system
    with pytest.raises(NotFound):
        withdraw_domain(organization_id=organization.id, domain_id=uuid7(), staff=UserFactory(), at=NOW)
    with pytest.raises(NotFound):
        confirm_domain(organization_id=uuid7(), domain="a.example", proof="x", staff=UserFactory(), at=NOW)


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
