"""The contact note's form: kinds and ways, parts, templates and drafts."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bhi.tenancy.context import tenant
from caseload.models import Contact, Draft, TimeEntry
from registry.operations.tools import ToolChoice, set_tools
from registry.rules.tools import Rhythm
from tests.factories.registry import AssessmentFactory
from tests.factories.work import NoteTemplateFactory
from tests.statements import FRAME

pytestmark = pytest.mark.usefixtures("at_now")


@pytest.fixture
def episode(enrolled: Callable[..., Any]) -> Any:
    return enrolled()


@pytest.fixture
def url(organization: Any, episode: Any) -> Callable[..., str]:
    return lambda path="contacts/new/": f"/o/{organization.slug}/patients/{episode.patient_id}/{path}"


@pytest.fixture
def typed() -> dict[str, str]:
    return {
        "client_token": str(uuid4()), "activity": "treatment", "mode": "phone", "on": "2026-03-02",
        "starts": "09:00", "ends": "09:24", "note": "Slept better.", "next_on": "2026-03-16", "next_purpose": "PHQ-9",
    }  # fmt: skip


REFUSED = [
    (
        {"mode": "letter"},
        "mode",
        "A session is by phone, video or in person. Choose one of them, or “Message” as what it was.",
    ),
    (
        {"outcome": "voicemail"},
        "outcome",
        "In a session the patient was reached. Choose “Attempt to reach” instead.",
    ),
    ({"activity": "outreach_attempt"}, "outcome", "Choose what came of the attempt."),
    ({"outcome": "lost"}, "outcome", "Choose what came of it."),
    ({"part_skill": "x" * 1001}, "part_skill", "This is longer than 1,000 characters. Shorten it."),
    ({"question": "x" * 1001}, "question", "This is longer than 1,000 characters. Shorten it."),
]


@pytest.mark.parametrize(("changed", "field", "sentence"), REFUSED)
def test_what_does_not_go_together_is_refused_at_its_field(
    client: Client, url: Callable[..., str], typed: dict[str, str], changed: dict[str, str], field: str, sentence: str
) -> None:
    answer = client.post(url(), {**typed, **changed})
    assert answer.status_code == 422
    assert answer.context["form"].errors == {field: [sentence]}
    assert {name: answer.context["form"][name].value() for name in changed} == changed
    assert Contact.objects.count() == 0


def test_the_parts_of_a_note_are_kept_apart(client: Client, url: Callable[..., str], typed: dict[str, str]) -> None:
    said = {"part_skill": " Two walks a week. ", "part_medication": "", "question": "Raise sertraline?"}
    assert client.post(url(), {**typed, **said}).status_code == 302
    contact = Contact.objects.get()
    assert (contact.parts, contact.question) == ({"skill": "Two walks a week."}, "Raise sertraline?")
    assert contact.signed_as == "Ken Abara, RN"


def test_an_attempt_says_what_came_of_it(client: Client, url: Callable[..., str], typed: dict[str, str]) -> None:
    client.post(url(), {**typed, "activity": "outreach_attempt", "outcome": "voicemail"})
    contact = Contact.objects.get()
    assert (contact.activity, contact.outcome) == ("outreach_attempt", "voicemail")


# Templates


def test_a_template_fills_an_empty_note_and_keeps_what_is_typed(
    client: Client, url: Callable[..., str], typed: dict[str, str], organization: Any
) -> None:
    first = NoteTemplateFactory(organization=organization, name="First session", body="Goals:\nSkills:")
    NoteTemplateFactory(organization=organization, name="Unused", body="Never", is_in_use=False)
    page = client.get(url())
    assert "First session" in page.text
    assert "Unused" not in page.text
    sent = {**typed, "note": " ", "template": str(first.id), "fill": "1"}
    answer = client.post(url(), sent)
    assert answer.status_code == 200
    form = answer.context["form"]
    assert form["note"].value() == "Goals:\nSkills:"
    assert {name: form[name].value() for name in ("on", "starts", "ends", "next_purpose")} == {
        "on": "2026-03-02", "starts": "09:00", "ends": "09:24", "next_purpose": "PHQ-9",
    }  # fmt: skip
    assert (form.errors, Contact.objects.count()) == ({}, 0)


def test_a_template_never_replaces_what_is_typed(
    client: Client, url: Callable[..., str], typed: dict[str, str], organization: Any
) -> None:
    template = NoteTemplateFactory(organization=organization)
    answer = client.post(url(), {**typed, "template": str(template.id), "fill": "1"})
    assert answer.context["form"]["note"].value() == "Slept better."
    assert "The note has text already, so no template was filled in." in answer.text
    unchosen = client.post(url(), {**typed, "note": "", "template": "x", "fill": "1"})
    assert unchosen.context["form"]["note"].value() == ""
    assert "Choose a template first." in unchosen.text


# Drafts


def test_a_draft_is_offered_when_the_form_opens_again(
    client: Client, url: Callable[..., str], typed: dict[str, str], now: datetime
) -> None:
    assert client.post(url("contacts/draft/"), {**typed, "phq9_1": "2", "question": ""}).status_code == 204
    page = client.get(url())
    assert page.context["draft_from"] == f"{now.astimezone(ZoneInfo('America/Chicago')):%H:%M}"
    assert "Your draft of" in page.text
    form = page.context["form"]
    assert (form["note"].value(), form["starts"].value(), form["phq9_1"].value()) == ("Slept better.", "09:00", "2")
    assert str(form["client_token"].value()) != typed["client_token"]
    assert TimeEntry.objects.count() == 0


def test_a_later_draft_replaces_the_earlier(client: Client, url: Callable[..., str], typed: dict[str, str]) -> None:
    for note in ("Slept", "Slept better.\x00"):
        client.post(url("contacts/draft/"), {**typed, "note": note})
    draft = Draft.objects.get()
    assert draft.typed["note"] == "Slept better."
    assert not {"client_token", "csrfmiddlewaretoken", "timer"} & set(draft.typed)


def test_a_draft_is_gone_once_it_is_saved_and_does_not_come_back(
    client: Client, url: Callable[..., str], typed: dict[str, str]
) -> None:
    client.post(url("contacts/draft/"), typed)
    client.post(url(), typed)
    assert Draft.objects.count() == 0
    assert client.post(url("contacts/draft/"), typed).status_code == 204
    assert Draft.objects.count() == 0


def test_a_refused_form_keeps_its_draft(client: Client, url: Callable[..., str], typed: dict[str, str]) -> None:
    client.post(url("contacts/draft/"), typed)
    assert client.post(url(), {**typed, "starts": ""}).status_code == 422
    assert Draft.objects.count() == 1


def test_a_draft_can_be_discarded(client: Client, url: Callable[..., str], typed: dict[str, str]) -> None:
    client.post(url("contacts/draft/"), typed)
    answer = client.post(url("contacts/draft/discard/"), follow=True)
    assert answer.redirect_chain == [(url(), 302)]
    assert "Draft discarded." in answer.text
    assert answer.context["form"]["note"].value() in (None, "")


def test_a_draft_is_its_authors_alone(
    client: Client, client_for: Callable[..., Any], url: Callable[..., str], typed: dict[str, str]
) -> None:
    client.post(url("contacts/draft/"), typed)
    assert client_for("care_manager").get(url()).context["draft"] is None


def test_keeping_a_draft_does_not_extend_the_session(
    client: Client, url: Callable[..., str], typed: dict[str, str], now: datetime
) -> None:
    client.get(url())
    before = Session.objects.get(session_key=client.session.session_key).expire_date
    with time_machine.travel(now + timedelta(hours=1), tick=False):
        client.post(url("contacts/draft/"), typed)
    assert Session.objects.get(session_key=client.session.session_key).expire_date == before


def test_no_draft_about_an_absent_or_foreign_patient(
    client: Client, organization: Any, other_organization: Any, typed: dict[str, str]
) -> None:
    from tests.factories.registry import EpisodeFactory

    with tenant(other_organization):
        foreign = EpisodeFactory(organization=other_organization).patient_id
    for patient_id in (foreign, uuid4()):
        address = f"/o/{organization.slug}/patients/{patient_id}/contacts/draft/"
        assert client.post(address, typed).status_code == 404
        assert client.post(f"{address}discard/").status_code == 404


def test_the_form_asks_for_the_scales_that_the_clinics_rhythm_calls_for(
    client: Client, url: Callable[..., str], by: Any, episode: Any, now: datetime
) -> None:
    tools = [ToolChoice("phq9", rhythm=Rhythm(14, 30), is_in_use=True), ToolChoice("gad7", is_in_use=True)]
    set_tools(by=by, at=now, clinic_id=episode.clinic_id, choices=tools)
    AssessmentFactory(organization=episode.organization, episode=episode, on=episode.enrolled_on, total=14)
    due = episode.enrolled_on + timedelta(days=14)
    headings = re.findall(r"<summary><h2>((?:PHQ|GAD).*?)</h2>", client.get(url()).text)
    said = [" ".join(re.sub(r"<[^>]*>", " ", heading).split()) for heading in headings]
    assert said == [f"PHQ-9 due since {due:%b} {due.day}", "GAD-7"]


def test_the_form_takes_at_most_eight_statements(
    client: Client, url: Callable[..., str], typed: dict[str, str], organization: Any
) -> None:
    NoteTemplateFactory(organization=organization)
    client.post(url("contacts/draft/"), typed)
    client.get(url())
    frame = [part for part in FRAME if part != "caseload_timer"]
    with CaptureQueriesContext(connection) as queries:
        client.get(url())
    own = [query["sql"] for query in queries if not any(part in query["sql"] for part in frame)]
    of_timers = [sql for sql in own if "caseload_timer" in sql]
    assert len(of_timers) == 2  # the form's, and the frame's
    assert len(own) - 1 <= 8, own
