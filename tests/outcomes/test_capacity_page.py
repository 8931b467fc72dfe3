"""The capacity calculator: the organization's own work, what-if numbers, and what the page says of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
import time_machine

from bhi.audit.models import AuditEvent
from bhi.tenancy.context import tenant
from outcomes.queries.capacity import Average, OwnWork, own_work
from outcomes.queries.measured import measured_months
from tests.billing.test_pages import text_of
from tests.factories.caseload import TimeEntryFactory, UntimedEntryFactory
from tests.factories.outcomes import MeasuredEpisodeFactory, MeasuredMonthFactory, WorkShareFactory

APRIL = datetime(2026, 4, 10, 17, 0, tzinfo=UTC)
MARCH = date(2026, 3, 1)
TYPED = {
    "posts": "1", "productive": "80", "review_hours": "3", "active": "60", "new": "6", "leaving": "4",
    "contacts": "1.5", "attempts": "60", "initial_minutes": "85", "contact_minutes": "55", "attempt_minutes": "10",
    "lead": "3",
}  # fmt: skip


@pytest.fixture(autouse=True)
def april(db: None) -> Iterator[None]:
    with time_machine.travel(APRIL, tick=False):
        yield


@pytest.fixture
def lead(client_for: Any) -> Any:
    return client_for("clinic_lead")


def months(organization: Any) -> Any:
    return measured_months(organization.id)


def test_without_a_measured_month_published_numbers_stand_in(organization: Any, clinic: Any, lead: Any) -> None:
    answer = lead.get("/o/lakeside/outcomes/capacity/")
    words = text_of(answer)
    assert answer.status_code == 200
    assert "No month is measured yet" in words
    assert "Not set yet: one post is assumed" in words
    assert "Minutes there 6,900 115.0 hours, after the weekly review" in words
    with tenant(organization):
        assert AuditEvent.objects.filter(action="outcomes.capacity_viewed").count() == 1


def test_the_worked_example_on_the_page(organization: Any, clinic: Any, lead: Any) -> None:
    answer = lead.get("/o/lakeside/outcomes/capacity/", TYPED)
    words = text_of(answer)
    assert answer.status_code == 200
    assert "Minutes needed a month 6,060 101.0 hours, 88 % of what is there" in words
    assert "Left 840 minutes It is the work of 0.88 posts" in words
    assert "More that fit 9" in words
    assert "from September 2026 on. Hiring takes 3 months: begin in June 2026." in words
    assert "These are your what-if numbers." in words


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"active": "80"}, "Short by 810 minutes"),
        ({"active": "80"}, "Hiring takes 3 months: hold new patients back"),
        ({"lead": "9"}, "Hiring takes 9 months: begin now."),
        ({"leaving": "6"}, "The work fits for two years at this pace"),
        ({"posts": "0"}, "Enter how many full-time posts there are to compare."),
        ({"posts": "0.5"}, "120.0 active patients for each full-time post"),
    ],
)
def test_what_if(organization: Any, clinic: Any, lead: Any, typed: dict[str, str], said: str) -> None:
    assert said in text_of(lead.get("/o/lakeside/outcomes/capacity/", {**TYPED, **typed}))


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("active", "12.5", "Active patients: enter a number from 0 to 50000, whole."),
        ("posts", "", "Full-time care managers: enter a number from 0 to 500 with at most 2 decimals."),
        ("productive", "120", "Productive share in percent: enter a number from 10 to 100, whole."),
        ("contacts", "many", "Follow-ups per patient: enter a number from 0 to 30 with at most 2 decimals."),
    ],
)
def test_a_number_that_makes_no_sense_is_named_and_nothing_typed_is_lost(
    organization: Any, clinic: Any, lead: Any, name: str, value: str, said: str
) -> None:
    answer = lead.get("/o/lakeside/outcomes/capacity/", {**TYPED, "attempts": "4321", name: value})
    assert answer.status_code == 422
    assert said in text_of(answer)
    assert 'value="4321"' in answer.content.decode()


def row(month: Any, clinic: Any, **fields: Any) -> Any:
    enrolled_on = fields["enrolled_on"]
    return MeasuredEpisodeFactory(
        organization=month.organization, measured=month, patient__clinic=clinic, episode__clinic=clinic,
        episode__enrolled_on=enrolled_on, **fields,
    )  # fmt: skip


def test_own_work_is_that_of_the_last_three_months_that_are_over(
    organization: Any, clinic: Any, membership: Any
) -> None:
    with tenant(organization):
        heads = [
            MeasuredMonthFactory(organization=organization, month=date(2025, 12, 1) if not n else date(2026, n, 1))
            for n in range(5)  # December to April: April is not over, December is too long ago
        ]
        old = row(heads[1], clinic, enrolled_on=date(2025, 11, 3), contacts=2, attempts=1)
        row(heads[2], clinic, enrolled_on=date(2026, 2, 10), contacts=1, first_contact_on=date(2026, 2, 12))
        row(heads[3], clinic, enrolled_on=date(2026, 3, 1), contacts=3, attempts=4, is_medicaid=True)
        row(heads[3], clinic, enrolled_on=date(2026, 1, 5), ended_on=date(2026, 3, 20), contacts=1)
        row(heads[3], clinic, enrolled_on=date(2025, 12, 5), is_in_month=False, contacts=9)
        row(heads[0], clinic, enrolled_on=date(2025, 12, 5), contacts=50)
        row(heads[4], clinic, enrolled_on=date(2026, 4, 5), contacts=50)
        seat = membership("care_manager")
        WorkShareFactory(organization=organization, membership=seat, from_on=date(2026, 4, 1), fte=Decimal("0.75"))
        WorkShareFactory(organization=organization, membership=membership("care_manager"), fte=Decimal("0.50"))
        found = own_work(organization.id, months(organization), APRIL.date())
    assert old.contacts == 2
    assert found == OwnWork(
        months=(date(2026, 1, 1), date(2026, 2, 1), MARCH),
        posts=Decimal("1.25"),
        seats=2,
        active=1,
        on_medicaid=1,
        carried=4,
        new=2,
        left=1,
        contacts=6,
        attempts=5,
        initial=Average(None, 1),
        contact=Average(None, 6),
        attempt=Average(None, 0),
    )


def test_minutes_are_sorted_by_what_they_were_for(organization: Any, clinic: Any, membership: Any) -> None:
    with tenant(organization):
        seat = membership("care_manager")
        head = MeasuredMonthFactory(organization=organization, month=MARCH)
        rows = [
            row(head, clinic, enrolled_on=date(2026, 3, 2), contacts=2, first_contact_on=date(2026, 3, 10))
            for _ in range(10)
        ]

        def work(of: Any, day: int, minutes: int, month: int = 3, year: int = 2026, **fields: Any) -> None:
            UntimedEntryFactory(
                organization=organization, episode=of.episode, by=fields.pop("by", seat), minutes=minutes,
                on=date(year, month, day), **fields,
            )  # fmt: skip

        for one in rows:
            work(one, 10, 80)
            work(one, 20, 50)
            work(one, 9, 9, activity="outreach_attempt")
            work(one, 25, 31, activity="case_review")
        work(rows[0], 25, 20, month=2)  # before the month, for a first contact in it: initial work
        work(rows[0], 30, 40, month=12, year=2025)  # more than sixty days before
        work(rows[0], 1, 40, month=4)  # after it
        work(rows[0], 20, 40, role="psychiatric_consultant")
        work(rows[0], 20, 40, service="ccm")
        TimeEntryFactory(organization=organization, episode=rows[0].episode, by=seat, held=True, minutes=40)
        # Eleven in the evening of March 31 in Chicago: of March, though April in London.
        late = datetime(2026, 4, 1, 4, 0, tzinfo=UTC)
        TimeEntryFactory(organization=organization, episode=rows[0].episode, by=seat, starts_at=late, minutes=30)
        found = own_work(organization.id, months(organization), APRIL.date())
    assert (found.initial, found.contact, found.attempt) == (
        Average(Decimal("82.0"), 10),  # 820 minutes of ten first contacts
        Average(Decimal("53.0"), 10),  # 500 and 30 minutes of twenty contacts less the ten first ones
        Average(Decimal("9.0"), 10),
    )


def test_another_organizations_work_is_not_there(organization: Any, other_organization: Any, clinic: Any) -> None:
    with tenant(organization):
        head = MeasuredMonthFactory(organization=organization, month=MARCH)
        row(head, clinic, enrolled_on=date(2026, 3, 2), contacts=2)
        editions = months(organization)
    with tenant(other_organization):
        assert own_work(other_organization.id, editions, APRIL.date()).contacts == 0
