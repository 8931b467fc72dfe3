"""What months came to over time: minutes logged and counted, what was missed, what is expected and where it is going.

Numbers of an organization and of its parts, never of a patient. From live rows: a constant number of statements.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.db import connection

from billing.queries.claims import Expected, expected
from billing.queries.decided import DecidedLines, decided_lines
from billing.queries.facts import EpisodeMonth, month_facts
from billing.queries.judging import MonthVerdict, judged_in, judged_in_order
from billing.queries.lost_time import lost_time
from billing.queries.stakes import missed_in
from billing.rules.books import book_in_force
from billing.rules.decisions import amount_of
from billing.rules.forecast import Forecast, forecast
from billing.rules.stakes import Stakes
from caseload.rules.clock import first_day, month_index, month_named, month_of

MOST_MONTHS = 12
TREND_MONTHS = 6

# What closed months ask now, corrections added up; months that were opened again are left out.
_ASKED = """
    SELECT f.month, count(DISTINCT f.close_id), sum(f.patients), sum(f.known), sum(f.unknown)
    FROM (SELECT f.month, f.close_id, 0 AS patients,
                 coalesce(sum((line.value->>2)::numeric), 0) AS known,
                 coalesce(sum(sign((line.value->>1)::int)) FILTER (WHERE line.value->>2 IS NULL), 0) AS unknown
          FROM billing_frozenmonth f
          JOIN billing_monthclose c ON c.organization_id = f.organization_id AND c.id = f.close_id
          LEFT JOIN LATERAL jsonb_array_elements(f.lines) AS line(value) ON true
          WHERE f.organization_id = %(organization)s AND c.reopened_at IS NULL
            AND f.month BETWEEN %(first)s AND %(last)s
          GROUP BY f.month, f.close_id
          UNION ALL
          SELECT f.month, f.close_id, count(*) AS patients, 0, 0
          FROM (SELECT f.month, f.close_id, f.episode_id, sum((line.value->>1)::int) AS units
                FROM billing_frozenmonth f
                JOIN billing_monthclose c ON c.organization_id = f.organization_id AND c.id = f.close_id
                CROSS JOIN LATERAL jsonb_array_elements(f.lines) AS line(value)
                WHERE f.organization_id = %(organization)s AND c.reopened_at IS NULL
                  AND f.month BETWEEN %(first)s AND %(last)s
                GROUP BY f.month, f.close_id, f.episode_id) AS f
          WHERE f.units > 0
          GROUP BY f.month, f.close_id) AS f
    GROUP BY f.month
    ORDER BY f.month
"""


@dataclass(frozen=True, slots=True)
class Range:
    """A forecast of many months: at least, at the pace so far, and at most."""

    least: Expected
    at_pace: Expected
    most: Expected


@dataclass(frozen=True, slots=True)
class Sums:
    """What a group of patients' months came to. `near` and `papers` are of months that are over; `range` of the open
    one, None where there is none.
    """

    months: int
    billing: int
    logged_seconds: int
    counted_seconds: int
    expected: Expected
    near: Expected
    near_count: int
    papers: Expected
    papers_count: int
    range: Range | None

    @property
    def missed(self) -> Expected:
        """What just missed months would have brought."""
        return Expected(self.near.known + self.papers.known, self.near.unknown + self.papers.unknown)

    @property
    def counted_share(self) -> int | None:
        """Of a hundred logged minutes, how many count; None where none were logged."""
        return 100 * self.counted_seconds // self.logged_seconds if self.logged_seconds else None


@dataclass(frozen=True, slots=True)
class Part:
    """One clinic, payer or care manager (None: without one) with its sums."""

    id: UUID | None
    name: str
    sums: Sums


@dataclass(frozen=True, slots=True)
class Asked:
    """What a closed month asks of payers, at how many clinics."""

    clinics: int
    patients: int
    expected: Expected


@dataclass(frozen=True, slots=True)
class MonthOnTheWay:
    """A month: its live sums where it is of the span, and what was frozen where it was closed."""

    month: str
    is_over: bool
    sums: Sums | None
    asked: Asked | None

    @property
    def known(self) -> Decimal:
        """What a bar shows: what was asked, and where the month is not closed what is expected."""
        if self.asked is not None:
            return self.asked.expected.known
        return self.sums.expected.known if self.sums is not None else Decimal(0)


@dataclass(frozen=True, slots=True)
class Analysis:
    """An organization's months from `first` to `last`. `lost` is seconds by reason, the most first."""

    first: str
    last: str
    open_month: str
    all: Sums
    lost: tuple[tuple[str, int], ...]
    by_clinic: tuple[Part, ...]
    by_payer: tuple[Part, ...]
    by_care_manager: tuple[Part, ...]
    by_month: tuple[MonthOnTheWay, ...]

    @property
    def is_one(self) -> bool:
        return self.first == self.last

    @property
    def most_known(self) -> Decimal:
        """The longest bar."""
        return max((one.known for one in self.by_month), default=Decimal(0))


@dataclass(frozen=True, slots=True)
class _Month:
    """One patient's month as it is added up. `amount` is what it comes to, and `bills` whether anything is asked, after
    what a coder decided.
    """

    judged: MonthVerdict
    month: str
    bills: bool
    amount: Decimal | None
    is_over: bool
    missed: Stakes | None
    forecast: Forecast | None


def span_ending(last: str, months: int) -> str:
    """The first month of so many that end with one; at most a year of them."""
    return month_named(month_index(last) - min(max(months, 1), MOST_MONTHS) + 1)


