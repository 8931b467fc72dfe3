"""Looking at records that may be one person, and deciding."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bhi.audit.models import AuditEvent
from registry.models import Patient, PatientMerge
from registry.operations import open_episode
from tests.factories.registry import CoverageFactory, PatientFactory
from tests.statements import own

pytestmark = pytest.mark.usefixtures("at_now")

HERE = "/o/lakeside/"


@pytest.fixture
def two(person: Callable[..., Any]) -> tuple[Any, Any]:
    return person(mrn="111", phone="312-555-0134"), person("Riveira", mrn="222", language="Spanish")


def of(one: Any, other: Any, what: str = "merge") -> str:
    return f"{HERE}patients/{one.id}/{what}/{other.id}/"


def said(answer: Any) -> str:
    return unescape(re.sub(r"\s+", " ", answer.text))


def test_pairs_are_listed_until_somebody_decides(client: Client, two: tuple[Any, Any]) -> None:
    one, other = sorted(two, key=lambda person: str(person.id))
    page = client.get(f"{HERE}duplicates/")
    assert "1 pair<" in page.text
    assert "Alike names, same birth date" in page.text
    event = AuditEvent.objects.get(action="duplicates.viewed")
    assert (event.count, event.patient_id) == (2, None)
    answer = client.post(of(one, other, "apart"), follow=True)
    assert "these are two people. They are not suggested again." in answer.text
    assert "No two records look like one person" in answer.text


def test_the_list_takes_two_statements_however_long(client: Client, in_tenant: Any, clinic: Any) -> None:
    for _ in range(6):
        PatientFactory(organization=in_tenant, clinic=clinic, sort_name="rivera, ana", family_name="Rivera")
    with CaptureQueriesContext(connection) as queries:
        page = client.get(f"{HERE}duplicates/")
    assert "15 pairs" in page.text
    assert len([query for query in own(queries) if "registry_" in query]) == 2


def test_who_looks_like_a_patient_is_shown_there(client: Client, two: tuple[Any, Any]) -> None:
    one, other = two
    page = client.get(f"{HERE}patients/{one.id}/alike/")
    assert "Riveira, Ana" in page.text
    assert of(one, other) in page.text
    client.post(of(one, other, "apart"))
    assert "Riveira, Ana" in client.get(f"{HERE}patients/{one.id}/alike/").text


def test_nobody_alike_is_said(client: Client, person: Callable[..., Any]) -> None:
    page = client.get(f"{HERE}patients/{person().id}/alike/")
    assert "Nobody on record looks like this person" in page.text


def test_both_records_stand_side_by_side_with_what_would_move(
    client: Client, two: tuple[Any, Any], in_tenant: Any
) -> None:
    one, other = two
    CoverageFactory(organization=in_tenant, patient=other)
    page = client.get(of(one, other))
    assert page.status_code == 200
    assert "<title>Compare two records · BHI</title>" in page.text
    for words in ("1 insurance", "nothing yet", "Home clinic and record number", "312-555-0134", "Spanish"):
        assert words in page.text
    seen = AuditEvent.objects.filter(action="patient.merge_viewed").values_list("patient_id", flat=True)
    assert set(seen) == {one.id, other.id}
    assert re.search(rf'name="phone" value="{one.id}"[^>]* checked', page.text)
    assert re.search(rf'name="language" value="{other.id}"[^>]* checked', page.text), "an empty value gives way"


def test_somebody_merges_and_takes_it_apart_again(client: Client, two: tuple[Any, Any]) -> None:
    one, other = two
    choices = {"keep": other.id, "home": one.id, "family_name": other.id, "phone": one.id, "language": other.id}
    answer = client.post(of(one, other), {name: str(value) for name, value in choices.items()}, follow=True)
    assert answer.redirect_chain == [(f"{HERE}patients/{other.id}/details/", 302)]
    assert "Merged. It can be taken apart again" in answer.text
    assert "Rivera" in answer.text[answer.text.index("Merged records") :]
    kept = Patient.objects.live().get()
    assert (kept.id, kept.mrn, kept.family_name, kept.phone, kept.language) == (
        other.id, "111", "Riveira", "312-555-0134", "Spanish",
    )  # fmt: skip
    gone = client.get(f"{HERE}patients/{one.id}/details/")
    assert gone.headers["Location"] == f"{HERE}patients/{other.id}/details/"
    assert client.get(f"{HERE}patients/{one.id}/details/contact/").status_code == 404
    undo = f"{HERE}patients/{other.id}/merges/{PatientMerge.objects.get().id}/undo/"
    assert "both records are as they were before" in client.post(undo, follow=True).text
    assert Patient.objects.live().count() == 2
    assert "taken apart before" in client.post(undo, follow=True).text


def test_nothing_chosen_is_asked_for(client: Client, two: tuple[Any, Any]) -> None:
    answer = client.post(of(*two))
    assert answer.status_code == 422
    assert "Choose which record stays." in answer.text
    assert answer.text.count("Choose one of the two.") == 4
    assert Patient.objects.live().count() == 2


def test_a_choice_of_a_third_record_is_refused(client: Client, two: tuple[Any, Any], person: Any) -> None:
    third = person("Novak", "Eva")
    choices = dict.fromkeys(("keep", "home", "family_name", "phone", "language"), str(third.id))
    assert client.post(of(*two), choices).status_code == 422
    assert Patient.objects.live().count() == 3


def test_two_enrolled_at_once_are_refused_with_the_reason(
    client: Client, two: tuple[Any, Any], by: Any, now: datetime
) -> None:
    one, other = two
    for patient in two:
        open_episode(by=by, at=now, patient=patient, clinic=patient.clinic, enrolled_on=date(2026, 2, 2))
    page = client.get(of(one, other))
    assert "Both records were enrolled at the same time" in page.text
    assert "Merge the two records" not in page.text
    choices = dict.fromkeys(("keep", "home", "family_name", "phone", "language"), str(one.id))
    answer = client.post(of(one, other), choices)
    assert answer.status_code == 422
    assert "One of the enrolments has to be taken back first." in said(answer)
    assert Patient.objects.live().count() == 2


def test_one_record_is_not_compared_with_itself(client: Client, two: tuple[Any, Any]) -> None:
    one, _ = two
    assert client.get(of(one, one)).status_code == 404
    assert client.post(of(one, one, "apart")).status_code == 404


@pytest.mark.parametrize("role", ["psychiatric_consultant", "treating_clinician", "billing", "admin"])
def test_who_may_not_merge_sees_no_way_to(client_for: Callable[..., Any], two: tuple[Any, Any], role: str) -> None:
    client = client_for(role)
    assert client.get(f"{HERE}duplicates/").status_code == 403
    assert client.get(of(*two)).status_code == 403
