"""Everybody who is not improving, on one screen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db import connection

from caseload.queries.caseload_list import ClinicToday, ScoreCell, score_in_row, standing_signals
from caseload.rules.course import ANXIETY, DEPRESSION
from caseload.rules.not_improving import (
    LONGEST,
    NAME,
    UNREVIEWED,
    WORDS,
    Counted,
    Holding,
    not_improving_since,
    worst_of,
)
from caseload.rules.signal_words import SignalShown

PAGE_ROWS = 50
# So many fit on one page for paper.
MOST_ROWS = 500

# Each clinic has its own today, and of the stored runs of signals only those that hold on it count. First everybody in
# few numbers, and who is on the page; only they are read whole.
_FOUND = """
WITH found AS MATERIALIZED (
  SELECT s.episode_id, s.clinic_id, s.care_manager_id, s.sort_name, e.program = 'cocm' AS is_cocm,
         coalesce(s.last_review_on >= date_trunc('month', here.today), FALSE) AS is_reviewed,
         (SELECT min(one.since)
            FROM jsonb_to_recordset(s.signals) AS one (word text, since date, until date)
           WHERE one.word = ANY(%(words)s) AND one.since <= here.today
             AND (one.until IS NULL OR here.today < one.until)) AS since
    FROM caseload_episodestanding s
    JOIN unnest(%(clinics)s::uuid[], %(days)s::date[]) AS here (clinic_id, today) ON here.clinic_id = s.clinic_id
    JOIN registry_episode e ON e.organization_id = s.organization_id AND e.id = s.episode_id
   WHERE s.organization_id = %(organization)s AND s.status <> 'discharged'
), page AS (
  SELECT f.episode_id FROM found f
   WHERE f.since IS NOT NULL
     AND (%(clinic)s::uuid IS NULL OR f.clinic_id = %(clinic)s::uuid)
     AND (%(care_manager)s::uuid IS NULL OR f.care_manager_id = %(care_manager)s::uuid)
     AND NOT (%(is_unreviewed)s AND (f.is_reviewed OR NOT f.is_cocm))
   ORDER BY CASE WHEN %(order)s = 'unreviewed' THEN f.is_reviewed OR NOT f.is_cocm END,
            CASE WHEN %(order)s <> 'name' THEN f.since END, f.sort_name, f.episode_id
  OFFSET %(first)s LIMIT %(most)s
)
SELECT f.clinic_id, f.care_manager_id, f.is_cocm, f.is_reviewed, count(*), NULL::uuid
  FROM found f WHERE f.since IS NOT NULL GROUP BY 1, 2, 3, 4
 UNION ALL
SELECT NULL, NULL, NULL, NULL, NULL, episode_id FROM page
"""
# Of the stored runs of signals only those that hold today say who is here.
_ROWS = """
SELECT s.episode_id, s.patient_id, p.family_name || ', ' || concat_ws(' ', p.given_name, nullif(p.middle_name, '')),
       p.mrn, s.clinic_id, s.care_manager_id, e.program, s.enrolled_on,
       s.phq9_baseline, s.phq9_last, s.phq9_last_on, s.phq9_series::json,
       s.gad7_baseline, s.gad7_last, s.gad7_last_on, s.gad7_series::json,
       s.last_review_on, s.signals::json, c."on", c.text, s.sort_name
  FROM caseload_episodestanding s
  JOIN unnest(%(clinics)s::uuid[], %(days)s::date[]) AS here (clinic_id, today) ON here.clinic_id = s.clinic_id
  JOIN registry_episode e ON e.organization_id = s.organization_id AND e.id = s.episode_id
  JOIN registry_patient p ON p.organization_id = s.organization_id AND p.id = s.patient_id
  LEFT JOIN LATERAL (
    SELECT t."on", t.text FROM caseload_treatmentchange t
     WHERE t.organization_id = s.organization_id AND t.episode_id = s.episode_id AND t.voided_at IS NULL
     ORDER BY t."on" DESC, t.id DESC LIMIT 1) c ON true
 WHERE s.organization_id = %(organization)s AND s.status <> 'discharged'
   AND (%(episodes)s::uuid[] IS NULL OR s.episode_id = ANY(%(episodes)s::uuid[]))
   AND EXISTS (
     SELECT FROM jsonb_array_elements(s.signals) AS one
      WHERE one ->> 'word' = ANY(%(words)s) AND (one ->> 'since')::date <= here.today
        AND (one ->> 'until' IS NULL OR here.today < (one ->> 'until')::date))
