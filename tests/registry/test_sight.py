"""Which patients a seat sees: of its clinics, without those kept to others, with those opened in an emergency."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from bhi.audit.models import AuditEvent
from bhi.errors import NotFound
from bhi.tenancy.context import tenant
from bhi.tenancy.sight import Sight, looking_as, seeing_everything, sight_of
from registry.models import Patient, Restriction
from registry.operations.errors import ReasonMissing
from registry.operations.limits_errors import NoSuchSeat, NotRestricted
from registry.operations.restrictions import end_restriction, restrict_record
from registry.queries.restrictions import restriction_shown, seats_to_choose
from tests.factories.going_live import SeatClinicFactory
from tests.factories.program import ReferralFactory
from tests.factories.registry import EpisodeFactory, TreatingClinicianFactory, system_seat
from tests.factories.tenancy import ClinicFactory


@pytest.fixture
def lead(membership: Callable[..., Any]) -> Any:
    return membership("clinic_lead", name="Lena Voss")


@pytest.fixture
def north(organization: Any, in_tenant: Any) -> Any:
    return ClinicFactory(organization=organization, name="North")


def at_clinics(seat: Any, *clinics: Any) -> None:
    for clinic in clinics:
        SeatClinicFactory(organization=seat.organization, seat=seat, clinic=clinic)


def seen(seat: Any, at: datetime) -> set[str]:
    with looking_as(seat, at):
        return set(Patient.objects.values_list("family_name", flat=True))


# Clinics


def test_a_seat_without_clinics_sees_everybody_at_the_cost_of_one_statement(person: Any, by: Any, now: Any) -> None:
    person("Rivera")
    with (
        CaptureQueriesContext(
            connection,
        ) as asked,
        looking_as(by, now) as sight,
    ):
        pass
    assert sight == Sight()
    assert len(asked) == 1
    assert seen(by, now) == {"Rivera"}


def test_a_seat_of_a_clinic_sees_its_patients_only(person: Any, by: Any, now: Any, clinic: Any, north: Any) -> None:
    person("Rivera")
    person("Novak", clinic=north)
    at_clinics(by, north)
    assert seen(by, now) == {"Novak"}
    at_clinics(by, clinic)
    assert seen(by, now) == {"Novak", "Rivera"}


def test_a_clinic_that_was_taken_back_counts_no_more(person: Any, by: Any, now: Any, clinic: Any, north: Any) -> None:
    person("Rivera")
    person("Novak", clinic=north)
    at_clinics(by, clinic)
    over = SeatClinicFactory(organization=by.organization, seat=by, clinic=north)
    over.ended_at, over.ended_by = now, by
    over.save(update_fields=["ended_at", "ended_by"])
    assert seen(by, now) == {"Rivera"}


@pytest.mark.parametrize("how", [EpisodeFactory, ReferralFactory])
def test_an_enrolment_or_a_referral_makes_a_patient_one_of_that_clinic(
    person: Any, by: Any, now: Any, north: Any, how: Any
) -> None:
    how(organization=by.organization, patient=person("Rivera"), clinic=north)
    person("Abara")
    at_clinics(by, north)
    assert seen(by, now) == {"Rivera"}


def test_what_is_not_seen_can_neither_be_changed_nor_deleted(person: Any, by: Any, now: Any, north: Any) -> None:
    person("Rivera")
    at_clinics(by, north)
    with looking_as(by, now):
        assert Patient.objects.update(phone="1") == 0
        assert Patient.objects.filter(family_name="Rivera").update(phone="1") == 0
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM registry_patient")
            assert cursor.fetchone() == (0,)


def test_limits_end_with_their_block_also_by_a_fault(person: Any, by: Any, now: Any, north: Any) -> None:
    person("Rivera")
    at_clinics(by, north)
    with pytest.raises(ZeroDivisionError), looking_as(by, now):
        raise ZeroDivisionError
    assert Patient.objects.count() == 1
    with pytest.raises(DatabaseError), transaction.atomic(), looking_as(by, now):
        connection.cursor().execute("SELECT 1 / 0")
    assert Patient.objects.count() == 1


def test_limits_are_lifted_and_come_back(person: Any, by: Any, now: Any, north: Any) -> None:
    person("Rivera")
    at_clinics(by, north)
    with looking_as(by, now):
        with seeing_everything():
            assert Patient.objects.count() == 1
        assert Patient.objects.count() == 0
        with pytest.raises(ZeroDivisionError), seeing_everything():
            raise ZeroDivisionError
        assert Patient.objects.count() == 0


def test_another_organizations_limits_do_not_hold_here(
    person: Any, by: Any, now: Any, north: Any, other_organization: Any, membership: Any
) -> None:
    person("Rivera")
    at_clinics(by, north)
    there = membership("care_manager", organization=other_organization)
    with looking_as(by, now):
        with tenant(other_organization), looking_as(there, now, is_nested=True) as sight:
            assert sight == Sight()
        assert Patient.objects.count() == 0


# Restrictions


def test_a_restricted_record_shows_to_who_is_named_and_who_restricted_it(
    person: Any, by: Any, lead: Any, membership: Any, now: Any
) -> None:
    patient, named = person("Rivera"), membership("care_manager")
    restrict_record(by=lead, at=now, patient_id=patient.id, reason="Works here", seats=[named.id])
    assert [seen(seat, now) for seat in (lead, named, by)] == [{"Rivera"}, {"Rivera"}, set()]
    patient.refresh_from_db()
    assert patient.is_restricted
    shown = restriction_shown(lead.organization_id, patient.id)
    assert shown is not None
    assert (shown.reason, shown.by, shown.names) == (
        "Works here",
        "Lena Voss",
        tuple(sorted(("Lena Voss", named.name))),
    )


def test_restricting_anew_replaces_and_the_same_again_changes_nothing(
    person: Any, by: Any, lead: Any, now: Any
) -> None:
    patient = person("Rivera")
    first = restrict_record(by=lead, at=now, patient_id=patient.id, reason="Works here", seats=[])
    assert restrict_record(by=lead, at=now, patient_id=patient.id, reason=" Works here ", seats=[]) == first
    second = restrict_record(by=lead, at=now, patient_id=patient.id, reason="Works here", seats=[by.id])
    assert list(Restriction.objects.live()) == [second]
    assert seen(by, now) == {"Rivera"}
    actions = AuditEvent.objects.filter(patient_id=patient.id, action__startswith="restriction.")
    assert actions.count() == 2


def test_a_restriction_ends_with_a_reason(person: Any, by: Any, lead: Any, now: Any) -> None:
    patient = person("Rivera")
    restrict_record(by=lead, at=now, patient_id=patient.id, reason="Works here", seats=[])
    with pytest.raises(ReasonMissing):
        end_restriction(by=lead, at=now, patient_id=patient.id, reason=" ")
    end_restriction(by=lead, at=now, patient_id=patient.id, reason="Left the clinic")
    patient.refresh_from_db()
    assert (patient.is_restricted, seen(by, now)) == (False, {"Rivera"})
    assert restriction_shown(lead.organization_id, patient.id) is None
    with pytest.raises(NotRestricted):
        end_restriction(by=lead, at=now, patient_id=patient.id, reason="Again")


def test_what_is_refused(person: Any, by: Any, lead: Any, now: Any) -> None:
    patient = person("Rivera")
    with pytest.raises(ReasonMissing):
        restrict_record(by=lead, at=now, patient_id=patient.id, reason="", seats=[])
    with pytest.raises(NoSuchSeat):
        restrict_record(by=lead, at=now, patient_id=patient.id, reason="Works here", seats=[uuid4()])
    with pytest.raises(NotFound):
        restrict_record(by=lead, at=now, patient_id=uuid4(), reason="Works here", seats=[])
    with pytest.raises(NotFound):
        end_restriction(by=lead, at=now, patient_id=uuid4(), reason="Works here")


def test_two_merged_records_keep_both_restrictions(person: Any, by: Any, lead: Any, membership: Any, now: Any) -> None:
    from billing.operations.merging import merge_patients, undo_merge

    kept, merged, other = person("Rivera"), person("Rivers"), membership("care_manager")
    restrict_record(by=lead, at=now, patient_id=kept.id, reason="Works here", seats=[by.id])
    restrict_record(by=lead, at=now, patient_id=merged.id, reason="Works here", seats=[by.id, other.id])
    done = merge_patients(by=lead, at=now, kept_id=kept.id, merged_id=merged.id)
    assert [seen(seat, now) >= {"Rivera"} for seat in (by, other, lead)] == [True, False, True]
    assert restriction_shown(lead.organization_id, kept.id).names == tuple(sorted((by.name, lead.name)))  # type: ignore[union-attr]
    undo_merge(by=lead, at=now, merge_id=done.id)
    assert seen(other, now) == {"Rivers"}
    again = merge_patients(by=lead, at=now + timedelta(minutes=1), kept_id=kept.id, merged_id=merged.id)
    assert again.undone_at is None
    end_restriction(by=lead, at=now, patient_id=kept.id, reason="Left the clinic")
    assert seen(other, now) >= {"Rivera"}


def test_an_unrestricted_record_takes_over_the_restriction_of_the_other(
    person: Any, by: Any, lead: Any, now: Any
) -> None:
    from billing.operations.merging import merge_patients, undo_merge

    kept, merged = person("Rivera"), person("Rivers")
    restrict_record(by=lead, at=now, patient_id=merged.id, reason="Works here", seats=[])
    done = merge_patients(by=lead, at=now, kept_id=kept.id, merged_id=merged.id)
    kept.refresh_from_db()
    assert (kept.is_restricted, seen(by, now) & {"Rivera"}) == (True, set())
    undo_merge(by=lead, at=now, merge_id=done.id)
    kept.refresh_from_db()
    assert (kept.is_restricted, seen(by, now)) == (False, {"Rivera"})


def test_chosen_beforehand_are_the_care_team_and_who_bills(
    person: Any, by: Any, lead: Any, membership: Any, organization: Any
) -> None:
    doctor, biller, stranger = (membership(role) for role in ("treating_clinician", "billing", "care_manager"))
    patient = person("Rivera")
    EpisodeFactory(
        organization=organization,
        patient=patient,
        care_manager=by,
        treating_clinician=TreatingClinicianFactory(organization=organization, membership=doctor),
    )
    choices = seats_to_choose(organization.id, patient.id, by=lead)
    chosen = {choice.id for choice in choices if choice.is_chosen}
    assert chosen == {by.id, doctor.id, biller.id}
    assert stranger.id in {choice.id for choice in choices}
    assert lead.id not in {choice.id for choice in choices}


def test_the_system_sees_everything_where_nothing_limits_it(in_tenant: Any, now: Any, person: Any) -> None:
    person("Rivera")
    assert sight_of(system_seat(in_tenant), now) == Sight()
