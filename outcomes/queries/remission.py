"""What the yearly measures of depression are judged from, of all patients at once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction

from outcomes.queries.measuring import without_loops
from outcomes.rules.remission import DEPRESSION, HIGH, Coded, Course, Scored
from outcomes.rules.remission_measures import Due, due_now, reach, years_now
from registry.models import Patient
from registry.rules.instruments import INSTRUMENTS, scale_key_of

# Only who has depression on record and a high score comes into any of them. A visit is a day with a session, noted or
# only timed, or an initiating visit. Scores of one day stand as recorded. A total that was prorated is charted, and no
# score of a quality measure.
_STATEMENT: Final = """
WITH high AS MATERIALIZED (
  SELECT patient_id, array_agg("on" ORDER BY "on", recorded_at, id) AS days,
         array_agg(total::int ORDER BY "on", recorded_at, id) AS totals
    FROM registry_assessment
   WHERE organization_id = %(organization)s AND voided_at IS NULL AND total IS NOT NULL AND NOT is_prorated
     AND instrument = ANY(%(tools)s) AND "on" BETWEEN %(since)s AND %(until)s
   GROUP BY patient_id HAVING max(total) > %(high)s
), coded AS MATERIALIZED (
  SELECT e.patient_id, array_agg(d.code ORDER BY d.id) AS codes, array_agg(d.from_on ORDER BY d.id) AS from_on,
         array_agg(d.confirmed_on IS NOT NULL ORDER BY d.id) AS confirmed
    FROM registry_diagnosis d
    JOIN registry_episode e ON e.organization_id = d.organization_id AND e.id = d.episode_id AND e.voided_at IS NULL
   WHERE d.organization_id = %(organization)s AND d.voided_at IS NULL
   GROUP BY e.patient_id HAVING bool_or(d.code LIKE ANY(%(depression)s))
), latest AS MATERIALIZED (
  SELECT DISTINCT ON (patient_id) patient_id, clinic_id, care_manager_id
    FROM registry_episode
   WHERE organization_id = %(organization)s AND voided_at IS NULL
   ORDER BY patient_id, enrolled_on DESC, id DESC
), seen AS MATERIALIZED (
  SELECT patient_id, array_agg("on" ORDER BY "on") AS days
    FROM (SELECT patient_id, "on" FROM caseload_contact
           WHERE organization_id = %(organization)s AND voided_at IS NULL AND activity = 'treatment'
           UNION
          SELECT x.patient_id, coalesce(x."on", (lower(x.span) AT TIME ZONE c.time_zone)::date)
            FROM caseload_timeentry x
            JOIN registry_episode e ON e.organization_id = x.organization_id AND e.id = x.episode_id
            JOIN tenancy_clinic c ON c.organization_id = e.organization_id AND c.id = e.clinic_id
           WHERE x.organization_id = %(organization)s AND x.voided_at IS NULL AND x.activity = 'treatment'
           UNION
          SELECT patient_id, "on" FROM registry_initiatingvisit
           WHERE organization_id = %(organization)s AND voided_at IS NULL) AS visit
   WHERE "on" BETWEEN %(since)s AND %(until)s
   GROUP BY patient_id
)
SELECT p.id, p.birth_date, p.died_on, coded.codes, coded.from_on, coded.confirmed, seen.days, high.days, high.totals,
       latest.clinic_id, latest.care_manager_id
  FROM registry_patient p
  JOIN high ON high.patient_id = p.id
  JOIN coded ON coded.patient_id = p.id
  JOIN seen ON seen.patient_id = p.id
  JOIN latest ON latest.patient_id = p.id
 WHERE p.organization_id = %(organization)s AND p.voided_at IS NULL AND p.merged_into_id IS NULL
   AND (%(clinic)s::uuid IS NULL OR latest.clinic_id = %(clinic)s)
   AND (%(manager)s::uuid IS NULL OR latest.care_manager_id = %(manager)s)
 ORDER BY p.id
"""
_TOOLS: Final = [key for key in INSTRUMENTS if scale_key_of(key) == "phq9"]


@dataclass(frozen=True, slots=True)
class Person:
    """Who is meant, and how to reach them."""

    name: str
    phone: str
    best_times: str


def courses(
    organization_id: UUID,
    reach: tuple[date, date],
    *,
    clinic_id: UUID | None = None,
    care_manager_id: UUID | None = None,
) -> list[Course]:
    """What is known of everybody who can come into a yearly measure, between two days, in the order of their ids.

    Narrowed by the clinic and the care manager of the latest episode. One statement, and two that set how it runs.
    """
    since, until = reach
    params: dict[str, Any] = {
        "organization": organization_id,
        "tools": _TOOLS,
        "depression": [f"{code}%" for code in DEPRESSION],
        "high": HIGH,
        "since": since,
        "until": until,
        "clinic": clinic_id,
        "manager": care_manager_id,
    }
    with transaction.atomic(), without_loops(), connection.cursor() as cursor:
        cursor.execute(_STATEMENT, params)
        return [_course(row) for row in cursor.fetchall()]


def due_of(organization_id: UUID, care_manager_id: UUID, today: date) -> list[Due]:
    """Where a score is due on a day of a care manager's patients, in any yearly measure. Three statements."""
    found = courses(organization_id, reach(years_now(today)), care_manager_id=care_manager_id)
    return due_now(found, today)


def people(organization_id: UUID, patient_ids: Collection[UUID]) -> dict[UUID, Person]:
    """Names and telephone numbers of these patients. One statement, none for nobody."""
    if not patient_ids:
        return {}
    rows = Patient.objects.live().filter(organization_id=organization_id, id__in=patient_ids)
    fields = ("family_name", "given_name", "phone", "phone_best_times")
    found = {row[0]: row[1:] for row in rows.values_list("id", *fields)}
    return {id_: Person(f"{family}, {given}", phone, times) for id_, (family, given, phone, times) in found.items()}


def _course(row: Sequence[Any]) -> Course:
    id_, born, died, codes, from_on, confirmed, seen, days, totals, clinic, manager = row
    return Course(
        patient_id=id_,
        birth_date=born,
        died_on=died,
        codes=tuple(map(Coded, codes, from_on, confirmed)),
        met_on=tuple(seen),
        scores=tuple(map(Scored, days, totals)),
        clinic_id=clinic,
        care_manager_id=manager,
    )
