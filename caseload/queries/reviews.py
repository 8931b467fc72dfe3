"""A review as it is read: what was asked, what was advised, what became of it, what was added."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

from bhi.accounts.queries import people_of
from bhi.errors import NotFound
from bhi.tenancy.models import Membership
from caseload.models import CaseReview, LoopState, Recommendation, RecommendationStep, ReviewAddendum
from caseload.queries.notes import Signed, moment_words
from caseload.rules.reviews import STATEMENT, AdviceLine, ReviewWords, advice_line, review_text


@dataclass(frozen=True)
class AdviceInReview:
    """A recommendation and where it stands now; `state` is empty for one that an import brought."""

    line: AdviceLine
    state: str
    due_on: date | None


@dataclass(frozen=True)
class ReviewShown:
    """A review. Of one that was recorded from elsewhere there is no signature, and it says so."""

    id: UUID
    patient: str
    on: date
    question: str
    summary: str
    impression: str
    advice: tuple[AdviceInReview, ...]
    signature: str
    is_signed: bool
    addenda: tuple[Signed, ...]
    taken_back: Signed | None
    is_acted_on: bool
    statement: str = STATEMENT

    @property
    def may_take_back(self) -> bool:
        """Whether it can still be taken back: nobody acted on it."""
        return self.taken_back is None and not self.is_acted_on

    @property
    def ehr(self) -> str:
        """The review as plain text for another record."""
        return review_text(
            ReviewWords(
                patient=self.patient,
                on=f"{self.on:%b} {self.on.day}, {self.on.year}",
                question=self.question,
                summary=self.summary,
                impression=self.impression,
                advice=[one.line for one in self.advice],
                signature=self.signature,
                addenda=[(one.signature, one.text) for one in self.addenda],
            )
        )


def review_shown(review_id: UUID, *, patient_id: UUID, for_: Membership, zone: ZoneInfo) -> ReviewShown:
    """A review of a patient of the seat's organization, one taken back included. Five statements. Raises NotFound."""
    of = {"organization_id": for_.organization_id}
    found = CaseReview.objects.filter(**of, id=review_id, patient_id=patient_id).select_related("patient")
    review: CaseReview | None = found.first()
    if review is None:
        raise NotFound
    people = people_of(for_.organization_id)
    rows = Recommendation.objects.filter(**of, review=review).order_by("number")
    steps = RecommendationStep.objects.live().filter(**of, recommendation__review=review)
    patient = review.patient
    return ReviewShown(
        id=review.id,
        patient=f"{patient.name}, record number {patient.mrn}" if patient.mrn else patient.name,
        on=review.on,
        question=review.question,
        summary=review.summary,
        impression=review.impression,
        advice=tuple(_advice(row, is_signed=bool(review.signed_as)) for row in rows),
        signature=_signature(review, _person(review.consultant_id, people), zone),
        is_signed=bool(review.signed_as),
        addenda=tuple(_addenda(review, zone)),
        taken_back=_taken_back(review, _person(review.voided_by_id, people), zone),
        is_acted_on=steps.exists(),
    )


def _person(seat_id: UUID | None, people: Mapping[UUID, Membership]) -> str:
    return str(people[seat_id]) if seat_id is not None else ""


def _advice(row: Recommendation, *, is_signed: bool) -> AdviceInReview:
    line = advice_line(
        number=row.number,
        kind=row.kind,
        act=row.act,
        text=row.text,
        dose=row.dose,
        if_then=row.if_then,
        present_again=row.present_again,
        present_again_on=row.present_again_on,
    )
    return AdviceInReview(line, str(LoopState(row.state).label) if is_signed else "", row.due_on)


def _signature(review: CaseReview, consultant: str, zone: ZoneInfo) -> str:
    """Who signed and when; of a recorded one who reviewed, where that is known."""
    if review.signed_as and review.signed_at is not None:
        return f"Signed by {review.signed_as}, {moment_words(review.signed_at, zone)}"
    return f"Recorded from elsewhere; reviewed by {consultant}" if consultant else "Recorded from elsewhere"


def _addenda(review: CaseReview, zone: ZoneInfo) -> Iterable[Signed]:
    rows = ReviewAddendum.objects.live().filter(organization_id=review.organization_id, review=review)
    for row in rows.order_by("recorded_at", "id"):
        yield Signed(row.text, f"Addendum signed by {row.signed_as}, {moment_words(row.recorded_at, zone)}")


def _taken_back(review: CaseReview, who: str, zone: ZoneInfo) -> Signed | None:
    if review.voided_at is None:
        return None
    return Signed(review.void_reason, f"Taken back by {who}, {moment_words(review.voided_at, zone)}")
