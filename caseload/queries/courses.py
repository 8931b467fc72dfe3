"""The course of episodes, as signals and lists are worked out from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db import connection

from caseload.models import EpisodeStanding
from caseload.rules.course import EpisodeCourse, ProgramFrom, Score
from caseload.rules.targets import USUAL, OwnLimits

# Days of contact are those of any treatment with the patient, noted or timed, counted or not. Only reviews with a
# recommendation are reviews. Scores of one day stand in the order in which they were recorded. Of somebody discharged
# nothing is due any more.
_COURSES = """
SELECT e.id, e.patient_id, e.clinic_id, e.care_manager_id, p.sort_name, c.time_zone, e.status, e.program,
       e.enrolled_on, e.relapse_prevention_from, e.ended_on, p.died_on,
       (SELECT json_agg(json_build_array(x.from_on, x.program))
          FROM registry_programperiod x
         WHERE x.organization_id = e.organization_id AND x.episode_id = e.id AND x.voided_at IS NULL),
       (SELECT json_agg(json_build_array(x."on", x.instrument, x.total, x.item9, x.detail ->> 'tier')
                        ORDER BY x."on", x.recorded_at, x.id)
          FROM registry_assessment x
         WHERE x.organization_id = e.organization_id AND x.patient_id = e.patient_id AND x.voided_at IS NULL),
       (SELECT json_agg(DISTINCT worked."on")
          FROM (SELECT x."on" FROM caseload_contact x
                 WHERE x.organization_id = e.organization_id AND x.episode_id = e.id AND x.voided_at IS NULL
                   AND x.activity = 'treatment'
                UNION
                SELECT coalesce(x."on", (lower(x.span) AT TIME ZONE c.time_zone)::date) FROM caseload_timeentry x
                 WHERE x.organization_id = e.organization_id AND x.episode_id = e.id AND x.voided_at IS NULL
                   AND x.activity = 'treatment') AS worked),
       (SELECT json_agg(DISTINCT x."on")
          FROM caseload_casereview x
         WHERE x.organization_id = e.organization_id AND x.episode_id = e.id AND x.voided_at IS NULL
           AND EXISTS (SELECT FROM caseload_recommendation y
                        WHERE y.organization_id = x.organization_id AND y.review_id = x.id AND y.voided_at IS NULL)),
       (SELECT json_build_array(x.due_on, x.purpose)
          FROM caseload_followup x
         WHERE x.organization_id = e.organization_id AND x.episode_id = e.id AND x.voided_at IS NULL
           AND x.closed_on IS NULL AND e.ended_on IS NULL
         ORDER BY x.due_on, x.id LIMIT 1),
       e.target_instruments,
       (SELECT json_build_array(x.contact_days, x.contact_lapsed_days, x.measure_days) FROM caseload_workprotocol x
         WHERE x.organization_id = e.organization_id AND x.clinic_id = e.clinic_id)
  FROM registry_episode e
  JOIN registry_patient p ON p.organization_id = e.organization_id AND p.id = e.patient_id
  JOIN tenancy_clinic c ON c.organization_id = e.organization_id AND c.id = e.clinic_id
 WHERE e.organization_id = %s AND e.id = ANY(%s) AND e.voided_at IS NULL
"""


@dataclass(frozen=True)
class EpisodeInCourse:
    """An episode with its course and the next thing due."""

    id: UUID
    patient_id: UUID
    clinic_id: UUID
    care_manager_id: UUID | None
    sort_name: str
    time_zone: str
    status: str
    course: EpisodeCourse
    next_due_on: date | None
    next_due_purpose: str


def episodes_in_course(organization_id: UUID, episode_ids: Sequence[UUID]) -> list[EpisodeInCourse]:
    """Live episodes with all that signals and lists need of them, in one statement for any number."""
    with connection.cursor() as cursor:
        cursor.execute(_COURSES, [organization_id, list(episode_ids)])
        return [_in_course(row) for row in cursor.fetchall()]


def courses(organization_id: UUID, episode_ids: Sequence[UUID]) -> dict[UUID, EpisodeCourse]:
    """The course of each live episode."""
    return {episode.id: episode.course for episode in episodes_in_course(organization_id, episode_ids)}


def _in_course(row: tuple[Any, ...]) -> EpisodeInCourse:
    due = row[16] or [None, ""]
    return EpisodeInCourse(
        id=row[0],
        patient_id=row[1],
        clinic_id=row[2],
        care_manager_id=row[3],
        sort_name=row[4],
        time_zone=row[5],
        status=row[6],
        course=_course(row),
        next_due_on=_day(due[0]),
        next_due_purpose=due[1],
    )


def _course(row: tuple[Any, ...]) -> EpisodeCourse:
    program, enrolled_on, prevention_from, ended_on, died_on, programs, scores, contacts, reviews = row[7:16]
    return EpisodeCourse(
        enrolled_on=enrolled_on,
        programs=tuple(ProgramFrom(date.fromisoformat(on), kind) for on, kind in programs or [])
        or (ProgramFrom(enrolled_on, program),),
        scores=tuple(
            Score(date.fromisoformat(on), instrument, total, item9, order, tier or "")
            for order, (on, instrument, total, item9, tier) in enumerate(scores or [])
        ),
        contacts=tuple(map(date.fromisoformat, contacts or [])),
        reviews=tuple(map(date.fromisoformat, reviews or [])),
        relapse_prevention_from=prevention_from,
        ended_on=ended_on,
        died_on=died_on,
        targets=tuple(row[17]),
        own=OwnLimits(*row[18]) if row[18] else USUAL,
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def open_episodes_at(organization_id: UUID, clinic_id: UUID) -> list[UUID]:
    """Every open episode of a clinic, for working all of them out again. One statement."""
    found = EpisodeStanding.objects.filter(organization_id=organization_id, clinic_id=clinic_id)
    return list(found.exclude(status="discharged").order_by("episode_id").values_list("episode_id", flat=True))
