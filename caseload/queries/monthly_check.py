"""A clinic's month for its lead: the figures with the patients behind them, and which months wait for a signature."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Q

from bhi.errors import NotFound
from bhi.tenancy.models import Clinic
from bhi.tenancy.sight import seeing_everything
from caseload.models import LoopState, MonthlyCheck
from caseload.queries.advice import limits_of
from caseload.queries.courses import EpisodeInCourse, episodes_in_course
from caseload.rules.advice import AdviceLimits
from caseload.rules.clock import first_day, last_day, month_of
from caseload.rules.monthly_check import DUE_FROM_DAY, Figure, InMonth, Loop, figures, from_kept, overdue
from registry.models import Episode, Patient

LACKS: Final = ("consent", "diagnosis", "first score", "care plan", "next contact", "care manager", "clinician")

_PAPERS: Final = """
SELECT e.id, p.family_name || ', ' || p.given_name,
       EXISTS (SELECT FROM registry_consent x WHERE x.organization_id = e.organization_id
                  AND x.patient_id = e.patient_id AND x.voided_at IS NULL AND x.service = 'bhi'
                  AND (x.revoked_on IS NULL OR x.revoked_on > %(on)s)),
       EXISTS (SELECT FROM registry_diagnosis x WHERE x.organization_id = e.organization_id
                  AND x.episode_id = e.id AND x.voided_at IS NULL),
       s.phq9_baseline IS NOT NULL OR s.gad7_baseline IS NOT NULL OR s.response_state <> 'no_baseline',
       EXISTS (SELECT FROM registry_careplan x WHERE x.organization_id = e.organization_id
                  AND x.episode_id = e.id AND x.voided_at IS NULL AND NOT x.is_assumed),
       EXISTS (SELECT FROM caseload_followup x WHERE x.organization_id = e.organization_id
                  AND x.episode_id = e.id AND x.voided_at IS NULL AND x.closed_on IS NULL),
       e.care_manager_id IS NOT NULL, e.treating_clinician_id IS NOT NULL,
       (SELECT json_agg(json_build_array(r.kind, v.on, r.due_on, later.is_so, s.state, s.on))
          FROM caseload_casereview v
          JOIN caseload_recommendation r ON r.organization_id = v.organization_id AND r.review_id = v.id
         CROSS JOIN LATERAL (
           SELECT EXISTS (SELECT FROM caseload_recommendationstep x WHERE x.organization_id = r.organization_id
                             AND x.recommendation_id = r.id AND x.voided_at IS NULL AND x.on > %(on)s) AS is_so) later
          LEFT JOIN LATERAL (
           SELECT x.state, x.on FROM caseload_recommendationstep x
            WHERE x.organization_id = r.organization_id AND x.recommendation_id = r.id AND x.voided_at IS NULL
              AND x.on <= %(on)s AND later.is_so
            ORDER BY x.on DESC, x.recorded_at DESC, array_position(%(states)s::text[], x.state::text) DESC
            LIMIT 1) s ON TRUE
         WHERE v.organization_id = e.organization_id AND v.episode_id = e.id AND v.voided_at IS NULL
           AND v.on < %(on)s AND r.voided_at IS NULL AND (later.is_so OR r.due_on < %(on)s))
  FROM registry_episode e
  JOIN registry_patient p ON p.organization_id = e.organization_id AND p.id = e.patient_id
  LEFT JOIN caseload_episodestanding s ON s.organization_id = e.organization_id AND s.episode_id = e.id
 WHERE e.organization_id = %(organization)s AND e.id = ANY(%(episodes)s)
"""


@dataclass(frozen=True)
class CheckShown:
    """A clinic's month: its figures, and the signature where there is one."""

    clinic: Clinic
    month: str
    today: date
    figures: tuple[Figure, ...]
    signed: MonthlyCheck | None

    @property
    def is_over(self) -> bool:
        """Whether the month has ended, so that it can be signed."""
        return last_day(self.month) < self.today

    @property
    def patient_ids(self) -> list[UUID]:
        """Everybody who is named."""
        return list(dict.fromkeys(one.patient_id for figure in self.figures for one in figure.behind))


def clinic_here(organization_id: UUID, clinic_id: UUID) -> Clinic:
    """A clinic of the organization. Raises NotFound."""
    clinic: Clinic | None = Clinic.objects.filter(organization_id=organization_id, id=clinic_id).first()
    if clinic is None:
        raise NotFound
    return clinic


def monthly_check(organization_id: UUID, clinic_id: UUID, month: str, *, at: datetime) -> CheckShown:
    """A clinic's month as it stands now, or as it was when it was signed. Seven statements. Raises NotFound."""
    clinic = clinic_here(organization_id, clinic_id)
    today = at.astimezone(ZoneInfo(clinic.time_zone)).date()
    first_on, until_on = first_day(month), min(last_day(month), today)
    signed = (
        MonthlyCheck.objects.select_related("signed_by")
        .filter(organization_id=organization_id, clinic_id=clinic_id, month=first_on)
        .first()
    )
    if signed is not None:
        return CheckShown(clinic, month, today, from_kept(signed.figures), signed)
    return CheckShown(clinic, month, today, clinic_figures(organization_id, clinic_id, first_on, until_on), None)


