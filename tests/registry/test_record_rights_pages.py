"""The page of a patient's rights: disclosures and their accounting, 42 CFR part 2, requests to amend."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.test import Client

from bhi.tenancy.context import tenant
from registry.models import AmendmentRequest, Disclosure, PartTwoConsent, PartTwoMark, Patient
from registry.operations.amendments import answer_amendment, extend_amendment, keep_disagreement
from registry.operations.disclosures import record_disclosure
from registry.operations.rights_errors import AlreadyAnswered, RightsRefused
from registry.queries.amendments import amendments_due
from registry.rules.part_two import NOTICE
from tests.factories.going_live import AmendmentRequestFactory, DisclosureFactory, PartTwoConsentFactory
from tests.factories.registry import EpisodeFactory

ON = date(2026, 3, 2)


@pytest.fixture
def patient(organization: Any) -> Any:
    with tenant(organization):
        return EpisodeFactory(organization=organization).patient


@pytest.fixture
def here(organization: Any, patient: Any, now: datetime) -> Iterator[str]:
    with time_machine.travel(now, tick=False):
        yield f"/o/{organization.slug}/patients/{patient.id}/rights"


def live(organization: Any, model: type[Any]) -> list[Any]:
    with tenant(organization):
        return list(model.objects.live())


def test_what_was_told_is_recorded_listed_accounted_for_and_taken_back(client: Client, organization, patient, here):
    typed = {"client_token": uuid4(), "on": ON, "recipient": "County", "what": "Name", "purpose": "public_health"}
    refused = client.post(f"{here}/disclosures/new/", typed)
    assert (refused.status_code, "Say in a sentence why" in refused.content.decode()) == (422, True)
    assert 'value="County"' in refused.content.decode()
    for _ in range(2):
        assert client.post(f"{here}/disclosures/new/", typed | {"why": "Report of a case"}).status_code == 302
    (told,) = live(organization, Disclosure)
    with tenant(organization):
        DisclosureFactory(organization=organization, patient=patient, purpose="treatment", recipient="Doctor Quill")
        DisclosureFactory(organization=organization, patient=patient, on=date(2020, 3, 1), recipient="Too old")
    text = client.get(f"{here}/accounting/").content.decode()
    assert [word in text for word in ("County", "Report of a case", "Doctor Quill", "Too old")] == [
        True,
        True,
        False,
        False,
    ]
    empty = client.post(f"{here}/disclosures/{told.id}/void/", {"reason": ""})
    assert (empty.status_code, "Say why it is taken back." in empty.content.decode()) == (422, True)
    client.post(f"{here}/disclosures/{told.id}/void/", {"reason": "Another patient."})
    assert "County" not in client.get(f"{here}/accounting/").content.decode()


def test_marks_and_consents_are_made_revoked_and_ended_on_the_page(client: Client, organization, patient, here):
    mark = {"client_token": uuid4(), "program_name": "Riverside Recovery", "from_on": ON}
    assert NOTICE not in client.get(f"{here}/").content.decode()
    client.post(f"{here}/part-two/new/", mark)
    assert NOTICE in client.get(f"{here}/").content.decode()
    consent = {
        "client_token": uuid4(), "purpose": "legal", "purpose_text": "The hearing", "also": ["tpo"],
        "discloser": "Riverside", "recipient": "The court", "what": "Dates", "signed_on": ON,
        "signed_by_name": "Ana", "until_event": "The hearing's end", "says_rights": "on",
    }  # fmt: skip
    combined = client.post(f"{here}/consents/new/", consent)
    assert (combined.status_code, "stands alone: 42 CFR 2.31(d)" in combined.content.decode()) == (422, True)
    client.post(f"{here}/consents/new/", consent | {"also": []})
    (given,) = live(organization, PartTwoConsent)
    assert "In force" in client.get(f"{here}/").content.decode()
    late = client.post(f"{here}/consents/{given.id}/revoke/", {"revoked_on": "2026-03-09", "how": "In person"})
    assert (late.status_code, "between the signature and today" in late.content.decode()) == (422, True)
    client.post(f"{here}/consents/{given.id}/revoke/", {"revoked_on": ON, "how": "In person"})
    assert "Revoked Mar 2: In person." in client.get(f"{here}/").content.decode()
    again = client.post(f"{here}/consents/{given.id}/revoke/", {"revoked_on": ON, "how": "In person"})
    assert (again.status_code, "was revoked before" in again.content.decode()) == (422, True)
    client.post(f"{here}/consents/{given.id}/void/", {"reason": "Unsigned."})
    (made,) = live(organization, PartTwoMark)
    client.post(f"{here}/part-two/{made.id}/end/", {"reason": "Wrong papers."})
    assert (live(organization, PartTwoConsent), live(organization, PartTwoMark)) == ([], [])
    assert NOTICE not in client.get(f"{here}/").content.decode()


def test_every_page_and_print_of_a_marked_record_carries_the_notice(client: Client, organization, patient, here):
    with tenant(organization):
        Patient.objects.filter(id=patient.id).update(is_part_two=True)
    root = here.removesuffix("/rights")
    pages = (
        *("advice", "summary", "enrolment", "details", "scores", "care-plan", "safety-plan", "relapse-plan", "risk"),
        *("time", "coordination", "signals", "questionnaires", "first-assessment", "diagnoses", "team"),
        *("care-plan/print", "safety-plan/print", "relapse-plan/print", "welcome", "rights", "rights/accounting"),
        *("contacts/new", "letters/new", "scores/new", "status", "services"),
    )
    found = {page: client.get(f"{root}/{page}/") for page in pages} | {"chart": client.get(f"{root}/")}
    shown = {page: answer for page, answer in found.items() if answer.status_code == 200}
    assert len(shown) >= 20
    assert [page for page, answer in shown.items() if NOTICE not in answer.content.decode()] == []


def test_a_request_to_amend_is_asked_extended_denied_and_answered_by_a_statement(
    client: Client, organization, patient, here
):
    empty = client.post(f"{here}/amendments/new/", {"client_token": uuid4(), "asked_on": ON, "what": ""})
    assert (empty.status_code, "Say what the patient wants amended, and why." in empty.content.decode()) == (422, True)
    client.post(f"{here}/amendments/new/", {"client_token": uuid4(), "asked_on": ON, "what": "The dose is wrong."})
    (asked,) = live(organization, AmendmentRequest)
    assert asked.due_on == date(2026, 5, 1)
    page, due = f"{here}/amendments/{asked.id}/", f"/o/{organization.slug}/amendments/"
    assert patient.name in client.get(due).content.decode()
    client.post(page, {"act": "extend", "because": "Records are elsewhere."})
    second = client.post(page, {"act": "extend", "because": "Again."})
    assert (second.status_code, live(organization, AmendmentRequest)[0].due_on) == (422, date(2026, 5, 31))
    answer = {"act": "answer", "is_accepted": "no", "answer": "It is right.", "answered_on": ON}
    unsaid = client.post(page, answer)
    assert (unsaid.status_code, "Choose why it is denied." in unsaid.content.decode()) == (422, True)
    client.post(page, answer | {"basis": "accurate"})
    client.post(page, {"act": "disagree", "statement": "I never took it."})
    text = client.get(f"{here}/").content.decode()
    assert ("Denied" in text, "I never took it." in text) == (True, True)
    assert "No request waits for an answer" in client.get(due).content.decode()
    client.post(f"{here}/amendments/{asked.id}/void/", {"reason": "Another patient."})
    assert (live(organization, AmendmentRequest), client.get(page).status_code) == ([], 404)
    assert client.post(page, {"act": "other"}).status_code == 404


def test_an_answer_stands_and_a_statement_needs_a_denial(organization, by, now, patient):
    with tenant(organization):
        row = AmendmentRequestFactory(organization=organization, patient=patient)
        who = {"by": by, "at": now, "patient_id": patient.id, "request_id": row.id}
        said = {
            "is_accepted": True,
            "answer": "Done.",
            "basis": "",
            "changed": "Plan 3",
            "answered_on": ON,
            "today": ON,
        }
        with pytest.raises(RightsRefused):
            keep_disagreement(**who, statement="No.")
        answer_amendment(**who, **said)
        answer_amendment(**who, **said)
        with pytest.raises(AlreadyAnswered):
            answer_amendment(**who, **(said | {"changed": "Plan 4"}))
        with pytest.raises(AlreadyAnswered):
            extend_amendment(**who, because="Later.")
        assert amendments_due(organization.id).total == 0


def test_lists_of_due_requests_are_cut_with_a_way_on(client: Client, organization, patient, here):
    with tenant(organization):
        AmendmentRequestFactory.create_batch(51, organization=organization, patient=patient)
        assert [amendments_due(organization.id, page=page).has_more for page in (1, 2)] == [True, False]
    text = client.get(f"/o/{organization.slug}/amendments/").content.decode()
    assert ("51 waiting" in text, "?page=2" in text) == (True, True)


def test_a_disclosure_names_the_consent_that_allowed_it(organization, by, now, patient):
    with tenant(organization):
        Patient.objects.filter(id=patient.id).update(is_part_two=True)
        consent = PartTwoConsentFactory(organization=organization, patient=patient)
        told = {
            "by": by, "at": now, "patient_id": patient.id, "on": ON, "recipient": "Lakeside", "recipient_address": "",
            "what": "Dates", "purpose": "treatment", "why": "", "today": ON,
        }  # fmt: skip
        with pytest.raises(RightsRefused) as refused:
            record_disclosure(**told, consent_id=None, client_token=uuid4())
        made = record_disclosure(**told, consent_id=consent.id, client_token=uuid4())
    assert (list(refused.value.faults), made.consent_id) == (["why"], consent.id)
