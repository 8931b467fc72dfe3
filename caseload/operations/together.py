"""Time of two records that become one patient's, or two again: what overlapped between them no longer does."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from django.db import connection

from caseload.models import TimeEntry

# Only those held because of the other record's time, and which overlap nobody else's now.
_RELEASE = """
UPDATE caseload_timeentry t SET held = false, held_with_id = NULL
  FROM caseload_timeentry w
 WHERE t.patient_id = %(patient)s AND t.held AND t.voided_at IS NULL
   AND w.organization_id = t.organization_id AND w.id = t.held_with_id AND w.patient_id = t.patient_id
   AND NOT EXISTS (SELECT FROM caseload_timeentry o
                    WHERE o.organization_id = t.organization_id AND o.by_id = t.by_id AND o.patient_id <> t.patient_id
                      AND o.span && t.span AND o.voided_at IS NULL AND NOT o.held)
RETURNING t.id, w.id
"""


def move_time(entry_ids: Collection[Any], patient_id: UUID) -> int:
    """Let entries be another patient's. Returns how many changed. IntegrityError where they overlap now.

    One after the other they would be two patients' for a moment, and those that overlap would be refused: they are
    held while they go over.
    """
    moving = TimeEntry.objects.filter(id__in=list(entry_ids), voided_at__isnull=True)
    counting = list(moving.filter(held=False).values_list("id", flat=True))
    _say_moving("on")
    moved = moving.update(patient_id=patient_id, held=True)
    TimeEntry.objects.filter(id__in=counting).update(held=False)
    _say_moving("")
    return moved


def _say_moving(value: str) -> None:
    """Closed months let it pass, since the same minutes count afterwards (billing/0007); on an error it ends with the
    transaction's part.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('app.moving_time', %s, true)", [value])


def release_held(patient_id: UUID) -> list[list[UUID]]:
    """Entries that were held because the patient was two records count now. Returns each with what held it."""
    with connection.cursor() as cursor:
        cursor.execute(_RELEASE, {"patient": patient_id})
        return [list(row) for row in cursor.fetchall()]


def hold_again(released: Sequence[Sequence[Any]]) -> None:
    """Hold entries once more by what held them before; those that were taken back meanwhile stay so."""
    for entry_id, other_id in released:
        TimeEntry.objects.filter(id=entry_id, voided_at__isnull=True).update(held=True, held_with_id=other_id)
