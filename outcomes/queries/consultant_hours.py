"""The hours of psychiatric consultants in a month, and whom they reviewed: no names of patients.

What is owed does not depend on who looks: records that are kept from somebody count. A seat that works at some clinics
only sees the hours for these.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import Count

from bhi.accounts.queries import people_of
from bhi.tenancy.models import Clinic, Membership
from bhi.tenancy.sight import seeing_everything
from caseload.models import CaseReview, ReviewSession, SessionState
from outcomes.models import ConsultantRate
from outcomes.rules.invoice import HoursLine, HoursSum, Rate, Seen, Worked, hours_lines, hours_sum
from outcomes.rules.months import last_day_of

# By consultant, clinic and local day: the same clock minutes once, and entries that know only their day.
_HOURS: Final = """
WITH days AS MATERIALIZED (
  SELECT c.id AS clinic_id, d::date AS day,
         tstzrange(d AT TIME ZONE c.time_zone, (d + interval '1 day') AT TIME ZONE c.time_zone) AS bounds
    FROM tenancy_clinic c, generate_series(%(first)s::timestamp, %(last)s::timestamp, interval '1 day') AS d
   WHERE c.organization_id = %(organization)s AND (%(clinics)s::uuid[] IS NULL OR c.id = ANY(%(clinics)s))
), worked AS (
  SELECT x.by_id, d.clinic_id, d.day, range_agg(x.span * d.bounds) AS spans, coalesce(sum(x.seconds), 0) AS seconds
    FROM caseload_timeentry x
    JOIN registry_episode e ON e.organization_id = x.organization_id AND e.id = x.episode_id
    JOIN days d ON d.clinic_id = e.clinic_id AND (x.span && d.bounds OR x."on" = d.day)
   WHERE x.organization_id = %(organization)s AND x.voided_at IS NULL AND NOT x.held AND x.service <> 'ccm'
     AND x.role = 'psychiatric_consultant'
     AND (x."on" BETWEEN %(first)s AND %(last)s
          OR x.span && tstzrange((%(first)s::date - 1)::timestamp AT TIME ZONE 'UTC',
                                 (%(last)s::date + 2)::timestamp AT TIME ZONE 'UTC'))
   GROUP BY x.by_id, d.clinic_id, d.day
)
SELECT by_id, clinic_id, day,
       (seconds + floor(coalesce(
           (SELECT extract(epoch FROM sum(upper(r) - lower(r))) FROM unnest(spans) AS r), 0)))::int
  FROM worked
"""


@dataclass(frozen=True, slots=True)
class ClinicLine:
    """A line of the sheet with its clinic's name."""

    clinic: str
    line: HoursLine


@dataclass(frozen=True, slots=True)
class ConsultantHours:
    """One consultant's lines and their sum."""

    id: UUID
    name: str
    lines: tuple[ClinicLine, ...]
    sum: HoursSum


@dataclass(frozen=True, slots=True)
class HoursSheet:
    """A month's sheet: consultants by name, and the sum of all. `is_whole`: of all clinics."""

    month: date
    consultants: tuple[ConsultantHours, ...]
    sum: HoursSum
    is_whole: bool


def hours_sheet(organization_id: UUID, month: date, *, clinics: Collection[UUID] | None = None) -> HoursSheet:
    """The hours of a month by consultant and clinic; `clinics`: for these only. Six statements."""
    with seeing_everything():
        worked = _worked(organization_id, month, clinics)
        seen = _seen(organization_id, month, clinics)
    rates = _rates(organization_id)
    people = people_of(organization_id)
    names = dict(Clinic.objects.filter(organization_id=organization_id).values_list("id", "name"))
    return _sheet(month, hours_lines(worked, rates, seen), people, names, is_whole=clinics is None)


def _sheet(
    month: date,
    lines: Iterable[HoursLine],
    people: Mapping[UUID, Membership],
    names: Mapping[UUID, str],
    *,
    is_whole: bool,
) -> HoursSheet:
    # Sorting keeps lines of one consultant and clinic as they were: in the order of the rates.
    ordered = sorted(lines, key=lambda one: names[one.clinic_id])
    by_person = {one.consultant_id: [line for line in ordered if line.consultant_id == one.consultant_id]
                 for one in ordered}  # fmt: skip
    consultants = [
        ConsultantHours(
            id_, str(people[id_]), tuple(ClinicLine(names[one.clinic_id], one) for one in own), hours_sum(own)
        )
        for id_, own in by_person.items()
    ]
    consultants.sort(key=lambda one: (one.name, str(one.id)))
    return HoursSheet(month, tuple(consultants), hours_sum(ordered), is_whole)


def _worked(organization_id: UUID, month: date, clinics: Collection[UUID] | None) -> list[Worked]:
    values: dict[str, Any] = {
        "organization": organization_id,
        "first": month,
        "last": last_day_of(month),
        "clinics": None if clinics is None else list(clinics),
    }
    with connection.cursor() as cursor:
        cursor.execute(_HOURS, values)
        return [Worked(*row) for row in cursor.fetchall()]


def _seen(organization_id: UUID, month: date, clinics: Collection[UUID] | None) -> dict[tuple[UUID, UUID], Seen]:
    of_month = {"organization_id": organization_id, "on__range": (month, last_day_of(month))}
    reviews = CaseReview.objects.live().filter(**of_month, consultant__isnull=False)
    sessions = ReviewSession.objects.live().filter(**of_month, state=SessionState.ENDED)
    if clinics is not None:
        reviews, sessions = reviews.filter(episode__clinic_id__in=clinics), sessions.filter(clinic_id__in=clinics)
    counted = reviews.order_by().values_list("consultant_id", "episode__clinic_id")
    reviewed = counted.annotate(patients=Count("patient_id", distinct=True), reviews=Count("id"))
    held = sessions.order_by().values_list("consultant_id", "clinic_id").annotate(sessions=Count("id"))
    found = {(who, clinic): Seen(patients, count) for who, clinic, patients, count in reviewed}
    for who, clinic, count in held:
        of = found.get((who, clinic), Seen())
        found[who, clinic] = Seen(of.patients, of.reviews, count)
    return found


def _rates(organization_id: UUID) -> dict[UUID, list[Rate]]:
    rows = ConsultantRate.objects.live().filter(organization_id=organization_id).order_by("from_on")
    found: dict[UUID, list[Rate]] = {}
    for seat_id, from_on, hourly in rows.values_list("membership_id", "from_on", "hourly"):
        found.setdefault(seat_id, []).append(Rate(from_on, Decimal(hourly)))
    return found
