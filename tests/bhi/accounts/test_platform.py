"""Platform staff make organizations, and see nothing of any from inside."""

import pytest

from bhi.accounts.errors import SlugTaken
from bhi.accounts.models import ConfirmedDomain, Invitation
from bhi.accounts.operations.platform import begin_organization, invite_admin
from bhi.accounts.queries.platform import organization_row, organizations_page
from bhi.audit.models import AuditEvent
from bhi.errors import NotFound
from bhi.jobs.models import Job
from bhi.tenancy.context import tenant
from bhi.tenancy.ids import uuid7
from bhi.tenancy.models import Organization
from tests.factories.registry import EpisodeFactory, PatientFactory
from tests.factories.tenancy import NOW, MembershipFactory, OrganizationFactory, UserFactory

pytestmark = pytest.mark.django_db
FORM = {"name": "Hillside", "slug": "hillside", "admin_name": "Ada Lovett", "admin_email": "ada@example.org"}
MARKERS = ("Zebediah", "Quuxworth", "MRN-77120")


@pytest.fixture
def staff(client):
    client.user = UserFactory(email="ops@example.org", is_platform_staff=True)
    client.force_login(client.user)
    return client


def test_makes_an_organization_and_says_who_did(staff):
    answer = staff.post("/platform/new/", FORM)
    made = Organization.objects.get(slug="hillside")
    assert answer.headers["Location"] == f"/platform/{made.id}/"
    with tenant(made):
        event = AuditEvent.objects.get(action="organization.created")
        assert (event.by.is_system, event.object_id) == (True, staff.user.id)
        assert Invitation.objects.get().roles == ["admin"]
    assert "Hillside" in staff.get("/platform/").content.decode()


def test_a_taken_short_name_is_said_with_everything_typed(staff):
    OrganizationFactory(slug="hillside")
    answer = staff.post("/platform/new/", FORM)
    assert answer.status_code == 422
    assert "Choose another." in answer.content.decode()
    assert 'value="ada@example.org"' in answer.content.decode()
    with pytest.raises(SlugTaken):
        begin_organization(slug="hillside", name="H", admin_email="a@example.org", admin_name="A", at=NOW)


def test_another_admin_is_invited_where_the_only_one_left(staff, organization):
    MembershipFactory(organization=organization, user=None, is_system=True, name="System")
    MembershipFactory(organization=organization, roles=["admin"], is_active=False)
    lead = MembershipFactory(organization=organization, roles=["clinic_lead"])
    page = f"/platform/{organization.id}/"
    assert "No admin who can sign in" in staff.get(page).content.decode()
    assert staff.post(page, {"admin_name": "New", "admin_email": "new@example.org"}).headers["Location"] == page
    with tenant(organization):
        assert [row.email for row in Invitation.objects.all()] == ["new@example.org"]
        told = Job.objects.get(kind="tell_of_access").arguments
    assert told == {"membership_id": str(lead.id), "word": "admin_invited"}


def test_who_is_an_admin_here_already_is_not_invited_again(staff, organization):
    MembershipFactory(organization=organization, user=None, is_system=True, name="System")
    seat = MembershipFactory(organization=organization, roles=["admin"])
    form = {"admin_name": "Again", "admin_email": seat.user.email}
    assert staff.post(f"/platform/{organization.id}/", form).status_code == 422


def test_an_organization_that_is_not_there(staff):
    assert staff.get(f"/platform/{uuid7()}/").status_code == 404
    with pytest.raises(NotFound):
        invite_admin(organization_id=uuid7(), admin_email="a@example.org", admin_name="A", at=NOW)


@pytest.mark.parametrize("path", ["", "new/", "{}/"])
def test_nobody_else_gets_in(client_for, client, organization, path):
    address = f"/platform/{path.format(organization.id)}"
    everything = client_for("admin", "clinic_lead", "billing", "care_manager")
    assert [everything.get(address).status_code, everything.post(address, FORM).status_code] == [403, 403]
    assert client.get(address).status_code == 302