"""


@dataclass(frozen=True)
class NotImproving:
    """A patient who is not improving. `since` is the first day of any of the signals that hold."""

    episode_id: UUID
    patient_id: UUID
    name: str
    sort_name: str
    mrn: str
    clinic_id: UUID
    clinic: str
    care_manager_id: UUID | None
    program: str
    weeks: int
    signal: SignalShown
    since: date
    phq9: ScoreCell
    gad7: ScoreCell
    last_review_on: date | None
    is_reviewed: bool
    changed_on: date | None
    changed: str
    today: date

    @property
    def is_cocm(self) -> bool:
        """Whether a psychiatric review is part of the program."""
        return self.program == "cocm"

    @property
    def counted(self) -> Counted:
        """As the totals count it."""
        return Counted(self.clinic_id, self.care_manager_id, self.is_cocm, self.is_reviewed)


@dataclass(frozen=True)
class Narrowed:
    """What the screen is narrowed to; the totals are of everybody."""

    clinic_id: UUID | None = None
    care_manager_id: UUID | None = None
    is_unreviewed: bool = False
    order: str = LONGEST


@dataclass(frozen=True)
class NotImprovingPart:
    """A part of those asked for, in order; `found` counts all who are asked for, `counted` is about everybody."""

    rows: tuple[NotImproving, ...]
    found: int
    counted: tuple[Counted, ...]


def not_improving(
    organization_id: UUID, clinics: Mapping[UUID, ClinicToday], episode_ids: Sequence[UUID] | None = None
) -> list[NotImproving]:
    """Everybody of an organization, or of some episodes, who is not improving on their clinic's day. One statement."""
    values = {**_of(organization_id, clinics), "episodes": None if episode_ids is None else list(episode_ids)}
    with connection.cursor() as cursor:
        cursor.execute(_ROWS, values)
        return [_row(row, clinics[row[4]]) for row in cursor.fetchall()]


def not_improving_part(
    organization_id: UUID,
    clinics: Mapping[UUID, ClinicToday],
    asked: Narrowed,
    *,
    first: int = 0,
    most: int = PAGE_ROWS,
) -> NotImprovingPart:
    """`most` of those asked for from the place `first`, from 0, and the numbers of everybody. Two statements."""
    values = {
        **_of(organization_id, clinics),
        "clinic": asked.clinic_id,
        "care_manager": asked.care_manager_id,
        "is_unreviewed": asked.is_unreviewed,
        "order": asked.order,
        "first": first,
        "most": most,
    }
    with connection.cursor() as cursor:
        cursor.execute(_FOUND, values)
        found = cursor.fetchall()
    counted = tuple(Counted(*row[:5]) for row in found if row[5] is None)
    rows = not_improving(organization_id, clinics, [row[5] for row in found if row[5] is not None])
    count = sum(one.patients for one in counted if _is_asked_for(one, asked))
    return NotImprovingPart(tuple(narrowed(rows, asked)), count, counted)


def narrowed(rows: Sequence[NotImproving], asked: Narrowed) -> list[NotImproving]:
    """Those asked for, in the order asked for."""
    found = [row for row in rows if _is_asked_for(row.counted, asked)]
    return sorted(found, key=lambda row: _place(row, asked.order))


def _of(organization_id: UUID, clinics: Mapping[UUID, ClinicToday]) -> dict[str, Any]:
    days = [clinic.today for clinic in clinics.values()]
    return {"organization": organization_id, "clinics": list(clinics), "days": days, "words": list(WORDS)}


def _is_asked_for(one: Counted, asked: Narrowed) -> bool:
    return (
        asked.clinic_id in (None, one.clinic_id)
        and asked.care_manager_id in (None, one.care_manager_id)
        and not (asked.is_unreviewed and (one.is_reviewed or not one.is_cocm))
    )


def _place(row: NotImproving, order: str) -> tuple[Any, ...]:
    by_name = (row.sort_name, row.episode_id)
    if order == NAME:
        return by_name
    waits = (row.is_reviewed or not row.is_cocm,) if order == UNREVIEWED else ()
    return (*waits, row.since, *by_name)


def _row(row: tuple[Any, ...], clinic: ClinicToday) -> NotImproving:
    today = clinic.today
    ours = [one for one in row[17] if one["word"] in WORDS]
    shown = {one.word: one for one in standing_signals(ours, today)}
    holding = [Holding(word, one.since) for word, one in shown.items()]
    worst, since = worst_of(holding), not_improving_since(holding)
    assert worst is not None, "the statement finds nobody without one of the signals"
    assert since is not None
    last_review_on: date | None = row[16]
    return NotImproving(
        episode_id=row[0],
        patient_id=row[1],
        name=row[2],
        sort_name=row[20],
        mrn=row[3],
        clinic_id=row[4],
        clinic=clinic.name,
        care_manager_id=row[5],
        program=row[6],
        weeks=max(0, (today - row[7]).days // 7),
        signal=shown[worst.word],
        since=since,
        phq9=score_in_row(DEPRESSION, row[8:12]),
        gad7=score_in_row(ANXIETY, row[12:16]),
        last_review_on=last_review_on,
        is_reviewed=last_review_on is not None and last_review_on >= today.replace(day=1),
        changed_on=row[18],
        changed=row[19] or "",
        today=today,
    )
