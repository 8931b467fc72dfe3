"""Each care manager's caseload of a month: its size, what it is made of, how it does, and what is overdue now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from django.db import connection
from django.db.models import Count, Q, Sum
from django.db.models.functions import Lower

from bhi.accounts.queries import people_of
from bhi.tenancy.sight import sees_every_clinic
from outcomes.models import MeasuredEpisode, MeasuredMonth
from outcomes.queries.conditions import with_days
from outcomes.queries.numbers import numbers_of
from outcomes.queries.posts import full_time_posts
from outcomes.rules.capacity import shared
from outcomes.rules.case_mix import SEVERE_FROM, CaseMix
from outcomes.rules.measures import measure
from outcomes.rules.numbers import Number, Tally, number_from

KEYS: Final = ("improvement", "remission", "contact_and_score")
NOBODY: Final = "Nobody yet"
_ENGLISH: Final = ("english", "en", "eng", "en-us")

# Open patients now, each by the day of their clinic; a patient may be in several counts.
_NOW: Final = """
SELECT s.care_manager_id, count(*), count(*) FILTER (WHERE s.next_due_on < d.today),
       count(*) FILTER (WHERE s.overdue_from <= d.today), count(*) FILTER (WHERE s.next_due_on IS NULL)
  FROM caseload_episodestanding s
  JOIN (SELECT id, (%(at)s AT TIME ZONE time_zone)::date AS today
          FROM tenancy_clinic WHERE organization_id = %(organization)s) AS d ON d.id = s.clinic_id
 WHERE s.organization_id = %(organization)s AND s.status <> 'discharged'
 GROUP BY s.care_manager_id
"""


@dataclass(frozen=True, slots=True)
class CarriedNow:
    """Whom somebody carries at present: how many, with how many a contact or signal is overdue, or nothing planned."""

    patients: int = 0
    follow_ups_overdue: int = 0
    signals_overdue: int = 0
    not_planned: int = 0

    def __add__(self, other: CarriedNow) -> CarriedNow:
        return CarriedNow(*(getattr(self, name) + getattr(other, name) for name in CarriedNow.__slots__))


@dataclass(frozen=True, slots=True)
class CaseloadRow:
    """One care manager's month. `seat_id` None: patients whom nobody carries.

    `posts` is the share of a full-time post, None where nobody said; `each` the patients for a full-time post, None too
    where not all of the patients are seen.
    """

    seat_id: UUID | None
    name: str
    mix: CaseMix
    posts: Decimal | None
    numbers: Mapping[str, Number]
    now: CarriedNow
    sees_all_patients: bool

    @property
    def each(self) -> Decimal | None:
        """Patients of the month for each full-time post."""
        if not self.posts or not self.sees_all_patients:
            return None
        return shared(100 * self.mix.patients, int(100 * self.posts))


@dataclass(frozen=True, slots=True)
class Caseloads:
    """Care managers by name, what is nobody's first, and all patients together. Never in the order of a result."""

    rows: tuple[CaseloadRow, ...]
    all: CaseloadRow


def caseloads(organization_id: UUID, head: MeasuredMonth, names: Mapping[UUID, str], *, at: datetime) -> Caseloads:
    """The caseloads of a measured month, and what is overdue now. `names` are the care managers'.

    Four statements, and one more where somebody else carries patients.
    """
    mixes = _mixes(organization_id, head)
    found = numbers_of(organization_id, [head], keys=KEYS, by="care_manager")
    posts = full_time_posts(organization_id, [head.month])[head.month]
    now = _now(organization_id, at)
    seats = {**mixes, **now}
    known = names if {one for one in seats if one} <= set(names) else _everybody(organization_id)
    rows = [
        CaseloadRow(
            seat_id,
            known[seat_id] if seat_id else NOBODY,
            mixes.get(seat_id, CaseMix()),
            posts.get(seat_id) if seat_id else None,
            {key: _number(key, [found.get((head.month, seat_id, key))]) for key in KEYS},
            now.get(seat_id, CarriedNow()),
            sees_every_clinic(),
        )
        for seat_id in seats
    ]
    rows.sort(key=lambda row: (row.seat_id is not None, row.name, str(row.seat_id)))
    return Caseloads(tuple(rows), _together(rows, posts))


def _together(rows: Sequence[CaseloadRow], posts: Mapping[UUID, Decimal]) -> CaseloadRow:
    """Everybody's. Posts are known of all only where they are of each who carries patients.

    They are those of all who have a share, whether they carry anybody or not.
    """
    is_known = all(row.posts is not None for row in rows if row.seat_id and row.mix.patients)
    return CaseloadRow(
        None,
        "All together",
        sum((row.mix for row in rows), CaseMix()),
        (sum(posts.values(), Decimal(0)) or None) if is_known else None,
        {key: _number(key, [row.numbers[key] for row in rows]) for key in KEYS},
        sum((row.now for row in rows), CarriedNow()),
        sees_every_clinic(),
    )


def _number(key: str, parts: Iterable[Number | None]) -> Number:
    """Shares added up; n/a where nobody counts."""
    there = [one for one in parts if one]
    tally = Tally(
        subjects=sum(one.subjects for one in there),
        of=sum(one.denominator or 0 for one in there),
        hits=sum(one.numerator or 0 for one in there),
    )
    return number_from(measure(key), tally)


def _everybody(organization_id: UUID) -> dict[UUID, str]:
    return {seat_id: seat.name for seat_id, seat in people_of(organization_id).items()}


def _now(organization_id: UUID, at: datetime) -> dict[UUID | None, CarriedNow]:
    with connection.cursor() as cursor:
        cursor.execute(_NOW, {"organization": organization_id, "at": at})
        return {row[0]: CarriedNow(*row[1:]) for row in cursor.fetchall()}


def _mixes(organization_id: UUID, head: MeasuredMonth) -> dict[UUID | None, CaseMix]:
    scored = Q(scale="phq9", baseline__isnull=False)
    rows = MeasuredEpisode.objects.filter(organization_id=organization_id, measured_id=head.id, is_in_month=True)
    spoken = ~Q(spoken="")
    spoken_rows = with_days(rows, {head.id: head.month}).annotate(spoken=Lower("language"))
    counted = spoken_rows.order_by().values("care_manager_id").annotate(
        patients=Count("id"),
        contacts_had=Sum("contacts"),
        scored=Count("id", filter=scored),
        baselines=Sum("baseline", filter=scored),
        severe=Count("id", filter=scored & Q(baseline__gte=SEVERE_FROM)),
        medicaid=Count("id", filter=Q(is_medicaid=True)),
        spoken_of=Count("id", filter=spoken),
        not_english=Count("id", filter=spoken & ~Q(spoken__in=_ENGLISH)),
        days_had=Sum("days"),
    )  # fmt: skip
    return {
        row["care_manager_id"]: CaseMix(
            patients=row["patients"],
            contacts=row["contacts_had"] or 0,
            scored=row["scored"],
            baselines=row["baselines"] or 0,
            severe=row["severe"],
            medicaid=row["medicaid"],
            spoken=row["spoken_of"],
            not_english=row["not_english"],
            days=row["days_had"] or 0,
        )
        for row in counted
    }
