"""Changes of what is known of a person, as operations: what they refuse, and what changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from uuid import uuid4

import pytest

from bhi.audit.models import AuditEvent
from bhi.errors import NotFound
from bhi.jobs.models import Job
from bhi.tenancy.context import tenant
from registry.models import Coverage, Patient, TreatingClinician
from registry.operations import open_episode
from registry.operations.coverages import change_coverage, insure, move_coverage, void_coverage
from registry.operations.errors import AlreadyVoided, DateOutOfOrder, ReasonMissing, RecordNumberTaken
from registry.operations.people import add_patient
from registry.operations.persons import (
    ClinicianUnreadable,
    NpiTaken,
    change_patient,
    change_related_person,
    keep_clinician,
    set_npi,
    take_back,
)
from registry.operations.stays import end_stay, record_stay, void_stay
from tests.factories.program import RecordNumberFactory, RelatedPersonFactory
from tests.factories.registry import CoverageFactory, PatientFactory, PayerFactory, TreatingClinicianFactory


@pytest.fixture
def who(by: Any, now: datetime) -> dict[str, Any]:
    return {"by": by, "at": now}


def actions() -> list[str]:
    return list(AuditEvent.objects.order_by("id").values_list("action", flat=True))


def test_what_is_so_already_changes_nothing(person: Callable[..., Any], who: dict[str, Any], in_tenant: Any) -> None:
    patient, related = person(phone="312-555-0134"), RelatedPersonFactory(organization=in_tenant)
    coverage = CoverageFactory(organization=in_tenant)
    before = actions()
    change_patient(**who, patient_id=patient.id, values={"phone": "312-555-0134"})
    change_related_person(**who, person_id=related.id, values={"name": related.name})
    change_coverage(**who, coverage_id=coverage.id, values={"member_id": coverage.member_id})
    move_coverage(**who, coverage_id=coverage.id, up=True)
    assert actions() == before


def test_a_death_and_a_name_tell_the_lists_from_their_day_on(
    person: Callable[..., Any], who: dict[str, Any], clinic: Any
) -> None:
    patient = person()
    episode = open_episode(**who, patient=patient, clinic=clinic, enrolled_on=date(2026, 1, 5))
    Job.objects.all().delete()
    change_patient(**who, patient_id=patient.id, values={"died_on": date(2026, 2, 3)})
    assert Job.objects.filter(kind="rebuild_standing", key=str(episode.id)).count() == 1
    change_patient(**who, patient_id=patient.id, values={"phone": "312-555-0134"})
    assert Job.objects.filter(kind="rebuild_standing").count() == 1


def test_history_keeps_what_was_there_before(person: Callable[..., Any], who: dict[str, Any]) -> None:
    patient = person(phone="312-555-0134")
    change_patient(**who, patient_id=patient.id, values={"phone": "312-555-0199"})
    history: Any = Patient.pgh_event_model  # type: ignore[attr-defined]
    assert [row.phone for row in history.objects.filter(pgh_obj_id=patient.id)] == ["312-555-0134"]


def test_voided_merged_absent_and_foreign_records_are_not_there(
    person: Callable[..., Any], who: dict[str, Any], other_organization: Any, in_tenant: Any
) -> None:
    kept, merged = person(), person()
    Patient.objects.filter(id=merged.id).update(merged_into=kept)
    with tenant(other_organization):
        foreign = PatientFactory(organization=other_organization)
    with tenant(in_tenant):
        for patient_id in (merged.id, foreign.id, uuid4()):
            with pytest.raises(NotFound):
                change_patient(**who, patient_id=patient_id, values={"phone": ""})
        for operation, name in (
            (change_related_person, "person_id"),
            (change_coverage, "coverage_id"),
        ):
            with pytest.raises(NotFound):
                operation(**who, **{name: uuid4()}, values={})
        with pytest.raises(NotFound):
            end_stay(**who, stay_id=uuid4(), on=date(2026, 2, 2))
        with pytest.raises(NotFound):
            set_npi(**who, clinician_id=uuid4(), npi="1234567893")


def test_a_new_patient_may_not_have_a_number_of_somebody_else(
    person: Callable[..., Any], who: dict[str, Any], clinic: Any, in_tenant: Any
) -> None:
    RecordNumberFactory(organization=in_tenant, patient=person(), clinic=clinic, mrn="R-9")
    with pytest.raises(RecordNumberTaken):
        add_patient(**who, clinic=clinic, mrn="r-9", family_name="Cole", given_name="Eva", birth_date=date(1990, 1, 1))


class TestClinicians:
    def test_are_kept_once_and_a_missing_npi_is_added(self, who: dict[str, Any], in_tenant: Any) -> None:
        first = keep_clinician(**who, name="Ana Rivera", credential="MD")
        again = keep_clinician(**who, name="Rivera, Ana", credential="MD", npi="1234567893")
        assert (first.id, TreatingClinician.objects.get().npi) == (again.id, "1234567893")
        keep_clinician(**who, name="Ana Rivera", credential="MD", npi="1245319599")
        assert TreatingClinician.objects.get().npi == "1234567893", "one that is known is not overwritten by the way"
        assert actions() == ["clinician.added", "clinician.changed"]

    @pytest.mark.parametrize(("name", "npi"), [("Rivera", ""), ("", ""), ("Ana Rivera", "1234567890")])
    def test_need_a_whole_name_and_an_npi_that_can_be_one(
        self, who: dict[str, Any], in_tenant: Any, name: str, npi: str
    ) -> None:
        with pytest.raises(ClinicianUnreadable):
            keep_clinician(**who, name=name, npi=npi)
        assert TreatingClinician.objects.count() == 0

    def test_a_wrong_npi_is_refused(self, who: dict[str, Any], in_tenant: Any) -> None:
        clinician = TreatingClinicianFactory(organization=in_tenant)
        with pytest.raises(ClinicianUnreadable, match="ten digits"):
            set_npi(**who, clinician_id=clinician.id, npi="12")

    def test_an_npi_belongs_to_one_of_them(self, who: dict[str, Any], in_tenant: Any) -> None:
        first = keep_clinician(**who, name="Ana Rivera", credential="MD", npi="1234567893")
        other = TreatingClinicianFactory(organization=in_tenant, npi="")
        said = "This is the NPI of Ana Rivera, MD. Choose them from the list, or correct the number."
        with pytest.raises(NpiTaken, match=said):
            keep_clinician(**who, name="Max Ortiz", npi="1234567893")
        with pytest.raises(NpiTaken, match=said):
            set_npi(**who, clinician_id=other.id, npi="1234567893")
        set_npi(**who, clinician_id=first.id, npi="1234567893")
        assert TreatingClinician.objects.filter(npi="1234567893").get() == first


class TestInsurance:
    def test_another_payer_may_be_named(self, who: dict[str, Any], in_tenant: Any) -> None:
        coverage = CoverageFactory(organization=in_tenant)
        changed = change_coverage(
            **who, coverage_id=coverage.id, values={"payer_id": None}, payer_name="Medicare Advantage Plus"
        )
        assert (changed.payer.name, changed.payer.takes_mbi) == ("Medicare Advantage Plus", False)
        assert AuditEvent.objects.get(action="coverage.changed").fields == ["payer"]

    def test_days_run_forwards(self, person: Callable[..., Any], who: dict[str, Any], in_tenant: Any) -> None:
        payer = PayerFactory(organization=in_tenant)
        with pytest.raises(DateOutOfOrder):
            insure(**who, patient=person(), payer=payer, from_on=date(2026, 2, 1), until_on=date(2026, 1, 31))
        assert Coverage.objects.count() == 0

    def test_months_since_its_first_day_are_told(
        self, person: Callable[..., Any], who: dict[str, Any], clinic: Any, in_tenant: Any
    ) -> None:
        patient = person()
        open_episode(**who, patient=patient, clinic=clinic, enrolled_on=date(2026, 1, 5))
        Job.objects.all().delete()
        insure(**who, patient=patient, payer=PayerFactory(organization=in_tenant), from_on=date(2025, 12, 1))
        assert Job.objects.filter(kind="refresh_service_month").count() == 1

    def test_taking_one_back_needs_a_reason_and_happens_once(self, who: dict[str, Any], in_tenant: Any) -> None:
        coverage = CoverageFactory(organization=in_tenant)
        with pytest.raises(ReasonMissing):
            void_coverage(**who, coverage_id=coverage.id, reason=" ")
        void_coverage(**who, coverage_id=coverage.id, reason="Never had it")
        with pytest.raises(NotFound):
            void_coverage(**who, coverage_id=coverage.id, reason="Never had it")

    def test_the_last_one_cannot_go_further_down(self, person: Callable[..., Any], who: dict[str, Any]) -> None:
        patient = person()
        first, second = (insure(**who, patient=patient, payer_name=name) for name in ("Aetna", "Cigna"))
        move_coverage(**who, coverage_id=second.id, up=False)
        assert list(Coverage.objects.order_by("rank").values_list("id", flat=True)) == [first.id, second.id]
        move_coverage(**who, coverage_id=first.id, up=False)
        assert list(Coverage.objects.order_by("rank").values_list("id", flat=True)) == [second.id, first.id]


def test_what_was_taken_back_is_not_taken_back_again(who: dict[str, Any], in_tenant: Any) -> None:
    related = RelatedPersonFactory(organization=in_tenant)
    take_back(**who, fact=related, reason="Asked for it")
    with pytest.raises(AlreadyVoided):
        take_back(**who, fact=related, reason="Asked for it")


def test_a_stay_lies_within_a_life(person: Callable[..., Any], who: dict[str, Any]) -> None:
    with pytest.raises(DateOutOfOrder, match="before the patient's birth"):
        record_stay(**who, patient=person(), kind="inpatient", from_on=date(1950, 1, 1))
    with pytest.raises(NotFound):
        void_stay(**who, stay_id=uuid4(), reason="Another patient")
