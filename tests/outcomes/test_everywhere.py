"""Outcomes of somebody in several organizations: side by side, each behind its own wall, never added up."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
import time_machine
from django.test import Client

from bhi.audit.models import AuditEvent
from bhi.tenancy.context import tenant
from outcomes.queries.everywhere import OF_REVIEWS, places_of, rows_of
from outcomes.rules.measures import HEADLINES, measure
from tests.billing.test_pages import text_of
from tests.factories.caseload import CaseReviewFactory, TimeEntryFactory
from tests.factories.outcomes import MeasuredEpisodeFactory, MeasuredMonthFactory
from tests.factories.registry import EpisodeFactory
from tests.factories.tenancy import ClinicFactory, MembershipFactory

APRIL = datetime(2026, 4, 10, 17, 0, tzinfo=UTC)
MARCH = date(2026, 3, 1)
URL = "/outcomes/"


@pytest.fixture(autouse=True)
def april(db: None) -> Iterator[None]:
    with time_machine.travel(APRIL, tick=False):
        yield


def client_of(seat: Any) -> Client:
    client = Client()
    client.force_login(seat.user)
    return client


def also(seat: Any, organization: Any, *roles: str) -> Any:
    """The same person's seat elsewhere."""
    return MembershipFactory(organization=organization, user=seat.user, name=seat.name, roles=list(roles))


def measured(organization: Any, *care_managers: Any, month: date = MARCH) -> None:
    """A month with one patient for each of these care managers."""
    with tenant(organization):
        head = MeasuredMonthFactory(organization=organization, month=month)
        clinic = ClinicFactory(organization=organization)
        for seat in care_managers:
            MeasuredEpisodeFactory(
                organization=organization, measured=head, care_manager=seat, patient__clinic=clinic,
                patient__family_name="Quuxworth", episode__clinic=clinic,
            )  # fmt: skip


def shown(seat: Any, key: str = "enrolled") -> list[str | None]:
    rows = dict(rows_of(places_of(seat.user_id, MARCH, at=APRIL)))
    return [number.text if number else None for _, number in rows.get(key, [])]


def test_each_organization_has_its_own_number(organization: Any, other_organization: Any, membership: Any) -> None:
    lead = membership("clinic_lead")
    also(lead, other_organization, "admin")
    measured(organization, None, None, None)
    measured(other_organization, None)
    places = places_of(lead.user_id, MARCH, at=APRIL)
    assert [(place.name, place.whose, place.hours) for place in places] == [
        ("Lakeside Family Medicine", "program", None),
        ("Ridgeway Health", "program", None),
    ]
    assert shown(lead) == ["3", "1"]
    assert [key for key, _ in rows_of(places)] == list(HEADLINES)


def test_a_care_manager_sees_her_own_patients_only(organization: Any, other_organization: Any, membership: Any) -> None:
    lead = membership("clinic_lead")
    carrying = also(lead, other_organization, "care_manager")
    measured(organization, None, None)
    measured(other_organization, carrying, None, MembershipFactory(organization=other_organization))
    assert [place.whose for place in places_of(lead.user_id, MARCH, at=APRIL)] == ["program", "own"]
    assert shown(lead) == ["2", "1"]


def test_a_consultant_sees_what_reviews_are_about_and_the_own_hours(
    organization: Any, other_organization: Any, membership: Any
) -> None:
    lee = membership("psychiatric_consultant")
    there = also(lee, other_organization, "psychiatric_consultant")
    for seat in (lee, there):
        measured(seat.organization, None)
    with tenant(other_organization):
        clinic = ClinicFactory(organization=other_organization)
        episode = EpisodeFactory(organization=other_organization, clinic=clinic, patient__clinic=clinic)
        of = {"organization": other_organization, "episode": episode}
        CaseReviewFactory(**of, consultant=there, on=date(2026, 3, 3))
        for by in (there, MembershipFactory(organization=other_organization, roles=["psychiatric_consultant"])):
            TimeEntryFactory(
                **of, by=by, role="psychiatric_consultant", starts_at=datetime(2026, 3, 3, 17, 0, tzinfo=UTC)
            )
    places = places_of(lee.user_id, MARCH, at=APRIL)
    assert [(place.whose, set(place.numbers)) for place in places] == [("review", set(OF_REVIEWS))] * 2
    assert places[0].hours is None
    assert places[1].hours is not None
    assert (places[1].hours.minutes, places[1].hours.seen.reviews) == (20, 1)


def test_a_seat_that_may_not_see_outcomes_is_left_out(
    organization: Any, other_organization: Any, membership: Any
) -> None:
    lead = membership("clinic_lead")
    also(lead, other_organization, "billing")
    measured(other_organization, None)
    assert [place.slug for place in places_of(lead.user_id, MARCH, at=APRIL)] == ["lakeside"]


def test_the_page(organization: Any, other_organization: Any, membership: Any) -> None:
    lead = membership("clinic_lead")
    also(lead, other_organization, "care_manager")
    measured(organization, None, None)
    answer = client_of(lead).get(URL)
    words = text_of(answer)
    assert answer.status_code == 200
    assert "Lakeside Family Medicine Whole program Ridgeway Health Your caseload" in words
    assert f"{measure('enrolled').title} 2 not measured" in words
    assert "they are not added up" in words
    assert "Quuxworth" not in words
    for one in (organization, other_organization):
        with tenant(one):
            assert AuditEvent.objects.filter(action="outcomes.everywhere_viewed").count() == 1


def test_a_month_that_nobody_measured(organization: Any, membership: Any) -> None:
    lead = membership("clinic_lead")
    words = text_of(client_of(lead).get(URL, {"month": "2025-12"}))
    assert "Not measured No organization has measured this month." in words


def test_whoever_sees_no_outcomes_is_told_how_that_comes(organization: Any, membership: Any) -> None:
    assert "No outcomes to show" in text_of(client_of(membership("billing")).get(URL))


def test_it_is_offered_where_somebody_works_in_several(
    organization: Any, other_organization: Any, membership: Any
) -> None:
    lead = membership("clinic_lead")
    also(lead, other_organization, "psychiatric_consultant")
    client = client_of(lead)
    assert 'href="/outcomes/"' in client.get("/").content.decode()
    assert 'href="/outcomes/"' in client.get("/o/lakeside/outcomes/capacity/").content.decode()
    alone = client_of(membership("clinic_lead"))
    assert 'href="/outcomes/"' not in alone.get("/o/lakeside/outcomes/capacity/").content.decode()
