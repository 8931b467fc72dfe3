"""A review from draft to signature: one review, its advice begun, its question answered, once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from bhi.audit.models import AuditEvent
from bhi.errors import NotFound
from bhi.jobs.models import Job
from caseload.models import (
    AgendaItem,
    CaseReview,
    EpisodeStanding,
    Recommendation,
    ReviewAddendum,
    ReviewDraft,
    ReviewQuestion,
)
from caseload.operations.review_drafts import DraftKept, mark_read, save_review_draft
from caseload.operations.review_errors import (
    DraftGone,
    NotTheConsultant,
    ReviewActedOn,
    ReviewDayImpossible,
    ReviewTakenBack,
)
from caseload.operations.reviews import add_review_addendum, sign_read, sign_review, void_review
from caseload.queries.review_drafts import review_draft
from caseload.rules.reviews import Advice, ReviewText
from registry.operations.errors import FormReused, ReasonMissing
from registry.operations.plan_errors import ContentRefused, EditedMeanwhile
from tests.factories.reviews import (
    AgendaItemFactory,
    RecommendationStepFactory,
    ReviewProtocolFactory,
    ReviewQuestionFactory,
    ReviewSessionFactory,
)

TODAY = date(2026, 3, 2)
START = Advice(kind="medication", act="start", text="Sertraline", dose="50 mg")
WALKS = Advice(kind="psychosocial", text="Two walks a week")
REVIEW = ReviewText(recommendations=(START, WALKS, Advice(kind="continue")), impression="Depression, moderate")


@pytest.fixture
def consultant(membership: Callable[..., Any]) -> Any:
    return membership("psychiatric_consultant", name="Lena Ortiz", credential="MD")


@pytest.fixture
def episode(enrolled: Callable[..., Any]) -> Any:
    return enrolled("Rivera")


@pytest.fixture
def signing(consultant: Any, now: datetime, episode: Any) -> Callable[..., Any]:
    def sign(**values: Any) -> Any:
        of = {"by": consultant, "at": now, "episode_id": episode.id, "based_on": 0, "content": REVIEW, "on": TODAY}
        return sign_review(**{**of, "client_token": uuid4(), **values})

    return sign


@pytest.fixture
def drafting(by: Any, now: datetime, episode: Any) -> Callable[..., Any]:
    def save(content: ReviewText, based_on: int = 0, **values: Any) -> Any:
        of = {"by": by, "at": now, "episode_id": episode.id, "based_on": based_on, "content": content}
        return save_review_draft(**{**of, **values})

    return save


def test_signing_makes_the_review_and_begins_the_loops(signing: Any, episode: Any, consultant: Any, now: Any) -> None:
    signed = signing()
    review = signed.review
    said = (review.on, review.consultant_id, review.signed_as, review.signed_at, review.impression, review.session_id)
    assert signed.was_new
    assert said == (TODAY, consultant.id, str(consultant), now, "Depression, moderate", None)
    rows = Recommendation.objects.filter(review=review).order_by("number")
    assert list(rows.values_list("number", "kind", "act", "dose", "state", "state_on", "due_on")) == [
        (1, "medication", "start", "50 mg", "proposed", TODAY, date(2026, 3, 3)),
        (2, "psychosocial", "", "", "proposed", TODAY, date(2026, 3, 9)),
        (3, "continue", "", "", "closed", TODAY, None),
    ]
    assert EpisodeStanding.objects.get(episode=episode).last_review_on == TODAY
    event = AuditEvent.objects.get(action="review.signed")
    assert (event.patient_id, event.object_id) == (episode.patient_id, review.id)
    assert Job.objects.filter(kind="refresh_service_month", key__contains=str(episode.id)).exists()


def test_the_clinic_s_own_deadlines_are_taken(signing: Any, episode: Any, organization: Any) -> None:
    ReviewProtocolFactory(organization=organization, clinic=episode.clinic, other_decision_days=3)
    signing()
    assert Recommendation.objects.get(number=2).due_on == date(2026, 3, 5)


def test_open_questions_are_answered_and_kept_as_they_were_asked(signing: Any, episode: Any, organization: Any) -> None:
    of = {"organization": organization, "episode": episode}
    first = ReviewQuestionFactory(**of, text="Is the dose high enough?", asked_on=date(2026, 2, 20))
    second = ReviewQuestionFactory(**of, text="Sleep?", asked_on=date(2026, 2, 25))
    ReviewQuestionFactory(**of, text="Taken back", taken_back_because="Answered by phone")
    review = signing().review
    assert review.question == "Is the dose high enough?\nSleep?"
    answered = ReviewQuestion.objects.filter(answered_by=review)
    assert set(answered.values_list("id", flat=True)) == {first.id, second.id}


def test_a_second_submit_changes_nothing(signing: Any) -> None:
    token = uuid4()
    first, again = signing(client_token=token), signing(client_token=token)
    assert (again.review.id, again.was_new) == (first.review.id, False)
    assert (CaseReview.objects.count(), Recommendation.objects.count()) == (1, 3)


def test_a_token_of_another_patient_s_review_is_refused(signing: Any, enrolled: Any) -> None:
    token = uuid4()
    signing(client_token=token)
    with pytest.raises(FormReused):
        signing(client_token=token, episode_id=enrolled("Abara").id)


def test_only_a_consultant_signs(signing: Any, by: Any) -> None:
    with pytest.raises(NotTheConsultant):
        signing(by=by)
    with pytest.raises(NotTheConsultant):
        sign_read(by=by, at=datetime.fromisoformat("2026-03-02T16:00+00:00"), session_id=uuid4())
    assert not CaseReview.objects.exists()


def test_what_is_not_a_review_is_refused(signing: Any) -> None:
    with pytest.raises(ContentRefused, match="at least one recommendation"):
        signing(content=ReviewText(summary="Discussed."))


@pytest.mark.parametrize(
    ("on", "words"), [(TODAY + timedelta(days=1), "in the future"), (date(2026, 2, 1), "before enrolment")]
)
def test_a_day_that_cannot_be_is_refused(signing: Any, on: date, words: str) -> None:
    with pytest.raises(ReviewDayImpossible, match=words):
        signing(on=on)


def test_nobody_is_reviewed_after_the_discharge(signing: Any, episode: Any) -> None:
    type(episode).objects.filter(id=episode.id).update(
        ended_on=date(2026, 2, 20), end_reason="other", status="discharged"
    )
    with pytest.raises(ReviewDayImpossible, match="discharged"):
        signing()


def test_absent_and_foreign_episodes_are_not_there(signing: Any, drafting: Any) -> None:
    for call in (lambda: signing(episode_id=uuid4()), lambda: drafting(REVIEW, episode_id=uuid4())):
        with pytest.raises(NotFound):
            call()
    with pytest.raises(NotFound):
        signing(session_id=uuid4())


def test_drafts_are_numbered_and_the_same_again_is_no_new_one(drafting: Any, episode: Any, by: Any) -> None:
    more = replace(REVIEW, summary="Slept better.")
    assert drafting(ReviewText()) == DraftKept(0, was_new=False)
    assert drafting(REVIEW) == DraftKept(1, was_new=True)
    assert drafting(REVIEW) == DraftKept(1, was_new=False)
    assert drafting(more, 1) == DraftKept(2, was_new=True)
    draft = review_draft(by.organization_id, episode.id)
    assert (draft.number, draft.content, draft.saved_by_id, draft.read_by_id) == (2, more, by.id, None)
    assert (draft.based_on(1), draft.based_on(0), draft.based_on(9)) == (REVIEW, ReviewText(), ReviewText())


def test_only_the_last_savings_are_kept_beside_a_draft(drafting: Any, episode: Any, by: Any) -> None:
    for number in range(8):
        drafting(replace(REVIEW, summary=f"Line {number}"), number)
    assert [number for number, _ in review_draft(by.organization_id, episode.id).earlier] == [3, 4, 5, 6, 7]


def test_the_second_of_two_who_type_is_told(drafting: Any, signing: Any) -> None:
    drafting(REVIEW)
    with pytest.raises(EditedMeanwhile):
        drafting(replace(REVIEW, summary="Mine"), 0)
    with pytest.raises(EditedMeanwhile):
        signing(content=replace(REVIEW, summary="Mine"))
    assert signing(content=REVIEW).was_new  # what is signed is what the draft says: nothing is lost


def test_a_draft_that_was_signed_meanwhile_is_neither_signed_again_nor_written_on(drafting: Any, signing: Any) -> None:
    drafting(REVIEW)
    signing(based_on=1)
    with pytest.raises(DraftGone):
        signing(based_on=1)
    with pytest.raises(DraftGone):
        drafting(replace(REVIEW, summary="More"), 1)
    assert (CaseReview.objects.count(), ReviewDraft.objects.count()) == (1, 0)


def test_a_draft_that_cannot_be_kept_is_refused(drafting: Any) -> None:
    with pytest.raises(ContentRefused):
        drafting(ReviewText(summary="x" * 5_000))
    assert drafting(ReviewText(recommendations=(Advice(text="Which?"),))).number == 1


def test_signing_ends_the_draft(signing: Any, drafting: Any) -> None:
    drafting(REVIEW)
    signing(based_on=1, content=replace(REVIEW, summary="More"))
    assert not ReviewDraft.objects.exists()


def test_what_the_consultant_saved_or_had_in_view_is_read(
    drafting: Any, consultant: Any, by: Any, episode: Any, now: Any
) -> None:
    seen = {"by": consultant, "at": now, "episode_id": episode.id}
    drafting(REVIEW)
    assert not mark_read(**seen, number=7)
    assert mark_read(**seen, number=1)
    assert not mark_read(**seen, number=1)  # the first time stands
    drafting(replace(REVIEW, summary="More"), 1)
    assert review_draft(by.organization_id, episode.id).read_by_id is None
    drafting(replace(REVIEW, summary="Most"), 2, by=consultant)
    assert review_draft(by.organization_id, episode.id).read_by_id == consultant.id


def test_on_an_agenda_the_patient_is_reviewed_then(signing: Any, episode: Any, organization: Any) -> None:
    session = ReviewSessionFactory(organization=organization, clinic=episode.clinic)
    item = AgendaItemFactory(organization=organization, session=session, episode=episode)
    other = AgendaItemFactory(organization=organization, session=session)
    review = signing(session_id=session.id).review
    assert review.session_id == session.id
    states = dict(AgendaItem.objects.values_list("id", "state"))
    assert states == {item.id: "reviewed", other.id: "waiting"}


def test_all_read_drafts_of_a_session_are_signed_together(
    drafting: Any, consultant: Any, enrolled: Any, organization: Any, episode: Any, now: Any
) -> None:
    session = ReviewSessionFactory(organization=organization, clinic=episode.clinic)
    unread, empty, away = enrolled("Abara"), enrolled("Chen"), enrolled("Diaz")
    for one in (episode, unread, empty):
        AgendaItemFactory(organization=organization, session=session, episode=one)
    drafting(REVIEW, by=consultant)
    drafting(REVIEW, episode_id=unread.id)
    drafting(ReviewText(summary="No advice yet"), episode_id=empty.id, by=consultant)
    drafting(REVIEW, episode_id=away.id, by=consultant)
    signed = sign_read(by=consultant, at=now, session_id=session.id)
    assert [review.episode_id for review in signed.signed] == [episode.id]
    assert [episode_id for episode_id, _ in signed.left] == [empty.id]
    assert set(ReviewDraft.objects.values_list("episode_id", flat=True)) == {unread.id, empty.id, away.id}
    again = sign_read(by=consultant, at=now, session_id=session.id)
    assert (again.signed, CaseReview.objects.count()) == ((), 1)


def test_an_addendum_is_signed_and_kept_once(signing: Any, consultant: Any, by: Any, now: Any) -> None:
    review, token = signing().review, uuid4()
    adding = {"at": now, "review_id": review.id, "text": "TSH normal.", "client_token": token}
    first = add_review_addendum(by=consultant, **adding)
    assert add_review_addendum(by=consultant, **adding).id == first.id
    assert list(ReviewAddendum.objects.values_list("text", "signed_as")) == [("TSH normal.", str(consultant))]
    with pytest.raises(NotTheConsultant):
        add_review_addendum(by=by, **adding)
    with pytest.raises(FormReused):
        add_review_addendum(by=consultant, **{**adding, "review_id": signing().review.id})
    with pytest.raises(NotFound):
        add_review_addendum(by=consultant, **{**adding, "review_id": uuid4()})


def test_a_review_is_taken_back_with_its_advice_and_the_question_is_open_again(
    signing: Any, consultant: Any, episode: Any, organization: Any, now: Any
) -> None:
    question = ReviewQuestionFactory(organization=organization, episode=episode)
    session = ReviewSessionFactory(organization=organization, clinic=episode.clinic)
    AgendaItemFactory(organization=organization, session=session, episode=episode)
    review = signing(session_id=session.id).review
    taking = {"by": consultant, "at": now, "review_id": review.id}
    with pytest.raises(ReasonMissing):
        void_review(**taking, reason=" ")
    void_review(**taking, reason="Wrong patient")
    assert not Recommendation.objects.live().exists()
    assert ReviewQuestion.objects.get(id=question.id).answered_by_id is None
    assert list(AgendaItem.objects.values_list("state", "review_id")) == [("unfinished", None)]
    assert EpisodeStanding.objects.get(episode=episode).last_review_on is None
    with pytest.raises(ReviewTakenBack):
        void_review(**taking, reason="Again")


def test_what_was_acted_on_stays(signing: Any, consultant: Any, organization: Any, now: Any) -> None:
    review = signing().review
    RecommendationStepFactory(organization=organization, recommendation=Recommendation.objects.get(number=1))
    with pytest.raises(ReviewActedOn):
        void_review(by=consultant, at=now, review_id=review.id, reason="Wrong patient")
