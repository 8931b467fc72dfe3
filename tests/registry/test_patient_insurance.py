"""Insurance and address: what claims carry of a patient, mended by billing without anything else of the record."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bhi.audit.models import AuditEvent
from bhi.errors import NotFound
from registry.models import Coverage, Patient, PriorAuthorization
from registry.operations import open_episode
from registry.operations.authorizations import record_authorization, replace_authorization, void_authorization
from registry.operations.errors import DateOutOfOrder, NumberMissing
from registry.queries.authorizations import authorizations_of, in_force
from tests.factories.program import RelatedPersonFactory
from tests.factories.registry import (
    CoverageFactory,
    PatientFactory,
    PayerFactory,
    PriorAuthorizationFactory,
    TreatingClinicianFactory,
)
from tests.factories.tenancy import NOW
from tests.registry.test_patient_pages import sent
from tests.statements import own

pytestmark = pytest.mark.usefixtures("at_now")

FILING = "/o/lakeside/billing/2026-02/filing/"
BACK = f"?back={quote(FILING, safe='')}"


@pytest.fixture
def patient(person: Callable[..., Any]) -> Any:
    return person(phone="312-555-0134", preferred_name="Annie", gender="woman", language="Spanish")


@pytest.fixture
def base(patient: Any) -> str:
    return f"/o/lakeside/patients/{patient.id}/"


@pytest.fixture
def billing(client_for: Any) -> Client:
    return client_for("billing")


def test_billing_reads_what_claims_carry_and_nothing_else(
    billing: Client, base: str, patient: Any, in_tenant: Any
) -> None:
    coverage = CoverageFactory(
        organization=in_tenant, patient=patient, payer__name="Aetna", member_id="W12", relationship="spouse",
        subscriber_given_name="Chi", subscriber_family_name="Abara",
    )  # fmt: skip
    RelatedPersonFactory(organization=in_tenant, patient=patient, name="Bo Cole")
    page = billing.get(f"{base}insurance/{BACK}")
    assert page.status_code == 200
    shown = ("Aetna", "W12", "held by Chi Abara, spouse", patient.mrn, "May 4, 1961", "Not recorded. Claims need it.")
    assert [text for text in shown if text not in page.text] == []
    kept = ("312-555-0134", "Annie", "woman", "Spanish", "Bo Cole", "details/")
    assert [text for text in kept if text in page.text] == []
    assert f'href="{FILING}"' in page.text
    assert f'href="{base}coverages/{coverage.id}/{BACK}"' in page.text.replace("&amp;", "&")
    seen = AuditEvent.objects.get(action="patient.insurance_viewed")
    assert (seen.patient_id, seen.object_id) == (patient.id, patient.id)


def test_the_page_asks_as_much_for_many_as_for_one(billing: Client, base: str, patient: Any, in_tenant: Any) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as statements:
            assert billing.get(f"{base}insurance/").status_code == 200
        return len(own(statements))

    CoverageFactory(organization=in_tenant, patient=patient)
    few = asked()
    for rank in range(2, 8):
        one = CoverageFactory(organization=in_tenant, patient=patient, rank=rank)
        PriorAuthorizationFactory(organization=in_tenant, patient=patient, payer=one.payer, number=f"PA{rank}")
    assert asked() == few <= 8


def test_billing_mends_the_member_id_and_comes_back(billing: Client, base: str, patient: Any, in_tenant: Any) -> None:
    coverage = CoverageFactory(organization=in_tenant, patient=patient, payer__name="Aetna", member_id="")
    path = f"{base}coverages/{coverage.id}/{BACK}"
    form = billing.get(path)
    assert f'href="{base}insurance/{BACK}#coverages"' in form.text
    answer = billing.post(path, sent(form, member_id="W 12"))
    assert (answer.status_code, answer.url) == (302, f"{base}insurance/{BACK}#coverages")
    coverage.refresh_from_db()
    assert coverage.member_id == "W 12"
    assert AuditEvent.objects.filter(action="coverage.changed", patient_id=patient.id).count() == 1


def test_billing_adds_orders_and_removes_insurances(billing: Client, base: str, patient: Any, in_tenant: Any) -> None:
    first = CoverageFactory(organization=in_tenant, patient=patient, rank=1)
    aetna = PayerFactory(organization=in_tenant, name="Aetna")
    new = f"{base}coverages/new/"
    answer = billing.post(new, sent(billing.get(new), payer_id=str(aetna.id)))
    assert answer.url == f"{base}insurance/#coverages"
    second = Coverage.objects.get(payer=aetna)
    assert billing.post(f"{base}coverages/{second.id}/move/{BACK}", {"way": "up"}).url.startswith(f"{base}insurance/")
    assert list(Coverage.objects.order_by("rank").values_list("id", flat=True)) == [second.id, first.id]
    assert billing.post(f"{base}coverages/{first.id}/remove/", {"reason": "Never had it."}).status_code == 302
    assert list(Coverage.objects.live().values_list("id", flat=True)) == [second.id]


def test_billing_mends_the_address_and_the_person(billing: Client, base: str, patient: Any) -> None:
    address, claims = f"{base}insurance/address/{BACK}", f"{base}insurance/claims/{BACK}"
    refused = billing.post(address, sent(billing.get(address), address="1 Elm St", state="Colorado"))
    assert (refused.status_code, 'value="1 Elm St"' in refused.text) == (422, True)
    typed = sent(billing.get(address), address="1 Elm St", city="Denver", state="co", postal_code="80202")
    assert billing.post(address, typed).url == f"{base}insurance/{BACK}#address"
    form = billing.get(claims)
    assert [text for text in ("Annie", "woman", "Spanish") if text in form.text] == []
    assert billing.post(claims, sent(form, sex="F", birth_date="1961-05-05")).status_code == 302
    patient.refresh_from_db()
    assert (patient.state, patient.sex, patient.birth_date) == ("CO", "F", date(1961, 5, 5))
    given_name = patient.given_name
    assert (patient.preferred_name, patient.gender, patient.language) == ("Annie", "woman", "Spanish")
    assert [billing.get(f"{base}{path}").status_code for path in ("insurance/contact/", "details/")] == [404, 403]
    Patient.objects.update(died_on=date(2026, 1, 3))
    late = billing.post(claims, sent(billing.get(claims), birth_date="2026-01-04", given_name="Anna"))
    assert (late.status_code, 'value="Anna"' in late.text) == (422, True)
    assert "This day is after the patient’s death. Correct one of the two." in late.text
    patient.refresh_from_db()
    assert (patient.birth_date, patient.given_name) == (date(1961, 5, 5), given_name)


@pytest.mark.parametrize(
    "address", ["https://evil.example/", "//evil.example/o/lakeside/", "/o/elsewhere/", "/o/lakeside/\\evil", "x"]
)
def test_the_way_back_stays_in_the_organization(billing: Client, base: str, address: str) -> None:
    page = billing.get(f"{base}insurance/?back={quote(address, safe='')}")
    assert (page.status_code, "evil" in page.text, "Back</a>" in page.text) == (200, False, False)


def test_who_sees_the_chart_comes_back_to_where_they_were(client: Client, base: str) -> None:
    path = f"{base}coverages/new/"
    assert "insurance/" not in client.get(path).text
    assert f'href="{base}insurance/{BACK}#coverages"' in client.get(f"{path}{BACK}").text
    assert f'href="{base}details/"' in client.get(f"{base}insurance/").text


def test_billing_enters_the_npi(billing: Client, base: str, patient: Any, in_tenant: Any, by: Any) -> None:
    ana = TreatingClinicianFactory(organization=in_tenant, name="Ana Rivera", npi="")
    TreatingClinicianFactory(organization=in_tenant, name="Ben Cole", npi="1245319599")
    open_episode(
        by=by,
        at=NOW,
        patient=patient,
        clinic=patient.clinic,
        program="cocm",
        enrolled_on=date(2026, 1, 5),
        treating_clinician=ana,
    )
    assert "Missing" in billing.get(f"{base}insurance/").text
    path = f"{base}npi/{ana.id}/{BACK}"
    taken = billing.post(path, {"npi": "1245319599"})
    assert (taken.status_code, "This is the NPI of Ben Cole" in taken.text) == (422, True)
    assert billing.post(path, {"npi": "123"}).status_code == 422
    assert billing.post(path, {"npi": "1234567893"}).url == f"{base}insurance/{BACK}#clinician"
    ana.refresh_from_db()
    assert ana.npi == "1234567893"
    assert billing.get(f"{base}npi/{uuid4()}/").status_code == 404


def test_an_authorization_is_recorded_corrected_and_taken_back(
    billing: Client, base: str, patient: Any, in_tenant: Any
) -> None:
    aetna = CoverageFactory(organization=in_tenant, patient=patient, payer__name="Aetna").payer
    new = f"{base}authorizations/new/{BACK}"
    form = billing.get(new)
    refused = billing.post(new, sent(form, number="PA 7", from_on="2026-02-01", until_on="2026-01-01"))
    assert (refused.status_code, 'value="PA 7"' in refused.text) == (422, True)
    typed = sent(form, number="PA 7", from_on="2026-02-01")
    assert [billing.post(new, typed).url for _ in range(2)] == [f"{base}insurance/{BACK}#authorizations"] * 2
    row = PriorAuthorization.objects.get()
    assert (row.payer_id, row.number, row.from_on, row.until_on) == (aetna.id, "PA 7", date(2026, 2, 1), None)
    path = f"{base}authorizations/{row.id}/"
    corrected = sent(billing.get(path), number="PA 8")
    assert [billing.post(path, corrected).url for _ in range(2)] == [f"{base}insurance/#authorizations"] * 2
    late = billing.post(path, {**corrected, "number": "PA 9"})
    assert (late.status_code, 'value="PA 9"' in late.text, "meanwhile" in late.text) == (422, True, True)
    assert billing.post(f"{base}authorizations/{uuid4()}/", corrected).status_code == 404
    after = PriorAuthorization.objects.live().get()
    assert (after.number, PriorAuthorization.objects.count()) == ("PA 8", 2)
    assert billing.get(path).status_code == 404
    assert "PA 8" in billing.get(f"{base}insurance/").text
    remove = f"{base}authorizations/{after.id}/remove/"
    assert billing.post(remove, {"reason": ""}).status_code == 422
    assert billing.post(remove, {"reason": "Of another patient."}).status_code == 302
    assert not PriorAuthorization.objects.live().exists()
    actions = AuditEvent.objects.filter(action__startswith="authorization.").order_by("id")
    assert list(actions.values_list("action", flat=True)) == [
        "authorization.recorded",
        "authorization.corrected",
        "authorization.voided",
    ]


def test_authorizations_are_told_apart_by_payer_and_day(in_tenant: Any, patient: Any) -> None:
    of = {"organization": in_tenant, "patient": patient}
    first = PriorAuthorizationFactory(**of, number="A", from_on=date(2026, 1, 1), until_on=date(2026, 2, 28))
    PriorAuthorizationFactory(**of, payer=first.payer, number="B", from_on=date(2026, 2, 1))
    PriorAuthorizationFactory(**of, number="C", from_on=date(2026, 1, 1))
    PriorAuthorizationFactory(organization=in_tenant, patient=PatientFactory(organization=in_tenant), number="D")
    known = authorizations_of(in_tenant.id, [patient.id])[patient.id]
    days = [date(2025, 12, 31), date(2026, 1, 1), date(2026, 1, 31), date(2026, 2, 1), date(2026, 3, 1)]
    found = [in_force(known, first.payer_id, day) for day in days]
    assert [one.number if one else None for one in found] == [None, "A", "A", "B", "B"]


def test_what_is_refused_of_an_authorization(in_tenant: Any, patient: Any, by: Any) -> None:
    payer = PayerFactory(organization=in_tenant)
    said = {"by": by, "at": NOW, "payer_id": payer.id, "number": "PA 1", "from_on": date(2026, 2, 1)}
    with pytest.raises(NumberMissing):
        record_authorization(**{**said, "number": "  "}, patient=patient)
    with pytest.raises(DateOutOfOrder):
        record_authorization(**said, patient=patient, until_on=date(2026, 1, 31))
    with pytest.raises(NotFound):
        record_authorization(**{**said, "payer_id": uuid4()}, patient=patient)
    with pytest.raises(NotFound):
        replace_authorization(**said, authorization_id=uuid4())
    with pytest.raises(NotFound):
        void_authorization(by=by, at=NOW, authorization_id=uuid4(), reason="None")
    row = record_authorization(**said, patient=patient)
    again = [replace_authorization(**{**said, "number": "PA 2"}, authorization_id=row.id).id for _ in range(2)]
    assert again == [PriorAuthorization.objects.live().get().id] * 2
