"""Who is in the clinic in the days ahead, as the practice's own system says."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, time
from typing import Final

from registry.rules.appointments import DAYS_AHEAD, InClinic

# The next visit of one patient `p` of a clinic `c`, as registry.rules.appointments.next_visit chooses it: what lies
# before this hour is over.
NEXT_VISIT: Final = """
SELECT json_build_array(a."on", a.at, a.with_whom)
  FROM registry_appointment a
 WHERE a.organization_id = %(organization)s AND a.patient_id = p.id AND a.voided_at IS NULL
   AND a."on" BETWEEN (%(at)s::timestamptz AT TIME ZONE c.time_zone)::date
                  AND (%(at)s::timestamptz AT TIME ZONE c.time_zone)::date + $days
   AND a."on" + coalesce(a.at, time '23:59:59') >= %(at)s::timestamptz AT TIME ZONE c.time_zone
 ORDER BY a."on", a.at NULLS LAST, a.id LIMIT 1
""".replace("$days", str(DAYS_AHEAD))


def visit_from(stored: Sequence[str | None]) -> InClinic:
    """A visit as NEXT_VISIT gives it."""
    on, at, with_whom = stored
    return InClinic(date.fromisoformat(on or ""), time.fromisoformat(at) if at else None, with_whom or "")
