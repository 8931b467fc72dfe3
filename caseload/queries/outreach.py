"""Who is not being reached, and what each clinic does about it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection

from caseload.models import WorkProtocol
from caseload.rules.outreach import PHONE, NextTry, Outreach, Step, Try, next_try, outreach_on, steps_from
from registry.models import Episode, Patient

# A contact `c` in vain since the patient was last reached. Of one day the clock decides, else the order of writing.
IN_VAIN = """c.voided_at IS NULL AND c.activity IN ('outreach_attempt', 'no_show') AND c.outcome <> 'reached'
   AND NOT EXISTS (
     SELECT FROM caseload_contact r
      WHERE r.organization_id = c.organization_id AND r.episode_id = c.episode_id AND r.voided_at IS NULL
        AND (r.activity = 'treatment'
             OR (r.outcome = 'reached' AND r.activity IN ('outreach_attempt', 'message', 'scheduling')))
        AND (r."on" > c."on" OR (r."on" = c."on" AND (coalesce(r.started_at >= c.started_at, r.id > c.id)))))"""
_TRIES = """
SELECT e.id, c."on", c.started_at, c.mode, c.activity, z.time_zone, w.outreach::json, p.may_text
  FROM registry_episode e
  JOIN tenancy_clinic z ON z.organization_id = e.organization_id AND z.id = e.clinic_id
  JOIN registry_patient p ON p.organization_id = e.organization_id AND p.id = e.patient_id
  JOIN caseload_contact c ON c.organization_id = e.organization_id AND c.episode_id = e.id
  LEFT JOIN caseload_workprotocol w ON w.organization_id = e.organization_id AND w.clinic_id = e.clinic_id
 WHERE e.organization_id = %(organization)s AND e.id = ANY(%(episodes)s) AND e.ended_on IS NULL
   AND $in_vain
 ORDER BY e.id, c."on", c.started_at NULLS FIRST, c.id
""".replace("$in_vain", IN_VAIN)


@dataclass(frozen=True)
class WorkSettings:
    """How a clinic reaches out and how its clocks behave, as it is in force; `changed_at` None: never set."""

    steps: tuple[Step, ...]
    idle_minutes: int
    idle_minutes_in_call: int
    cap_minutes: int
    changed_at: datetime | None
    contact_days: int | None = None
    contact_lapsed_days: int | None = None
    measure_days: int | None = None


def outreach_of(organization_id: UUID, days: Mapping[UUID, date]) -> dict[UUID, Outreach]:
    """Of the open episodes in `days`, each with its clinic's day, those that are not being reached. One statement."""
    return {
        episode_id: found
        for episode_id, rows in _tries(organization_id, days).items()
        if (found := _outreach(rows, days[episode_id])) is not None
    }


def proposed_try(episode: Episode, patient: Patient, *, today: date) -> NextTry:
    """What to propose while a try of today is being written down: the step after it. Two statements."""
    rows = _tries(episode.organization_id, [episode.id]).get(episode.id, [])
    tries = [*map(_try, rows), Try(today, PHONE)]
    return next_try(tries, work_settings(episode.clinic_id).steps, on=today, may_text=patient.may_text)


def work_settings(clinic_id: UUID) -> WorkSettings:
    """What a clinic set, completed by what holds where it set nothing. One statement."""
    row = WorkProtocol.objects.filter(clinic_id=clinic_id).first()
    shown = row or WorkProtocol()
    return WorkSettings(
        steps=steps_from(shown.outreach),
        idle_minutes=shown.idle_minutes,
        idle_minutes_in_call=shown.idle_minutes_in_call,
        cap_minutes=shown.cap_minutes,
        changed_at=row.changed_at if row else None,
        contact_days=shown.contact_days,
        contact_lapsed_days=shown.contact_lapsed_days,
        measure_days=shown.measure_days,
    )


def _tries(organization_id: UUID, episode_ids: Iterable[UUID]) -> dict[UUID, list[Any]]:
    found: dict[UUID, list[Any]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(_TRIES, {"organization": organization_id, "episodes": list(episode_ids)})
        for row in cursor.fetchall():
            found[row[0]].append(row)
    return found


def _outreach(rows: list[Any], today: date) -> Outreach | None:
    return outreach_on(list(map(_try, rows)), steps_from(rows[0][6] or ()), today=today, may_text=rows[0][7])


def _try(row: Any) -> Try:
    _, on, started_at, mode, activity, zone, _, _ = row
    hour = started_at.astimezone(ZoneInfo(zone)).hour if started_at is not None else None
    return Try(on, mode, hour, is_missed_visit=activity == "no_show")
