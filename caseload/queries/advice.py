"""Recommendations and how far they have come: of one patient, of a clinician, and those that wait for somebody."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import F, OuterRef, Q, Subquery

from bhi.accounts.queries import people_of
from bhi.tenancy.models import Membership
from caseload.models import Recommendation, RecommendationStep, ReviewProtocol
from caseload.rules.advice import (
    CARRIED_OUT,
    CLOSED,
    DECISIONS,
    DECLINED,
    MODIFIED,
    OPEN_STATES,
    SENT,
    TOLD,
    UNDECIDED,
    USUAL,
    AdviceLimits,
    goes_ahead,
    needs_decision,
    next_states,
)
from registry.models import ClinicianChannel

CHANNELS = tuple((str(value), str(label)) for value, label in ClinicianChannel.choices)


@dataclass(frozen=True)
class StepShown:
    """A step of a loop: what it became, when, by whom; of an answer, whose it was and how it came."""

    id: UUID
    state: str
    label: str
    at: datetime
    on: date
    by: str
    clinician: str
    channel: str
    channel_key: str
    is_verbal: bool
    text: str


@dataclass(frozen=True)
class AdviceShown:
    """One recommendation with its loop so far, the first step first."""

    id: UUID
    review_id: UUID
    episode_id: UUID
    patient_id: UUID
    number: int
    kind: str
    label: str
    text: str
    dose: str
    if_then: str
    present_again: str
    present_again_on: date | None
    proposed_on: date
    state: str
    state_label: str
    due_on: date | None
    is_overdue: bool
    steps: tuple[StepShown, ...]

    @property
    def is_open(self) -> bool:
        return self.state != CLOSED

    @property
    def needs_decision(self) -> bool:
        return needs_decision(self.kind)

    @property
    def next(self) -> frozenset[str]:
        return next_states(self.state, self.kind)

    @property
    def may_send(self) -> bool:
        return SENT in self.next

    @property
    def may_decide(self) -> bool:
        return bool(DECISIONS & self.next)

    @property
    def may_carry_out(self) -> bool:
        return CARRIED_OUT in self.next

    @property
    def may_tell(self) -> bool:
        return TOLD in self.next

    @property
    def goes_ahead(self) -> bool:
        return goes_ahead(self.kind)

    @property
    def answer(self) -> StepShown | None:
        """What the clinician decided, where that is known."""
        return next((step for step in self.steps if step.state in DECISIONS), None)

    @property
    def ask(self) -> str:
        """What is asked, in one line: its text, else what kind it is."""
        return self.text.strip() or self.label

    @property
    def became(self) -> str:
        """What became of it, in a few words, for the next review."""
        return self.state_label if self.is_open or not self.steps else _ending(self.steps)


@dataclass(frozen=True)
class ReviewAdvice:
    """The recommendations of one review, in order."""

    review_id: UUID
    on: date
    consultant: str
    question: str
    impression: str
    advice: tuple[AdviceShown, ...]

    @property
    def is_open(self) -> bool:
        return any(one.is_open for one in self.advice)


def limits_of(organization_id: UUID, clinic_id: UUID) -> AdviceLimits:
    """A clinic's deadlines of recommendations, the usual ones where it has set none. One statement."""
    found = ReviewProtocol.objects.filter(organization_id=organization_id, clinic_id=clinic_id)
    row = found.values_list(
        "medication_decision_days", "medication_told_days", "other_decision_days", "other_told_days"
    ).first()
    return AdviceLimits(*row) if row else USUAL


def steps_of(row: Recommendation) -> Sequence[RecommendationStep]:
    """The live steps of a recommendation in the order in which they were taken."""
    found = RecommendationStep.objects.live().filter(organization_id=row.organization_id, recommendation=row)
    return sorted(found, key=_in_order)


def advice_of(organization_id: UUID, patient_id: UUID, *, today: date) -> tuple[ReviewAdvice, ...]:
    """Every recommendation of a patient by review, the last review first. Three statements."""
    found = _rows(organization_id, review__patient_id=patient_id)
    shown = _shown(found, organization_id, today=today)
    by_review: dict[UUID, list[AdviceShown]] = defaultdict(list)
    for one in shown:
        by_review[one.review_id].append(one)
    reviews = {row.review_id: row.review for row in found}
    people = people_of(organization_id)
    return tuple(
        ReviewAdvice(
            review_id=review.id,
            on=review.on,
            consultant=str(people[review.consultant_id]) if review.consultant_id in people else "",
            question=review.question,
            impression=review.impression,
            advice=tuple(by_review[review.id]),
        )
        for review in sorted(reviews.values(), key=lambda one: (one.on, one.id), reverse=True)
    )


def one_advice(organization_id: UUID, recommendation_id: UUID, *, today: date) -> AdviceShown | None:
    """One recommendation with its loop; None where there is none. Three statements."""
    found = _rows(organization_id, id=recommendation_id)
    return next(iter(_shown(found, organization_id, today=today)), None)


def open_advice(organization_id: UUID, episode_id: UUID, *, today: date) -> tuple[AdviceShown, ...]:
    """The open recommendations of an episode, what is due first on top. Three statements."""
    found = _rows(organization_id, review__episode_id=episode_id, state__in=OPEN_STATES)
    shown = _shown(found, organization_id, today=today)
    return tuple(sorted(shown, key=lambda one: (one.due_on or date.max, one.proposed_on, one.number)))


