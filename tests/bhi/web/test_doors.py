"""Where a person lands, what the frame offers, and changing between organizations."""

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories.tenancy import MembershipFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("role", "page"),
    [
        ("care_manager", "/o/lakeside/today/"),
        ("psychiatric_consultant", "/o/lakeside/reviews/"),
        ("treating_clinician", "/o/lakeside/inbox/"),
        ("clinic_lead", "/o/lakeside/today/"),
        ("billing", "/o/lakeside/billing/months/"),
        ("admin", "/o/lakeside/set-up/"),
    ],
)
def test_each_role_lands_on_its_first_page(client_for, role, page):
    client = client_for(role)
    assert client.get("/").headers["Location"] == "/o/lakeside/"
    assert client.get("/o/lakeside/").headers["Location"] == page


def test_a_seat_without_a_role_may_do_nothing(client_for):
    answer = client_for().get("/o/lakeside/")
    assert answer.status_code == 403
    assert answer.context["frame"].navigation == ()


def test_a_seat_without_a_page_of_its_own_is_shown_where_it_works(client_for, monkeypatch):
    monkeypatch.setattr("bhi.web.views.NAVIGATION", ())
    answer = client_for("billing").get("/o/lakeside/")
    assert answer.status_code == 200
    assert [seat.slug for seat in answer.context["seats"]] == ["lakeside"]


def test_the_frame_offers_what_the_seat_may_do_and_marks_where_it_is(client_for):
    frame = client_for("billing", name="Bo Lund", credential="CPC").get("/o/lakeside/billing/batches/").context["frame"]
    assert [(item.label, item.url, item.is_current) for item in frame.navigation] == [
        ("Month", "/o/lakeside/billing/months/", False),
        ("Batches", "/o/lakeside/billing/batches/", True),
        ("Find a claim", "/o/lakeside/billing/claims/", False),
        ("Charges", reverse("current_charges", args=["lakeside"]), False),
        ("Answers", reverse("answer_files", args=["lakeside"]), False),
        ("Denials", "/o/lakeside/billing/denials/", False),
        ("Packets", reverse("packets", args=["lakeside"]), False),
        ("Money", "/o/lakeside/billing/money/", False),
        ("Analysis", "/o/lakeside/billing/analysis/", False),
        ("Payers", "/o/lakeside/billing/payers/", False),
        ("Filing", reverse("filing", args=["lakeside"]), False),
        ("What would this bill?", "/o/lakeside/billing/trial/", False),
        ("Practice file", "/o/lakeside/billing/practice-files/", False),
        ("Look back", "/o/lakeside/billing/look-backs/", False),
        ("Consultants’ hours", "/o/lakeside/outcomes/consultants/", False),
    ]
    assert [(one.label, len(one.items), one.is_current) for one in frame.sections] == [
        ("", 1, False),
        ("Claims", 6, True),
        ("", 2, False),
        ("Set-up", 2, False),
        ("Tools", 4, False),
    ]
    assert (frame.person, frame.credential, frame.search_url) == ("Bo Lund", "CPC", "")
    assert frame.organization.name == "Lakeside Family Medicine"


def test_a_lead_finds_claims_and_a_group_of_one_is_none(client_for):
    lead = client_for("clinic_lead").get("/o/lakeside/billing/claims/").context["frame"]
    assert [item.label for item in lead.navigation if item.group == "Claims"] == [
        *("Find a claim", "Charges", "Answers", "Denials", "Packets"),
    ]
    assert [item.label for item in lead.navigation if item.is_current] == ["Find a claim"]
    manager = client_for("care_manager").get("/o/lakeside/billing/trial/").context["frame"]
    assert [(item.label, item.group) for item in manager.navigation if item.is_current] == [
        ("What would this bill?", "")
    ]


def test_a_person_of_two_organizations_chooses_and_changes(organization, other_organization):
    user, client = UserFactory(name="Lee Chen"), Client()
    for place in (organization, other_organization):
        MembershipFactory(organization=place, user=user, roles=["billing"])
    client.force_login(user)
    choice = client.get("/").content.decode()
    assert [link in choice for link in ('href="/o/lakeside/"', 'href="/o/ridgeway/"')] == [True, True]
    frame = client.get("/o/ridgeway/billing/batches/").context["frame"]
    assert frame.organization.slug == "ridgeway"
    assert [(place.name, place.url) for place in frame.organizations] == [
        ("Lakeside Family Medicine", "/o/lakeside/"),
        ("Ridgeway Health", "/o/ridgeway/"),
    ]
    assert str(user) == "Lee Chen"


def test_a_seat_that_ended_is_not_offered(organization, other_organization):
    user, client = UserFactory(), Client()
    MembershipFactory(organization=organization, user=user, roles=["billing"])
    MembershipFactory(organization=other_organization, user=user, is_active=False)
    client.force_login(user)
    assert client.get("/").headers["Location"] == "/o/lakeside/"


@pytest.mark.parametrize(("role", "is_told"), [("care_manager", True), ("billing", False)])
def test_a_closed_record_and_none_tell_a_clinician_of_emergency_access(client_for, role, is_told):
    answer = client_for(role).get("/o/lakeside/nothing/")
    link = f'href="{reverse("emergency", args=["lakeside"])}"'
    assert (answer.status_code, link in answer.content.decode()) == (404, is_told)