def test_sees_no_patient_and_no_organization_from_inside(staff, organization):
    with tenant(organization):
        patient = PatientFactory(
            organization=organization, given_name="Zebediah", family_name="Quuxworth", mrn="MRN-77120"
        )
        EpisodeFactory(organization=organization, patient=patient)
    pages = [staff.get(path).content.decode() for path in ("/platform/", f"/platform/{organization.id}/")]
    assert [word for word in MARKERS if any(word in page for page in pages)] == []
    for path in ("", "caseload/", "people/", "audit/", f"patients/{patient.id}/"):
        assert staff.get(f"/o/{organization.slug}/{path}").status_code == 404


def test_figures_are_of_who_works_there(organization):
    MembershipFactory(organization=organization, roles=["admin"], user__last_login=NOW)
    MembershipFactory(organization=organization, roles=["billing"], is_active=False)
    MembershipFactory(organization=organization, user=None, is_system=True)
    row = organization_row(organization.id)
    assert (row.people, row.admins, row.last_sign_in) == (1, 1, NOW)


def test_organizations_are_cut_at_fifty_and_cost_no_more_queries(django_assert_max_num_queries):
    for number in range(52):
        OrganizationFactory(name=f"Organization {number:02}")
    with django_assert_max_num_queries(3):
        page = organizations_page(page=2)
    assert (page.shown, page.total, page.has_more, len(page.rows)) == ("51 to 52", 52, False, 2)
    assert organizations_page().has_more


def test_home_leads_there(staff):
    assert "/platform/" in staff.get("/").content.decode()


@pytest.fixture
def lakeside(organization):
    MembershipFactory(organization=organization, user=None, is_system=True, name="System")
    return organization


def test_a_mail_domain_is_confirmed_with_who_and_how_and_withdrawn(staff, lakeside):
    page = f"/platform/{lakeside.id}/"
    assert "None is confirmed" in staff.get(page).content.decode()
    given = {"domain": "@Lakeside.example", "proof": "TXT record, read to me by their office"}
    for _ in range(2):
        assert staff.post(f"{page}domains/", given).headers["Location"] == page
    with tenant(lakeside):
        row = ConfirmedDomain.objects.get()
        event = AuditEvent.objects.get(action="mail_domain.confirmed")
    assert (row.domain, row.proof, row.confirmed_by) == ("lakeside.example", given["proof"], staff.user)
    assert (event.by.is_system, event.object_id) == (True, row.id)
    text = staff.get(page).content.decode()
    assert (text.count("lakeside.example"), text.count(f"by {staff.user.name}")) == (2, 1)
    withdraw = f"{page}domains/{row.id}/withdraw/"
    for _ in range(2):
        assert staff.post(withdraw).headers["Location"] == page
    with tenant(lakeside):
        row.refresh_from_db()
        assert AuditEvent.objects.filter(action="mail_domain.withdrawn").count() == 1
    assert row.withdrawn_by == staff.user
    assert staff.get(page).content.decode().count(f"by {staff.user.name}") == 2
    assert staff.post(f"{page}domains/", given).headers["Location"] == page
    assert staff.post(f"{page}domains/{uuid7()}/withdraw/").status_code == 404


@pytest.mark.parametrize(
    ("domain", "said"),
    [
        ("lakeside", "lakeside is not a domain"),
        ("gmail.com", "Everybody can have an address of gmail.com"),
        ("ridge.example", "Another organization signs in with it"),
        ("", "Enter the domain"),
    ],
)
def test_a_domain_that_cannot_be_theirs_is_said_with_everything_typed(staff, lakeside, domain, said):
    OrganizationFactory(slug="ridge", sign_in_domains=["ridge.example"])
    proof = "TXT record, read to me by their office"
    answer = staff.post(f"/platform/{lakeside.id}/domains/", {"domain": domain, "proof": proof})
    text = answer.content.decode()
    assert (answer.status_code, said in text, f'value="{proof}"' in text) == (422, True, True)
    with tenant(lakeside):
        assert ConfirmedDomain.objects.count() == 0
