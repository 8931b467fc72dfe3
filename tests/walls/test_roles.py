"""Tests run as the role that the product runs as."""

import pytest
from django.db import DatabaseError, ProgrammingError, connection, connections, transaction

from bhi.tenancy.constraints import VOIDED_ROW_SQLSTATE
from bhi.tenancy.context import tenant
from bhi.tenancy.models import Clinic
from bhi.tenancy.startup import role_faults
from caseload.models import TimeEntry
from registry.models import Patient
from tests.factories.caseload import TimeEntryFactory
from tests.factories.registry import EpisodeFactory, PatientFactory
from tests.factories.tenancy import ClinicFactory, MembershipFactory


def test_tests_run_as_the_application(db):
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, session_user")
        assert cursor.fetchone() == ("bhi_app", "bhi_app")
    assert role_faults() == []


def test_a_clinic_is_seen_in_its_organization_only(organization, other_organization, clinic):
    with tenant(organization):
        assert [row.id for row in Clinic.objects.all()] == [clinic.id]
    with tenant(other_organization):
        assert list(Clinic.objects.all()) == []
    assert list(Clinic.objects.all()) == []


def test_a_row_of_another_organization_cannot_be_made(organization, other_organization):
    with tenant(organization), pytest.raises(DatabaseError), transaction.atomic():
        ClinicFactory(organization=other_organization)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", [1, 2])
def test_transactional_tests_begin_empty(turn, organization, clinic):
    with tenant(organization):
        assert Clinic.objects.count() == 1


def test_the_application_cannot_delete_a_fact(in_tenant):
    patient = PatientFactory(organization=in_tenant)
    with pytest.raises(DatabaseError), transaction.atomic():
        Patient.objects.filter(id=patient.id).delete()


def test_a_voided_fact_stays_as_it_is(in_tenant, now):
    patient = PatientFactory(organization=in_tenant)
    Patient.objects.update(voided_at=now, voided_by=patient.recorded_by, void_reason="Entered twice")
    with pytest.raises(DatabaseError) as refusal, transaction.atomic():
        Patient.objects.update(voided_at=None, voided_by=None)
    assert refusal.value.__cause__.sqlstate == VOIDED_ROW_SQLSTATE


def test_a_time_entry_may_be_voided_or_settled_but_not_rewritten(in_tenant, now):
    entry = TimeEntryFactory(organization=in_tenant, held=True)
    TimeEntry.objects.update(held=False)
    with pytest.raises(DatabaseError), transaction.atomic():
        TimeEntry.objects.update(activity="scheduling")
    TimeEntry.objects.update(voided_at=now, voided_by=entry.recorded_by)
    assert TimeEntry.objects.live().count() == 0
    with pytest.raises(DatabaseError), transaction.atomic():
        TimeEntry.objects.all().delete()


def test_what_an_entry_was_before_cannot_be_changed(in_tenant):
    TimeEntryFactory(organization=in_tenant, held=True)
    TimeEntry.objects.update(held=False)
    history = TimeEntry.pgh_event_model.objects
    assert list(history.values_list("held", flat=True)) == [True]
    with pytest.raises(DatabaseError), transaction.atomic():
        history.update(held=False)
    with pytest.raises(DatabaseError), transaction.atomic():
        history.all().delete()


def test_a_clinic_keeps_its_zone_once_time_is_logged(in_tenant, clinic):
    Clinic.objects.update(time_zone="America/New_York")
    TimeEntryFactory(organization=in_tenant, episode=EpisodeFactory(organization=in_tenant, patient__clinic=clinic))
    Clinic.objects.update(name="Renamed", time_zone="America/New_York")
    with pytest.raises(DatabaseError) as refusal, transaction.atomic():
        Clinic.objects.update(time_zone="America/Denver")
    assert refusal.value.__cause__.sqlstate == "BHI03"


@pytest.mark.django_db(databases=["default", "maintenance"])
def test_maintenance_sees_which_jobs_wait_and_nothing_about_them():
    with connections["maintenance"].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM jobs_job WHERE state = 'queued'")
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic("maintenance"):
            cursor.execute("SELECT arguments FROM jobs_job")
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic("maintenance"):
            cursor.execute("SELECT 1 FROM registry_patient")


def test_a_seat_is_called_by_name_and_credential(organization, clinic):
    seat = MembershipFactory.build(organization=organization, name="Ana Rivera", credential="LCSW")
    plain = MembershipFactory.build(organization=organization, name="Ana Rivera")
    assert [str(one) for one in (seat, plain)] == ["Ana Rivera, LCSW", "Ana Rivera"]
    assert [str(organization), str(clinic)] == ["Lakeside Family Medicine", clinic.name]
