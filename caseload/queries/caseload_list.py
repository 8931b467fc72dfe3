"""The caseload: one row per episode, sorted and filtered, a page at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from string import Template
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection

from bhi.tenancy.models import Clinic
from caseload.queries.caseload_order import DEFAULT_ORDER, beyond, columns, order_by
from caseload.rules.clock import local_date
from caseload.rules.signal_evidence import Evidence
from caseload.rules.signal_words import SignalShown, chips_of, shown
from caseload.rules.states import STATE_LABELS
from caseload.rules.targets import targets_in_force
from registry.models import EpisodeStatus, Program
from registry.rules.dates import DateUnreadable, read_date
from registry.rules.identifiers import bare_mrn, normal_mrn
from registry.rules.names import sort_name

PAGE_ROWS = 50
FIRST_BIRTH = date(1900, 1, 1)
OPEN = tuple(status.value for status in EpisodeStatus if status != EpisodeStatus.DISCHARGED)
STATUSES: Mapping[str, tuple[str, ...]] = {
    "open": OPEN,
    **{status.value: (status.value,) for status in EpisodeStatus},
    "all": tuple(EpisodeStatus.values),
}


@dataclass(frozen=True)
class CaseloadFilter:
    """Which episodes to show and in which order. `search` is a name, a record number or a birth date."""

    status: str = "open"
    clinic_id: UUID | None = None
    care_manager_id: UUID | None = None
    search: str = ""
    order: str = DEFAULT_ORDER


@dataclass(frozen=True)
class ClinicToday:
    """A clinic and the day that it is there."""

    id: UUID
    name: str
    zone: ZoneInfo
    today: date


@dataclass(frozen=True)
class ScoreCell:
    """A scale in a row. A score from before enrolment is a referral's, without a baseline."""

    baseline: int | None
    last: int | None
    last_on: date | None
    series: tuple[int, ...]

    @property
    def is_referral(self) -> bool:
        return self.baseline is None and self.last is not None


@dataclass(frozen=True)
class CaseloadRow:
    """One patient's episode as the list shows it."""

    episode_id: UUID
    patient_id: UUID
    name: str
    mrn: str
    clinic: str
    care_manager_id: UUID | None
    status: str
    status_label: str
    program: str
    weeks: int
    today: date
    phq9: ScoreCell
    gad7: ScoreCell
    response: str
    signals: tuple[SignalShown, ...]
    more_signals: int
    last_contact_on: date | None
    last_review_on: date | None
    next_due_on: date | None
    next_due_purpose: str

    @property
    def is_overdue(self) -> bool:
        return self.next_due_on is not None and self.next_due_on < self.today

    @property
    def is_open(self) -> bool:
        return self.status != EpisodeStatus.DISCHARGED


@dataclass(frozen=True)
class CaseloadPage:
    """A page of the list. `total` counts all that match; `is_anybody` says whether there is any episode at all."""

    rows: tuple[CaseloadRow, ...]
    total: int
    is_anybody: bool
    first_row: int
    previous_before: UUID | None
    next_after: UUID | None


_PAGE = Template("""
WITH found AS MATERIALIZED (
  SELECT s.episode_id, $columns
    FROM caseload_episodestanding s
    JOIN unnest(%(clinics)s::uuid[], %(days)s::date[]) AS t(clinic_id, today) ON t.clinic_id = s.clinic_id
   WHERE s.organization_id = %(organization)s AND s.status = ANY(%(statuses)s)
     AND (%(clinic)s::uuid IS NULL OR s.clinic_id = %(clinic)s)
     AND (%(care_manager)s::uuid IS NULL OR s.care_manager_id = %(care_manager)s)
     $searched
), page AS MATERIALIZED (
  SELECT f.* FROM found f
   WHERE %(row)s::uuid IS NULL OR EXISTS (SELECT FROM found a WHERE a.episode_id = %(row)s AND ($beyond))
   ORDER BY $order
   LIMIT %(limit)s
)
SELECT (SELECT count(*) FROM found) AS total,
       EXISTS (SELECT FROM caseload_episodestanding WHERE organization_id = %(organization)s) AS is_anybody,
       CASE WHEN %(row)s::uuid IS NULL THEN 0
            ELSE (SELECT count(*) FROM (SELECT * FROM page ORDER BY $forwards LIMIT 1) a, found f WHERE $before)
       END AS earlier,
       x.*
  FROM (SELECT) AS one
  LEFT JOIN LATERAL (
       SELECT y.*
         FROM (SELECT *, row_number() OVER (ORDER BY $forwards) AS place FROM page) f
        CROSS JOIN LATERAL (
              SELECT s.episode_id, s.patient_id,
                     p.family_name || ', ' || concat_ws(' ', p.given_name, nullif(p.middle_name, '')), p.mrn,
                     s.clinic_id, s.care_manager_id, s.status, e.program, s.enrolled_on,
                     s.phq9_baseline, s.phq9_last, s.phq9_last_on, s.phq9_series::json,
                     s.gad7_baseline, s.gad7_last, s.gad7_last_on, s.gad7_series::json,
                     s.response_state, s.signals::json, s.last_contact_on, s.last_review_on, s.next_due_on,
                     s.next_due_purpose
                FROM caseload_episodestanding s
                JOIN registry_patient p ON p.organization_id = s.organization_id AND p.id = s.patient_id
                JOIN registry_episode e ON e.organization_id = s.organization_id AND e.id = s.episode_id
               WHERE s.organization_id = %(organization)s AND s.episode_id = f.episode_id
              OFFSET 0) AS y
        ORDER BY f.place) AS x ON true
""")

