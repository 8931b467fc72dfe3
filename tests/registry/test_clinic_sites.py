"""What claims say of a clinic: set with a checked NPI, and kept in the audit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from bhi.audit.models import AuditEvent
from bhi.errors import NotFound
from bhi.tenancy.models import Clinic
from registry.operations.clinic_sites import SiteValues, set_clinic_site
from tests.factories.tenancy import NOW

TYPED = {"npi": "123456 7893", "setting": "rhc", "place_of_service": "72"}


@pytest.fixture
def client(in_tenant: Any, client_for: Callable[..., Any]) -> Any:
    return client_for("admin")


@pytest.fixture
def url(clinic: Clinic) -> str:
    return f"/o/lakeside/settings/clinics/{clinic.id}/claims/"


def test_a_clinic_gets_its_npi_and_place_once(client: Any, clinic: Clinic, url: str) -> None:
    assert url in client.get("/o/lakeside/settings/").text
    assert 'value="11" selected' in client.get(url).text
    for _ in range(2):
        assert client.post(url, TYPED).headers["Location"] == "/o/lakeside/settings/"
    clinic.refresh_from_db()
    assert (clinic.npi, clinic.setting, clinic.place_of_service) == ("1234567893", "rhc", "72")
    done = AuditEvent.objects.filter(action="clinic.site_set")
    assert list(done.values_list("fields", flat=True)) == [["npi", "place_of_service", "setting"]]


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"npi": "1234567890"}, "one digit of this NPI is wrong"),
        ({"npi": "123"}, "An NPI has ten digits"),
        ({"setting": "tent"}, "Choose what kind of site it is."),
        ({"place_of_service": "99"}, "Choose from the list."),
    ],
)
def test_what_cannot_be_is_said_at_its_field(
    client: Any, clinic: Clinic, url: str, typed: dict[str, str], words: str
) -> None:
    refused = client.post(url, {**TYPED, **typed})
    assert (refused.status_code, words in refused.text) == (422, True)
    clinic.refresh_from_db()
    assert (clinic.npi, clinic.setting) == ("", "office")


def test_a_place_that_is_not_in_the_list_can_stay(client: Any, clinic: Clinic, url: str) -> None:
    Clinic.objects.filter(id=clinic.id).update(place_of_service="17")
    assert client.post(url, {**TYPED, "npi": "", "place_of_service": "17"}).status_code == 302
    clinic.refresh_from_db()
    assert (clinic.npi, clinic.place_of_service) == ("", "17")


def test_absent_clinics_are_not_found(client: Any, membership: Callable[..., Any]) -> None:
    assert client.get(f"/o/lakeside/settings/clinics/{uuid4()}/claims/").status_code == 404
    values = SiteValues("", "office", "11")
    with pytest.raises(NotFound):
        set_clinic_site(by=membership("clinic_lead"), at=NOW, clinic_id=uuid4(), values=values)
