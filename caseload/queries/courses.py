"""The course of episodes, as signals and lists are worked out from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db import connection

from caseload.models import EpisodeStanding
from caseload.rules.course import Asked, Entered, EpisodeCourse, ProgramFrom, PutOff, RiskConcern, Score
from caseload.rules.signals import KIND_OF
from caseload.rules.targets import USUAL, OwnLimits

# Days of contact are those of any treatment with the patient, noted or timed, counted or not. Only reviews with a
# recommendation are reviews. Contacts that an import brought say nothing about when they were written down. Scores of
# one day stand in the order in which they were recorded. A clinic's own limits stand in the order of OwnLimits. Of
# somebody discharged nothing is due any more.
_COURSES = """
SELECT e.id, e.patient_id, e.clinic_id, e.care_manager_id, p.sort_name, c.time_zone, e.status, e.program,
       e.enrolled_on, e.relapse_prevention_from, e.ended_on, p.died_on,
       (SELECT json_agg(json_build_array(x.from_on, x.program))
          FROM registry_programperiod x
         WHERE x.organization_id = e.organization_id AND x.episode_id = e.id AND x.voided_at IS NULL),
       (SELECT json_agg(json_build_array(x."on", x.instrument, x.total, x.item9, x.detail ->> 'tier', x.id)
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
       (SELECT json_build_array(w.contact_days, w.contact_lapsed_days, w.measure_days, r.never_reviewed_days,
                                r.review_due_days, r.first_follow_up_days, r.stalled_watch_days, r.stalled_days,
                                r.long_episode_months)
          FROM (SELECT) AS one
          LEFT JOIN caseload_workprotocol w ON w.organization_id = e.organization_id AND w.clinic_id = e.clinic_id
          LEFT JOIN caseload_reviewprotocol r ON r.organization_id = e.organization_id AND r.clinic_id = e.clinic_id
         WHERE w.id IS NOT NULL OR r.id IS NOT NULL),
       (SELECT json_agg(json_build_array(x.opened_on, x.closed_on, x.assessed_on, x.tier, x.recheck_on)
                        ORDER BY x.opened_on, x.id)
          FROM registry_riskcase x
         WHERE x.organization_id = e.organization_id AND x.patient_id = e.patient_id AND x.voided_at IS NULL),
       (SELECT json_agg(DISTINCT x."on")
          FROM caseload_treatmentchange x
         WHERE x.organization_id = e.organization_id AND x.episode_id = e.id AND x.voided_at IS NULL),
       (SELECT json_agg(json_build_array(x.asked_on, y."on") ORDER BY x.asked_on, x.id)
          FROM caseload_reviewquestion x
          LEFT JOIN caseload_casereview y ON y.organization_id = x.organization_id AND y.id = x.answered_by_id
         WHERE x.organization_id = e.organization_id AND x.episode_id = e.id AND x.voided_at IS NULL
           AND x.taken_back_because = ''),
       (SELECT json_agg(json_build_array(x."on", (x.recorded_at AT TIME ZONE c.time_zone)::date)
                        ORDER BY x."on", x.recorded_at, x.id)
          FROM caseload_contact x
         WHERE x.organization_id = e.organization_id AND x.episode_id = e.id AND x.voided_at IS NULL
           AND x.import_id IS NULL),
       (SELECT json_agg(json_build_array(split_part(x.task, ':', 2), (x.recorded_at AT TIME ZONE c.time_zone)::date,
                                         x.until_on) ORDER BY x.recorded_at, x.id)
          FROM caseload_snooze x
         WHERE x.organization_id = e.organization_id AND x.episode_id = e.id AND x.voided_at IS NULL
           AND x.task LIKE 'signal:%%')
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
    targets, own, *beside = row[17:]
    return EpisodeCourse(
        enrolled_on=enrolled_on,
        programs=tuple(ProgramFrom(date.fromisoformat(on), kind) for on, kind in programs or [])
        or (ProgramFrom(enrolled_on, program),),
        scores=tuple(_score(*one, order=order) for order, one in enumerate(scores or [])),
        contacts=_days(contacts),
        reviews=_days(reviews),
        relapse_prevention_from=prevention_from,
        ended_on=ended_on,
        died_on=died_on,
        targets=tuple(targets),
        own=OwnLimits(*own) if own else USUAL,
        **_beside(*beside),
    )


def _beside(risks: Any, changes: Any, questions: Any, entries: Any, put_off: Any) -> dict[str, Any]:
    """What signals look at beside scores, contacts and reviews."""
    return {
        "risks": tuple(
            RiskConcern(date.fromisoformat(opened), _day(closed), _day(assessed), tier, _day(again))
            for opened, closed, assessed, tier, again in risks or []
        ),
        "treatment_changes": _days(changes),
        "questions": tuple(Asked(date.fromisoformat(on), _day(answered)) for on, answered in questions or []),
        "entries": tuple(Entered(date.fromisoformat(on), date.fromisoformat(told)) for on, told in entries or []),
        "put_off": tuple(
            PutOff(word, date.fromisoformat(begins), date.fromisoformat(ends))
            for word, begins, ends in put_off or []
            if word in KIND_OF
        ),
    }


def _score(
    on: str, instrument: str, total: int | None, item9: int | None, tier: str | None, ref: str, *, order: int
) -> Score:
    return Score(date.fromisoformat(on), instrument, total, item9, order, tier or "", ref)


def _days(found: list[str] | None) -> tuple[date, ...]:
    return tuple(map(date.fromisoformat, found or ()))


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def open_episodes_at(organization_id: UUID, clinic_id: UUID) -> list[UUID]:
    """Every open episode of a clinic, for working all of them out again. One statement."""
    found = EpisodeStanding.objects.filter(organization_id=organization_id, clinic_id=clinic_id)
    return list(found.exclude(status="discharged").order_by("episode_id").values_list("episode_id", flat=True))
