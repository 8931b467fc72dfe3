"""Psychiatric case reviews: recorded from elsewhere, or signed here by the consultant; added to; taken back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from django.db import transaction

from bhi.audit.operations import record
from bhi.errors import DomainError, NotFound
from bhi.tenancy.models import Membership, Role
from caseload.models import (
    AgendaItem,
    AgendaState,
    CaseReview,
    Recommendation,
    RecommendationStep,
    ReviewAddendum,
    ReviewDraft,
    ReviewQuestion,
    ReviewSession,
)
from caseload.operations.errors import RecommendationMissing
from caseload.operations.review_drafts import refuse_outdated
from caseload.operations.review_errors import NotTheConsultant, ReviewActedOn, ReviewDayImpossible, ReviewTakenBack
from caseload.operations.standing import rebuild_standing
from caseload.operations.timekeeping import announce_months
from caseload.queries.advice import limits_of
from caseload.queries.review_drafts import content_of
from caseload.queries.work import EpisodeAtWork, episode_at_work
from caseload.rules.advice import AdviceLimits, due_on, first_state
from caseload.rules.clock import local_date, month_of
from caseload.rules.reviews import Advice, ReviewText, faults_of_review
from caseload.rules.worktime import WorkTime
from registry.operations.errors import FormReused
from registry.operations.plan_errors import ContentRefused
from registry.operations.recording import Stamp, record_facts, stamped, void_facts

Proposal = tuple[str, str]
"""A recommendation's kind and its text."""


@transaction.atomic
def record_review(
    *,
    by: Membership,
    at: datetime,
    episode_id: UUID,
    on: date,
    recommendations: Sequence[Proposal],
    consultant: Membership | None = None,
    import_id: UUID | None = None,
) -> CaseReview:
    """A review that happened elsewhere, with its numbered recommendations. Raises RecommendationMissing, NotFound."""
    stamp = Stamp(by, at, import_id)
    episode = episode_at_work(by.organization_id, episode_id, time=WorkTime(on=on), token=episode_id)
    review, *numbered = draft_review(
        stamp,
        patient_id=episode.patient_id,
        episode_id=episode.id,
        on=on,
        recommendations=recommendations,
        consultant=consultant,
    )
    record_facts([review, *numbered])
    record("review.recorded", by=by, at=at, patient_id=episode.patient_id, object_id=review.id, fields=["on"])
    _tell(episode, review, at=at)
    return review


def draft_review(
    stamp: Stamp,
    *,
    patient_id: UUID,
    episode_id: UUID,
    on: date,
    recommendations: Sequence[Proposal],
    consultant: Membership | None = None,
) -> tuple[CaseReview, *tuple[Recommendation, ...]]:
    """A review followed by its recommendations, as they will be stored. Raises RecommendationMissing."""
    if not recommendations:
        raise RecommendationMissing
    review = stamped(CaseReview, stamp, patient_id=patient_id, episode_id=episode_id, on=on, consultant=consultant)
    numbered = (
        stamped(Recommendation, stamp, review=review, number=number, kind=kind, text=text)
        for number, (kind, text) in enumerate(recommendations, start=1)
    )
    return (review, *numbered)


@dataclass(frozen=True)
class ReviewSigned:
    """A signed review; `was_new` is false when the same form had been sent before."""

    review: CaseReview
    was_new: bool


