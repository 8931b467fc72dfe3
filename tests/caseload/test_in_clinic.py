"""Who is in the clinic this week: on Today, in the caseload and on the chart, until the hour is over."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone

from bhi.tenancy.context import tenant
from caseload.queries.today import EVERYBODY, Scope, work_due
from caseload.rules.clock import local_date
from registry.rules.appointments import InClinic
from tests.factories.caseload import EpisodeStandingFactory
from tests.factories.registry import AppointmentFactory, EpisodeFactory, PatientFactory, system_seat
from tests.factories.tenancy import ClinicFactory, OrganizationFactory
from tests.visits import in_clinic_this_week

# Noon in Chicago, a Monday.
AT = datetime(2026, 4, 6, 17, tzinfo=UTC)
TODAY = date(2026, 4, 6)
CHICAGO = ZoneInfo("America/Chicago")

pytestmark = pytest.mark.django_db


@pytest.fixture
def place(organization: Any) -> Any:
    with tenant(organization):
        return ClinicFactory(organization=organization, time_zone="America/Chicago")


@pytest.fixture
def due(organization: Any, place: Any) -> Callable[..., Any]:
    """A patient whose call was due yesterday, so that Today asks for them."""

    def make(at: datetime = AT) -> Any:
        with tenant(organization):
            patient = PatientFactory(organization=organization, clinic=place)
            on = at.date() - timedelta(days=1)
            episode = EpisodeFactory(organization=organization, patient=patient, clinic=place)
            EpisodeStandingFactory(organization=organization, episode=episode, next_due_on=on, overdue_from=on)
            return patient

    return make


def coming(patient: Any, **fields: Any) -> Any:
    return AppointmentFactory(organization=patient.organization, patient=patient, **{"on": TODAY, **fields})


@pytest.mark.parametrize(
    ("visit", "words"),
    [
        (InClinic(TODAY, time(14, 5), "Ana Rivera"), "In clinic today 2:05 pm with Ana Rivera"),
        (InClinic(TODAY + timedelta(days=1), time(0, 30)), "In clinic tomorrow 12:30 am"),
        (InClinic(TODAY + timedelta(days=3), time(10, 20), "Dr. Rivera"), "In clinic Thu 10:20 am with Dr. Rivera"),
        (InClinic(TODAY + timedelta(days=6)), "In clinic Sun"),
    ],
)
def test_a_visit_in_words(visit: InClinic, words: str) -> None:
    assert visit.words(TODAY) == words


def test_the_next_visit_of_seven_days_counts_and_what_is_over_does_not(organization: Any, due: Any) -> None:
    patient = due()
    with tenant(organization):
        shown = lambda: in_clinic_this_week(organization.id, [patient.id], at=AT)  # noqa: E731
        coming(patient, on=TODAY - timedelta(days=1), at=time(13))
        coming(patient, at=time(11, 59))
        coming(patient, on=TODAY + timedelta(days=7))
        assert shown() == {}
        coming(patient, on=TODAY + timedelta(days=6))
        assert shown() == {patient.id: InClinic(TODAY + timedelta(days=6))}
        coming(patient)
        assert shown() == {patient.id: InClinic(TODAY)}
        coming(patient, at=time(12), with_whom="Ana Rivera")
        assert shown() == {patient.id: InClinic(TODAY, time(12), "Ana Rivera")}
        coming(patient, at=time(12), voided_at=AT, voided_by=system_seat(organization))
        assert shown() == {patient.id: InClinic(TODAY, time(12), "Ana Rivera")}


def test_another_organizations_visits_are_not_seen(organization: Any, due: Any) -> None:
    patient = due()
    stranger = OrganizationFactory(slug="stranger")
    with tenant(organization):
        coming(patient)
    with tenant(stranger):
        assert in_clinic_this_week(stranger.id, [patient.id], at=AT) == {}


def test_today_reads_it_with_the_statement_that_it_has(organization: Any, due: Any) -> None:
    patient = due()
    with tenant(organization):
        coming(patient, on=date(2026, 4, 9), at=time(10, 20), with_whom="Dr. Rivera")
        found = work_due(organization.id, Scope(system_seat(organization).id, EVERYBODY), at=AT)
    assert [one.person.in_clinic for one in found.patients] == [InClinic(date(2026, 4, 9), time(10, 20), "Dr. Rivera")]


def test_pages_show_it(organization: Any, due: Any, client_for: Callable[..., Client]) -> None:
    now = timezone.now()
    patient = due(now)
    words = "In clinic tomorrow with Dr. Rivera"
    with tenant(organization):
        coming(patient, on=local_date(now, CHICAGO) + timedelta(days=1), with_whom="Dr. Rivera")
    client = client_for("clinic_lead")
    for path in ("today/", "caseload/", f"patients/{patient.id}/"):
        assert client.get(f"/o/lakeside/{path}").content.decode().count(words) == 1, path
