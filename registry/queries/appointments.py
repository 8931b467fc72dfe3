"""Who is in the clinic in the days ahead, as the practice's own system says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time
from typing import Any, Final
from uuid import UUID

from django.db import connection

from registry.rules.appointments import DAYS_AHEAD, InClinic

# The next visit of one patient `p` of a clinic `c`; what lies before this hour is over.
NEXT_VISIT: Final = """
SELECT json_build_array(a."on", a.at, a.with_whom)
  FROM registry_appointment a
 WHERE a.organization_id = %(organization)s AND a.patient_id = p.id AND a.voided_at IS NULL
   AND a."on" BETWEEN (%(at)s::timestamptz AT TIME ZONE c.time_zone)::date
                  AND (%(at)s::timestamptz AT TIME ZONE c.time_zone)::date + $days
   AND a."on" + coalesce(a.at, time '23:59:59') >= %(at)s::timestamptz AT TIME ZONE c.time_zone
 ORDER BY a."on", a.at NULLS LAST, a.id LIMIT 1
""".replace("$days", str(DAYS_AHEAD))

_OF_PATIENTS: Final = """
SELECT p.id, ahead.visit
  FROM unnest(%(patients)s::uuid[]) AS wanted(id)
  JOIN registry_patient p ON p.organization_id = %(organization)s AND p.id = wanted.id
  JOIN tenancy_clinic c ON c.organization_id = p.organization_id AND c.id = p.clinic_id
 CROSS JOIN LATERAL ($next) AS ahead(visit)
""".replace("$next", NEXT_VISIT)


def in_clinic_this_week(organization_id: UUID, patient_ids: Iterable[UUID], *, at: datetime) -> dict[UUID, InClinic]:
    """By patient, the next planned visit of today and the six days after it. One statement for any number."""
    given: dict[str, Any] = {"organization": organization_id, "patients": list(patient_ids), "at": at}
    with connection.cursor() as cursor:
        cursor.execute(_OF_PATIENTS, given)
        return {patient_id: visit_from(visit) for patient_id, visit in cursor.fetchall()}


def visit_from(stored: Sequence[str | None]) -> InClinic:
    """A visit as NEXT_VISIT gives it."""
    on, at, with_whom = stored
    return InClinic(date.fromisoformat(on or ""), time.fromisoformat(at) if at else None, with_whom or "")
