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

MOST_ROWS = 500

# Each clinic has its own today. Of the stored runs of signals only those that hold on it say who is here.
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


def not_improving(organization_id: UUID, clinics: Mapping[UUID, ClinicToday]) -> list[NotImproving]:
    """Everybody of an organization who is not improving on their clinic's day. One statement."""
    values: dict[str, Any] = {
        "organization": organization_id,
        "clinics": list(clinics),
        "days": [clinic.today for clinic in clinics.values()],
        "words": list(WORDS),
    }
    with connection.cursor() as cursor:
        cursor.execute(_ROWS, values)
        return [_row(row, clinics[row[4]]) for row in cursor.fetchall()]


def narrowed(rows: Sequence[NotImproving], asked: Narrowed) -> list[NotImproving]:
    """Those asked for, in the order asked for."""
    found = [
        row
        for row in rows
        if asked.clinic_id in (None, row.clinic_id)
        and asked.care_manager_id in (None, row.care_manager_id)
        and not (asked.is_unreviewed and (row.is_reviewed or not row.is_cocm))
    ]
    return sorted(found, key=lambda row: _place(row, asked.order))


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
