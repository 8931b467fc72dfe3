"""What the consultant is asked, and which changes of treatment are on record."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from bhi.errors import NotFound
from caseload.models import ChangeOf, QuestionKind, ReviewQuestion, TreatmentChange
from registry.models import FactQuerySet

QUESTION_KINDS = tuple((kind.value, str(kind.label)) for kind in QuestionKind)
MEDICATION = ChangeOf.MEDICATION.value
CHANGES_OF = tuple((of.value, str(of.label)) for of in ChangeOf)


@dataclass(frozen=True)
class QuestionShown:
    """An open question for the consultant: who asked what, when."""

    id: UUID
    kind: str
    label: str
    text: str
    asked_on: date
    asked_by_id: UUID


@dataclass(frozen=True)
class ChangeShown:
    """A recorded change of treatment."""

    id: UUID
    patient_id: UUID
    on: date
    of: str
    text: str
    is_live: bool


def open_questions(organization_id: UUID, episode_ids: Sequence[UUID]) -> dict[UUID, tuple[QuestionShown, ...]]:
    """By episode, what the consultant was asked and no review answered yet, the first asked first. One statement.

    Nothing hides a question: neither a computed signal nor one that was put off.
    """
    rows = _open(organization_id).filter(episode_id__in=list(episode_ids)).order_by("asked_on", "recorded_at", "id")
    found: dict[UUID, list[QuestionShown]] = defaultdict(list)
    for row in rows:
        found[row.episode_id].append(_question(row))
    return {episode_id: tuple(questions) for episode_id, questions in found.items()}


def open_question(organization_id: UUID, patient_id: UUID, question_id: UUID) -> QuestionShown:
    """One of a patient's that is still open. Raises NotFound."""
    row = _open(organization_id).filter(episode__patient_id=patient_id, id=question_id).first()
    if row is None:
        raise NotFound
    return _question(row)


def treatment_change(organization_id: UUID, patient_id: UUID, change_id: UUID) -> ChangeShown:
    """One of a patient's, voided or not. Raises NotFound."""
    found = TreatmentChange.objects.filter(organization_id=organization_id, episode__patient_id=patient_id)
    row: TreatmentChange | None = found.filter(id=change_id).first()
    if row is None:
        raise NotFound
    return ChangeShown(row.id, patient_id, row.on, str(ChangeOf(row.of).label), row.text, row.voided_at is None)


def _open(organization_id: UUID) -> FactQuerySet:
    return ReviewQuestion.objects.live().filter(
        organization_id=organization_id, answered_by__isnull=True, taken_back_because=""
    )


def _question(row: ReviewQuestion) -> QuestionShown:
    label = str(QuestionKind(row.kind).label)
    return QuestionShown(row.id, row.kind, label, row.text, row.asked_on, row.asked_by_id)