def advice_to_tell(organization_id: UUID, episode_id: UUID) -> list[tuple[UUID, str]]:
    """What was carried out and the patient was not told of yet: id and words, for the contact note. One statement.

    What the clinician changed is said with it: that is what the patient gets.
    """
    changes = RecommendationStep.objects.live().filter(
        organization_id=organization_id, recommendation_id=OuterRef("id"), state=MODIFIED
    )
    found = _rows(organization_id, review__episode_id=episode_id, state=CARRIED_OUT)
    return [(row.id, _one_line(row)) for row in found.annotate(change=Subquery(changes.values("text")[:1]))]


def advice_waiting(
    organization_id: UUID, *, today: date, episode_ids: Iterable[UUID] | None = None
) -> Mapping[UUID, tuple[AdviceShown, ...]]:
    """By episode, the recommendations that the next review has to look at: declined, or not answered in time.

    Three statements for any number.
    """
    late = Q(state__in=UNDECIDED, due_on__lt=today)
    found = _rows(organization_id, Q(state=DECLINED) | late)
    if episode_ids is not None:
        found = found.filter(review__episode_id__in=list(episode_ids))
    waiting: dict[UUID, list[AdviceShown]] = defaultdict(list)
    for one in _shown(found, organization_id, today=today):
        waiting[one.episode_id].append(one)
    return {episode_id: tuple(some) for episode_id, some in waiting.items()}


def _rows(organization_id: UUID, *of: Q, **by: Any) -> Any:
    """Live recommendations of live reviews, in the order of the reviews and of their numbers."""
    rows = Recommendation.objects.live().filter(*of, organization_id=organization_id, review__voided_at=None, **by)
    return rows.select_related("review").order_by(F("review__on").desc(), "review_id", "number", "id")


def _shown(rows: Any, organization_id: UUID, *, today: date) -> list[AdviceShown]:
    found: list[Recommendation] = list(rows)
    if not found:
        return []
    people = people_of(organization_id)
    steps: dict[UUID, list[RecommendationStep]] = defaultdict(list)
    taken = RecommendationStep.objects.live().filter(
        organization_id=organization_id, recommendation_id__in=[row.id for row in found]
    )
    for step in sorted(taken.select_related("clinician"), key=_in_order):
        steps[step.recommendation_id].append(step)
    return [advice_shown(row, steps[row.id], people, today=today) for row in found]


def advice_shown(
    row: Recommendation, steps: Iterable[RecommendationStep], people: Mapping[UUID, Membership], *, today: date
) -> AdviceShown:
    """A recommendation with its steps, as pages show it."""
    return AdviceShown(
        id=row.id,
        review_id=row.review_id,
        episode_id=row.review.episode_id,
        patient_id=row.review.patient_id,
        number=row.number,
        kind=row.kind,
        label=advice_label(row),
        text=row.text,
        dose=row.dose,
        if_then=row.if_then,
        present_again=row.present_again,
        present_again_on=row.present_again_on,
        proposed_on=row.review.on,
        state=row.state,
        state_label="To carry out" if _is_ours(row) else row.get_state_display(),
        due_on=row.due_on,
        is_overdue=row.due_on is not None and row.due_on < today,
        steps=tuple(_step(step, people) for step in steps),
    )


def _is_ours(row: Recommendation) -> bool:
    """Whether the care manager does it now, whatever the clinician says."""
    return row.state in UNDECIDED and goes_ahead(row.kind)


def advice_label(row: Recommendation) -> str:
    """What kind it is, and of a medication what is asked: `Medication: start`."""
    kind = str(row.get_kind_display())
    return f"{kind}: {row.get_act_display().lower()}" if row.act else kind


def _one_line(row: Recommendation) -> str:
    """Of a row with its `change`, None where the clinician made none."""
    asked = ", ".join(filter(None, (row.text.strip() or advice_label(row), row.dose.strip())))
    change = row.change  # type: ignore[attr-defined]
    return f"{asked} (changed by the clinician: {change})" if change else asked


def _step(step: RecommendationStep, people: Mapping[UUID, Membership]) -> StepShown:
    return StepShown(
        id=step.id,
        state=step.state,
        label=_STEP_WORDS[step.state],
        at=step.at,
        on=step.on,
        by=str(people[step.by_id]),
        clinician=str(step.clinician) if step.clinician is not None else "",
        channel=step.get_channel_display() if step.channel else "",
        channel_key=step.channel,
        is_verbal=step.is_verbal,
        text=step.text,
    )


def _in_order(step: RecommendationStep) -> tuple[date, datetime, int]:
    """Of two steps of one instant the earlier in the loop comes first."""
    return step.on, step.recorded_at, _ORDER.index(step.state)


def _ending(steps: Sequence[StepShown]) -> str:
    """Of a closed one: told, declined, or closed for a reason."""
    answer = next((step for step in steps if step.state == DECLINED), None)
    if any(step.state == TOLD for step in steps):
        return "Patient told"
    return "Declined" if answer is not None else "Closed"


_STEP_WORDS = {
    "proposed": "Proposed",
    SENT: "Sent",
    "accepted": "Accepted",
    "modified": "Accepted with changes",
    DECLINED: "Declined",
    CARRIED_OUT: "Carried out",
    TOLD: "Patient told",
    CLOSED: "Closed",
}
_ORDER = tuple(_STEP_WORDS)
