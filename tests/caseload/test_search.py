"""Finding a person from the top bar, whether enrolled or not."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bhi.audit.models import AuditEvent
from bhi.tenancy.context import tenant
from registry.models import Patient
from registry.operations import add_patient, end_episode
from tests.factories.program import RecordNumberFactory, ReferralFactory
from tests.factories.registry import PatientFactory
from tests.factories.tenancy import ClinicFactory
from tests.statements import own

pytestmark = pytest.mark.usefixtures("at_now")

SEARCH = "/o/lakeside/caseload/search/"


@pytest.fixture
def find(client: Client) -> Callable[[str], list[tuple[str, str]]]:
    """What a search shows: name and status of each."""

    def ask(text: str) -> list[tuple[str, str]]:
        answer = client.post(SEARCH, {"q": text})
        assert answer.status_code == 200
        row = r'class="row-link"[^>]*>(.*?)</a>.*?data-label="Status">(.*?)</td>'
        return re.findall(row, answer.text, re.DOTALL)

    return ask


@pytest.fixture
def somebody(in_tenant: Any, clinic: Any, by: Any, now: datetime) -> Callable[..., Any]:
    def make(family_name: str, given_name: str, **details: Any) -> Any:
        values = {"mrn": "", "birth_date": date(1980, 1, 2), **details}
        return add_patient(by=by, at=now, clinic=clinic, family_name=family_name, given_name=given_name, **values)

    return make


def test_everybody_on_record_is_found_with_where_they_stand(
    find: Any, enrolled: Callable[..., Any], somebody: Callable[..., Any], by: Any, now: datetime, in_tenant: Any
) -> None:
    gone = enrolled("Riverton")
    end_episode(by=by, at=now, episode=gone, on=date(2026, 3, 1), reason="graduated")
    enrolled("Rivera")
    ReferralFactory(organization=in_tenant, patient=somebody("Riverdale", "Max"))
    somebody("Rivers", "Joan")
    assert find("river") == [
        ("Rivera, Ana", "Enrolled"),
        ("Riverdale, Max", "Referred"),
        ("Rivers, Joan", "Not enrolled"),
        ("Riverton, Ana", "Discharged"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        *("rivéra", "ana rivera", "Rivera, Ana", "RIV an", "maria", "nita"),
        *("000412", "412", "R-77", " r-77 "),
        *("5/4/1961", "05/04/1961", "5/4/61", "5-4-1961", "1961-05-04", "May 4, 1961", "19610504"),
    ],
)
def test_a_name_in_any_order_a_number_of_any_clinic_or_a_birth_date_finds(
    find: Any, somebody: Callable[..., Any], in_tenant: Any, text: str
) -> None:
    ana = somebody(
        "Rivera", "Ana", middle_name="Maria", preferred_name="Nita", mrn="000412", birth_date=date(1961, 5, 4)
    )
    RecordNumberFactory(
        organization=in_tenant, patient=ana, clinic=ClinicFactory(organization=in_tenant, name="North"), mrn="R-77"
    )
    somebody("Novak", "Eva", mrn="000413")
    assert find(text) == [("Rivera, Ana Maria", "Not enrolled")]


@pytest.mark.parametrize("text", ["", "  ", "zz", "5/5/1961", "%", "ana novak", "x" * 101, "'; --", "2/30/1961"])
def test_nothing_and_nonsense_find_nobody(find: Any, somebody: Callable[..., Any], text: str) -> None:
    somebody("Rivera", "Ana", birth_date=date(1961, 5, 4))
    assert find(text) == []


def test_who_has_no_number_is_not_found_by_an_empty_one(find: Any, somebody: Callable[..., Any]) -> None:
    somebody("Rivera", "Ana")
    assert find("000") == []


def test_merged_voided_and_other_organizations_people_are_not_found(
    find: Any, somebody: Callable[..., Any], other_organization: Any, now: datetime
) -> None:
    kept, merged, voided = somebody("Rivera", "Ana"), somebody("Rivera", "Ann"), somebody("Rivera", "Ed")
    Patient.objects.filter(id=merged.id).update(merged_into=kept)
    Patient.objects.filter(id=voided.id).update(voided_at=now, voided_by=voided.recorded_by)
    with tenant(other_organization):
        PatientFactory(organization=other_organization, family_name="Rivera", sort_name="rivera, given")
    assert find("rivera") == [("Rivera, Ana", "Not enrolled")]


def test_what_is_searched_for_is_kept_nowhere(client: Client, somebody: Callable[..., Any]) -> None:
    somebody("Rivera", "Ana")
    before = {session.session_key: session.session_data for session in Session.objects.all()}
    answer = client.post(SEARCH, {"q": "rivera"})
    assert {session.session_key: session.session_data for session in Session.objects.all()} == before
    assert "<title>Find a patient · BHI</title>" in answer.text
    assert 'value="rivera"' in answer.text
    event = AuditEvent.objects.get(action="patients.found")
    assert (event.count, event.patient_id, event.fields) == (1, None, [])
    assert client.get(SEARCH).status_code == 405


def test_nobody_found_says_what_to_do(client: Client, in_tenant: Any) -> None:
    assert "Nobody found" in client.post(SEARCH, {"q": "zz"}).text
    assert "Whom are you looking for?" in client.post(SEARCH, {"q": ""}).text
    assert "longer than 100 characters" in client.post(SEARCH, {"q": "x" * 101}).text


def test_many_are_cut_and_it_takes_one_statement(client: Client, in_tenant: Any, clinic: Any) -> None:
    for _ in range(51):
        PatientFactory(organization=in_tenant, clinic=clinic, family_name="Rivera")
    with CaptureQueriesContext(connection) as queries:
        answer = client.post(SEARCH, {"q": "rivera"})
    assert len([query for query in own(queries) if "registry_patient" in query]) == 1
    assert answer.text.count('class="row-link"') == 50
    assert "The first 50" in answer.text
