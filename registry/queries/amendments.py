"""Requests to amend: of one patient, and all that wait for an answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from bhi.errors import NotFound
from registry.models import AmendmentRequest

PAGE_ROWS: Final = 50


@dataclass(frozen=True)
class AmendmentsDue:
    """A page of requests that wait for an answer, the first due first; `total` of them all."""

    rows: tuple[AmendmentRequest, ...]
    total: int
    first_row: int

    @property
    def has_more(self) -> bool:
        return self.first_row + len(self.rows) - 1 < self.total


def amendments_of(organization_id: UUID, patient_id: UUID) -> tuple[AmendmentRequest, ...]:
    """Live requests of a patient, the newest first. One statement."""
    rows = AmendmentRequest.objects.live().filter(organization_id=organization_id, patient_id=patient_id)
    return tuple(rows.select_related("answered_by").order_by("-asked_on", "-id"))


def amendment_of(organization_id: UUID, patient_id: UUID, request_id: UUID) -> AmendmentRequest:
    """One live request. Raises NotFound."""
    rows = AmendmentRequest.objects.live().filter(organization_id=organization_id, patient_id=patient_id, id=request_id)
    found: AmendmentRequest | None = rows.first()
    if found is None:
        raise NotFound
    return found


def amendments_due(organization_id: UUID, *, page: int = 1) -> AmendmentsDue:
    """What waits for an answer. Two statements."""
    rows = AmendmentRequest.objects.live().filter(organization_id=organization_id, is_accepted__isnull=True)
    start = (page - 1) * PAGE_ROWS
    ordered = rows.select_related("patient").order_by("due_on", "id")
    return AmendmentsDue(tuple(ordered[start : start + PAGE_ROWS]), rows.count(), start + 1)


def is_late(row: AmendmentRequest, today: date) -> bool:
    """Whether the answer is overdue."""
    return row.is_accepted is None and row.due_on < today
