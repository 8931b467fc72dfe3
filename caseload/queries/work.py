"""What has to be known before time or a contact is written down: the episode as it is, and the person's other time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Q
from psycopg.types.range import Range

from bhi.errors import NotFound
from bhi.tenancy.models import Role
from bhi.tenancy.sight import seeing_everything
from caseload.models import StaffRole, TimeEntry
from caseload.rules.clock import day_start, local_date
from caseload.rules.worktime import Booked, WorkTime
from registry.models import Stay, StayKind

# In which role a seat's own minutes are worked; the first that a seat has. Others are clinical staff.
_ROLES = {
    Role.CARE_MANAGER: StaffRole.CARE_MANAGER,
    Role.TREATING_CLINICIAN: StaffRole.TREATING_CLINICIAN,
    Role.PSYCHIATRIC_CONSULTANT: StaffRole.PSYCHIATRIC_CONSULTANT,
}


def role_worked_in(roles: Sequence[str]) -> StaffRole:
    """The role that decides whether a seat's minutes count, where nothing else is said."""
    return next((role for seat, role in _ROLES.items() if seat in roles), StaffRole.CLINICAL_STAFF)


@dataclass(frozen=True)
class EpisodeAtWork:
    """An open or ended episode on the day of some work. `contact_id` is what the form's token already made.

    `is_in_stay` says that the patient was in a hospital or observation stay that day; the day of leaving is none.
    """

    id: UUID
    organization_id: UUID
    patient_id: UUID
    clinic_id: UUID
    zone: ZoneInfo
    birth_date: date
    enrolled_on: date
    ended_on: date | None
    program: str
    contact_id: UUID | None
    time_entry_id: UUID | None
    is_in_stay: bool = False


# Locked so that what is worked out from an episode's rows is worked out by one transaction at a time. NO KEY lets
# others go on recording facts that merely refer to it.
_EPISODE = """
SELECT e.id, e.organization_id, e.patient_id, e.clinic_id, c.time_zone, p.birth_date, e.enrolled_on, e.ended_on,
       coalesce((SELECT pp.program FROM registry_programperiod pp
                  WHERE pp.organization_id = e.organization_id AND pp.episode_id = e.id AND pp.voided_at IS NULL
                    AND pp.from_on <= coalesce(%(on)s::date, (%(start)s::timestamptz AT TIME ZONE c.time_zone)::date)
                  ORDER BY pp.from_on DESC LIMIT 1),
                (SELECT pp.program FROM registry_programperiod pp
                  WHERE pp.organization_id = e.organization_id AND pp.episode_id = e.id AND pp.voided_at IS NULL
                  ORDER BY pp.from_on LIMIT 1),
                e.program),
       (SELECT k.id FROM caseload_contact k
         WHERE k.organization_id = e.organization_id AND k.client_token = %(token)s),
       (SELECT t.id FROM caseload_timeentry t
         WHERE t.organization_id = e.organization_id AND t.client_token = %(token)s),
       EXISTS (SELECT FROM registry_stay s
                WHERE s.organization_id = e.organization_id AND s.patient_id = e.patient_id AND s.voided_at IS NULL
                  AND s.kind IN ('inpatient', 'observation')
                  AND s.from_on <= coalesce(%(on)s::date, (%(start)s::timestamptz AT TIME ZONE c.time_zone)::date)
                  AND (s.until_on IS NULL
                       OR coalesce(%(on)s::date, (%(start)s::timestamptz AT TIME ZONE c.time_zone)::date) < s.until_on))
  FROM registry_episode e
  JOIN registry_patient p ON p.organization_id = e.organization_id AND p.id = e.patient_id
  JOIN tenancy_clinic c ON c.organization_id = e.organization_id AND c.id = e.clinic_id
 WHERE e.organization_id = %(organization)s AND e.id = %(episode)s AND e.voided_at IS NULL
   FOR NO KEY UPDATE OF e
"""

_BOOKED = """
SELECT by_id, id, patient_id, lower(span), upper(span), NULL::date, NULL::integer
  FROM caseload_timeentry
 WHERE organization_id = %(organization)s AND by_id = ANY(%(people)s) AND span && %(around)s
   AND voided_at IS NULL AND NOT held AND span IS NOT NULL
UNION ALL
SELECT by_id, id, patient_id, NULL, NULL, "on", seconds
  FROM caseload_timeentry
 WHERE organization_id = %(organization)s AND by_id = ANY(%(people)s) AND "on" BETWEEN %(first)s AND %(last)s
   AND voided_at IS NULL AND NOT held AND span IS NULL
"""


def episode_at_work(organization_id: UUID, episode_id: UUID, *, time: WorkTime, token: UUID) -> EpisodeAtWork:
    """The episode, locked, with its program on the day of some work and what a form's token already made.

    The program before the first period is that of the first. Raises NotFound.
    """
    values: dict[str, Any] = {
        "organization": organization_id,
        "episode": episode_id,
        "start": time.span[0] if time.span is not None else None,
        "on": time.on,
        "token": token,
    }
    with connection.cursor() as cursor:
        cursor.execute(_EPISODE, values)
        row = cursor.fetchone()
    if row is None:
        raise NotFound
    return EpisodeAtWork(*(*row[:4], ZoneInfo(row[4]), *row[5:]))


def was_in_stay(entry: TimeEntry, zone: ZoneInfo) -> bool:
    """Whether a stored entry lies in a stay that is on record, which then is why it is marked."""
    day = entry.on if entry.span is None else local_date(entry.span.lower, zone)
    return (
        Stay.objects.live()
        .filter(organization_id=entry.organization_id, patient_id=entry.patient_id, from_on__lte=day)
        .filter(Q(until_on__isnull=True) | Q(until_on__gt=day), kind__in=(StayKind.INPATIENT, StayKind.OBSERVATION))
        .exists()
    )


def booked_by(
    organization_id: UUID, people: Sequence[UUID], *, first: date, last: date, zone: ZoneInfo
) -> dict[UUID, list[Booked]]:
    """Time on record of each person on the local days from `first` to `last`, held and voided entries left out.

    All of it, also for patients whom who asks may not see: one person's hours cannot overlap, whosever they were.
    """
    values: dict[str, Any] = {
        "organization": organization_id,
        "people": list(people),
        "around": Range(day_start(first, zone), day_start(last + timedelta(days=1), zone)),
        "first": first,
        "last": last,
    }
    found: dict[UUID, list[Booked]] = {person: [] for person in people}
    with seeing_everything(), connection.cursor() as cursor:
        cursor.execute(_BOOKED, values)
        for person, entry_id, patient_id, start, end, on, seconds in cursor.fetchall():
            span: tuple[datetime, datetime] | None = (start, end) if start is not None else None
            found[person].append(Booked(entry_id, patient_id, span, on, seconds))
    return found
