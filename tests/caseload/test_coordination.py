"""Care coordination through the browser's door: referrals followed until seen, questions until answered."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from bhi.audit.models import AuditEvent
from bhi.errors import NotFound
from caseload.models import ClinicianRequest, ExternalReferral
from caseload.operations.coordination import AlreadyEnded, answer_request, close_request, follow_referral, send_referral
from caseload.operations.errors import PatientDischarged
from caseload.rules.coordination import ReferralStep
from registry.operations import end_episode
from registry.operations.errors import FormReused
from tests.factories.registry import TreatingClinicianFactory
from tests.factories.work import ClinicianRequestFactory, ExternalReferralFactory

pytestmark = pytest.mark.usefixtures("at_now")

TODAY = date(2026, 3, 2)


def url(episode: Any, path: str = "") -> str:
    return f"/o/lakeside/patients/{episode.patient_id}/coordination/{path}"


def said(page: Any) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


def actions() -> list[str]:
    """What was done, by name: within one instant ids say nothing about order."""
    found = AuditEvent.objects.filter(action__regex="^(external|clinician_request)")
    return sorted(found.values_list("action", flat=True))


def test_a_page_without_anything_says_what_it_is_for(enrolled: Callable[..., Any], client: Client) -> None:
    page = said(client.get(url(enrolled())))
    assert "kept here until the patient was seen there" in page
    assert "stays here until it is answered" in page


def test_a_referral_goes_from_sent_to_seen(enrolled: Callable[..., Any], client: Client) -> None:
    episode, token = enrolled(), str(uuid4())
    form = client.get(url(episode, "referrals/new/"))
    assert 'name="check_on" value="2026-03-16"' in form.text
    typed = {
        "client_token": token, "to": "County clinic", "purpose": "Trauma therapy", "sent_on": "2026-03-02",
        "check_on": "2026-03-16",
    }  # fmt: skip
    assert client.post(url(episode, "referrals/new/"), typed).headers["Location"] == url(episode)
    client.post(url(episode, "referrals/new/"), typed)
    made = ExternalReferral.objects.get()
    assert (made.to, made.check_on, made.closed_on) == ("County clinic", date(2026, 3, 16), None)
    one = url(episode, f"referrals/{made.id}/")
    step = {"was": "|2026-03-16", "scheduled_on": "2026-03-20", "check_on": "2026-03-23"}
    assert client.post(one, step).status_code == 302
    assert "County clinic Trauma therapy Scheduled Mar 2 Mar 20 Mar 23 Follow up" in said(client.get(url(episode)))
    seen = {**step, "was": "2026-03-20|2026-03-23", "seen_on": "2026-03-02"}
    page = client.post(one, seen)
    assert page.status_code == 422
    assert "Enter who confirmed that the patient was seen." in said(page)
    assert client.post(one, {**seen, "seen_confirmed_by": "Front desk"}).status_code == 302
    made.refresh_from_db()
    assert (made.seen_on, made.closed_on, made.check_on) == (TODAY, TODAY, None)
    assert "Seen Mar 2, confirmed by Front desk" in said(client.get(url(episode)))
    assert client.post(one, {**seen, "seen_confirmed_by": "Front desk"}).status_code == 302
    assert actions() == ["external_referral.followed", "external_referral.followed", "external_referral.sent"]


def test_nobody_overwrites_what_they_did_not_see(enrolled: Callable[..., Any], client: Client) -> None:
    made = ExternalReferralFactory(organization=(episode := enrolled()).organization, episode=episode)
    one = url(episode, f"referrals/{made.id}/")
    assert client.post(one, {"was": "|", "scheduled_on": "2026-03-20", "check_on": "2026-03-21"}).status_code == 302
    page = client.post(one, {"was": "|", "check_on": "2026-03-30"})
    assert page.status_code == 422
    assert "Somebody recorded something about this meanwhile." in said(page)
    assert 'name="was" value="2026-03-20|2026-03-21"' in page.text
    assert client.post(one, {"was": "2026-03-20|2026-03-21", "check_on": "2026-03-30"}).status_code == 302
    assert ExternalReferral.objects.get().scheduled_on is None
    assert client.post(one, {"was": "nonsense", "check_on": "2026-03-31"}).status_code == 302


def test_a_referral_ends_with_a_reason_or_is_taken_back(enrolled: Callable[..., Any], client: Client) -> None:
    episode = enrolled()
    made, wrong = (ExternalReferralFactory(organization=episode.organization, episode=episode) for _ in range(2))
    one = url(episode, f"referrals/{made.id}/")
    assert "Enter when to ask again" in said(client.post(one, {"was": "|"}))
    assert client.post(one, {"was": "|", "closed_because": "Moved away"}).status_code == 302
    assert "Ended without a visit Moved away" in said(client.get(url(episode)))
    page = client.post(one, {"was": "|", "closed_because": "Other"})
    assert (page.status_code, "This has ended already." in said(page)) == (422, True)
    other = url(episode, f"referrals/{wrong.id}/")
    assert "Say why, in a few words." in said(client.post(other, {"do": "void"}))
    assert client.post(other, {"do": "void", "void-why": "Wrong patient"}).status_code == 302
    assert client.get(other).status_code == 404
    wrong.refresh_from_db()
    assert wrong.void_reason == "Wrong patient"


def test_a_question_is_answered_however_the_answer_comes(enrolled: Callable[..., Any], client: Client) -> None:
    episode = enrolled()
    clinician = TreatingClinicianFactory(organization=episode.organization, name="Ana Osei", credential="MD")
    typed = {
        "client_token": str(uuid4()), "asked_of": str(clinician.id), "question": "TSH?", "channel": "ehr",
        "asked_on": "2026-03-02", "due_on": "2026-03-01",
    }  # fmt: skip
    page = client.post(url(episode, "questions/new/"), typed)
    assert "The answer cannot be due before the question." in said(page)
    typed["due_on"] = "2026-03-02"
    assert client.post(url(episode, "questions/new/"), typed).status_code == 302
    client.post(url(episode, "questions/new/"), typed)
    made = ClinicianRequest.objects.get()
    assert "TSH? Ana Osei, MD No answer yet Mar 2 EHR message Mar 2 Answer" in said(client.get(url(episode)))
    one = url(episode, f"questions/{made.id}/")
    answer = {"answer": "Normal", "answered_on": "2026-03-03", "answer_by": "phone"}
    assert "This day is in the future. Correct it." in said(client.post(one, answer))
    answer["answered_on"] = "2026-03-02"
    assert client.post(one, answer).status_code == 302
    assert client.post(one, answer).status_code == 302
    assert "Answered Normal Mar 2, phone" in said(client.get(url(episode)))
    assert "This has ended already." in said(client.post(one, {"do": "close", "close-why": "x"}))
    assert actions() == ["clinician_request.answered", "clinician_request.made"]


def test_a_question_needs_no_answer_or_was_an_error(enrolled: Callable[..., Any], client: Client) -> None:
    episode = enrolled()
    made = ClinicianRequestFactory(organization=episode.organization, episode=episode)
    one = url(episode, f"questions/{made.id}/")
    assert client.post(one, {"do": "close", "close-why": "Solved"}).status_code == 302
    assert client.post(one, {"do": "close", "close-why": "Solved"}).status_code == 302
    assert "Closed without an answer Solved" in said(client.get(url(episode)))
    assert client.post(one, {"do": "void", "void-why": "Wrong patient"}).status_code == 302
    assert not ClinicianRequest.objects.live().exists()
    assert actions() == ["clinician_request.closed", "clinician_request.voided"]


def test_what_operations_refuse(enrolled: Callable[..., Any], by: Any, now: datetime) -> None:
    episode, other, token = enrolled("Abara"), enrolled("Rivera"), uuid4()
    given: dict[str, Any] = {
        "by": by, "at": now, "to": "X", "purpose": "Y", "sent_on": TODAY, "check_on": TODAY, "client_token": token,
    }  # fmt: skip
    send_referral(**given, episode_id=episode.id)
    with pytest.raises(FormReused):
        send_referral(**given, episode_id=other.id)
    end_episode(by=by, at=now, episode=other, on=TODAY, reason="withdrew")
    with pytest.raises(PatientDischarged):
        send_referral(**{**given, "client_token": uuid4()}, episode_id=other.id)
    with pytest.raises(NotFound):
        send_referral(**given, episode_id=uuid4())
    with pytest.raises(NotFound):
        follow_referral(by=by, at=now, referral_id=uuid4(), step=ReferralStep(), seen=ReferralStep())
    asked = ClinicianRequestFactory(organization=episode.organization, episode=episode, closed_because="Solved")
    with pytest.raises(AlreadyEnded):
        answer_request(by=by, at=now, request_id=asked.id, answer="x", answered_on=TODAY, answer_by="phone")
    with pytest.raises(AlreadyEnded):
        close_request(by=by, at=now, request_id=asked.id, because="Other")


def test_after_discharge_nothing_new_is_asked(
    enrolled: Callable[..., Any], by: Any, now: datetime, client: Client
) -> None:
    episode = enrolled()
    end_episode(by=by, at=now, episode=episode, on=TODAY, reason="withdrew")
    for path in ("referrals/new/", "questions/new/"):
        assert "No open enrolment" in said(client.get(url(episode, path)))
        assert client.post(url(episode, path), {}).status_code == 409
    clinician = TreatingClinicianFactory(organization=episode.organization)
    from caseload.operations.coordination import ask_clinician

    with pytest.raises(PatientDischarged):
        ask_clinician(
            by=by, at=now, episode_id=episode.id, asked_of=clinician, question="?", channel="ehr", asked_on=TODAY,
            due_on=TODAY, client_token=uuid4(),
        )  # fmt: skip
