"""Consultants' hours: what counts, for which clinic and day, on the page, as CSV and as PDF."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any
from uuid import UUID

import pytest
import time_machine
from pypdf import PdfReader

from bhi.audit.models import AuditEvent
from bhi.files.models import StoredFile
from bhi.jobs.models import Job
from bhi.jobs.operations import run
from bhi.tenancy.context import tenant
from outcomes.operations.hours_sheets import discard_hours_sheets
from outcomes.queries.consultant_hours import HoursSheet, hours_sheet
from outcomes.rules.invoice import HoursSum, Seen
from tests.billing.test_pages import text_of
from tests.factories.caseload import CaseReviewFactory, TimeEntryFactory, UntimedEntryFactory
from tests.factories.going_live import RestrictionFactory, SeatClinicFactory
from tests.factories.outcomes import ConsultantRateFactory
from tests.factories.registry import EpisodeFactory
from tests.factories.reviews import ReviewSessionFactory
from tests.factories.tenancy import ClinicFactory

APRIL = datetime(2026, 4, 10, 17, 0, tzinfo=UTC)
MARCH = date(2026, 3, 1)
URL = "/o/lakeside/outcomes/consultants/"
# A Monday in Chicago, daylight time not yet begun: three in the afternoon.
MONDAY = datetime(2026, 3, 2, 21, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def april(db: None) -> Iterator[None]:
    with time_machine.travel(APRIL, tick=False):
        yield


@pytest.fixture
def lee(membership: Any) -> Any:
    return membership("psychiatric_consultant", name="Lee Doe", credential="MD")


@pytest.fixture
def episode(organization: Any, clinic: Any) -> Any:
    with tenant(organization):
        return EpisodeFactory(organization=organization, clinic=clinic, patient__clinic=clinic,
                              patient__family_name="Quuxworth")  # fmt: skip


def spent(episode: Any, by: Any, starts_at: datetime = MONDAY, minutes: int = 20, **fields: Any) -> Any:
    return TimeEntryFactory(
        organization=episode.organization, episode=episode, by=by, starts_at=starts_at, minutes=minutes,
        **{"role": "psychiatric_consultant", "activity": "case_review", **fields},
    )  # fmt: skip


def sheet(episode: Any, month: date = MARCH, **fields: Any) -> HoursSheet:
    return hours_sheet(episode.organization_id, month, **fields)


def minutes(found: HoursSheet) -> list[tuple[str, int]]:
    return [(one.clinic, one.line.minutes) for person in found.consultants for one in person.lines]


def test_the_same_clock_minutes_count_once_and_untimed_ones_add_up(organization: Any, episode: Any, lee: Any) -> None:
    with tenant(organization):
        spent(episode, lee, minutes=30)
        spent(episode, lee, MONDAY + timedelta(minutes=20), minutes=20)  # ten of them again
        UntimedEntryFactory(organization=organization, episode=episode, by=lee, role="psychiatric_consultant",
                            minutes=15, on=date(2026, 3, 31))  # fmt: skip
        assert sheet(episode).sum == HoursSum(55, Decimal("0.00"), 55, Seen())


def test_what_does_not_count(organization: Any, episode: Any, lee: Any) -> None:
    with tenant(organization):
        spent(episode, lee, role="care_manager")
        spent(episode, lee, MONDAY + timedelta(hours=1), held=True)
        spent(episode, lee, MONDAY + timedelta(hours=2), service="ccm")
        spent(episode, lee, MONDAY + timedelta(hours=3), voided_at=APRIL, voided_by=lee, void_reason="A slip")
        assert sheet(episode).consultants == ()


@pytest.mark.parametrize(
    ("starts_at", "february", "march"),
    [
        (datetime(2026, 3, 1, 5, 50, tzinfo=UTC), 10, 10),  # ten to midnight of February 28 in Chicago
        (datetime(2026, 3, 1, 6, 0, tzinfo=UTC), 0, 20),
        (datetime(2026, 4, 1, 4, 50, tzinfo=UTC), 0, 10),  # daylight time: ten to midnight of March 31
        (datetime(2026, 4, 1, 5, 0, tzinfo=UTC), 0, 0),
    ],
)
def test_a_month_is_that_of_the_clinic(
    organization: Any, episode: Any, lee: Any, starts_at: datetime, february: int, march: int
) -> None:
    with tenant(organization):
        spent(episode, lee, starts_at)
        assert [sheet(episode, month).sum.minutes for month in (date(2026, 2, 1), MARCH)] == [february, march]


def test_reviews_patients_and_sessions_are_those_of_the_month(organization: Any, episode: Any, lee: Any) -> None:
    with tenant(organization):
        clinic = episode.clinic
        for day in (3, 31):
            CaseReviewFactory(organization=organization, episode=episode, consultant=lee, on=date(2026, 3, day))
        CaseReviewFactory(organization=organization, episode=episode, consultant=lee, on=date(2026, 4, 1))
        CaseReviewFactory(organization=organization, episode=episode, on=date(2026, 3, 5))  # nobody's
        ended = {"state": "ended", "began_at": MONDAY, "ended_at": MONDAY}
        of_lee = {"organization": organization, "consultant": lee, "clinic": clinic}
        ReviewSessionFactory(**of_lee, on=date(2026, 3, 31), **ended)
        ReviewSessionFactory(**of_lee, on=date(2026, 4, 1), **ended)
        ReviewSessionFactory(**of_lee, on=date(2026, 3, 30))  # planned
        assert sheet(episode).sum.seen == Seen(1, 2, 1)


def test_clinics_are_apart_and_a_seat_of_some_sees_these(organization: Any, episode: Any, lee: Any) -> None:
    with tenant(organization):
        other = ClinicFactory(organization=organization, name="Aspen")
        there = EpisodeFactory(organization=organization, clinic=other, patient__clinic=other)
        spent(episode, lee, minutes=30)
        spent(there, lee, MONDAY + timedelta(hours=1), minutes=10)
        assert minutes(sheet(episode)) == [("Aspen", 10), (episode.clinic.name, 30)]
        limited = sheet(episode, clinics=frozenset({other.id}))
        assert (minutes(limited), limited.is_whole, sheet(episode).is_whole) == ([("Aspen", 10)], False, True)


def test_rates_of_the_day(organization: Any, episode: Any, lee: Any) -> None:
    with tenant(organization):
        ConsultantRateFactory(organization=organization, membership=lee, from_on=date(2026, 3, 2))
        ConsultantRateFactory(
            organization=organization, membership=lee, from_on=date(2026, 3, 9), hourly=Decimal("240.00")
        )
        spent(episode, lee, minutes=60)
        spent(episode, lee, MONDAY + timedelta(days=7), minutes=30)
        spent(episode, lee, MONDAY - timedelta(days=1), minutes=6)
        found = [(one.line.minutes, one.line.amount) for one in sheet(episode).consultants[0].lines]
    assert found == [(6, None), (60, Decimal("210.00")), (30, Decimal("120.00"))]


def test_another_organization_is_not_there(organization: Any, other_organization: Any, episode: Any, lee: Any) -> None:
    with tenant(organization):
        spent(episode, lee)
    with tenant(other_organization):
        assert hours_sheet(other_organization.id, MARCH).consultants == ()


@pytest.mark.parametrize("role", ["billing", "clinic_lead", "admin"])
def test_the_page_says_time_patients_and_amount_and_names_nobody(
    organization: Any, episode: Any, lee: Any, client_for: Any, role: str
) -> None:
    with tenant(organization):
        ConsultantRateFactory(organization=organization, membership=lee, from_on=date(2026, 1, 1))
        CaseReviewFactory(organization=organization, episode=episode, consultant=lee, on=date(2026, 3, 3))
        spent(episode, lee, minutes=65)
    answer = client_for(role).get(URL)  # the last month that is over
    words = text_of(answer)
    assert answer.status_code == 200
    assert "Lee Doe, MD Hours of Lee Doe, MD by clinic Clinic Time" in words
    assert f"{episode.clinic.name} 1 h 5 min 1 1 0 $210.00 $227.50" in words
    assert "Quuxworth" not in words
    with tenant(organization):
        assert AuditEvent.objects.filter(action="consultant_hours.viewed").count() == 1


def test_an_unknown_rate_is_said_and_never_zero(organization: Any, episode: Any, lee: Any, client_for: Any) -> None:
    with tenant(organization):
        spent(episode, lee, minutes=65)
    words = text_of(client_for("clinic_lead").get(URL, {"month": "2026-03"}))
    assert "No hourly rate was in force for 1 h 5 min: their amount is not known." in words
    assert "$" not in words


def test_a_month_without_hours_says_where_they_come_from(organization: Any, clinic: Any, client_for: Any) -> None:
    words = text_of(client_for("billing").get(URL, {"month": "2026-04"}))
    assert "No consultant worked in this month" in words
    assert "The month still runs: this is the sheet so far." in words


def test_the_csv(organization: Any, episode: Any, lee: Any, client_for: Any) -> None:
    with tenant(organization):
        ConsultantRateFactory(organization=organization, membership=lee, from_on=date(2026, 1, 1))
        spent(episode, lee, minutes=65)
    answer = client_for("billing").post(f"{URL}csv/", {"month": "2026-03"})
    assert answer["Content-Disposition"] == 'attachment; filename="consultant-hours-2026-03.csv"'
    assert answer.content.decode().lstrip("\N{ZERO WIDTH NO-BREAK SPACE}").splitlines() == [
        "Consultant,Clinic,Month,Minutes,Patients reviewed,Reviews,Sessions held,Rate per hour,Amount",
        f'"Lee Doe, MD",{episode.clinic.name},2026-03,65,0,0,0,210.00,227.50',
    ]


def test_the_pdf_is_made_by_a_job_once_and_kept_for_a_day(
    organization: Any, episode: Any, lee: Any, client_for: Any
) -> None:
    with tenant(organization):
        ConsultantRateFactory(organization=organization, membership=lee, from_on=date(2026, 1, 1))
        spent(episode, lee, minutes=65)
    billing = client_for("billing")
    page = billing.post(f"{URL}pdf/", {"month": "2026-03"}).url
    assert billing.post(f"{URL}pdf/", {"month": "2026-03"}).url == page
    job_id = UUID(page.rstrip("/").rsplit("/", 1)[1])
    assert billing.get(f"{page}file/").status_code == 404
    assert run(organization_id=organization.id, job_id=job_id, at=APRIL) == "done"
    words = " ".join(PdfReader(BytesIO(billing.get(f"{page}file/").content)).pages[0].extract_text().split())
    assert "Psychiatric consultants’ hours, March 2026" in words
    assert f"{episode.clinic.name} 1 h 5 min 0 0 0 $210.00 $227.50" in words
    assert client_for("clinic_lead").get(f"{page}file/").status_code == 404  # nobody else's job
    with tenant(organization):
        assert Job.objects.filter(kind="make_hours_sheet").count() == 1
        assert discard_hours_sheets(organization_id=organization.id, at=APRIL + timedelta(hours=23)) == 0
        assert discard_hours_sheets(organization_id=organization.id, at=APRIL + timedelta(days=1)) == 1
        assert not StoredFile.objects.exists()
    assert "The file is gone" in text_of(billing.get(page))


def test_a_month_that_is_none_is_not_there(organization: Any, clinic: Any, client_for: Any) -> None:
    billing = client_for("billing")
    assert [billing.post(f"{URL}{form}/", {"month": "2026-13"}).status_code for form in ("csv", "pdf")] == [404, 404]


def test_a_seat_of_some_clinics_sees_the_hours_for_these_and_is_told(
    organization: Any, episode: Any, lee: Any, client_for: Any
) -> None:
    lead = client_for("clinic_lead")
    with tenant(organization):
        other = ClinicFactory(organization=organization, name="Aspen")
        there = EpisodeFactory(organization=organization, clinic=other, patient__clinic=other)
        spent(episode, lee, minutes=30)
        spent(there, lee, MONDAY + timedelta(hours=1), minutes=10)
        SeatClinicFactory(organization=organization, seat=lead.membership, clinic=other)
    words = text_of(lead.get(URL))
    assert "These are the hours for your clinics only." in words
    assert "Aspen 10 min" in words
    assert episode.clinic.name not in words


def test_a_record_that_is_kept_from_who_looks_counts_all_the_same(
    organization: Any, episode: Any, lee: Any, client_for: Any
) -> None:
    with tenant(organization):
        spent(episode, lee, minutes=30)
        RestrictionFactory(organization=organization, patient=episode.patient, seats=[], recorded_by=lee)
    words = text_of(client_for("billing").get(URL))
    assert f"{episode.clinic.name} 30 min" in words
