"""An insurance that somebody else holds: typed, refused where something is missing, shown, and kept."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.test import Client

from bhi.audit.models import AuditEvent
from registry.models import Coverage
from registry.operations.coverages import change_coverage, insure
from registry.operations.errors import HolderIncomplete
from tests.factories.registry import CoverageFactory, PayerFactory
from tests.factories.tenancy import NOW
from tests.registry.test_patient_pages import sent

CHI = {
    "relationship": "spouse",
    "group_number": "G-77",
    "subscriber_family_name": "Abara",
    "subscriber_given_name": "Chi",
    "subscriber_birth_date": "1979-01-02",
    "subscriber_sex": "F",
    "subscriber_address": "1 Elm St",
    "subscriber_city": "Denver",
    "subscriber_state": "co",
    "subscriber_postal_code": "80202-1234",
}


pytestmark = pytest.mark.usefixtures("at_now")


@pytest.fixture
def patient(person: Callable[..., Any]) -> Any:
    return person()


def test_a_spouse_holds_it_and_later_the_patient_does(client: Client, patient: Any, in_tenant: Any) -> None:
    aetna = PayerFactory(organization=in_tenant, name="Aetna")
    person = f"/o/lakeside/patients/{patient.id}/"
    details, new = f"{person}details/", f"{person}coverages/new/"
    typed = sent(client.get(new), payer_id=str(aetna.id), member_id="W 12", **CHI)
    refused = client.post(new, {**typed, "subscriber_given_name": "", "subscriber_city": ""})
    assert refused.status_code == 422
    assert refused.text.count("Enter the given name, as the card says it.") == 1
    assert refused.text.count("Enter the city, or clear the rest of the address.") == 1
    assert 'value="80202-1234"' in refused.text
    assert [client.post(new, typed).status_code for _ in range(2)] == [302, 302]
    coverage = Coverage.objects.get()
    kept = {name: str(getattr(coverage, name)) for name in CHI}
    assert kept == {**CHI, "subscriber_state": "CO"}
    assert "group G-77" in client.get(details).text
    assert "held by Chi Abara" in client.get(details).text
    path = f"{person}coverages/{coverage.id}/"
    assert client.post(path, sent(client.get(path), relationship="self")).status_code == 302
    coverage.refresh_from_db()
    assert (coverage.relationship, coverage.subscriber_family_name, coverage.subscriber_birth_date) == (
        "self",
        "",
        None,
    )
    assert coverage.group_number == "G-77"
    assert AuditEvent.objects.filter(action="coverage.changed").count() == 1


def test_operations_refuse_a_holder_without_a_name(
    in_tenant: Any, membership: Callable[..., Any], patient: Any
) -> None:
    who = {"by": membership("care_manager"), "at": NOW}
    missing = {"relationship": "child", "subscriber_birth_date": date(1950, 1, 1)}
    with pytest.raises(HolderIncomplete) as refused:
        insure(**who, patient=patient, payer_name="Aetna", held=missing)
    assert sorted(refused.value.faults) == ["subscriber_family_name", "subscriber_given_name"]
    assert Coverage.objects.count() == 0
    coverage = CoverageFactory(organization=in_tenant, patient=patient)
    with pytest.raises(HolderIncomplete):
        change_coverage(**who, coverage_id=coverage.id, values=missing)
    coverage.refresh_from_db()
    assert coverage.relationship == "self"
