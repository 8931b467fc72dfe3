"""Who files, by whom and how each payer is filed with: set, refused at its field, kept, and what is missing."""

from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils.html import escape

from bhi.audit.models import AuditEvent
from bhi.errors import NotFound
from bhi.tenancy.context import tenant
from bhi.tenancy.models import Clinic
from billing.models import BillingProvider, PayerRoute, Receiver
from billing.operations.filing_settings import (
    FilingWrong,
    ProviderValues,
    ReceiverValues,
    RouteValues,
    add_receiver,
    set_billing_provider,
    set_receiver,
    set_route,
)
from billing.queries.filing_settings import filing_ready
from registry.models import TreatingClinician
from tests.billing.filing import closed, filed_patient, set_up
from tests.billing.people import AT, Program, program
from tests.billing.test_pages import text_of
from tests.factories.claims import BillingProviderFactory, ReceiverFactory

FILING = "/o/lakeside/billing/filing/"
PROVIDER: dict[str, str] = {
    "name": "Maple Grove Family Medicine",
    "npi": "123 456-7893",
    "taxonomy": "207q00000x",
    "tax_id": "84-1234567",
    "tax_id_kind": "EI",
    "address": "100 Main St",
    "city": "Denver",
    "state": "co",
    "postal_code": "80202-1234",
    "submitter_name": "Maple Grove Family Medicine",
    "submitter_id": "COCMSUB01",
    "contact_name": "Billing Office",
    "contact_phone": "(303) 555-0100",
    "is_test": "on",
}
RECEIVER = {
    "name": "Clearing",
    "receiver_id": "CLEAR01",
    "receiver_qualifier": "ZZ",
    "application_id": "CLEAR01",
    "sender_id": "US01",
    "sender_qualifier": "30",
    "is_in_use": "on",
}
ROUTE = {
    "payer_identifier": "04112",
    "filing_code": "MB",
    "service_day": "threshold",
    "filing_days": "365",
    "corrected_days": "365",
    "appeal_days": "120",
}


@pytest.fixture
def people(organization: Any, clinic: Any) -> Program:
    with tenant(organization):
        return program(organization, clinic)


@pytest.fixture
def billing(client_for: Any) -> Client:
    client: Client = client_for("billing")
    return client


def done(action: str) -> list[list[str]]:
    return list(AuditEvent.objects.filter(action=action).order_by("at", "id").values_list("fields", flat=True))


def test_the_provider_is_set_once_and_changed_with_its_history(people: Program, billing: Client):
    url = f"{FILING}provider/"
    refused = billing.post(url, {**PROVIDER, "postal_code": "80202", "npi": "1234567890"})
    assert refused.status_code == 422
    assert "Enter all nine digits of the ZIP code: files without the last four are refused." in refused.text
    assert "one digit of this NPI is wrong." in refused.text
    assert 'value="Maple Grove Family Medicine"' in refused.text
    for _ in range(2):
        assert billing.post(url, PROVIDER).headers["Location"] == FILING
    assert billing.post(url, {**PROVIDER, "is_test": ""}).status_code == 302
    with tenant(people.organization):
        kept = BillingProvider.objects.get()
        numbers = (kept.npi, kept.tax_id, kept.postal_code, kept.contact_phone)
        assert numbers == ("1234567893", "841234567", "802021234", "3035550100")
        assert (kept.state, kept.taxonomy, kept.is_test) == ("CO", "207Q00000X", False)
        assert [len(fields) for fields in done("billing_provider.set")] == [15, 1]
        history = BillingProvider._meta.apps.get_model("billing", "BillingProviderEvent")
        assert list(history.objects.values_list("is_test", flat=True)) == [True]
    assert "Last changed" in billing.get(url).text
    social = billing.post(url, {**PROVIDER, "tax_id_kind": "SY"})
    assert (social.status_code, "A social security number is a person’s" in text_of(social)) == (422, True)
    alone = {**PROVIDER, "tax_id_kind": "SY", "name": "Rivera", "given_name": "Ana"}
    assert billing.post(url, alone).headers["Location"] == FILING
    assert "Name Ana Rivera" in text_of(billing.get(FILING))


def test_a_clearinghouse_is_added_once_and_put_out_of_use(people: Program, billing: Client):
    new = f"{FILING}clearinghouses/new/"
    assert billing.get(new).context["form"]["is_test"].value() is True
    for _ in range(2):
        assert billing.post(new, RECEIVER).headers["Location"] == FILING
    with tenant(people.organization):
        receiver = Receiver.objects.get()
        assert (receiver.is_test, receiver.submitter_id) == (False, "")
    same_name = billing.post(new, {**RECEIVER, "receiver_id": "OTHER9"})
    assert (same_name.status_code, "There is a clearinghouse of this name already." in same_name.text) == (422, True)
    url = f"{FILING}clearinghouses/{receiver.id}/"
    assert billing.post(url, {**RECEIVER, "is_test": "on", "submitter_id": "SUB77"}).status_code == 302
    with tenant(people.organization):
        receiver.refresh_from_db()
        assert (receiver.is_test, receiver.submitter_id) == (True, "SUB77")
        BillingProviderFactory(organization=people.organization, is_test=False)
    assert "Clearing Tests" in text_of(billing.get(FILING))
    assert billing.post(url, {**RECEIVER, "submitter_id": "!"}).status_code == 422
    assert billing.post(url, {**RECEIVER, "is_in_use": ""}).status_code == 302
    assert billing.post(url, {**RECEIVER, "sender_id": "!"}).status_code == 422
    assert "not in use" in text_of(billing.get(FILING))
    assert billing.get(f"{FILING}clearinghouses/{uuid4()}/").status_code == 404


