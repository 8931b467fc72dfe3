"""The caseload: one row per episode, sorted and filtered, a page at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from operator import itemgetter
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection

from bhi.tenancy.models import Clinic
from caseload.queries.caseload_filter import CaseloadFilter
from caseload.queries.caseload_statement import page_statement
from caseload.rules.clock import local_date
from caseload.rules.course import ANXIETY, DEPRESSION
from caseload.rules.signal_evidence import Evidence
from caseload.rules.signal_words import CHIPS, NEW_DAYS, SignalShown, Turn, shown, turn_of, worst_per_family
from caseload.rules.states import STATE_LABELS, state_of_totals
from caseload.rules.targets import targets_in_force
from registry.models import EpisodeStatus
from registry.queries.appointments import visit_from
from registry.rules.appointments import DAYS_AHEAD, InClinic
from registry.rules.instruments import TARGET_SCALES

Stored = Mapping[str, Any]
Announced = tuple[str, str]
PAGE_ROWS = 50


@dataclass(frozen=True)
class ClinicToday:
    """A clinic and the day that it is there."""

    id: UUID
    name: str
    zone: ZoneInfo
    today: date


@dataclass(frozen=True)
class ScoreCell:
    """A scale in a row, with its own response state in words. A score from before enrolment is a referral's, without
    a baseline and without a state.
    """

    baseline: int | None
    last: int | None
    last_on: date | None
    series: tuple[int, ...]
    state: str = ""

    @property
    def is_referral(self) -> bool:
        return self.baseline is None and self.last is not None

    @property
    def change(self) -> int | None:
        """From the baseline to the last score, once there is one after it; 0 is a change of nothing, and shown."""
        if self.baseline is None or self.last is None or len(self.series) < 2:
            return None
        return self.last - self.baseline


@dataclass(frozen=True)
class CaseloadRow:
    """One patient's episode as the list shows it. `handed_over_on` stands until its new care manager has read that;
    `visits` are those planned for the days around today.
    """

    episode_id: UUID
    patient_id: UUID
    name: str
    mrn: str
    clinic: str
    care_manager_id: UUID | None
    status: str
    status_label: str
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
    program: str
    enrolled_on: date
    ended_on: date | None
    birth_date: date
    zone: ZoneInfo
    handed_over_on: date | None = None
    visits: tuple[InClinic, ...] = ()

    @property
    def is_overdue(self) -> bool:
        return self.is_open and self.next_due_on is not None and self.next_due_on < self.today

    @property
    def is_active(self) -> bool:
        return self.status == EpisodeStatus.ACTIVE

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


def caseload_rows(
    organization_id: UUID, chosen: CaseloadFilter, *, clinics: Mapping[UUID, ClinicToday], limit: int
) -> tuple[int, tuple[CaseloadRow, ...]]:
    """How many match, and the first of them up to a limit, for files and paper. One statement."""
    found = _rows(organization_id, chosen, clinics, row=None, backwards=False, limit=limit)
    return found.total, tuple(_row(row, clinics) for row in found.rows)


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
    days = [clinic.today for clinic in clinics.values()]
    latest = max(days, default=None)
    values: dict[str, Any] = {
        "organization": organization_id,
        "clinics": list(clinics),
        "days": days,
        "today": latest,
        "days_ahead": DAYS_AHEAD,
        "new_from": latest - timedelta(days=NEW_DAYS) if latest else None,
        "row": row,
        "limit": limit,
        "new_days": targets_in_force(latest).limits.new_days if latest else 0,
        **chosen.values(latest),
    }
    statement = page_statement(chosen, is_one_day=len(set(days)) == 1, is_from_row=row is not None, backwards=backwards)
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        rows = cursor.fetchall()
    total, is_anybody, earlier = rows[0][:3]
    return _Found(total, is_anybody, earlier, [found[3:] for found in rows if found[3] is not None])


def _row(row: tuple[Any, ...], clinics: Mapping[UUID, ClinicToday]) -> CaseloadRow:
    clinic = clinics[row[4]]
    signals, more = _chips(row[17], clinic.today, row[25] or ())
    return CaseloadRow(
        episode_id=row[0],
        patient_id=row[1],
        name=row[2],
        mrn=row[3],
        clinic=clinic.name,
        care_manager_id=row[5],
        status=row[6],
        status_label=EpisodeStatus(row[6]).label,
        weeks=max(0, ((row[23] or clinic.today) - row[7]).days // 7),
        today=clinic.today,
        phq9=score_in_row(DEPRESSION, row[8:12]),
        gad7=score_in_row(ANXIETY, row[12:16]),
        response=STATE_LABELS[row[16]],
        signals=signals,
        more_signals=more,
        last_contact_on=row[18],
        last_review_on=row[19],
        next_due_on=row[20],
        next_due_purpose=row[21],
        program=row[22],
        enrolled_on=row[7],
        ended_on=row[23],
        birth_date=row[24],
        zone=clinic.zone,
        handed_over_on=row[-1],  # the last column of the statement
        visits=tuple(visit_from(one) for one in row[-2] or ()),
    )


def score_in_row(key: str, row: tuple[Any, ...]) -> ScoreCell:
    """A scale of a standing: its baseline, last total, last day and series."""
    baseline, last, last_on, series = row
    state = STATE_LABELS[state_of_totals(TARGET_SCALES[key], series)] if len(series) > 1 else ""
    return ScoreCell(baseline, last, last_on, tuple(series), state)


def _chips(
    stored: Iterable[Stored], today: date, announced: Iterable[Announced]
) -> tuple[tuple[SignalShown, ...], int]:
    """The chips of a row, the worst of each family and at most three, and how many families are left out.

    Only what is shown is put into words.
    """

    def turn(one: Stored) -> Turn:
        put_off = one.get("put_off")
        return turn_of(one["word"], _evidence(one), date.fromisoformat(put_off) if put_off else None, today)

    found = worst_per_family(_standing(stored, today), turn, itemgetter("word"))
    told = set(map(tuple, announced))
    shown_ones = [_shown(one, today, is_announced=(one["word"], one["since"]) in told) for one in found[:CHIPS]]
    return tuple(shown_ones), max(0, len(found) - CHIPS)


def standing_signals(stored: Iterable[Stored], today: date, announced: Iterable[Announced] = ()) -> list[SignalShown]:
    """Of the stored runs of signals, those that stand today, the most urgent first.

    `announced`: the word and the first day, as text, of each that was announced to have begun.
    """
    told = {(word, since) for word, since in announced}
    found = [_shown(one, today, is_announced=(one["word"], one["since"]) in told) for one in _standing(stored, today)]
    return sorted(found, key=lambda signal: signal.rank)


def _standing(stored: Iterable[Stored], today: date) -> Iterator[Stored]:
    """Days are stored as ISO dates, which compare as they are."""
    now = today.isoformat()
    return (one for one in stored if one["since"] <= now and (one["until"] is None or now < one["until"]))


def _shown(signal: Stored, today: date, *, is_announced: bool) -> SignalShown:
    put_off = signal.get("put_off")
    return shown(
        signal["word"],
        since=date.fromisoformat(signal["since"]),
        evidence=list(_evidence(signal)),
        clears=signal["clears"],
        today=today,
        put_off_until=date.fromisoformat(put_off) if put_off else None,
        is_announced=is_announced,
    )


def _evidence(signal: Stored) -> Iterator[Evidence]:
    """One by one: which facts there are seldom decides what a signal ranks."""
    return (Evidence(what, date.fromisoformat(on), *rest) for what, on, *rest in signal["evidence"])
