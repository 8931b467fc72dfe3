"""What a claim says beside its codes: by whose word, from which address, on which day, through which clearinghouse."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from bhi.files.operations import read
from bhi.tenancy.context import tenant
from bhi.tenancy.models import Clinic
from billing.models import PayerRoute, Receiver
from billing.operations.filing import make_filed_batches
from billing.queries.filing_facts import filing_plan
from registry.models import Consent, Coverage, Patient
from registry.operations import record_diagnosis
from registry.rules import diagnoses
from tests.billing.filing import FEBRUARY, closed, filed_patient, set_up
from tests.billing.payer_side import strict_faults
from tests.billing.people import AT, Program, program
from tests.billing.test_pages import text_of
from tests.factories.registry import ConsentFactory, PriorAuthorizationFactory

STREET = "Building 4 of the Maple Grove Medical Park on Saint Bartholomew Avenue, Suite 210"


def authorize(people: Program, patient: Patient, number: str, **fields: Any) -> None:
    given = {"organization": people.organization, "patient": patient, "payer": people.payer("Medicare Part B")} | fields
    PriorAuthorizationFactory(**given, number=number)


def test_what_is_on_record_goes_into_the_file(lakeside: Program):
    set_up(lakeside, lakeside.payer("Medicare Part B"))
    patient = filed_patient(lakeside, address=STREET).patient
    authorize(lakeside, patient, "PA-1", from_on=date(2026, 1, 1), until_on=date(2026, 2, 27))
    authorize(lakeside, patient, "PA-2", from_on=date(2026, 1, 15))
    authorize(lakeside, patient, "PA-3", from_on=date(2026, 3, 1))
    authorize(lakeside, patient, "PA-4", from_on=date(2026, 2, 1), payer=lakeside.payer("Aetna PPO"))
    ConsentFactory(
        organization=lakeside.organization, patient=patient, service="ccm", given_at=datetime(2025, 6, 1, tzinfo=UTC)
    )
    Receiver.objects.update(submitter_id="SUB77", is_test=True, name="Clearing")
    closed(lakeside)
    plan = filing_plan(lakeside.organization.id, FEBRUARY, at=AT)
    (one,) = plan.payers[0].ready
    assert (plan.tests_to, plan.only_tests) == (("Clearing",), False)
    consented_on = Consent.objects.get(service="bhi").given_at.date()
    assert (one.claim.support.consented_on, one.claim.support.revoked_on) == (consented_on, None)
    (batch,) = make_filed_batches(by=lakeside.by, at=AT, month=FEBRUARY, client_token=uuid4())
    content = read(batch.stored_file)
    text = content.decode()
    assert (batch.is_test, text.split("*")[15], strict_faults(content)) == (True, "T", [])
    assert [line for line in text.split("~\n") if line.startswith(("NM1*41", "REF*G1", "N3*BUILDING"))] == [
        "NM1*41*2*MAPLE GROVE FAMILY MEDICINE*****46*SUB77",
        "N3*BUILDING 4 OF THE MAPLE GROVE MEDICAL PARK ON SAINT*BARTHOLOMEW AVENUE, SUITE 210",
        "REF*G1*PA-2",
    ]


def dated(people: Program) -> tuple[date, list[str]]:
    """The day of the only claim, and what keeps it from leaving."""
    (payer,) = filing_plan(people.organization.id, FEBRUARY, at=AT).payers
    (one,) = (*payer.ready, *payer.to_mend)
    return one.claim.service_on, [fault.word for fault in one.faults]


def test_a_claim_is_dated_within_the_coverage_and_the_consent(lakeside: Program):
    """The minutes were reached on February 10."""
    set_up(lakeside)
    filed_patient(lakeside)
    Coverage.objects.update(from_on=date(2026, 2, 16))
    closed(lakeside)
    assert dated(lakeside) == (date(2026, 2, 28), [])
    PayerRoute.objects.update(service_day="threshold")
    assert dated(lakeside) == (date(2026, 2, 16), [])
    Coverage.objects.update(until_on=date(2026, 2, 20))
    PayerRoute.objects.update(service_day="month_end")
    assert dated(lakeside) == (date(2026, 2, 16), [])
    Coverage.objects.update(from_on=None, until_on=None)
    Consent.objects.update(revoked_on=date(2026, 2, 20))
    assert dated(lakeside) == (date(2026, 2, 10), [])
    Consent.objects.update(revoked_on=date(2026, 1, 20))
    assert dated(lakeside) == (date(2026, 2, 28), ["consent_revoked"])


def test_a_clinic_address_of_five_digits_is_mended_after_the_close(lakeside: Program):
    set_up(lakeside)
    filed_patient(lakeside)
    Clinic.objects.update(address="7 Oak Ave", city="Aurora", state="CO", postal_code="80010")
    closed(lakeside)
    assert dated(lakeside)[1] == ["postal_code"]
    Clinic.objects.update(postal_code="800101234")
    assert dated(lakeside)[1] == []


def test_the_page_says_what_to_look_at_and_whose_files_are_tests(
    organization: Any, clinic: Clinic, client_for: Any, monkeypatch: pytest.MonkeyPatch
):
    """As on a day after the release of diagnosis codes that is known here."""
    ended = diagnoses.Release("April 2025", date(2025, 4, 1), date(2025, 9, 30))
    monkeypatch.setattr(diagnoses, "RELEASE", ended)
    with tenant(organization):
        people = program(organization, clinic)
        set_up(people)
        episode = filed_patient(people)
        filed_patient(people, "Berg")
        record_diagnosis(by=people.by, at=AT, episode=episode, code="F33.99", rank=2, is_new=True)
        Receiver.objects.update(is_test=True, name="Clearing")
        closed(people)
    billing: Client = client_for("billing")
    page = text_of(billing.get(f"/o/lakeside/billing/months/{FEBRUARY}/files/new/"))
    assert "Look at 1 claim before it leaves: Abara, Jo : F33.99 is not in ICD-10-CM as known here" in page
    assert "Files to Clearing will be tests" in page
    assert "say under the clearinghouse that its files are made in earnest" in page