@transaction.atomic
def sign_review(
    *,
    by: Membership,
    at: datetime,
    episode_id: UUID,
    based_on: int,
    content: ReviewText,
    on: date,
    client_token: UUID,
    session_id: UUID | None = None,
) -> ReviewSigned:
    """The consultant's review of one patient: its recommendations begin their loops, its questions are answered.

    `based_on` is the number of the draft that was in view (0: none); the draft goes. With `session_id` the patient is
    reviewed on its agenda. A second submit returns the first. Raises NotTheConsultant, EditedMeanwhile when somebody
    saved another draft, DraftGone when somebody signed it, ContentRefused, ReviewDayImpossible, FormReused, NotFound.
    """
    if Role.PSYCHIATRIC_CONSULTANT not in by.roles:
        raise NotTheConsultant
    episode = episode_at_work(by.organization_id, episode_id, time=WorkTime(on=on), token=client_token)
    of = {"organization_id": by.organization_id}
    earlier: CaseReview | None = CaseReview.objects.filter(**of, client_token=client_token).first()
    if earlier is not None:
        return _same_review(earlier, episode)
    _refuse(episode, content, on=on, today=local_date(at, episode.zone))
    refuse_outdated(by.organization_id, episode.id, based_on=based_on, content=content)
    questions = ReviewQuestion.objects.live().filter(
        **of, episode_id=episode.id, answered_by__isnull=True, taken_back_because=""
    )
    review = stamped(
        CaseReview,
        Stamp(by, at),
        patient_id=episode.patient_id,
        episode_id=episode.id,
        on=on,
        consultant=by,
        session=_session(by, session_id),
        question="\n".join(questions.order_by("asked_on", "id").values_list("text", flat=True)),
        summary=content.summary,
        impression=content.impression,
        signed_as=str(by),
        signed_at=at,
        client_token=client_token,
    )
    limits = limits_of(episode.organization_id, episode.clinic_id)
    record_facts([review, *_numbered(Stamp(by, at), review, content.recommendations, limits)])
    questions.update(answered_by=review)
    ReviewDraft.objects.filter(**of, episode_id=episode.id).delete()
    _mark_reviewed(review)
    _audit("review.signed", review, by=by, at=at, fields=["on", "recommendations", "summary", "impression"])
    _tell(episode, review, at=at)
    return ReviewSigned(review, was_new=True)


@dataclass(frozen=True)
class SignedTogether:
    """What signing all read drafts of a session made; `left` are episodes whose draft could not be signed, and why."""

    signed: tuple[CaseReview, ...]
    left: tuple[tuple[UUID, str], ...]


@transaction.atomic
def sign_read(*, by: Membership, at: datetime, session_id: UUID) -> SignedTogether:
    """Sign every draft of a session's waiting patients that the consultant had in view as it is now.

    One that cannot be signed stays a draft. A second call finds nothing left. Raises NotTheConsultant, NotFound.
    """
    if Role.PSYCHIATRIC_CONSULTANT not in by.roles:
        raise NotTheConsultant
    _session(by, session_id)
    of = {"organization_id": by.organization_id}
    waiting = AgendaItem.objects.filter(**of, session_id=session_id, state=AgendaState.WAITING).values("episode_id")
    read = ReviewDraft.objects.filter(**of, episode_id__in=waiting, read_by=by, read_at__isnull=False)
    signed: list[CaseReview] = []
    left: list[tuple[UUID, str]] = []
    # In the order in which episodes are locked everywhere.
    for draft in read.select_related("episode__clinic").order_by("episode_id"):
        try:
            with transaction.atomic():
                signed.append(_sign_draft(draft, by=by, at=at, session_id=session_id))
        except DomainError as fault:
            left.append((draft.episode_id, str(fault)))
    return SignedTogether(tuple(signed), tuple(left))


def _sign_draft(draft: ReviewDraft, *, by: Membership, at: datetime, session_id: UUID) -> CaseReview:
    return sign_review(
        by=by,
        at=at,
        episode_id=draft.episode_id,
        based_on=draft.number,
        content=content_of(draft),
        on=local_date(at, ZoneInfo(draft.episode.clinic.time_zone)),
        client_token=uuid5(session_id, f"{draft.id} {draft.number}"),
        session_id=session_id,
    ).review


@transaction.atomic
def add_review_addendum(
    *, by: Membership, at: datetime, review_id: UUID, text: str, client_token: UUID
) -> ReviewAddendum:
    """Add to a signed review, signed by the consultant who adds. A second submit returns the first.

    Raises NotTheConsultant, ReviewTakenBack, FormReused, NotFound.
    """
    review = _live(by, review_id)
    added = ReviewAddendum.objects.filter(organization_id=by.organization_id, client_token=client_token)
    earlier: ReviewAddendum | None = added.first()
    if earlier is not None:
        if earlier.review_id != review.id:
            raise FormReused
        return earlier
    said = {"review": review, "text": text, "signed_as": str(by), "client_token": client_token}
    addendum = stamped(ReviewAddendum, Stamp(by, at), **said)
    record_facts([addendum])
    _audit("review.added_to", review, by=by, at=at, fields=["text"])
    return addendum


