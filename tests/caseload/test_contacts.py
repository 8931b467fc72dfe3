"""A contact: one note that updates everything, all or nothing, once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from bhi.audit.models import AuditEvent
from bhi.jobs.models import Job
from caseload.models import CaseReview, Contact, EpisodeStanding, FollowUp, Recommendation, TimeEntry
from caseload.operations import NextContact, Work, record_contact, record_review
from caseload.operations.errors import (
    FollowUpTooEarly,
    ImpossibleTime,
    PatientDischarged,
    RecommendationMissing,
)
from caseload.rules.worktime import WorkTime
from registry.models import Assessment
from registry.operations import end_episode
from registry.operations.assessments import ScoreGiven
from registry.operations.errors import FormReused, ScoreUnusable

SIXTEEN = (2, 2, 2, 2, 2, 2, 2, 1, 1)
WORST = WorkTime(on=date(2026, 3, 2), seconds=600)


@pytest.fixture
def contact(by: Any, now: datetime) -> Callable[..., Any]:
    """`contact(episode, …)`: twenty minutes by phone, an hour ago."""

    def make(episode: Any, **values: Any) -> Any:
        start = now - timedelta(hours=1)
        given = {
            "by": by, "at": now, "episode_id": episode.id, "client_token": uuid4(), "mode": "phone",
            "time": WorkTime(span=(start, start + timedelta(minutes=20))), "work": Work(), **values,
        }  # fmt: skip
        return record_contact(**given)

    return make


def test_one_note_updates_everything(enrolled: Callable[..., Any], contact: Callable[..., Any], now: datetime) -> None:
    episode = enrolled()
    kept = contact(
        episode,
        note="Slept better.",
        scores=[ScoreGiven("phq9", items=SIXTEEN), ScoreGiven("gad7", total=12)],
        next_contact=NextContact(date(2026, 3, 16), "PHQ-9"),
    )
    assert kept.was_new is True
    assert (kept.contact.on, kept.contact.started_at) == (date(2026, 3, 2), now - timedelta(hours=1))
    assert (kept.entry.contact_id, kept.entry.held) == (kept.contact.id, False)
    assert [(a.instrument, a.total, a.item9, a.contact_id) for a in kept.assessments] == [
        ("phq9", 16, 1, kept.contact.id),
        ("gad7", 12, None, kept.contact.id),
    ]
    standing = EpisodeStanding.objects.get(episode=episode)
    assert (standing.phq9_baseline, standing.phq9_last, standing.gad7_last, standing.item9_last) == (16, 16, 12, 1)
    assert (standing.last_contact_on, standing.next_due_on) == (date(2026, 3, 2), date(2026, 3, 16))
    assert (standing.next_due_purpose, standing.safety_from) == ("PHQ-9", date(2026, 3, 2))
    event = AuditEvent.objects.get(action="contact.recorded")
    assert event.fields == ["activity", "gad7", "mode", "next_contact", "note", "phq9", "time"]
    (refresh,) = Job.objects.filter(kind="refresh_service_month", key=str(episode.id))
    assert (refresh.state, refresh.queued_at) == ("queued", now)


def test_a_second_submit_returns_the_first(enrolled: Callable[..., Any], contact: Callable[..., Any]) -> None:
    episode, token = enrolled(), uuid4()
    first = contact(episode, client_token=token, scores=[ScoreGiven("phq9", items=SIXTEEN)])
    second = contact(episode, client_token=token, note="Typed again")
    assert (second.was_new, second.contact, second.entry) == (False, first.contact, first.entry)
    assert [a.id for a in second.assessments] == [a.id for a in first.assessments]
    assert (Contact.objects.count(), TimeEntry.objects.count(), Assessment.objects.count()) == (1, 1, 1)


def test_a_form_of_another_patient_is_refused(enrolled: Callable[..., Any], contact: Callable[..., Any]) -> None:
    token = uuid4()
    contact(enrolled("One"), client_token=token)
    with pytest.raises(FormReused):
        contact(enrolled("Other"), client_token=token)


def test_held_minutes_keep_the_contact_and_its_scores(
    enrolled: Callable[..., Any], contact: Callable[..., Any]
) -> None:
    contact(enrolled("One"))
    other = enrolled("Other")
    kept = contact(other, scores=[ScoreGiven("phq9", items=SIXTEEN)])
    assert kept.entry.held is True
    assert EpisodeStanding.objects.get(episode=other).phq9_last == 16


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"scores": [ScoreGiven("phq9", total=31)]}, ScoreUnusable),
        ({"scores": [ScoreGiven("phq9", items=(*SIXTEEN[:8], 4))]}, ScoreUnusable),
        ({"scores": [ScoreGiven("gad7", items=(1, None, None, None, None, None, None))]}, ScoreUnusable),
        ({"next_contact": NextContact(date(2026, 3, 1))}, FollowUpTooEarly),
        ({"time": WorkTime(on=date(2031, 1, 1), seconds=60)}, ImpossibleTime),
    ],
)
def test_a_refusal_leaves_nothing(
    enrolled: Callable[..., Any], contact: Callable[..., Any], values: dict[str, Any], fault: type[Exception]
) -> None:
    episode = enrolled()
    with pytest.raises(fault), transaction.atomic():
        contact(episode, **values)
    kinds = (Contact, TimeEntry, Assessment, FollowUp)
    assert [kind.objects.count() for kind in kinds] == [0, 0, 0, 0]


def test_a_positive_item_9_is_kept_without_a_total(enrolled: Callable[..., Any], contact: Callable[..., Any]) -> None:
    episode = enrolled()
    kept = contact(episode, scores=[ScoreGiven("phq9", items=(None,) * 8 + (2,))])
    (score,) = kept.assessments
    assert (score.total, score.item9, score.is_prorated) == (None, 2, False)
    standing = EpisodeStanding.objects.get(episode=episode)
    assert (standing.phq9_last, standing.item9_last, standing.safety_from) == (None, 2, date(2026, 3, 2))


def test_nothing_is_added_after_discharge(
    enrolled: Callable[..., Any], contact: Callable[..., Any], by: Any, now: datetime
) -> None:
    episode = enrolled()
    end_episode(by=by, at=now, episode=episode, on=date(2026, 3, 1), reason="graduated")
    with pytest.raises(PatientDischarged):
        contact(episode)


def follow_up(episode: Any) -> list[tuple[date, date | None]]:
    return list(FollowUp.objects.filter(episode=episode).order_by("due_on").values_list("due_on", "closed_on"))


def test_a_new_date_replaces_what_was_due(enrolled: Callable[..., Any], contact: Callable[..., Any]) -> None:
    episode = enrolled()
    contact(episode, next_contact=NextContact(date(2026, 3, 9)))
    contact(episode, next_contact=NextContact(date(2026, 3, 16)), time=WORST)
    assert follow_up(episode) == [(date(2026, 3, 9), date(2026, 3, 2)), (date(2026, 3, 16), None)]


@pytest.mark.parametrize(
    ("activity", "due_on", "is_settled"),
    [
        ("treatment", date(2026, 3, 2), True),
        ("treatment", date(2026, 3, 3), False),
        ("outreach_attempt", date(2026, 3, 2), False),
        ("no_show", date(2026, 3, 2), False),
    ],
)
def test_speaking_with_the_patient_settles_what_was_due(
    enrolled: Callable[..., Any], contact: Callable[..., Any], activity: str, due_on: date, is_settled: bool
) -> None:
    episode = enrolled()
    contact(episode, next_contact=NextContact(due_on))
    contact(episode, work=Work(activity=activity), time=WORST)
    assert follow_up(episode) == [(due_on, date(2026, 3, 2) if is_settled else None)]


def test_a_review_needs_a_recommendation(
    enrolled: Callable[..., Any], by: Any, now: datetime, membership: Callable[..., Any]
) -> None:
    episode = enrolled()
    consultant = membership("psychiatric_consultant")
    values = {"by": by, "at": now, "episode_id": episode.id, "on": date(2026, 2, 24), "consultant": consultant}
    with pytest.raises(RecommendationMissing):
        record_review(**values, recommendations=[])
    review = record_review(**values, recommendations=[("medication", "Sertraline 50 mg"), ("continue", "")])
    assert list(CaseReview.objects.all()) == [review]
    numbered = Recommendation.objects.order_by("number").values_list("number", "kind", "text")
    assert list(numbered) == [(1, "medication", "Sertraline 50 mg"), (2, "continue", "")]
    assert EpisodeStanding.objects.get(episode=episode).last_review_on == date(2026, 2, 24)


def test_saving_takes_a_fixed_number_of_statements(enrolled: Callable[..., Any], contact: Callable[..., Any]) -> None:
    episode, due = enrolled(), NextContact(date(2026, 3, 9))
    taken = []
    for ago in range(4):
        time = WorkTime(on=date(2026, 3, 2 - ago % 2), seconds=60)
        with CaptureQueriesContext(connection) as queries:
            contact(
                episode,
                time=time,
                scores=[ScoreGiven("phq9", items=(*SIXTEEN[:8], 0))],  # without danger: a risk case costs its own
                next_contact=due,
            )
        taken.append(len([query for query in queries if "SAVEPOINT" not in query["sql"]]))
    assert taken == [13, 13, 13, 13]


def test_a_note_is_signed_by_whoever_recorded_it(enrolled: Callable[..., Any], contact: Callable[..., Any]) -> None:
    parts = {"skill": "Two walks a week."}
    kept = contact(
        enrolled(), work=Work("outreach_attempt"), outcome="voicemail", parts=parts, question="Raise sertraline?"
    ).contact
    kept.refresh_from_db()
    assert (kept.outcome, kept.parts, kept.question) == ("voicemail", parts, "Raise sertraline?")
    assert kept.signed_as == str(kept.by)
