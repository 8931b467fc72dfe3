"""A patient's recommendations on their page: every step in place, and what is refused comes back as typed."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from caseload.models import RecommendationStep
from tests.factories.caseload import CaseReviewFactory, RecommendationFactory
from tests.factories.registry import TreatingClinicianFactory

pytestmark = pytest.mark.usefixtures("at_now")

SIGNED = date(2026, 2, 26)


@pytest.fixture
def row(enrolled: Callable[..., Any], by: Any) -> Any:
    clinician = TreatingClinicianFactory(organization=by.organization, name="Ana Rivera")
    episode = enrolled(treating_clinician=clinician)
    values = {"episode": episode, "patient": episode.patient, "on": SIGNED, "impression": "No response in 12 weeks."}
    review = CaseReviewFactory(organization=by.organization, consultant=by, **values)
    loop = {"state": "proposed", "state_on": SIGNED, "due_on": date(2026, 2, 27)}
    words = {"kind": "medication", "act": "dose", "text": "Increase sertraline", "dose": "100 mg"}
    return RecommendationFactory(organization=by.organization, review=review, **loop, **words)


def url(row: Any, path: str = "") -> str:
    return f"/o/lakeside/patients/{row.review.patient_id}/advice/{path}"


def said(page: Any) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


def post(client: Client, row: Any, do: str, **typed: Any) -> Any:
    key = f"{do}-{row.id.hex[-8:]}"
    typed = {"client_token": str(uuid4()), **typed}
    return client.post(url(row, f"{row.id}/"), {"do": do, **{f"{key}-{name}": value for name, value in typed.items()}})


def test_the_loop_is_walked_on_one_page(client: Client, row: Any) -> None:
    page = said(client.get(url(row)))
    assert "Review of Feb 26 Ken Abara, RN" in page
    assert "1. Increase sertraline" in page
    assert "Why: No response in 12 weeks" in page
    assert "Send by Feb 27" in page
    assert post(client, row, "send", channel="ehr").headers["Location"] == url(row)
    assert "Answer due Mar 2" in said(client.get(url(row)))
    answer = {"decision": "modified", "text": "75 mg first", "channel": "ehr", "answered_on": "2026-03-02"}
    assert post(client, row, "answer", **answer, answered_at="09:40", is_verbal="on").status_code == 302
    assert "To be done by Mar 5" in said(client.get(url(row)))
    assert post(client, row, "done", on="2026-03-02", text="Sertraline 75 mg").status_code == 302
    assert post(client, row, "told", on="2026-03-02", text="Agrees").status_code == 302
    page = said(client.get(url(row)))
    assert (
        "Sent Mar 2, 11:00 am · Ken Abara, RN · EHR message"
        " Accepted with changes Mar 2, 9:40 am · Ana Rivera, MD, recorded by Ken Abara, RN · EHR message, said"
        " 75 mg first"
    ) in page
    assert "Nothing is open." in page


def test_what_is_missing_comes_back_as_typed(client: Client, row: Any) -> None:
    page = post(client, row, "answer", decision="declined", channel="paper", answered_on="2026-03-02", text=" ")
    assert page.status_code == 422
    assert "Say what is changed, or why." in said(page)
    assert '<option value="paper" selected>' in page.text
    typed = {"decision": "accepted", "channel": "ehr", "answered_on": "2026-02-27", "is_verbal": "on"}
    assert "Enter when it was said" in said(post(client, row, "answer", **typed))
    typed = {"decision": "declined", "channel": "ehr", "answered_on": "2026-03-02", "text": "x", "is_done": "on"}
    assert "What was declined was not done." in said(post(client, row, "answer", **typed))
    typed = {"decision": "accepted", "channel": "ehr", "answered_on": "2026-02-01"}
    assert "This is in the future, or before" in said(post(client, row, "answer", **typed))
    typed = {"decision": "accepted", "channel": "ehr", "answered_on": "2026-03-08", "answered_at": "02:30"}
    assert "this time did not occur" in said(post(client, row, "answer", **typed))
    assert "Enter the day." in said(post(client, row, "answer", decision="accepted", channel="ehr"))
    assert "This recommendation has moved on" in said(post(client, row, "told", on="2026-03-02"))
    assert post(client, row, "nonsense").status_code == 422
    assert RecommendationStep.objects.count() == 0


def test_a_step_is_taken_back_with_a_reason(client: Client, row: Any) -> None:
    post(client, row, "send", channel="ehr")
    step = RecommendationStep.objects.get()
    assert post(client, row, "void", step=str(uuid4()), text="x").status_code == 404
    assert "Say why, in a few words." in said(post(client, row, "void", step=str(step.id)))
    assert post(client, row, "void", step=str(step.id), text="Wrong one").status_code == 302
    assert "Send by Feb 27" in said(client.get(url(row)))
    assert post(client, row, "close", text="Overtaken").status_code == 302
    assert "1. Increase sertraline Closed" in said(client.get(url(row)))


def test_an_answer_of_an_earlier_day_without_a_time(client: Client, row: Any) -> None:
    typed = {"decision": "accepted", "channel": "in_person", "answered_on": "2026-02-27", "is_done": "on"}
    assert post(client, row, "answer", **typed).status_code == 302
    page = said(client.get(url(row)))
    assert "Carried out Mar 2, done Feb 27 · Ken Abara, RN" in page


def test_the_paper_form_names_the_patient_and_leaves_room(client: Client, row: Any) -> None:
    page = said(client.get(url(row, f"{row.id}/paper/")))
    assert "To Ana Rivera, MD" in page
    assert "Asked of you: Increase sertraline" in page
    assert "My decision Yes Yes, with this change: No, because:" in page
    assert client.get(url(row, f"{uuid4()}/paper/")).status_code == 404
    assert post(client, type(row)(id=uuid4(), review=row.review), "send", channel="ehr").status_code == 404


def test_without_a_clinician_nobody_can_be_asked(client: Client, row: Any) -> None:
    row.review.episode.treating_clinician = None
    row.review.episode.save()
    page = client.get(url(row))
    assert "No treating clinician is recorded" in said(page)
    assert "Copied and sent" not in page.text
    assert "Choose one under the care team first." in said(post(client, row, "send", channel="ehr"))


def test_a_page_without_any_says_what_it_is_for(client: Client, enrolled: Callable[..., Any]) -> None:
    page = said(client.get(f"/o/lakeside/patients/{enrolled().patient_id}/advice/"))
    assert "No recommendation yet" in page


def test_today_asks_for_each_step_and_the_contact_note_tells_the_patient(client: Client, row: Any) -> None:
    today = "/o/lakeside/today/"
    note = f"/o/lakeside/patients/{row.review.patient_id}/contacts/new/"
    assert "Ask the clinician: Increase sertraline, was due on Feb 27" in said(client.get(today))
    assert "I told the patient about" not in client.get(note).text
    typed = {"decision": "accepted", "channel": "in_person", "answered_on": "2026-03-02", "is_done": "on"}
    post(client, row, "answer", **typed)
    assert "Tell the patient: Increase sertraline, due Mar 5" in said(client.get(today))
    page = client.get(note)
    assert "Increase sertraline, 100 mg" in said(page)
    name = f"told_{row.id.hex}"
    assert f'name="{name}"' in page.text
    typed = {
        "client_token": str(uuid4()), "activity": "treatment", "mode": "phone", "note": "Agrees to it.",
        "on": "2026-03-02", "minutes": "10", name: "on",
    }  # fmt: skip
    for _ in range(2):
        assert client.post(note, typed).status_code == 302
    told = RecommendationStep.objects.get(state="told")
    assert (told.contact.note, told.on) == ("Agrees to it.", date(2026, 3, 2))
    assert "Patient told" in said(client.get(url(row)))
    assert "Increase sertraline" not in said(client.get(today))


def test_a_lead_sees_what_is_late_and_how_loops_close(client: Client, row: Any, client_for: Callable[..., Any]) -> None:
    lead, page = client_for("clinic_lead"), "/o/lakeside/team/recommendations/"
    assert page in lead.get("/o/lakeside/team/").text
    shown = said(lead.get(page))
    assert "Rivera, Ana Increase sertraline Medication: change the dose Asking the clinician Feb 27" in shown
    assert "Days to a decision None yet" in shown
    typed = {"decision": "declined", "text": "No", "channel": "ehr", "answered_on": "2026-03-02"}
    post(client, row, "answer", **typed)
    shown = said(lead.get(page))
    assert "Days to a decision 4" in shown
    assert "Declined 100 % of 1 decided" in shown
    assert "Nothing is late" in shown


def test_the_chart_shows_what_is_on_its_way(client: Client, row: Any) -> None:
    chart = f"/o/lakeside/patients/{row.review.patient_id}/"
    assert "Recommendations Open To send Increase sertraline, 100 mg was due Feb 27" in said(client.get(chart))
    post(client, row, "close", text="Overtaken")
    assert "Increase sertraline, 100 mg" not in said(client.get(chart))