@transaction.atomic
def void_review(*, by: Membership, at: datetime, review_id: UUID, reason: str) -> CaseReview:
    """Take a review back with its recommendations, as long as nobody acted on any; its questions are open again.

    Raises NotTheConsultant, ReviewActedOn, ReviewTakenBack, ReasonMissing, NotFound.
    """
    review = _live(by, review_id)
    episode = episode_at_work(by.organization_id, review.episode_id, time=WorkTime(on=review.on), token=review.id)
    of = {"organization_id": by.organization_id}
    if RecommendationStep.objects.live().filter(**of, recommendation__review=review).exists():
        raise ReviewActedOn
    numbered = list(Recommendation.objects.live().filter(**of, review=review))
    void_facts([review, *numbered], stamp=Stamp(by, at), reason=reason)
    ReviewQuestion.objects.filter(**of, answered_by=review).update(answered_by=None)
    AgendaItem.objects.filter(**of, review=review).update(state=AgendaState.UNFINISHED, review=None)
    _audit("review.voided", review, by=by, at=at, fields=["void_reason"])
    _tell(episode, review, at=at)
    return review


def _live(by: Membership, review_id: UUID) -> CaseReview:
    """A review that stands, for the consultant who adds to it or takes it back."""
    if Role.PSYCHIATRIC_CONSULTANT not in by.roles:
        raise NotTheConsultant
    review: CaseReview | None = CaseReview.objects.filter(organization_id=by.organization_id, id=review_id).first()
    if review is None:
        raise NotFound
    if review.voided_at is not None:
        raise ReviewTakenBack
    return review


def _same_review(earlier: CaseReview, episode: EpisodeAtWork) -> ReviewSigned:
    if earlier.episode_id != episode.id:
        raise FormReused
    return ReviewSigned(earlier, was_new=False)


def _refuse(episode: EpisodeAtWork, content: ReviewText, *, on: date, today: date) -> None:
    if faults := faults_of_review(content, today=today, born_on=episode.birth_date):
        raise ContentRefused(faults)
    if on > today:
        raise ReviewDayImpossible("The day of the review is in the future. Correct it.")
    if on < episode.enrolled_on:
        raise ReviewDayImpossible("The day of the review is before enrolment. Correct it.")
    if episode.ended_on is not None and on > episode.ended_on:
        raise ReviewDayImpossible("The patient was discharged before this day. Correct the day.")


def _session(by: Membership, session_id: UUID | None) -> ReviewSession | None:
    if session_id is None:
        return None
    found = ReviewSession.objects.live().filter(organization_id=by.organization_id, id=session_id)
    session: ReviewSession | None = found.first()
    if session is None:
        raise NotFound
    return session


def _numbered(stamp: Stamp, review: CaseReview, advice: Sequence[Advice], limits: AdviceLimits) -> list[Recommendation]:
    return [
        stamped(
            Recommendation,
            stamp,
            review=review,
            number=number,
            kind=one.kind,
            act=one.act,
            text=one.text,
            dose=one.dose,
            if_then=one.if_then,
            present_again=one.present_again,
            present_again_on=one.present_again_on,
            state=first_state(one.kind),
            state_on=review.on,
            due_on=due_on(one.kind, first_state(one.kind), review.on, limits),
        )
        for number, one in enumerate(advice, start=1)
    ]


def _mark_reviewed(review: CaseReview) -> None:
    if review.session_id is not None:
        item = AgendaItem.objects.filter(
            organization_id=review.organization_id, session_id=review.session_id, episode_id=review.episode_id
        )
        item.update(state=AgendaState.REVIEWED, review=review, deferred_because="", deferred_until=None)


def _audit(action: str, review: CaseReview, *, by: Membership, at: datetime, fields: Sequence[str]) -> None:
    record(action, by=by, at=at, patient_id=review.patient_id, object_id=review.id, fields=fields)


def _tell(episode: EpisodeAtWork, review: CaseReview, *, at: datetime) -> None:
    rebuild_standing(organization_id=episode.organization_id, episode_ids=[episode.id], at=at)
    announce_months(episode, [month_of(review.on)], at=at)
