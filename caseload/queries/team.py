"""How much each care manager carries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from bhi.accounts.queries import people_of
from bhi.tenancy.models import Role
from caseload.queries.caseload_list import clinics_today
from registry.queries.panels import Panel
from registry.queries.protocols import protocols_of

_CARRIED = """
SELECT s.care_manager_id, count(*), array_agg(DISTINCT s.clinic_id),
       count(*) FILTER (WHERE s.safety_from <= d.today), count(*) FILTER (WHERE s.next_due_on < d.today),
       count(*) FILTER (WHERE s.overdue_from <= d.today), count(*) FILTER (WHERE s.next_due_on IS NULL),
       count(*) FILTER (WHERE s.status = 'on_hold')
  FROM caseload_episodestanding s
  JOIN unnest(%(clinics)s::uuid[], %(days)s::date[]) AS d(clinic_id, today) ON d.clinic_id = s.clinic_id
 WHERE s.organization_id = %(organization)s AND s.status <> 'discharged'
 GROUP BY s.care_manager_id
"""


@dataclass(frozen=True)
class Carried:
    """What one care manager carries; `seat_id` None is what nobody carries. Follow-ups and signals overdue are counts
    of patients, and one patient may be in several.
    """

    seat_id: UUID | None
    name: str
    panel: Panel
    safety: int
    follow_ups_overdue: int
    signals_overdue: int
    not_planned: int
    on_hold: int


def team_rows(organization_id: UUID, at: datetime) -> tuple[Carried, ...]:
    """Every care manager at work and whoever else has open episodes, by name; what is nobody's first.

    The limit is the lowest that any of their patients' clinics sets. Five statements.
    """
    clinics = clinics_today(organization_id, at)
    limits = {one.clinic_id: one.panel_limit for one in protocols_of(organization_id).values()}
    values: dict[str, Any] = {
        "organization": organization_id,
        "clinics": list(clinics),
        "days": [clinic.today for clinic in clinics.values()],
    }
    with connection.cursor() as cursor:
        cursor.execute(_CARRIED, values)
        found = {row[0]: row[1:] for row in cursor.fetchall()}
    people = people_of(organization_id)
    at_work = {seat.id for seat in people.values() if seat.is_active and Role.CARE_MANAGER in seat.roles}
    names = {seat_id: people[seat_id].name for seat_id in at_work | {one for one in found if one is not None}}
    rows = [_carried(seat_id, names[seat_id], found.get(seat_id), limits) for seat_id in names]
    nobodys = [_carried(None, "Nobody yet", found[None], {})] if None in found else []
    return tuple(nobodys + sorted(rows, key=lambda row: (row.name, str(row.seat_id))))


def _carried(
    seat_id: UUID | None, name: str, row: tuple[int, list[UUID], int, int, int, int, int] | None,
    limits: Mapping[UUID, int | None],
) -> Carried:  # fmt: skip
    count, clinic_ids, safety, follow_ups, signals, not_planned, on_hold = row or (0, list(limits), 0, 0, 0, 0, 0)
    set_ones = [limit for one in clinic_ids if (limit := limits.get(one)) is not None]
    panel = Panel(count, min(set_ones, default=None))
    return Carried(seat_id, name, panel, safety, follow_ups, signals, not_planned, on_hold)