def analysis(
    organization_id: UUID, first: str, last: str, *, on: date, names: Mapping[UUID, str], open_month: str
) -> Analysis:
    """The months from `first` to `last`, on a day; `names` are those of seats, `open_month` the first that still runs.

    About ten statements, whatever the numbers of patients and months.
    """
    facts = month_facts(organization_id, until=last)
    judged = [one for months in facts.values() for one in _judged(months, first, last)]
    decided = decided_lines(organization_id, first, last, judged)
    found = [_month(one, on, open_month, decided) for one in judged]
    asked = _asked(organization_id, min(first, span_ending(last, TREND_MONTHS)), last)
    lost = lost_time(organization_id, [one.judged.month for one in found])
    return Analysis(
        first=first,
        last=last,
        open_month=open_month if first <= open_month <= last else "",
        all=_sums(found),
        lost=tuple(sorted(lost.items(), key=lambda pair: (-pair[1], pair[0]))),
        by_clinic=_parts(found, _clinic),
        by_payer=_parts(found, _payer),
        by_care_manager=_parts(found, lambda month: _care_manager(month, names)),
        by_month=_by_month(found, first, last, asked, open_month),
    )


def _judged(months: Sequence[EpisodeMonth], first: str, last: str) -> Iterable[MonthVerdict]:
    """The verdicts of a patient's months in the span; for one month without judging the rest."""
    if not any(first <= one.month <= last for one in months):
        return []
    judged = judged_in(months, last) if first == last else judged_in_order(months)
    return [one for one in judged if first <= one.facts.month <= last]


def _month(judged: MonthVerdict, on: date, open_month: str, decided: DecidedLines) -> _Month:
    month = judged.facts.month
    is_over = month < open_month
    lines = decided.get((judged.month.episode.id, month))
    amount = judged.amount if lines is None else amount_of(lines)
    going = Forecast(amount, amount, amount) if lines is not None else _forecast(judged, on)
    return _Month(
        judged=judged,
        month=month,
        bills=judged.bills if lines is None else bool(lines),
        amount=amount,
        is_over=is_over,
        missed=missed_in(judged) if is_over else None,
        forecast=None if is_over else going,
    )


def _forecast(judged: MonthVerdict, on: date) -> Forecast:
    """Where an open month is going; nothing where nobody is asked to pay."""
    if judged.verdict is None or judged.refusal:
        return Forecast(Decimal(0), Decimal(0), Decimal(0))
    book = book_in_force(judged.facts.payer, first_day(judged.facts.month))
    episode = judged.month.episode
    ends = min((day for day in (episode.ended_on, episode.died_on) if day is not None), default=None)
    return forecast(judged.facts, book, judged.verdict, on=on, until=ends)


def _sums(months: Iterable[_Month]) -> Sums:
    listed = list(months)
    missed = [one.missed for one in listed if one.missed is not None]
    near = [stakes.step.reach.more for stakes in missed if stakes.is_almost and stakes.step is not None]
    papers = [stakes.together.more for stakes in missed if stakes.is_one_paper and stakes.together is not None]
    return Sums(
        months=len(listed),
        billing=sum(one.bills for one in listed),
        logged_seconds=sum(one.judged.facts.time.logged_seconds for one in listed),
        counted_seconds=sum(one.judged.facts.time.counted.bhi_seconds for one in listed),
        expected=expected(one.amount for one in listed if one.bills),
        near=expected(near),
        near_count=len(near),
        papers=expected(papers),
        papers_count=len(papers),
        range=_range([one.forecast for one in listed if one.forecast is not None]),
    )


def _range(forecasts: Sequence[Forecast]) -> Range | None:
    if not forecasts:
        return None
    return Range(
        least=expected(one.least for one in forecasts),
        at_pace=expected(one.at_pace for one in forecasts),
        most=expected(one.most for one in forecasts),
    )


Key = tuple[UUID | None, str]


def _clinic(month: _Month) -> Key:
    episode = month.judged.month.episode
    return episode.clinic_id, episode.clinic_name


def _payer(month: _Month) -> Key:
    payer = month.judged.month.payer
    return (payer.id, payer.name) if payer else (None, "No coverage")


def _care_manager(month: _Month, names: Mapping[UUID, str]) -> Key:
    seat = month.judged.month.episode.care_manager_id
    return (seat, names.get(seat, "")) if seat else (None, "Nobody yet")


def _parts(months: Iterable[_Month], key_of: Callable[[_Month], Key]) -> tuple[Part, ...]:
    groups: dict[Key, list[_Month]] = {}
    for one in months:
        groups.setdefault(key_of(one), []).append(one)
    ordered = sorted(groups.items(), key=lambda group: (group[0][0] is None, group[0][1]))
    return tuple(Part(*key, _sums(group)) for key, group in ordered)


def _by_month(
    months: Sequence[_Month], first: str, last: str, asked: Mapping[str, Asked], open_month: str
) -> tuple[MonthOnTheWay, ...]:
    """Every month of the span, and before it those that were closed lately."""
    span = [month_named(index) for index in range(month_index(first), month_index(last) + 1)]
    return tuple(
        MonthOnTheWay(
            month=name,
            is_over=name < open_month,
            sums=_sums(one for one in months if one.month == name) if name in span else None,
            asked=asked.get(name),
        )
        for name in sorted({*span, *asked})
    )


def _asked(organization_id: UUID, first: str, last: str) -> Mapping[str, Asked]:
    with connection.cursor() as cursor:
        days: dict[str, UUID | date] = {
            "organization": organization_id,
            "first": first_day(first),
            "last": first_day(last),
        }
        cursor.execute(_ASKED, days)
        return {
            month_of(month): Asked(clinics, int(patients), Expected(known, int(unknown)))
            for month, clinics, patients, known, unknown in cursor.fetchall()
        }
