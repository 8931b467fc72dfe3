"""Where patients are seen: set per clinic, told by claims where the billing provider is elsewhere; and deaths."""

from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils.html import escape

from bhi.audit.models import AuditEvent
from bhi.errors import NotFound
from bhi.files.operations import read
from bhi.tenancy.context import tenant
from bhi.tenancy.models import Clinic
from billing.models import BillingProvider
from billing.operations.filing import make_filed_batches
from billing.operations.filing_settings import AddressValues, FilingWrong, set_clinic_address
from billing.queries.filing_facts import filing_plan
from billing.rules.x12.claim import Address, Facility
from registry.models import Patient
from tests.billing.filing import FEBRUARY, closed, filed_patient, set_up
from tests.billing.payer_side import strict_faults
from tests.billing.people import AT, Program, program
from tests.billing.test_pages import text_of

FILING = "/o/lakeside/billing/filing/"
ANNEX = {"address": "7 Oak Ave", "city": "Aurora", "state": "co", "postal_code": "80010-1234"}


@pytest.fixture
def people(organization: Any, clinic: Any) -> Program:
    with tenant(organization):
        return program(organization, clinic)


@pytest.fixture
def billing(client_for: Any) -> Client:
    client: Client = client_for("billing")
    return client


def place(people: Program) -> Clinic:
    with tenant(people.organization):
        return Clinic.objects.get(id=people.clinic.id)


def segments(people: Program, *tags: str) -> list[str]:
    (batch,) = make_filed_batches(by=people.by, at=AT, month=FEBRUARY, client_token=uuid4())
    content = read(batch.stored_file)
    assert strict_faults(content) == []
    return [line for line in content.decode().split("~\n") if line.startswith(tags)]


def test_an_address_is_set_once_and_listed(people: Program, billing: Client):
    url = f"{FILING}clinics/{people.clinic.id}/"
    assert "As the billing provider" in text_of(billing.get(FILING))
    half = billing.post(url, {**ANNEX, "city": ""})
    assert half.status_code == 422
    assert escape("Enter the city, or clear the rest of the address.") in half.text
    assert 'value="7 Oak Ave"' in half.text
    short = billing.post(url, {**ANNEX, "postal_code": "80010"})
    assert (short.status_code, "Enter all nine digits of the ZIP code" in short.text) == (422, True)
    box = billing.post(url, {**ANNEX, "address": "P.O. Box 7"})
    assert (box.status_code, "no post office box" in box.text) == (422, True)
    for _ in range(2):
        assert billing.post(url, ANNEX).headers["Location"] == FILING
    stored = place(people)
    assert (stored.address, stored.city, stored.state, stored.postal_code) == (
        "7 Oak Ave",
        "Aurora",
        "CO",
        "800101234",
    )
    assert "7 Oak Ave, Aurora, CO, 800101234" in text_of(billing.get(FILING))
    with tenant(people.organization):
        told = AuditEvent.objects.get(action="clinic.address_set")
        assert (told.object_id, sorted(told.fields)) == (people.clinic.id, sorted(ANNEX))
    assert billing.post(url, dict.fromkeys(ANNEX, "")).status_code == 302
    assert place(people).address == ""
    assert billing.get(f"{FILING}clinics/{uuid4()}/").status_code == 404


def test_an_address_is_checked_wherever_it_comes_from(lakeside: Program):
    given: dict[str, Any] = {"by": lakeside.by, "at": AT}
    with pytest.raises(FilingWrong) as fault:
        set_clinic_address(**given, clinic_id=lakeside.clinic.id, values=AddressValues("", "Aurora", "XX", "8"))
    assert sorted(fault.value.faults) == ["address", "postal_code", "state"]
    with pytest.raises(NotFound):
        set_clinic_address(**given, clinic_id=uuid4(), values=AddressValues("7 Oak Ave", "Aurora", "CO", "800101234"))


def test_a_claim_names_the_clinic_where_it_is_elsewhere(lakeside: Program):
    set_up(lakeside)
    filed_patient(lakeside)
    Clinic.objects.filter(id=lakeside.clinic.id).update(
        address="7 Oak Ave", city="Aurora", state="CO", postal_code="800101234", npi="1003000126", name="Annex"
    )
    closed(lakeside)
    assert segments(lakeside, "NM1*77", "N4*AURORA") == ["NM1*77*2*ANNEX*****XX*1003000126", "N4*AURORA*CO*800101234"]


def test_the_billing_providers_own_npi_names_no_place(lakeside: Program):
    set_up(lakeside)
    filed_patient(lakeside)
    Clinic.objects.filter(id=lakeside.clinic.id).update(
        address="7 Oak Ave", city="Aurora", state="CO", postal_code="800101234", npi="1234567893", name="Annex"
    )
    closed(lakeside)
    assert segments(lakeside, "NM1*77") == ["NM1*77*2*ANNEX"]


def test_the_billing_providers_own_address_is_not_said_twice(lakeside: Program):
    set_up(lakeside)
    filed_patient(lakeside)
    provider = BillingProvider.objects.get()
    Clinic.objects.filter(id=lakeside.clinic.id).update(
        address=provider.address.lower(), city=provider.city, state=provider.state,
        postal_code=provider.postal_code[:5],
    )  # fmt: skip
    closed(lakeside)
    assert segments(lakeside, "NM1*77") == []


def test_half_an_address_keeps_the_claim_and_is_mended_at_the_clinic(people: Program, billing: Client):
    with tenant(people.organization):
        set_up(people)
        filed_patient(people)
        Clinic.objects.filter(id=people.clinic.id).update(address="7 Oak Ave", name="Annex")
        closed(people)
        (plan,) = filing_plan(people.organization.id, FEBRUARY, at=AT).payers
        (one,) = plan.to_mend
        assert one.claim.facility == Facility("Annex", "", Address("7 Oak Ave"))
        assert [(fault.word, fault.kind) for fault in one.faults] == [
            ("address", "site"),
            ("state", "site"),
            ("postal_code", "site"),
        ]
    page = billing.get(f"/o/lakeside/billing/months/{FEBRUARY}/files/new/")
    assert f'href="{FILING}clinics/{people.clinic.id}/"' in page.text


def test_a_death_is_told(lakeside: Program):
    set_up(lakeside)
    episode = filed_patient(lakeside)
    Patient.objects.filter(id=episode.patient_id).update(died_on=date(2026, 3, 20))
    closed(lakeside)
    assert segments(lakeside, "PAT", "DTP") == ["PAT*****D8*20260320", *["DTP*472*D8*20260228"] * 2]