_SEARCH = """AND EXISTS (SELECT FROM registry_patient p
                  WHERE p.organization_id = s.organization_id AND p.id = s.patient_id
                    AND (NOT EXISTS (SELECT FROM unnest(%(words)s::text[]) AS word WHERE strpos(p.sort_name, word) = 0)
                         OR ltrim(p.mrn, '0') = %(mrn)s OR p.birth_date = %(born)s::date))"""


def clinics_today(organization_id: UUID, at: datetime) -> dict[UUID, ClinicToday]:
    """Every clinic with its local day, by name."""
    rows = Clinic.objects.filter(organization_id=organization_id).order_by("name", "id")
    return {
        row.id: ClinicToday(row.id, row.name, zone := ZoneInfo(row.time_zone), local_date(at, zone)) for row in rows
    }


def caseload_page(
    organization_id: UUID,
    chosen: CaseloadFilter,
    *,
    clinics: Mapping[UUID, ClinicToday],
    after: UUID | None = None,
    before: UUID | None = None,
    limit: int = PAGE_ROWS,
) -> CaseloadPage:
    """The rows after (or before) an episode in the chosen order; from the start without one. One statement.

    An episode that no longer matches the filter gives the first page.
    """
    backwards = before is not None and after is None
    found = _rows(
        organization_id, chosen, clinics, row=before if backwards else after, backwards=backwards, limit=limit
    )
    if not found.rows and (after or before) and found.total:
        return caseload_page(organization_id, chosen, clinics=clinics, limit=limit)
    rows = found.rows
    last = found.earlier + len(rows)
    return CaseloadPage(
        rows=tuple(_row(row, clinics) for row in rows),
        total=found.total,
        is_anybody=found.is_anybody,
        first_row=found.earlier + 1,
        previous_before=rows[0][0] if rows and found.earlier > 0 else None,
        next_after=rows[-1][0] if rows and last < found.total else None,
    )


@dataclass(frozen=True)
class _Found:
    total: int
    is_anybody: bool
    earlier: int
    rows: list[tuple[Any, ...]]


def _rows(
    organization_id: UUID,
    chosen: CaseloadFilter,
    clinics: Mapping[UUID, ClinicToday],
    *,
    row: UUID | None,
    backwards: bool,
    limit: int,
) -> _Found:
    statement = _PAGE.substitute(
        columns=columns(chosen.order),
        searched=_SEARCH if chosen.search.strip() else "",
        beyond=beyond(chosen.order, backwards=backwards),
        before=beyond(chosen.order, backwards=True),
        order=order_by(chosen.order, backwards=backwards),
        forwards=order_by(chosen.order, backwards=False),
    )
    days = [clinic.today for clinic in clinics.values()]
    values: dict[str, Any] = {
        "organization": organization_id,
        "clinics": list(clinics),
        "days": days,
        "statuses": list(STATUSES[chosen.status]),
        "clinic": chosen.clinic_id,
        "care_manager": chosen.care_manager_id,
        "row": row,
        "limit": limit,
        "new_days": targets_in_force(max(days)).limits.new_days if days else 0,
        **_search_values(chosen.search, max(days) if days else None),
    }
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        rows = cursor.fetchall()
    total, is_anybody, earlier = rows[0][:3]
    return _Found(total, is_anybody, earlier, [found[3:] for found in rows if found[3] is not None])


def _search_values(search: str, today: date | None) -> dict[str, Any]:
    """What somebody typed, as the parts of a name, a record number and a birth date."""
    text = search.strip()
    return {
        "words": sort_name("", text).replace(",", " ").split(),
        "mrn": bare_mrn(normal_mrn(text)),
        "born": _birth_date(text, today),
    }


def _birth_date(text: str, today: date | None) -> date | None:
    try:
        return (
            read_date(text, latest=today, earliest=FIRST_BIRTH)
            if today and any(letter.isdigit() for letter in text)
            else None
        )
    except DateUnreadable:
        return None


def _row(row: tuple[Any, ...], clinics: Mapping[UUID, ClinicToday]) -> CaseloadRow:
    clinic = clinics[row[4]]
    signals, more = chips_of(standing_signals(row[18], clinic.today))
    return CaseloadRow(
        episode_id=row[0],
        patient_id=row[1],
        name=row[2],
        mrn=row[3],
        clinic=clinic.name,
        care_manager_id=row[5],
        status=row[6],
        status_label=EpisodeStatus(row[6]).label,
        program=Program(row[7]).label,
        weeks=max(0, (clinic.today - row[8]).days // 7),
        today=clinic.today,
        phq9=_score(row[9:13]),
        gad7=_score(row[13:17]),
        response=STATE_LABELS[row[17]],
        signals=signals,
        more_signals=more,
        last_contact_on=row[19],
        last_review_on=row[20],
        next_due_on=row[21],
        next_due_purpose=row[22],
    )


def _score(row: tuple[Any, ...]) -> ScoreCell:
    baseline, last, last_on, series = row
    return ScoreCell(baseline, last, last_on, tuple(series))


def standing_signals(stored: Iterable[Mapping[str, Any]], today: date) -> list[SignalShown]:
    """Of the stored runs of signals, those that stand today."""
    return [
        shown(
            signal["word"],
            since=date.fromisoformat(signal["since"]),
            evidence=[
                Evidence(what, date.fromisoformat(on), key, value) for what, on, key, value in signal["evidence"]
            ],
            clears=signal["clears"],
            today=today,
        )
        for signal in stored
        if signal["since"] <= today.isoformat() and (signal["until"] is None or today.isoformat() < signal["until"])
    ]
