"""What the consultant is asked, and which changes of treatment are on record."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

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
    on: date
    of: str
    text: str


def open_questions(organization_id: UUID, episode_ids: Sequence[UUID]) -> dict[UUID, tuple[QuestionShown, ...]]:
    """By episode, what the consultant was asked and no review answered yet, the first asked first. One statement.

    Nothing hides a question: neither a computed signal nor one that was put off.
    """
    rows = _open(organization_id).filter(episode_id__in=list(episode_ids)).order_by("asked_on", "recorded_at", "id")
    found: dict[UUID, list[QuestionShown]] = defaultdict(list)
    for row in rows:
        found[row.episode_id].append(_question(row))
    return {episode_id: tuple(questions) for episode_id, questions in found.items()}


def treatment_changes(organization_id: UUID, episode_id: UUID) -> list[ChangeShown]:
    """The changes of treatment on record, the latest first. One statement."""
    found = TreatmentChange.objects.live().filter(organization_id=organization_id, episode_id=episode_id)
    rows = found.order_by("-on", "-recorded_at", "-id")
    return [ChangeShown(row.id, row.on, str(ChangeOf(row.of).label), row.text) for row in rows]


def _open(organization_id: UUID) -> FactQuerySet:
    return ReviewQuestion.objects.live().filter(
        organization_id=organization_id, answered_by__isnull=True, taken_back_because=""
    )


def _question(row: ReviewQuestion) -> QuestionShown:
    label = str(QuestionKind(row.kind).label)
    return QuestionShown(row.id, row.kind, label, row.text, row.asked_on, row.asked_by_id)
