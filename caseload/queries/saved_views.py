"""What a caseload page offers to choose from: clinics on their day, payers, the seat's own views; and its banner."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection

from bhi.tenancy.models import Membership
from caseload.queries.caseload_list import ClinicToday
from caseload.rules.clock import local_date

# One statement for all of them: a list page has few to spare. Each part by name.
_CHOICES = """
SELECT * FROM (
  SELECT 'clinic', c.id, c.name, c.time_zone, NULL::json
    FROM tenancy_clinic c WHERE c.organization_id = %(organization)s
   UNION ALL
  SELECT 'payer', p.id, p.name, '', NULL::json
    FROM registry_payer p WHERE p.organization_id = %(organization)s
   UNION ALL
  SELECT 'view', v.id, v.name, '', v.choices::json
    FROM caseload_savedview v WHERE v.organization_id = %(organization)s AND v.membership_id = %(seat)s
   UNION ALL
  SELECT 'notice', n.id, '', '', NULL::json
    FROM registry_safetynotice n WHERE n.organization_id = %(organization)s AND n.closed_at IS NULL
) AS x(kind, id, name, zone, choices)
 ORDER BY x.name, x.id
"""


@dataclass(frozen=True)
class ViewSaved:
    """A seat's filters and order under a name."""

    id: UUID
    name: str
    choices: Mapping[str, str]


@dataclass(frozen=True)
class ListChoices:
    """Each by name; `notices` is how many safety notices nobody has dealt with yet."""

    clinics: Mapping[UUID, ClinicToday]
    payers: tuple[tuple[UUID, str], ...]
    views: tuple[ViewSaved, ...]
    notices: int


def list_choices(seat: Membership, at: datetime) -> ListChoices:
    """What the list of a seat can be narrowed to, and its saved views. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(_CHOICES, {"organization": seat.organization_id, "seat": seat.id})
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return ListChoices(
        clinics={row[1]: _clinic(row[1], row[2], ZoneInfo(row[3]), at) for row in rows if row[0] == "clinic"},
        payers=tuple((row[1], row[2]) for row in rows if row[0] == "payer"),
        views=tuple(ViewSaved(row[1], row[2], row[4]) for row in rows if row[0] == "view"),
        notices=sum(row[0] == "notice" for row in rows),
    )


def _clinic(clinic_id: UUID, name: str, zone: ZoneInfo, at: datetime) -> ClinicToday:
    return ClinicToday(clinic_id, name, zone, local_date(at, zone))