def test_a_payers_route_is_set_and_what_is_missing_is_named(people: Program, billing: Client):
    with tenant(people.organization):
        payer = people.payer("Medicare Part B", payer_code="MCR01")
        people.billing_patient(payer=payer)
        receiver = ReceiverFactory(organization=people.organization, name="Clearing")
    page = text_of(billing.get(FILING))
    assert "Missing how to file, billing provider" in page
    assert "0 of 1 payer ready" in page
    url = f"{FILING}payers/{payer.id}/"
    wrong = billing.post(url, {**ROUTE, "receiver_id": str(receiver.id), "filing_days": "0", "city": "Fargo"})
    assert wrong.status_code == 422
    assert "Enter a number of days from 1 to 3,650." in wrong.text
    assert escape("Enter the street or the box, or clear the rest of the address.") in wrong.text
    assert billing.post(url, {**ROUTE, "receiver_id": ""}).status_code == 302
    assert "Missing clearinghouse, billing provider" in text_of(billing.get(FILING))
    for _ in range(2):
        assert billing.post(url, {**ROUTE, "receiver_id": str(receiver.id)}).status_code == 302
    assert billing.post(f"{FILING}provider/", PROVIDER).status_code == 302
    assert "1 of 1 payer ready" in text_of(billing.get(FILING))
    with tenant(people.organization):
        route = PayerRoute.objects.get()
        assert (route.receiver_id, route.service_day, route.filing_days) == (receiver.id, "threshold", 365)
        assert done("payer_route.set")[1:] == [["receiver_id"]]
        Receiver.objects.update(is_in_use=False)
    assert "Missing clearinghouse in use" in text_of(billing.get(FILING))
    assert billing.get(f"{FILING}payers/{uuid4()}/").status_code == 404


def test_codes_without_a_charge_clinicians_without_npi_and_health_centers_are_named(people: Program):
    with tenant(people.organization):
        set_up(people)
        filed_patient(people)
        closed(people)
        TreatingClinician.objects.create(organization=people.organization, name="Bo", sort_name="bo")
        Clinic.objects.filter(id=people.clinic.id).update(setting="fqhc", name="Lake Health Center")
        ready = filing_ready(people.organization.id, on=date(2026, 4, 3))
        assert (ready.unpriced, ready.has_charges, ready.without_npi) == ((), True, 1)
        assert ready.institutional == ("Lake Health Center",)
        assert ready.ready == 1
        before = filing_ready(people.organization.id, on=date(2025, 12, 31))
        assert before.unpriced == ("99492", "99494")


def test_operations_refuse_what_no_page_sends(people: Program):
    with tenant(people.organization):
        payer = people.payer("Self pay", is_self_pay=True)
        values = RouteValues(None, "", "CI", "month_end", 365, 365, 120)
        with pytest.raises(NotFound):
            set_route(by=people.by, at=AT, payer_id=payer.id, values=values)
        with pytest.raises(FilingWrong) as refused:
            set_route(
                by=people.by,
                at=AT,
                payer_id=payer.id,
                values=RouteValues(None, "", "CI", "never", 365, 365, 120),
            )
        assert refused.value.faults == {"service_day": "Choose from the list."}
        with pytest.raises(NotFound):
            set_receiver(
                by=people.by,
                at=AT,
                receiver_id=uuid4(),
                values=ReceiverValues("Clearing", "CLEAR01", "ZZ", "CLEAR01", "US01", "ZZ"),
            )
        assert PayerRoute.objects.count() == 0


def test_operations_check_what_forms_check(people: Program):
    wrong = {"tax_id": "84123456", "postal_code": "80202", "tax_id_kind": "XX"}
    right = {"npi": "1234567893", "state": "CO", "taxonomy": "", "contact_phone": "3035550100"}
    texts = {name: text for name, text in PROVIDER.items() if name != "is_test"}
    provider = ProviderValues(**{**texts, **right, **wrong}, is_test=True)
    with tenant(people.organization):
        payer = people.payer("Aetna")
        with pytest.raises(FilingWrong) as refused:
            set_billing_provider(by=people.by, at=AT, values=provider)
        assert sorted(refused.value.faults) == ["postal_code", "tax_id", "tax_id_kind"]
        with pytest.raises(FilingWrong) as refused:
            set_route(
                by=people.by, at=AT, payer_id=payer.id, values=RouteValues(None, "", "CI", "month_end", 0, 365, 4000)
            )
        assert sorted(refused.value.faults) == ["appeal_days", "filing_days"]
        with pytest.raises(FilingWrong) as refused:
            add_receiver(by=people.by, at=AT, values=ReceiverValues("", "CLEAR01", "ZZ", "CLEAR01", "US01", "ZZ"))
        assert refused.value.faults == {"name": "Enter the clearinghouse’s name."}
        assert (BillingProvider.objects.count(), Receiver.objects.count(), PayerRoute.objects.count()) == (0, 0, 0)
