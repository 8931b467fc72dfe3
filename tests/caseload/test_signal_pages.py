"""Signals through the browser's door: their chips, putting one off, asking the consultant, changing the treatment."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from bhi.audit.models import AuditEvent
from bhi.jobs.models import Job
from caseload.models import (
    EpisodeStanding,
    ReviewProtocol,
    ReviewQuestion,
    SignalBegan,
    Snooze,
    TreatmentChange,
)
from caseload.operations import rebuild_standing
from caseload.operations.errors import PatientDischarged, SnoozeRefused
from caseload.operations.notes import void_contact
from caseload.operations.questions import QuestionSettled, ask_consultant, take_back_question
from caseload.operations.snoozes import snooze_task
from caseload.operations.sweeps import sweep_signals
from caseload.operations.treatment_changes import record_treatment_change
from caseload.queries.questions import open_questions
from caseload.queries.signals import signals_of
from caseload.queries.today import Scope, work_due, worklist
from registry.operations import end_episode
from registry.operations.errors import FormReused, ReasonMissing
from tests.factories.registry import AssessmentFactory
from tests.factories.reviews import ReviewQuestionFactory, TreatmentChangeFactory

pytestmark = pytest.mark.usefixtures("at_now")

TODAY = date(2026, 3, 2)


@pytest.fixture
def stalled(enrolled: Callable[..., Any], in_tenant: Any, now: datetime) -> Any:
    """16 for twelve weeks."""
    episode = enrolled(enrolled_on=date(2025, 11, 24))
    for days in (0, 42, 91):
        AssessmentFactory(
            organization=in_tenant, episode=episode, total=16, on=date(2025, 11, 24) + timedelta(days=days)
        )
    rebuild_standing(organization_id=in_tenant.id, episode_ids=[episode.id], at=now)
    return episode


def url(episode: Any, path: str = "") -> str:
    return f"/o/lakeside/patients/{episode.patient_id}/{path}"


def said(page: Any) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


def chip_words(page: Any) -> list[str]:
    found = re.findall(r"<summary class=\"chip chip-(\w+)([^\"]*)\">(.*?)</summary>", page.text, re.DOTALL)
    words = [" ".join(unescape(re.sub(r"<[^>]+>", " ", inner)).split()) for _, _, inner in found]
    return [f"{tone}{' quiet' if quiet else ''}: {text}" for (tone, quiet, _), text in zip(found, words, strict=True)]


def test_a_chip_leads_to_its_scores_and_to_putting_it_off(stalled: Any, client: Client) -> None:
    page = client.get(url(stalled))
    assert "danger: Stalled 14 d" in chip_words(page)
    assert "PHQ-9 then 16, Nov 24, 2025 Last PHQ-9 16, Feb 23 Clears with a later PHQ-9 of 11 or less." in said(page)
    scores = set(re.findall(r'href="([^"]+/scores/[0-9a-f-]{36}/)"', page.text))
    assert {one: client.get(one).status_code for one in scores} == dict.fromkeys(scores, 200)
    assert len(scores) >= 2
    assert f'href="{url(stalled, "signals/")}"' in page.text


def test_a_changed_treatment_turns_a_stall_amber_beside_its_flag(stalled: Any, client: Client) -> None:
    page = url(stalled, "for-review/")
    token = str(uuid4())
    typed = {"do": "change", "client_token": token, "on": "2026-02-26", "of": "medication", "text": "Sertraline to 100"}
    assert client.post(page, typed).headers["Location"] == url(stalled)
    assert client.post(page, typed).status_code == 302
    change = TreatmentChange.objects.get()
    chart = client.get(url(stalled))
    assert "warning: Stalled 14 d plan changed Feb 26, 4 d" in chip_words(chart)
    assert "Medication: Sertraline to 100" in said(chart)
    reasons = {"do": "void", "row": str(change.id)}
    assert "Say why it is taken back." in said(client.post(page, reasons))
    assert client.post(page, {**reasons, "reason": "Never filled"}).status_code == 302
    assert "danger: Stalled 14 d" in chip_words(client.get(url(stalled)))
    assert client.post(page, {**reasons, "reason": "Again"}).status_code == 404
    done = AuditEvent.objects.filter(action__startswith="treatment_change").values_list("action", flat=True)
    assert sorted(done) == ["treatment_change.recorded", "treatment_change.voided"]


@pytest.mark.parametrize("on", ["2025-11-23", "2026-03-03"])
def test_a_change_lies_in_the_episode_and_not_in_the_future(stalled: Any, client: Client, on: str) -> None:
    typed = {"do": "change", "client_token": str(uuid4()), "on": on, "of": "other", "text": "Group"}
    page = client.post(url(stalled, "for-review/"), typed)
    assert (page.status_code, TreatmentChange.objects.count()) == (422, 0)
    assert "Enter a day from Nov 24, 2025, to today." in said(page)
    assert "Group" in page.text


def test_a_question_is_asked_shown_and_taken_back(stalled: Any, client: Client, by: Any, in_tenant: Any) -> None:
    page, token = url(stalled, "for-review/"), str(uuid4())
    typed = {"do": "ask", "client_token": token, "kind": "medication", "text": "Is 50 mg enough?"}
    assert client.post(page, typed).headers["Location"] == url(stalled)
    client.post(page, typed)
    asked = ReviewQuestion.objects.get()
    [shown] = open_questions(in_tenant.id, [stalled.id])[stalled.id]
    assert (shown.text, shown.label, shown.asked_by_id) == ("Is 50 mg enough?", "Medication question", by.id)
    chart = client.get(url(stalled))
    assert "Medication question for the consultant Is 50 mg enough? Ken Abara, Mar 2" in said(chart)
    assert "danger: Stalled 14 d" in chip_words(chart)
    assert "info: Question asked 0 d" in chip_words(chart)
    back = {"do": "take_back", "row": str(asked.id), "reason": "Answered by phone"}
    assert client.post(page, back).status_code == 302
    assert open_questions(in_tenant.id, [stalled.id]) == {}
    assert "Question asked" not in said(client.get(url(stalled)))
    assert client.post(page, back).status_code == 404


def test_an_empty_question_names_its_field(stalled: Any, client: Client) -> None:
    page = client.post(url(stalled, "for-review/"), {"do": "ask", "client_token": str(uuid4()), "kind": "question"})
    assert page.status_code == 422
    assert "Write what you want to know." in said(page)


def test_questions_and_changes_say_what_cannot_be(stalled: Any, by: Any, now: datetime, enrolled: Any) -> None:
    other = enrolled("Other")
    asked = {"by": by, "at": now, "kind": "question", "text": "Why?", "client_token": uuid4()}
    first = ask_consultant(**asked, episode_id=stalled.id)
    with pytest.raises(FormReused):
        ask_consultant(**asked, episode_id=other.id)
    with pytest.raises(ReasonMissing):
        take_back_question(by=by, at=now, question_id=first.id, reason=" ")
    take_back_question(by=by, at=now, question_id=first.id, reason="Settled")
    with pytest.raises(QuestionSettled):
        take_back_question(by=by, at=now, question_id=first.id, reason="Settled")
    change = {"by": by, "at": now, "on": TODAY, "of": "other", "text": "Group", "client_token": uuid4()}
    record_treatment_change(**change, episode_id=stalled.id)
    with pytest.raises(FormReused):
        record_treatment_change(**change, episode_id=other.id)
    end_episode(by=by, at=now, episode=other, on=TODAY, reason="graduated")
    with pytest.raises(PatientDischarged):
        ask_consultant(**{**asked, "client_token": uuid4()}, episode_id=other.id)
    with pytest.raises(PatientDischarged):
        record_treatment_change(**{**change, "client_token": uuid4()}, episode_id=other.id)


def test_what_belongs_to_another_patient_is_not_there(
    stalled: Any, client: Client, enrolled: Any, in_tenant: Any
) -> None:
    other = enrolled("Other")
    asked = ReviewQuestionFactory(organization=in_tenant, episode=other)
    changed = TreatmentChangeFactory(organization=in_tenant, episode=other)
    page = url(stalled, "for-review/")
    assert client.post(page, {"do": "take_back", "row": str(asked.id), "reason": "No"}).status_code == 404
    assert client.post(page, {"do": "void", "row": str(changed.id), "reason": "No"}).status_code == 404
    assert client.post(url(stalled, "signals/"), {"do": "end", "row": str(uuid4())}).status_code == 404


def test_a_note_leaves_its_question_and_its_change(stalled: Any, client: Client, by: Any, now: datetime) -> None:
    typed = {
        "client_token": str(uuid4()), "activity": "treatment", "mode": "phone", "on": "2026-03-02", "minutes": "20",
        "question": "Is 50 mg enough?", "changed": "Sertraline 25 to 50 mg", "changed_of": "medication",
    }  # fmt: skip
    assert client.post(url(stalled, "contacts/new/"), typed).status_code == 302
    client.post(url(stalled, "contacts/new/"), typed)
    question, change = ReviewQuestion.objects.get(), TreatmentChange.objects.get()
    assert (question.text, question.asked_by_id, question.asked_on) == ("Is 50 mg enough?", by.id, TODAY)
    assert (change.text, change.of, change.on) == ("Sertraline 25 to 50 mg", "medication", TODAY)
    assert question.from_contact_id == change.from_contact_id
    void_contact(by=by, at=now, contact_id=change.from_contact_id, reason="Wrong patient")
    assert not ReviewQuestion.objects.live().exists()
    assert not TreatmentChange.objects.live().exists()


def test_a_signal_is_put_off_from_its_chip_and_asks_again(stalled: Any, client: Client, by: Any) -> None:
    page = url(stalled, "signals/")
    typed = {"do": "put_off", "task": "signal:stalled", "until_on": "2026-03-16", "reason": "Dose went up"}
    before = EpisodeStanding.objects.get()
    assert client.post(page, typed).headers["Location"] == url(stalled)
    client.post(page, typed)
    [kept] = Snooze.objects.live()
    assert (kept.task, kept.until_on, kept.reason) == ("signal:stalled", date(2026, 3, 16), "Dose went up")
    chart = chip_words(client.get(url(stalled)))
    assert "danger quiet: Stalled 14 d put off until Mar 16" in chart
    after = EpisodeStanding.objects.get()
    assert (before.stalled_from, after.stalled_from) == (date(2026, 2, 2), date(2026, 3, 16))
    assert [one.word for one in signals_of(by.organization_id, stalled.id, today=TODAY)][:1] == ["stalled"]
    assert "Stalled until Mar 16: Dose went up Ken Abara" in said(client.get(page))
    assert client.post(page, {"do": "end", "row": str(kept.id)}).status_code == 302
    assert EpisodeStanding.objects.get().stalled_from == date(2026, 2, 2)
    assert "danger: Stalled 14 d" in chip_words(client.get(url(stalled)))


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"task": "signal:safety"}, "Choose which signal can wait."),
        ({"task": ""}, "Choose which signal can wait."),
        ({"until_on": "2026-03-02"}, "Choose a day after today."),
        ({"until_on": "2026-04-02"}, "A task can be put off for 30 days at most. Choose an earlier day."),
        ({"reason": ""}, "Say why it can wait."),
    ],
)
def test_putting_off_names_the_field_and_loses_nothing(
    stalled: Any, client: Client, changed: dict[str, str], sentence: str
) -> None:
    typed = {"do": "put_off", "task": "signal:stalled", "until_on": "2026-03-16", "reason": "Dose", **changed}
    page = client.post(url(stalled, "signals/"), typed)
    assert (page.status_code, Snooze.objects.count()) == (422, 0)
    assert sentence in said(page)


@pytest.mark.parametrize("task", ["signal:safety", "signal:risk_open", "signal:nothing", "safety"])
def test_safety_is_never_put_off(stalled: Any, by: Any, now: datetime, task: str) -> None:
    with pytest.raises(SnoozeRefused):
        snooze_task(by=by, at=now, episode_id=stalled.id, task=task, until_on=date(2026, 3, 9), reason="Later")


def test_what_was_put_off_does_not_ask_on_today(stalled: Any, by: Any, now: datetime, in_tenant: Any) -> None:
    def kinds() -> list[str]:
        due = work_due(in_tenant.id, Scope(by.id), at=now)
        return [task.kind for row in worklist(due, {}).rows for task in row.tasks]

    assert "contact_overdue" in kinds()
    snooze_task(
        by=by, at=now, episode_id=stalled.id, task="signal:inactive", until_on=date(2026, 3, 9), reason="Travels"
    )
    assert "contact_overdue" not in kinds()


def test_new_signals_are_marked_for_a_week(stalled: Any, client: Client, in_tenant: Any, now: datetime) -> None:
    sweep_signals(organization_id=in_tenant.id, on=TODAY, at=now)
    assert SignalBegan.objects.filter(word="stalled", since_on=date(2026, 2, 16)).exists()
    chips = chip_words(client.get(url(stalled)))
    assert "danger: Stalled 14 d" in chips
    assert [one for one in chips if " new" in one] == []
    SignalBegan.objects.create(
        organization=in_tenant, episode=stalled, word="question_open", since_on=TODAY, announced_at=now
    )
    ReviewQuestionFactory(organization=in_tenant, episode=stalled, asked_on=TODAY)
    rebuild_standing(organization_id=in_tenant.id, episode_ids=[stalled.id], at=now)
    assert "info: Question asked 0 d new" in chip_words(client.get(url(stalled)))


def test_each_scale_shows_its_own_state_on_the_chart(stalled: Any, client: Client) -> None:
    assert "PHQ-9 No change" in said(client.get(url(stalled)))


def test_a_clinic_looks_sooner_never_later(
    stalled: Any, client_for: Callable[..., Any], clinic: Any, in_tenant: Any
) -> None:
    lead, page = client_for("clinic_lead"), f"/o/lakeside/settings/clinics/{clinic.id}/review/"
    usual = {
        "seen": "", "medication_decision_days": "2", "medication_told_days": "5", "other_decision_days": "7",
        "other_told_days": "14",
    }  # fmt: skip
    faulty = lead.post(page, {**usual, "never_reviewed_days": "31", "stalled_days": "50", "other_told_days": "6"})
    assert faulty.status_code == 422
    for sentence in (
        "This is a whole number of days from 14 to 30, or empty for the usual 30.",
        "Stalled comes after stalling. Enter more than 56 days.",
        "The patient is told after the decision. Enter 7 days or more.",
    ):
        assert sentence in said(faulty)
    assert lead.post(page, {**usual, "stalled_days": "60", "long_episode_months": "6"}).status_code == 302
    row = ReviewProtocol.objects.get()
    assert (row.stalled_days, row.long_episode_months, row.never_reviewed_days) == (60, 6, None)
    assert Job.objects.filter(kind="rebuild_clinic", state="queued").count() == 1
    assert AuditEvent.objects.get(action="review_protocol.set").fields[:1] == ["first_follow_up_days"]
    moved = lead.post(page, {**usual, "stalled_days": "70"})
    assert "Somebody changed these settings meanwhile." in said(moved)
    seen = row.changed_at.isoformat()
    assert lead.post(page, {**usual, "seen": seen, "stalled_days": "60", "long_episode_months": "6"}).status_code == 302
    assert AuditEvent.objects.filter(action="review_protocol.set").count() == 1


def test_today_says_what_began_this_week(stalled: Any, client: Client, in_tenant: Any, now: datetime) -> None:
    """A question is a hint, and no news of itself."""
    ReviewQuestionFactory(organization=in_tenant, episode=stalled, asked_on=date(2026, 2, 27))
    AssessmentFactory(organization=in_tenant, episode=stalled, on=date(2026, 3, 1), total=27)
    rebuild_standing(organization_id=in_tenant.id, episode_ids=[stalled.id], at=now)
    assert "New this week" not in said(client.get("/o/lakeside/today/"))
    sweep_signals(organization_id=in_tenant.id, on=TODAY, at=now)
    assert "New this week: Worsening" in said(client.get("/o/lakeside/today/"))


def test_the_lead_sees_the_last_night(
    stalled: Any, client_for: Callable[..., Any], in_tenant: Any, now: datetime
) -> None:
    lead = client_for("clinic_lead")
    assert "The first night has not come yet." in said(lead.get("/o/lakeside/team/"))
    EpisodeStanding.objects.update(phq9_last=3)
    found = sweep_signals(organization_id=in_tenant.id, on=TODAY, at=now)
    words = f"night of Mar 2, 2026: 1 patient, {found.began} signals began, 1 row differed and was put right"
    assert words in said(lead.get("/o/lakeside/team/"))