def clinic_figures(organization_id: UUID, clinic_id: UUID, from_on: date, until_on: date) -> tuple[Figure, ...]:
    """The figures of some days at a clinic, both days included. Five statements for any number of patients.

    Everybody of the clinic counts, whoever asks; behind a figure stand only those whom the seat may see.
    """
    with seeing_everything():
        found = _all_figures(organization_id, clinic_id, from_on, until_on)
    behind = {one.patient_id for figure in found for one in figure.behind}
    seen = names_behind(organization_id, list(behind))
    return tuple(
        replace(figure, behind=tuple(one for one in figure.behind if one.patient_id in seen)) for figure in found
    )


def _all_figures(organization_id: UUID, clinic_id: UUID, from_on: date, until_on: date) -> tuple[Figure, ...]:
    rows = Episode.objects.live().filter(
        Q(ended_on__isnull=True) | Q(ended_on__gte=from_on),
        organization_id=organization_id,
        clinic_id=clinic_id,
        enrolled_on__lte=until_on,
    )
    ids = list(rows.order_by().values_list("id", flat=True))
    papers = _papers(organization_id, ids, until_on)
    found = episodes_in_course(organization_id, ids)
    in_order = sorted(found, key=lambda one: (one.sort_name, str(one.id)))
    limits = limits_of(organization_id, clinic_id)
    rows_in_month = [_in_month(one, papers[one.id], limits, until_on) for one in in_order]
    return figures(rows_in_month, from_on, until_on)


def _papers(organization_id: UUID, ids: Sequence[UUID], on: date) -> dict[UUID, tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(
            _PAPERS, {"organization": organization_id, "episodes": list(ids), "on": on, "states": LoopState.values}
        )
        return {row[0]: row[1:] for row in cursor.fetchall()}


def _in_month(one: EpisodeInCourse, papers: tuple[Any, ...], limits: AdviceLimits, on: date) -> InMonth:
    name, *there, found = papers
    loops = overdue([_loop(*row) for row in found or ()], limits, on)
    lacks = tuple(word for word, is_there in zip(LACKS, there, strict=True) if not is_there)
    return InMonth(one.id, one.patient_id, name, one.course, lacks, loops)


def _loop(kind: str, proposed: str, due: str | None, moved_later: bool, state: str | None, since: str | None) -> Loop:
    return Loop(kind, date.fromisoformat(proposed), _day(due), moved_later, state or "", _day(since))


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


@dataclass(frozen=True)
class CheckDue:
    """A clinic's month that is over and waits for its lead."""

    clinic_id: UUID
    clinic: str
    month: str


_DUE: Final = """
SELECT c.id, c.name, c.time_zone,
       (SELECT min(e.enrolled_on) FROM registry_episode e
         WHERE e.organization_id = c.organization_id AND e.clinic_id = c.id AND e.voided_at IS NULL),
       ARRAY(SELECT m.month FROM caseload_monthlycheck m
              WHERE m.organization_id = c.organization_id AND m.clinic_id = c.id ORDER BY m.month DESC LIMIT 24)
  FROM tenancy_clinic c WHERE c.organization_id = %s ORDER BY c.name, c.id
"""


@dataclass(frozen=True)
class ClinicChecks:
    """A clinic with its latest months: each signed or not."""

    clinic_id: UUID
    clinic: str
    months: tuple[tuple[str, bool], ...]

    @property
    def due(self) -> tuple[CheckDue, ...]:
        """Months that are over and unsigned."""
        return tuple(CheckDue(self.clinic_id, self.clinic, month) for month, is_signed in self.months if not is_signed)


def clinic_checks(organization_id: UUID, *, at: datetime, months: int = 6) -> tuple[ClinicChecks, ...]:
    """Every clinic with patients, with its last months that are over and due, the latest first. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(_DUE, [organization_id])
        rows = cursor.fetchall()
    found = [
        ClinicChecks(clinic_id, name, tuple(_months(first_on, set(signed), _today(at, zone), months)))
        for clinic_id, name, zone, first_on, signed in rows
        if first_on is not None
    ]
    return tuple(one for one in found if one.months)


def checks_due(organization_id: UUID, *, at: datetime) -> tuple[CheckDue, ...]:
    """What a lead's day shows: the last month of each clinic, while nobody signed it. One statement."""
    return tuple(due for one in clinic_checks(organization_id, at=at, months=1) for due in one.due)


def _months(first_on: date, signed: set[date], today: date, most: int) -> list[tuple[str, bool]]:
    """The last months that are over and due, back to that of the first enrolment."""
    latest = today.replace(day=1) - timedelta(days=1)
    if today.day < DUE_FROM_DAY:
        latest = latest.replace(day=1) - timedelta(days=1)
    found: list[tuple[str, bool]] = []
    while len(found) < most and latest >= first_on.replace(day=1):
        found.append((month_of(latest), latest.replace(day=1) in signed))
        latest = latest.replace(day=1) - timedelta(days=1)
    return found


def _today(at: datetime, zone: str) -> date:
    return at.astimezone(ZoneInfo(zone)).date()


def names_behind(organization_id: UUID, patient_ids: Sequence[UUID]) -> Mapping[UUID, str]:
    """Names of patients who were behind signed figures. One statement."""
    rows = Patient.objects.filter(organization_id=organization_id, id__in=list(patient_ids))
    return {id_: f"{family}, {given}" for id_, family, given in rows.values_list("id", "family_name", "given_name")}
